"""The first start: an empty database, a fetch from emulated services, the weekly job, a live announcement; no archive.

The history is shorter than the 400 days that the cross-check of indicators needs, and than any record of the
classifiers: what is covered is the way from nothing to an announcement by the written rules. A fit on years of history
is the matter of the walk-forward's own tests.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest
from emulators import coingecko
from emulators.bench import Bench, bench
from emulators.crowd import list_crowd
from emulators.faults import WAY
from emulators.world import World

from bot.dispatch import Request, dispatch
from bot.shelf import DatabaseBook
from bot.weekly import ledger_for, run_week
from engine.sources.table import SOURCES
from engine.themes import themes

MONDAY = dt.date(2026, 3, 16)
SOURCES_ASKED = ("coingecko", "exchanges", "fear_greed", "coinmetrics", "defillama")


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the emulated services list more coins, all of them on Binance."""
    return lambda count: list_crowd(monkeypatch, count)


@pytest.fixture
async def started(many: Any) -> AsyncIterator[Bench]:
    """An empty database, and a small market with 120 days behind it, on a Monday."""
    many(8)
    world = World(today=MONDAY, first=MONDAY - dt.timedelta(days=120))
    async with bench(*SOURCES_ASKED, tokens=(), world=world) as b:
        yield b


async def test_from_nothing_to_a_live_announcement_without_an_archive(started: Bench) -> None:
    told: list[tuple[str, int, int]] = []
    report = await started.fetch(progress=lambda step, done, total: told.append((step, done, total)))
    assert report.failed() == []
    assert report.coverage == 1.0
    assert {step for step, _, _ in told} == {SOURCES[name].title for name in SOURCES_ASKED}
    assert all(done <= total for _, done, total in told)

    database, now = started.database, started.time.wall()
    ledger = ledger_for(MONDAY, now, database.market.provenance("live") == "yes")
    assert ledger == "live"
    week = run_week(database, MONDAY, ledger, now=now)
    assert {announced.index for announced in week.announcements} == themes().keys()
    assert week.waiting == ()
    assert database.verify("live").ok
    coins = {h.symbol for d in week.decisions for h in d.holdings if h.weight > 0 and not h.stable}
    assert coins and coins <= set(database.market.token_ids())
    first = next(a.reply for a in week.announcements if (a.index, a.mode) == ("large", "balanced"))
    assert first.title == "Large caps index, week 12 (balanced)"

    book = DatabaseBook(database, now)
    status = " ".join(dispatch(book, Request("/status", "test", "c", "u")).lines())  # type: ignore[arg-type]
    assert "flattered by survivorship" in status and "live since 16 Mar" in status
    again = run_week(database, MONDAY, ledger, now=now)
    assert again.already_decided


async def test_while_a_market_is_fetched_in_parts_every_command_says_how_far_it_is() -> None:
    async with bench("coingecko", "exchanges", tokens=()) as b:
        with b.service.failing(WAY["is down"], where="binance"):
            report = await b.fetch()
        book = DatabaseBook(b.database, b.time.wall())
        for text in ("/status", "/index defi", "/signals", "/track"):
            assert dispatch(book, Request(text, "test", "c", "u")).lines(), text  # type: ignore[arg-type]
        assert any("binance" in note for source in report.sources for note in source.notes)


async def test_a_hundred_tokens_come_once_and_the_next_day_costs_little(many: Any) -> None:
    many(100)
    world = World(first=dt.date(2026, 3, 1))
    async with bench("coingecko", "exchanges", tokens=(), world=world) as b:
        report = await b.fetch()
        assert report.failed() == []
        assert report.tokens == len(coingecko.COINS) == 110
        charts = [path for path in b.asked() if path.endswith("market_chart")]
        assert len(charts) == 110
        assert b.untrue(1e-6) == {}
        again = await b.fetch()
        assert (b.asked(), again.sources) == ([], ())
        b.later(days=1)
        await b.fetch()
        asked = [seen for seen in b.service.seen if "coingecko" in seen.host]
        assert [seen.path for seen in asked if "tickers" not in seen.path] == [
            "/api/v3/coins/markets", "/api/v3/global", "/api/v3/search/trending",
        ]  # fmt: skip
        candles = [seen for seen in b.service.seen if seen.path.endswith("klines")]
        assert candles and all(int(seen.query["limit"]) <= 2 for seen in candles)
