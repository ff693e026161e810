"""The audit: it finds nothing in the engine as it stands, and finds each of several ways of looking ahead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from engine import backtest as backtest_module
from engine.audit import Audit, Remembered, audit, compare, drawn_days, monday_of
from engine.errors import NotEnoughData
from engine.features import CATALOGUE
from engine.measures import KINDS
from engine.model import Candle
from engine.panel import build_panel
from engine.sources.simulated import SimulatedMarket
from engine.study import Study
from engine.walkforward import refit_date

START = refit_date(dt.date(2026, 4, 13))  # heads are fitted anew on this very Monday
LAST = START + dt.timedelta(weeks=1)
END = LAST + dt.timedelta(days=9)
YEARS = 1.35  # long enough that both heads have learned
LEAKED = "return_7d"
MODES = ("balanced", "passive", "equal", "naive")


def market(until: dt.date = END) -> SimulatedMarket:
    return SimulatedMarket(seed=5, end=until, years=YEARS, story=False)


@pytest.fixture(scope="module")
def history() -> Remembered:
    return Remembered(market(), END)


def run(history: Remembered, cuts: int, last: dt.date = START) -> Audit:
    return audit(history, ["defi"], ["balanced"], START, last, END, cuts, seed=3)[1]


def test_the_engine_as_it_stands_does_not_look_ahead(history: Remembered) -> None:
    """F29, from observations on: panel, features, labels, heads, signals, settlements and decisions."""
    found = run(history, cuts=3, last=LAST)
    assert found.differences == ()
    assert len(found.cuts) == 3
    assert any(cut.cut != cut.monday for cut in found.cuts)
    for cut in found.cuts:
        assert cut.tokens > 20
        assert cut.decisions >= len(MODES)
        assert cut.compared > 20_000


def tomorrow(inputs: object) -> np.ndarray:
    """The return of the day after: nothing a row could know."""
    returns = inputs.returns  # type: ignore[attr-defined]
    return np.vstack([returns[1:], np.full((1, returns.shape[1]), np.nan)])


def against_all_of_history(inputs: object) -> np.ndarray:
    """Today's return less the mean of all days, those to come among them."""
    returns = inputs.returns  # type: ignore[attr-defined]
    return returns - np.nansum(returns, axis=0, keepdims=True) / len(returns)


@pytest.mark.parametrize("leak", [tomorrow, against_all_of_history])
def test_a_feature_that_looks_ahead_is_found(
    history: Remembered, monkeypatch: pytest.MonkeyPatch, leak: object
) -> None:
    leaking = dict(CATALOGUE) | {LEAKED: replace(CATALOGUE[LEAKED], compute=leak)}
    monkeypatch.setattr("engine.features.table.CATALOGUE", leaking)
    found = run(history, cuts=1)
    assert {d.cut for d in found.differences} == {found.cuts[0].cut}
    signals = [d for d in found.differences if d.what == "signals"]
    assert len({d.token for d in signals if d.token}) > 10
    assert any(d.field.startswith("signals.odds") for d in signals)
    assert any(d.what == "record" for d in found.differences)


def test_a_label_that_trains_before_it_is_complete_is_found(
    history: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    def early(study: Study, as_of: dt.date, horizon: int = 7, embargo: int = 0) -> np.ndarray:
        return np.array([i for i, date in enumerate(study.dates) if date < as_of], dtype=np.intp)

    monkeypatch.setattr(Study, "complete_before", early)
    assert any(d.what == "signals" for d in run(history, cuts=1).differences)


def test_a_walk_that_decides_on_a_close_it_should_not_know_is_found(
    history: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The close of the day itself slips into the row of its eve before every decision of the walk."""
    honest = backtest_module._step

    def peeking(tracks: object, panel: object, week: object, date: dt.date) -> None:
        row = panel.row(date)  # type: ignore[attr-defined]
        close = panel.close.copy()  # type: ignore[attr-defined]
        close[row - 1] = close[row]
        honest(tracks, replace(panel, close=close), week, date)  # type: ignore[type-var,arg-type]

    monkeypatch.setattr(backtest_module, "_step", peeking)
    found = run(history, cuts=1)
    assert found.differences
    assert {d.what.split(",")[0] for d in found.differences} <= {f"defi {mode}" for mode in MODES}


def test_the_days_are_drawn_by_the_seed_and_lie_in_the_walks_weeks() -> None:
    first, last = dt.date(2020, 1, 1), LAST + dt.timedelta(days=4)
    days = drawn_days(START, LAST, first, last, 5, 1)
    assert days == drawn_days(START, LAST, first, last, 5, 1) == sorted(set(days))
    assert days != drawn_days(START, LAST, first, last, 5, 2)
    assert all(START <= day <= last for day in days)
    assert drawn_days(START, LAST, first, last, 500, 1) == [START + dt.timedelta(days=k) for k in range(12)]
    with pytest.raises(NotEnoughData, match="no Monday to decide"):
        drawn_days(START, LAST, first, START - dt.timedelta(days=1), 5, 1)


def test_a_day_belongs_to_the_monday_its_signals_are_of() -> None:
    assert monday_of(START) == START
    assert monday_of(START + dt.timedelta(days=6)) == START


class Careless(SimulatedMarket):
    """A source that shows everything, whatever is asked."""

    def candles(self, before: dt.date) -> Iterable[Candle]:  # type: ignore[override]
        return super().candles(END)


def test_what_is_remembered_shows_nothing_from_the_cut_on(history: Remembered) -> None:
    cut, source = dt.date(2026, 1, 5), market()
    iso = cut.isoformat()
    assert max(candle.date for candle in history.candles(cut)) < iso
    assert all(snapshot.date < iso for snapshot in history.snapshots(cut))
    assert all(m.known < iso for m in history.measures(cut, KINDS.keys()))
    assert all(headline.known < iso for headline in history.headlines(cut))
    assert list(history.candles(cut)) == list(source.candles(cut))
    assert {m.metric for m in history.measures(cut, ["vix"])} == {"vix"}
    careless = Remembered(Careless(seed=5, end=END, years=YEARS, story=False), END)
    assert len(build_panel(careless, cut).dates) == len(build_panel(history, cut).dates)


def test_a_decision_that_only_one_of_two_made_is_a_difference() -> None:
    assert list(compare(START, "defi balanced", None, None)) == []
    (found,) = compare(START, "defi balanced", None, 1.5)
    assert (found.walked, found.cut_off) == ("None", "1.5")
