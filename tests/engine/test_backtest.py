"""The walk through history: what it says on a day is what a run on that day, knowing nothing later, would have said."""

import datetime as dt

import pytest

from engine.backtest import run_backtest
from engine.comparators import COMPARATORS
from engine.errors import BadRequest, NotEnoughData
from engine.learning import fill_record
from engine.model import Action
from engine.panel import build_panel
from engine.rebuild import rebuild
from engine.record import Record
from engine.signals import FAMILY_MEMORY_WEEKS, form_signals
from engine.sources.simulated import SimulatedMarket
from engine.study import WEEK, build_study, mondays
from engine.walkforward import COMPARED_WEEKS, EPOCH, REFIT_WEEKS, Trainer, needed_from, refit_date
from engine.week import Standing, compute_day, compute_week

END = dt.date(2026, 6, 30)
START = dt.date(2026, 4, 13)
WEEKS = 6
DAY = dt.timedelta(days=1)
LAST = START + dt.timedelta(weeks=WEEKS - 1)


def day(month, number):
    return dt.date(2026, month, number).isoformat()


STOP = day(4, 15), day(4, 21)  # a third of DeFi prints no price
PEG_LOST = day(4, 24), day(4, 25)  # USDC closes at 95 cents
COLLAPSE = day(4, 28)  # another third loses 60 % at once
FALL = day(5, 5), day(5, 10)  # everything loses a tenth a day
DROUGHT = day(5, 12), day(5, 20)  # hardly anybody trades what is not DeFi


class HardMarket(SimulatedMarket):
    """A simulated market in which everything goes wrong that a decision between weeks is for."""

    def candles(self, before):
        symbols = {token.id: token.symbol for token in self.tokens()}
        defi = sorted(token.symbol for token in self.tokens() if "defi" in token.themes)
        stables = {token.symbol for token in self.tokens() if token.kind == "stable"}
        collapses, stops = set(defi[0::3]), set(defi[1::3])
        for candle in super().candles(before):
            symbol, date = symbols[candle.token], candle.date
            if symbol in stops and STOP[0] <= date <= STOP[1]:
                continue
            factor = 0.4 if symbol in collapses and date >= COLLAPSE else 1.0
            if symbol not in stables and date >= FALL[0]:
                factor *= 0.9 ** (1 + (dt.date.fromisoformat(min(date, FALL[1])) - dt.date.fromisoformat(FALL[0])).days)
            if symbol == "USDC" and PEG_LOST[0] <= date <= PEG_LOST[1]:
                factor = 0.95
            bars = {name: value and value * factor for name, value in candle._asdict().items() if name in BARS}
            dry = 0.01 if symbol not in defi and DROUGHT[0] <= date <= DROUGHT[1] else 1.0
            yield candle._replace(**bars, volume_usd=candle.volume_usd and candle.volume_usd * dry)


BARS = ("open", "high", "low", "close")


@pytest.fixture(scope="module")
def source():
    return HardMarket(seed=5, end=END, years=2)


@pytest.fixture(scope="module")
def panel(source):
    return build_panel(source, END)


@pytest.fixture(scope="module")
def walked(panel):
    return run_backtest(panel, ["defi", "large"], ["balanced", "aggressive"], START, LAST)


@pytest.mark.rule("1.1")
@pytest.mark.parametrize("week", [0, WEEKS - 1])
def test_the_signals_of_a_week_are_those_of_a_run_that_knows_nothing_later(panel, walked, week):
    """F29: the walk has the whole history at hand, the other run only what came before."""
    date = START + dt.timedelta(weeks=week)
    seen = panel.until(date)
    trainer = Trainer(build_study(seen, extra=[date]))
    record = fill_record(trainer, Record(), date)
    assert form_signals(seen, record, date, trainer) == walked.weeks[week]
    part = Trainer(build_study(seen, extra=[date], need=needed_from(date)))
    assert part.material.first > 0
    assert form_signals(seen, record, date, part) == walked.weeks[week]


def test_more_is_kept_than_an_instant_is_compared_with():
    assert COMPARED_WEEKS > FAMILY_MEMORY_WEEKS


