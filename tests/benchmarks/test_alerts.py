"""A chat is told once a week, and rarely more than two alerts: on the simulated market's story and in May 2021."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from benchmarks.alerts import DAY, day_of, walk
from benchmarks.alerts_told import ALL, Told, figures, is_alert, is_scheduled, show
from bot.digest import ALERTS_A_WEEK
from engine.modes import modes
from engine.panel import build_panel
from engine.sources.archive import Archive
from engine.sources.simulated import SimulatedMarket
from engine.themes import themes


def holds(told: Told) -> None:
    """What is promised of every walk: a weekly message each, few alerts, an answer to each cry but the last day's."""
    assert len(told.chats) == (len(themes()) + 1) * len(modes())
    assert set(told.a_week(is_scheduled)) == {1}
    alerts = [message for message in told.messages if is_alert(message)]
    assert alerts
    for one in alerts:
        lately = [m for m in alerts if m.chat == one.chat and one.queued - 7 * DAY <= m.queued < one.queued]
        is_graver = one.level > max((m.level for m in lately), default=0)
        assert len(lately) < ALERTS_A_WEEK or is_graver or one.name.startswith("change/"), one
    entered = sum(n for (kind, _), n in told.cried.items() if not kind.endswith(" over"))
    assert 0 < told.answered.total() <= entered


def test_the_simulated_story_is_told_in_few_messages(capsys: pytest.CaptureFixture[str]) -> None:
    market = SimulatedMarket(years=0.75)
    panel, end = build_panel(market, market.end), market.end - DAY
    told = walk(panel, end - 13 * DAY, end)
    holds(told)
    show(told)
    shown = capsys.readouterr().out
    assert "18 chats, 2 weeks" in shown
    assert figures(told.a_week(is_alert)) in shown
    assert ALL in shown


def test_may_2021_is_told_in_few_messages(archive: Path) -> None:
    """The week of the 19th, in which half of the coins lost a third within a day."""
    start, end = dt.date(2021, 5, 17), dt.date(2021, 5, 23)
    told = walk(build_panel(Archive(archive), end + DAY), start, end)
    holds(told)
    assert told.cried["market", 2021] >= 1
    assert told.cried["ladder", 2021] >= 1


def test_each_day_is_looked_at_from_its_open_over_low_and_high_to_its_close() -> None:
    market = SimulatedMarket(years=0.5)
    panel = build_panel(market, market.end)
    day = panel.dates[-1].item()
    low_first, high_first = list(day_of(panel, day, False)), list(day_of(panel, day, True))
    j, row = panel.column("BTC") or 0, panel.row(day)
    bar = [float(sheet[row, j]) for sheet in (panel.open, panel.low, panel.high, panel.close)]
    assert [prices[j].price for _, prices in low_first] == bar
    assert [prices[j].price for _, prices in high_first] == [bar[0], bar[2], bar[1], bar[3]]
    assert [at for at, _ in low_first] == sorted(at for at, _ in low_first)
    whole = [sum(prices[j].volumes.values()) for _, prices in low_first]
    before, now = float(panel.volume[row - 1, j]), float(panel.volume[row, j])
    assert whole[-1] == pytest.approx(now, rel=0.01 * abs(before / now - 1) + 1e-9)
    assert all(min(before, now) <= volume <= max(before, now) for volume in whole)
