"""What is said of a token: strength against its base, a call beyond the margin, a grade, or no call and why."""

import datetime as dt
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.learning import fill_record
from engine.model import Call, Odds, Signal, TokenKind
from engine.modes import modes
from engine.panel import build_panel
from engine.record import Record, RecordedWeek, conviction
from engine.signals import LETTERS, MIN_PRESENT, STEADY_WEEKS, call, form_signals, grade
from engine.sources.simulated import SimulatedMarket
from engine.study import UNIVERSE_BARS, UNIVERSE_RANK, build_study
from engine.walkforward import REFIT_WEEKS, WINDOW_WEEKS, Trainer, refit_date

AS_OF = dt.date(2026, 4, 13)
WEEK = dt.timedelta(weeks=1)
BARS = ("open", "high", "low", "close", "volume")
# Who is spoilt in the last days before AS_OF, and what is then said.
SPOILT = {
    "stopped": "its price has stopped",
    "young": "too little price history",
    "unranked": f"outside the top {UNIVERSE_RANK} by capitalisation",
    "unknown": "fewer than half of its data points are there",
    "wrapped": "a wrapped copy follows its original",
}


@pytest.fixture(scope="module")
def cast():
    """(panel, {what is wrong: symbol}): a simulated market in which four themed tokens and a copy may not be judged."""
    panel = build_panel(SimulatedMarket(seed=5, end=AS_OF, years=2), AS_OF)
    whole = [
        t.symbol
        for j, t in enumerate(panel.tokens)
        if t.kind is TokenKind.COIN and t.themes and np.isfinite(panel.close[-200:, j]).all()
    ]
    names = dict(zip(("stopped", "young", "unranked", "unknown"), whole[::4], strict=False))
    matrices = {f.name: getattr(panel, f.name).copy() for f in fields(panel) if f.name in (*BARS, "rank", "venue")}
    stopped, young, unranked = (panel.column(names[key]) for key in ("stopped", "young", "unranked"))
    for name in BARS:
        matrices[name][-2:, stopped] = np.nan
        matrices[name][: -UNIVERSE_BARS + 1, young] = np.nan
    matrices["venue"][-2:, stopped] = -1
    matrices["venue"][: -UNIVERSE_BARS + 1, young] = -1
    matrices["rank"][-10:, unranked] = UNIVERSE_RANK + 1
    names["wrapped"] = next(t.symbol for t in panel.tokens if t.kind is TokenKind.WRAPPED)
    return replace(panel, **matrices), names