def test_the_weekly_job_decides_what_the_backtest_decided(panel, walked):
    standings = [Standing(index, mode, None, None) for index, mode in walked.tracks]
    result = compute_week(panel.until(START), Record(), standings, START)
    assert {(d.index, d.mode): d for d in result.day.decisions} == {
        key: track.decisions[0] for key, track in walked.tracks.items()
    }
    assert result.signals == walked.weeks[0]


def test_day_by_day_jobs_that_know_nothing_later_do_what_the_walk_did(source, panel, walked):
    """F29, for decisions between weeks too: each day's panel is read anew from what was published before it."""
    stands = {key: Standing(*key, None, None) for key in walked.tracks}
    made = {key: ([], [], []) for key in walked.tracks}
    for step in range(7 * WEEKS):
        date = START + step * DAY
        eventful = any(d.date == date and d.sequence for track in walked.tracks.values() for d in track.decisions)
        seen = build_panel(source, date) if eventful else panel.until(date)
        result = compute_day(seen, walked.weeks[step // 7], list(stands.values()))
        stands = {key: _after(stand, result) for key, stand in stands.items()}
        for key, (decisions, settlements, levels) in made.items():
            decisions += [d for d in result.decisions if (d.index, d.mode) == key]
            settlements += [s for s in result.settlements if (s.index, s.mode) == key]
            known = {point.date for point in levels}
            levels += [point for point in result.levels[key] if point.date not in known]
    for key, track in walked.tracks.items():
        decisions, settlements, levels = made[key]
        assert decisions == track.decisions
        assert settlements == track.settlements[: len(settlements)]
        assert len(settlements) >= len(track.settlements) - 1
        assert levels == track.levels[: len(levels)]
        assert levels[-1].date == LAST + 5 * DAY


def _after(stand, result):
    """Where a track stands after a day's job, as the database would say it."""
    key = stand.index, stand.mode
    portfolio = next((s.portfolio for s in result.settlements if (s.index, s.mode) == key), stand.portfolio)
    decided = next((d for d in result.decisions if (d.index, d.mode) == key), None)
    settled = any((s.index, s.mode) == key for s in result.settlements)
    waits = decided or (None if settled else stand.open_decision)
    return Standing(*key, portfolio, waits, (decided.date, decided.sequence) if decided else stand.last)


def between(walked):
    """Every decision between weeks of the walk."""
    return [d for track in walked.tracks.values() for d in track.decisions if d.sequence]


def test_every_trouble_of_the_hard_market_was_answered_between_weeks(walked):
    """So that the tests here are about something."""
    assert {cause.trigger for d in between(walked) for cause in d.causes} == {
        "step_up", "collapse", "drought", "peg_loss", "stopped", "resumed",
    }  # fmt: skip


@pytest.mark.rule("8.1")
def test_decisions_between_weeks_are_numbered_in_their_week_and_never_on_a_monday(walked):
    for track in walked.tracks.values():
        weeks = {}
        for decision in track.decisions:
            weeks.setdefault(decision.week, []).append(decision)
        for decisions in weeks.values():
            assert [d.sequence for d in decisions] == list(range(len(decisions)))
            assert [d.date.weekday() == 0 for d in decisions] == [d.sequence == 0 for d in decisions]
            assert len({d.date for d in decisions}) == len(decisions)
            assert all(bool(d.causes) is bool(d.sequence) for d in decisions)


@pytest.mark.rule("8.1", "8.4")
def test_decisions_between_weeks_buy_nothing_and_never_bring_the_ladder_down(walked):
    steps = ["normal", "raised", "high", "extreme"]
    for decision in between(walked):
        risky = [line for line in decision.holdings if not line.stable]
        assert not [line for line in risky if line.action in (Action.BUY_NEW, Action.BUY_MORE)]
        assert sum(line.weight for line in risky) <= sum(line.from_weight for line in risky)
        assert sum(line.weight for line in decision.holdings) == pytest.approx(1, abs=1e-9)
        assert steps.index(decision.risk.step) >= steps.index(decision.risk.previous_step)


@pytest.mark.rule("8.1")
def test_no_cause_is_answered_twice_in_the_walk(walked):
    for track in walked.tracks.values():
        keys = [cause.key for d in track.decisions for cause in d.causes]
        assert len(keys) == len(set(keys))


@pytest.mark.rule("8.10")
def test_what_was_sold_between_weeks_is_not_held_again_in_the_walk(walked):
    """The walk is shorter than the 28 days after its first sales."""
    for track in walked.tracks.values():
        sold = {}
        for decision in track.decisions:
            bought = {h.symbol for h in decision.holdings if h.action in (Action.BUY_NEW, Action.BUY_MORE)}
            assert not {s for s in bought if s in sold and decision.date - sold[s] < dt.timedelta(days=28)}
            sold |= {c.about: decision.date for c in decision.causes if c.trigger in ("collapse", "drought", "resumed")}


@pytest.mark.rule("6.4")
def test_every_level_of_the_walk_follows_from_its_fills_and_prices(walked):
    for track in walked.tracks.values():
        told = [step for pair in zip(track.decisions, track.settlements, strict=True) for step in pair]
        levels = rebuild(told)[track.index, track.mode]
        assert [line.net for line in levels] == pytest.approx(
            [s.portfolio.level_net for s in track.settlements], rel=1e-9
        )


def test_comparators_decide_on_mondays_alone(walked):
    for (_, mode), track in walked.tracks.items():
        if mode in COMPARATORS:
            assert {d.date.weekday() for d in track.decisions} == {0}


def test_every_week_is_decided_and_settled_once(walked):
    for (_, mode), track in walked.tracks.items():
        assert len(track.settlements) == len(track.decisions)
        if mode not in COMPARATORS:
            assert [d.date for d in track.decisions if not d.sequence] == [
                START + dt.timedelta(weeks=k) for k in range(WEEKS)
            ]
        days = [p.date for p in track.levels]
        assert days == sorted(set(days))
        assert days[0] == START
        assert days[-1] >= START + dt.timedelta(weeks=WEEKS - 1)


@pytest.mark.rule("6.3")
def test_the_level_of_a_day_is_linked_to_the_day_before(walked):
    """No point between two fills jumps: net and gross move by the same prices."""
    for track in walked.tracks.values():
        for a, b in zip(track.levels, track.levels[1:], strict=False):
            assert b.gross / a.gross * (1 - b.cost) == pytest.approx(b.net / a.net, rel=1e-9)


def test_the_same_history_gives_the_same_walk(panel, walked):
    again = run_backtest(panel, ["defi"], ["balanced"], START, START + dt.timedelta(weeks=1))
    assert again.weeks == walked.weeks[:2]
    track, before = again.tracks["defi", "balanced"], walked.tracks["defi", "balanced"]
    assert track.decisions == before.decisions[: len(track.decisions)]
    assert track.decisions[-1].sequence


def test_a_week_is_refused_on_another_day_than_monday_and_without_its_eve(panel):
    with pytest.raises(BadRequest, match="use 2026-04-13"):
        compute_week(panel.until(dt.date(2026, 4, 14)), Record(), [], dt.date(2026, 4, 14))
    with pytest.raises(NotEnoughData, match="needs 2026-07-05"):
        compute_week(panel, Record(), [], dt.date(2026, 7, 6))
    with pytest.raises(NotEnoughData, match="no Monday to decide"):
        run_backtest(panel, ["defi"], ["balanced"], dt.date(2030, 1, 7), dt.date(2030, 2, 4))


@pytest.mark.rule("3.1")
def test_refits_lie_on_a_fixed_calendar():
    dates = mondays(dt.date(2023, 1, 1), dt.date(2023, 12, 31))
    refits = sorted({refit_date(d) for d in dates})
    assert all((r - EPOCH).days % (7 * REFIT_WEEKS) == 0 for r in refits)
    assert all(0 <= (d - refit_date(d)).days < 7 * REFIT_WEEKS for d in dates)


@pytest.mark.rule("3.1")
def test_only_labels_complete_before_the_instant_train(panel):
    study = build_study(panel.until(START))
    known = [study.dates[i] for i in study.complete_before(START)]
    assert known[-1] == START - dt.timedelta(weeks=2)
    assert all(d + dt.timedelta(days=WEEK) < START for d in known)
