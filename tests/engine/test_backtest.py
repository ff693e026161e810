"""The walk through history: what it says on a day is what a run on that day, knowing nothing later, would have said."""

import datetime as dt

import pytest

from engine.backtest import fill_record, run_backtest
from engine.errors import BadRequest, NotEnoughData
from engine.model import PASSIVE
from engine.panel import build_panel
from engine.record import Record
from engine.signals import form_signals
from engine.sources.simulated import SimulatedMarket
from engine.study import HORIZON, build_study, mondays
from engine.walkforward import EPOCH, REFIT_WEEKS, Trainer, refit_date
from engine.week import Standing, compute_week

END = dt.date(2026, 6, 30)
START = dt.date(2026, 4, 13)
WEEKS = 10


@pytest.fixture(scope="module")
def panel():
    return build_panel(SimulatedMarket(seed=5, end=END, years=2), END)


@pytest.fixture(scope="module")
def walked(panel):
    return run_backtest(
        panel, ["defi", "large"], ["balanced", "aggressive"], START, START + dt.timedelta(weeks=WEEKS - 1)
    )


@pytest.mark.parametrize("week", [0, 4, WEEKS - 1])
def test_the_signals_of_a_week_are_those_of_a_run_that_knows_nothing_later(panel, walked, week):
    """F29: the walk has the whole history at hand, the other run only what came before."""
    date = START + dt.timedelta(weeks=week)
    seen = panel.until(date)
    trainer = Trainer(build_study(seen, extra=[date]))
    record = fill_record(trainer, Record(), date)
    assert form_signals(seen, record, date, trainer) == walked.weeks[week]


def test_the_weekly_job_decides_what_the_backtest_decided(panel, walked):
    standings = [Standing(index, mode, None, None) for index, mode in walked.tracks]
    result = compute_week(panel.until(START), Record(), standings, START)
    assert {(d.index, d.mode): d for d in result.decisions} == {k: t.decisions[0] for k, t in walked.tracks.items()}


def test_the_weekly_job_settles_as_the_backtest_settled_a_week_on(panel, walked):
    later = START + dt.timedelta(weeks=1)
    standings = [Standing(i, m, None, t.decisions[0]) for (i, m), t in walked.tracks.items()]
    result = compute_week(panel.until(later), Record(), standings, later)
    assert {(s.index, s.mode): s for s in result.settlements} == {k: t.settlements[0] for k, t in walked.tracks.items()}
    for key, points in result.levels.items():
        assert list(points) == walked.tracks[key].levels[: len(points)]


def test_every_week_is_decided_and_settled_once(walked):
    for (_, mode), track in walked.tracks.items():
        assert len(track.settlements) == len(track.decisions)
        if mode != PASSIVE:
            assert [d.date for d in track.decisions] == [START + dt.timedelta(weeks=k) for k in range(WEEKS)]
        days = [p.date for p in track.levels]
        assert days == sorted(set(days))
        assert days[0] == START
        assert days[-1] >= START + dt.timedelta(weeks=WEEKS - 1)


def test_the_level_of_a_day_is_linked_to_the_day_before(walked):
    """No point between two fills jumps: net and gross move by the same prices."""
    for track in walked.tracks.values():
        for a, b in zip(track.levels, track.levels[1:], strict=False):
            assert b.gross / a.gross * (1 - b.cost) == pytest.approx(b.net / a.net, rel=1e-9)


def test_the_same_history_gives_the_same_walk(panel, walked):
    again = run_backtest(panel, ["defi", "large"], ["balanced", "aggressive"], START, START + dt.timedelta(weeks=1))
    assert again.weeks == walked.weeks[:2]


def test_a_week_is_refused_on_another_day_than_monday_and_without_its_eve(panel):
    with pytest.raises(BadRequest, match="use 2026-04-13"):
        compute_week(panel.until(dt.date(2026, 4, 14)), Record(), [], dt.date(2026, 4, 14))
    with pytest.raises(NotEnoughData, match="needs 2026-07-05"):
        compute_week(panel, Record(), [], dt.date(2026, 7, 6))
    with pytest.raises(NotEnoughData, match="no Monday to decide"):
        run_backtest(panel, ["defi"], ["balanced"], dt.date(2030, 1, 7), dt.date(2030, 2, 4))


def test_refits_lie_on_a_fixed_calendar():
    dates = mondays(dt.date(2023, 1, 1), dt.date(2023, 12, 31))
    refits = sorted({refit_date(d) for d in dates})
    assert all((r - EPOCH).days % (7 * REFIT_WEEKS) == 0 for r in refits)
    assert all(0 <= (d - refit_date(d)).days < 7 * REFIT_WEEKS for d in dates)


def test_only_labels_complete_before_the_instant_train(panel):
    study = build_study(panel.until(START))
    known = [study.dates[i] for i in study.complete_before(START)]
    assert known[-1] == START - dt.timedelta(weeks=2)
    assert all(d + dt.timedelta(days=HORIZON) < START for d in known)
