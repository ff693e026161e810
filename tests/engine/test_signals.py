"""What is said of a token: strength against its base, a call beyond the margin, a grade, or no call and why."""

import datetime as dt
from copy import copy
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.abstention import MIN_PRESENT
from engine.features import FAMILIES
from engine.fitting import STRIDE, WINDOW_WEEKS, fit_refit
from engine.learning import fill_record
from engine.leaves import encoded
from engine.model import Call, Odds, Signal, TokenKind
from engine.models.logistic import Logistic
from engine.models.relative import RelativeHead
from engine.modes import modes
from engine.panel import build_panel
from engine.record import Record, RecordedWeek, View, conviction
from engine.signals import LETTERS, STEADY_WEEKS, call, form_signals, form_week, grade
from engine.skill import silenced_heads, trailing_skill
from engine.sources.simulated import SimulatedMarket
from engine.study import EMBARGO, HORIZONS, MONTH, UNIVERSE_BARS, WEEK as SEVEN, build_study
from engine.walkforward import REFIT_WEEKS, Trainer, refit_date

AS_OF = dt.date(2026, 4, 13)
WEEK = dt.timedelta(weeks=1)
BARS = ("open", "high", "low", "close", "volume")
# Who is spoilt in the last days before AS_OF, and what is then said.
SPOILT = {
    "stopped": "its price has stopped",
    "young": "too little price history",
    "unknown": "fewer than half of its data points are there",
    "wrapped": "a wrapped copy follows its original",
}


@pytest.fixture(scope="module")
def cast():
    """(panel, {what is wrong: symbol}): a simulated market in which three tokens and a copy may not be judged."""
    panel = build_panel(SimulatedMarket(seed=5, end=AS_OF, years=2), AS_OF)
    whole = [
        t.symbol
        for j, t in enumerate(panel.tokens)
        if t.kind is TokenKind.COIN and t.themes and np.isfinite(panel.close[-200:, j]).all()
    ]
    names = dict(zip(("stopped", "young", "unknown"), whole[::4], strict=False))
    matrices = {f.name: getattr(panel, f.name).copy() for f in fields(panel) if f.name in (*BARS, "rank", "venue")}
    stopped, young = (panel.column(names[key]) for key in ("stopped", "young"))
    for name in BARS:
        matrices[name][-2:, stopped] = np.nan
        matrices[name][: -UNIVERSE_BARS + 1, young] = np.nan
    matrices["venue"][-2:, stopped] = -1
    matrices["venue"][: -UNIVERSE_BARS + 1, young] = -1
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
@pytest.mark.parametrize("horizon", HORIZONS)
def test_the_odds_are_the_heads_scores_calibrated_on_their_own_past(trainer, record, week, horizon):
    heads, i = trainer.heads(AS_OF, record), trainer.study.week(AS_OF)
    said = [s for s in week.signals if s.abstained is None]
    columns = [trainer.study.panel.column(s.symbol) for s in said]
    scores, calibration = trainer.scores(i, heads, horizon), heads.calibration[horizon]
    outcomes = trainer.material.outcomes[horizon]
    silenced = silenced_heads(trailing_skill(trainer.study, record.before(AS_OF), AS_OF, outcomes, horizon))
    assert horizon != SEVEN or silenced == week.silenced
    no_way = "relative" in silenced  # then nothing says which way, the market head neither
    calibration = calibration.silenced(no_way, no_way or "market" in silenced, "movement" in silenced)
    odds = calibration.probabilities(scores.members.mean(axis=1), scores.market, scores.movement)[columns]
    told = [s.odds if horizon == SEVEN else s.month.odds for s in said]
    assert np.array([(o.bearish, o.neutral, o.bullish) for o in told]) == pytest.approx(odds)
    assert scores.members[columns].std(axis=0) == pytest.approx(1, abs=0.3)
    learned = heads.calibration[horizon]
    assert np.abs([learned.movement, learned.direction]).min() > 1e-6