@pytest.fixture(scope="module")
def trainer(cast):
    panel, names = cast
    study = build_study(panel, extra=[AS_OF])
    values = study.features.token_values.copy()
    known = np.flatnonzero(np.isfinite(values[-1, panel.column(names["unknown"])]))
    values[-1, panel.column(names["unknown"]), known[len(known) // 3 :]] = np.nan
    return Trainer(replace(study, features=replace(study.features, token_values=values)))


@pytest.fixture(scope="module")
def record(trainer):
    return fill_record(trainer, Record(), AS_OF)


@pytest.fixture(scope="module")
def week(trainer, record):
    return form_signals(trainer.study.panel, record, AS_OF, trainer)


@pytest.mark.rule("3.5")
@pytest.mark.parametrize("why", SPOILT)
def test_what_cannot_be_judged_gets_no_call_and_an_honest_reason(cast, week, why):
    signal = week.by_symbol()[cast[1][why]]
    assert signal.abstained == SPOILT[why]
    assert (signal.odds, signal.conviction, signal.steady, signal.reasons) == (signal.base, 0.0, 0.0, ())
    assert all(call(signal, mode.margin) is Call.NO_CALL for mode in modes().values())


@pytest.mark.rule("3.5")
def test_everybody_else_gets_one(cast, trainer, week):
    said = [s for s in week.signals if s.symbol not in cast[1].values() and s.abstained is None]
    assert len(said) > 30
    panel = trainer.study.panel
    for signal in said:
        j = panel.column(signal.symbol)
        assert np.isfinite(panel.close[-1:, j]).any() or np.isfinite(panel.close[-2, j])
        assert np.isfinite(panel.close[:, j]).sum() >= UNIVERSE_BARS
        assert np.isfinite(trainer.study.features.token_values[-1, j, trainer.columns]).mean() >= MIN_PRESENT


@pytest.mark.rule("3.3")
def test_strength_is_what_the_odds_say_beyond_the_base_rates(week):
    said = [s for s in week.signals if s.abstained is None]
    assert len({s.conviction for s in said}) > 10
    for s in said:
        lean = (s.odds.bullish - s.base.bullish) - (s.odds.bearish - s.base.bearish)
        assert s.conviction == pytest.approx(lean, abs=1e-12)
        assert sum((s.odds.bearish, s.odds.neutral, s.odds.bullish)) == pytest.approx(1)


@pytest.mark.rule("3.2")
def test_the_odds_are_both_heads_scores_calibrated_on_their_own_past(trainer, record, week):
    heads, i = trainer.heads(AS_OF, record), trainer.study.week(AS_OF)
    said = [s for s in week.signals if s.abstained is None]
    lift = heads.market.lift(trainer.inputs[i])
    odds = heads.calibration.probabilities(np.array([s.relative for s in said]), np.full(len(said), lift))
    assert np.array([(s.odds.bearish, s.odds.neutral, s.odds.bullish) for s in said]) == pytest.approx(odds)
    assert abs(lift) > 1e-6 and (np.abs(heads.calibration.slopes) > 1e-6).all()
    assert week.market.p_up == pytest.approx(heads.market.p_up(trainer.inputs[i]))


@pytest.mark.rule("3.6")
def test_steady_strength_is_the_mean_of_this_week_and_up_to_three_before(record, week):
    past = [w for w in record if w.date < AS_OF][-STEADY_WEEKS + 1 :]
    assert [w.date for w in past] == [AS_OF - k * WEEK for k in (3, 2, 1)]
    assert STEADY_WEEKS == 4
    differ = 0
    for signal in week.signals:
        if signal.abstained is None:
            before = [float(w.conviction[w.symbols.index(signal.symbol)]) for w in past if signal.symbol in w.symbols]
            assert signal.steady == pytest.approx(np.mean([signal.conviction, *before]), abs=1e-12)
            differ += abs(signal.steady - signal.conviction) > 1e-6
    assert differ > 10


@pytest.mark.rule("3.6", "1.1")
def test_no_week_from_the_instant_on_is_looked_at(trainer, record, week):
    symbols = tuple(s.symbol for s in week.signals)
    odds = np.tile([0.1, 0.1, 0.8], (len(symbols), 1))
    later = RecordedWeek(AS_OF, symbols, np.full(len(symbols), 3.0), 1.0, odds, np.full(3, 1 / 3))
    known = Record([*(w for w in record if w.date < AS_OF), later])
    assert form_signals(trainer.study.panel, known, AS_OF, trainer) == week


chances = st.tuples(*[st.floats(0.01, 1)] * 3)


@pytest.mark.rule("3.3")
@given(chances, chances)
def test_strength_lies_between_minus_one_and_one(said, usual):
    odds, base = (np.array(x) / sum(x) for x in (said, usual))
    assert -1 <= conviction(odds, base) <= 1
    assert conviction(base, base) == 0


def signal_of(strength, abstained=None):
    base = Odds(1 / 3, 1 / 3, 1 / 3)
    return Signal("AAA", base, base, 0.0, strength, grade(base), (), abstained, 1, 1, (), 0.04, 1.0, 0.0)


@pytest.mark.rule("3.3")
@pytest.mark.parametrize("name", modes())
def test_a_call_needs_the_modes_margin(name):
    margin = modes()[name].margin
    said = {x: call(signal_of(x), margin) for x in (margin, margin - 1e-9, 0.0, -margin + 1e-9, -margin)}
    assert list(said.values()) == [Call.BULLISH, Call.NEUTRAL, Call.NEUTRAL, Call.NEUTRAL, Call.BEARISH]
    assert call(signal_of(0.5, "its price has stopped"), margin) is Call.NO_CALL


@pytest.mark.rule("3.4")
@pytest.mark.parametrize("neutral", [0.0, 0.4])
def test_a_grade_is_of_a_hundred_weeks_that_leave_the_band_how_many_go_up(neutral):
    letters = {}
    for score in range(101):
        up = (1 - neutral) * score / 100
        given_grade = grade(Odds(1 - neutral - up, neutral, up))
        assert given_grade.score == score
        letters[score] = given_grade.letter
    for (least, letter), (above, _) in zip(LETTERS, [(101, ""), *LETTERS], strict=False):
        assert {letters[score] for score in range(least, above)} == {letter}


@pytest.mark.rule("3.1")
def test_heads_learn_from_the_last_weeks_complete_at_their_refit(trainer, monkeypatch):
    """At most so many weeks, and none whose outcome was open when the heads were fitted."""
    seen = []
    monkeypatch.setattr("engine.walkforward.WINDOW_WEEKS", 30)
    monkeypatch.setattr("engine.walkforward.fit_relative", lambda names, weeks: seen.append(weeks))
    refit = refit_date(AS_OF)
    fresh = Trainer(trainer.study)
    fresh.heads(AS_OF, Record())
    (weeks,) = seen
    complete = [i for i, d in enumerate(trainer.study.dates) if d + WEEK < refit][-30:]
    assert len(weeks) == 30
    for i, (_, forward) in zip(complete, weeks, strict=True):
        labelled = trainer.study.universe[i] & np.isfinite(trainer.study.forward[i])
        assert np.array_equal(forward, trainer.study.forward[i, labelled])
    assert (WINDOW_WEEKS, REFIT_WEEKS, refit.weekday()) == (156, 4, 0)