@pytest.mark.rule("3.2")
def test_the_market_view_is_the_market_heads(trainer, record, week):
    head, i = trainer.heads(AS_OF, record).fitted.market[SEVEN], trainer.study.week(AS_OF)
    lift = 0.0 if "market" in week.silenced else float(head.lift(trainer.material.market[i]))
    assert week.market.p_up == pytest.approx(head.probability(lift))
    assert week.market.base_up == head.base


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
    many = len(symbols)
    view = View(np.ones((many, 3)), np.full(many, 3.0), np.ones(many), 1.0, 0.5, odds, np.full(3, 1 / 3))
    later = RecordedWeek(AS_OF, symbols, dict.fromkeys(HORIZONS, view))
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
@pytest.mark.parametrize("horizon", HORIZONS)
def test_heads_learn_from_the_last_weeks_complete_an_embargo_before_their_refit(trainer, monkeypatch, horizon):
    """At most so many weeks, and none whose outcome was open when the heads were fitted."""
    seen = []
    monkeypatch.setattr("engine.fitting.WINDOW_WEEKS", 30)
    monkeypatch.setattr("engine.fitting.fit_relative", lambda names, weeks, members, least: seen.append(weeks))
    refit, material = refit_date(AS_OF), trainer.material
    fit_refit(material, refit, trainer.recipe)
    weeks = seen[HORIZONS.index(horizon)]
    reach = dt.timedelta(days=horizon + EMBARGO)
    complete = [i for i, d in enumerate(trainer.study.dates) if d + reach < refit][-30:][:: -STRIDE[horizon]][::-1]
    assert len(weeks) == len(complete) == 30 // STRIDE[horizon]
    for i, (_, forward) in zip(complete, weeks, strict=True):
        labelled = trainer.study.universe[i] & np.isfinite(trainer.study.forwards[horizon][i])
        assert np.array_equal(forward, trainer.study.forwards[horizon][i, labelled])
    assert (WINDOW_WEEKS, REFIT_WEEKS, refit.weekday()) == (156, 4, 0)


@pytest.mark.rule("3.9")
def test_the_parts_of_all_families_add_up_to_the_strength(week):
    said = [s for s in week.signals if s.abstained is None]
    for s in said:
        assert [view.family for view in s.families] == list(FAMILIES)
        assert sum(view.contribution for view in s.families) == pytest.approx(s.conviction, abs=1e-12)
    assert any(abs(view.contribution) > 0.005 for s in said for view in s.families)


@pytest.mark.rule("3.9")
def test_a_family_that_is_not_heard_adds_nothing_and_changes_nothing(week):
    """Macro has no data points of single tokens: without the market head its part is nil for everybody."""
    said = [s for s in week.signals if s.abstained is None]
    if "market" in week.silenced:
        macro = [view for s in said for view in s.families if view.family == "macro"]
        assert max(abs(view.contribution) for view in macro) < 1e-12
        gaps = [view.without - s.conviction for s in said for view in s.families if view.family == "macro"]
        assert np.abs(gaps).max() < 1e-12


@pytest.mark.rule("3.7")
def test_the_month_stands_beside_the_week_with_base_rates_of_its_own(week):
    said = [s for s in week.signals if s.abstained is None]
    assert all(s.month.days == MONTH for s in said)
    assert {s.month.base for s in said} != {s.base for s in said}
    assert all(s.month is None for s in week.signals if s.abstained is not None)


@pytest.mark.rule("3.11")
def test_posts_alone_lift_nobody_above_the_median_peer(trainer, record):
    """A head that believes in posts: whom only they lift stands where the rest of its data leaves it."""
    head = RelativeHead(("social_volume", "calm"), {"logistic": Logistic(np.array([4.0, 1.0]))})
    ranks = np.array([[0.5, -0.2], [0.5, 0.2], [-0.5, 0.3], [0.0, -0.1]])
    posts = copy(trainer)
    posts._social = np.array([True, False])
    sober, lifted, sunk, quiet = posts.without_hype(head, ranks)[:, 0]
    assert sober == pytest.approx(-0.2)
    assert lifted == pytest.approx(2.2)
    assert sunk == pytest.approx(-1.7)
    assert quiet == pytest.approx(-0.1)


@pytest.mark.rule("3.9")
def test_what_is_recorded_and_said_does_not_hang_on_being_explained(trainer, record):
    before = Record(w for w in record if w.date < AS_OF)
    (plain, line), (told, other) = (
        form_week(trainer.study.panel, before, AS_OF, trainer, explained) for explained in (False, True)
    )
    assert encoded(line) == encoded(other)
    assert plain == replace(told, signals=tuple(replace(s, families=()) for s in told.signals))
