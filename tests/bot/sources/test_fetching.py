"""The fetch as a whole: who stands in for whom, what is asked again, what is said of it."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from emulators.bench import bench
from emulators.clock import NOON, FakeTime
from emulators.faults import WAY
from emulators.world import TWISTS, frozen
from rich.console import Console

from bot.fetch_report import FetchReport
from bot.fetching import Fetcher
from bot.source_health import source_states
from engine.errors import CannotWrite, SourceGarbled, SourceUnavailable, StorageError
from engine.model import Candle, Headline, Snapshot, Token, TokenKind
from engine.sources.port import Batch, Client, Host, Row, Series, Source, Want
from engine.sources.reading import measure
from engine.sources.table import Route
from storage.database import Database, open_database
from storage.market import SIMULATED

YESTERDAY = NOON.date() - dt.timedelta(days=1)


class Fake:
    """A source that answers from a table, {series: newest day}, or raises; `wants` is what it was asked."""

    def __init__(self, name: str, *feeds: str, rows: Any = None, error: Exception | None = None) -> None:
        self.wants: list[Mapping[Series, dt.date]] = []
        self._rows, self._error = rows, error
        self.source = Source(
            name, name, "macro", feeds, (Host(f"https://{name}.example", 1.0, "/"),), "https://x", "free", self._fetch,
            history=30, every=dt.timedelta(hours=1),
        )  # fmt: skip

    async def _fetch(self, client: Client, want: Want) -> AsyncIterator[Batch]:
        self.wants.append(want.since)
        rows = self._rows(want) if callable(self._rows) else ()
        if rows:
            yield Batch(rows=tuple(rows))
        if self._error:
            raise self._error
        yield Batch(answered=frozenset(want.since))


def line(kind: str, newest: dt.date = YESTERDAY, source: str = "x", value: float = 20.0) -> Any:
    """Rows of a market series from the first day asked for up to `newest`."""

    def rows(want: Want) -> list[Row]:
        day = want.since.get(Series(kind), newest + dt.timedelta(days=1))
        days = range((newest - day).days + 1)
        return [measure(kind, "", (day + dt.timedelta(days=i)).isoformat(), value + 0.01 * i, source) for i in days]

    return rows


async def run(database: Database, *fakes: Fake, routes: Mapping[str, tuple[str, ...]], time: FakeTime) -> FetchReport:
    table = {fake.source.id: fake.source for fake in fakes}
    order = [Route(kind, names) for kind, names in routes.items()]
    return await Fetcher(database, time.clock, sources=table, routes=order).run()


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def database() -> Any:
    opened = open_database(":memory:")
    yield opened
    opened.close()


VIX = {"vix": ("one", "two")}


async def test_the_second_source_is_asked_for_what_the_first_could_not_bring(
    database: Database, time: FakeTime
) -> None:
    """F22."""
    one = Fake("one", "vix", error=SourceUnavailable("one does not answer."))
    two = Fake("two", "vix", rows=line("vix"))
    report = await run(database, one, two, routes=VIX, time=time)
    assert len(one.wants) == len(two.wants) == 1
    assert [(s.id, s.error) for s in report.sources] == [("one", "one does not answer."), ("two", "")]
    assert report.failed() == []
    assert database.sources.cursors()["vix", ""].source == "two"


async def test_the_second_source_is_not_asked_where_the_first_did_well(database: Database, time: FakeTime) -> None:
    one, two = Fake("one", "vix", rows=line("vix")), Fake("two", "vix", rows=line("vix"))
    await run(database, one, two, routes=VIX, time=time)
    assert (len(one.wants), two.wants) == (1, [])


async def test_the_second_source_continues_where_the_first_is_too_old(database: Database, time: FakeTime) -> None:
    """F24."""
    old = YESTERDAY - dt.timedelta(days=14)
    one, two = Fake("one", "vix", rows=line("vix", old)), Fake("two", "vix", rows=line("vix"))
    report = await run(database, one, two, routes=VIX, time=time)
    assert two.wants == [{Series("vix"): old + dt.timedelta(days=1)}]
    assert report.kinds[0].newest == YESTERDAY.isoformat()


async def test_what_came_before_a_failure_is_kept_and_only_the_rest_is_asked_elsewhere(
    database: Database, time: FakeTime
) -> None:
    half = YESTERDAY - dt.timedelta(days=20)
    one = Fake("one", "vix", rows=line("vix", half), error=SourceGarbled("one sends nonsense."))
    two = Fake("two", "vix", rows=line("vix"))
    await run(database, one, two, routes=VIX, time=time)
    assert two.wants == [{Series("vix"): half + dt.timedelta(days=1)}]
    assert database.market.counts()["measures"] == 30


async def test_a_source_that_stumbles_over_its_own_feet_does_not_end_the_others(
    database: Database, time: FakeTime
) -> None:
    one = Fake("one", "vix", error=KeyError("where"))
    other = Fake("other", "gold", rows=line("gold", value=2000.0))
    report = await run(database, one, other, routes={"vix": ("one",), "gold": ("other",)}, time=time)
    errors = {source.id: source.error for source in report.sources}
    assert errors == {"one": "one answered in a way nobody foresaw (KeyError).", "other": ""}
    assert report.failed() == ["one (one answered in a way nobody foresaw (KeyError))"]


async def test_a_database_that_cannot_be_written_ends_the_fetch(
    database: Database, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F8."""

    def full(*_: object) -> None:
        raise CannotWrite("the disk is full.")

    monkeypatch.setattr(type(database.live), "put", full)
    with pytest.raises(CannotWrite):
        await run(database, Fake("one", "vix", rows=line("vix")), routes={"vix": ("one",)}, time=time)
    assert database.sources.cursors() == {}


async def test_a_source_is_left_alone_for_a_while_once_it_has_said_all(database: Database, time: FakeTime) -> None:
    one = Fake("one", "vix", rows=line("vix", YESTERDAY - dt.timedelta(days=2)))
    for wait in (0, 30, 31):
        time.pass_(minutes=wait)
        await run(database, one, routes={"vix": ("one",)}, time=time)
    assert len(one.wants) == 2


async def test_a_series_that_nobody_has_is_asked_for_once_a_week(database: Database, time: FakeTime) -> None:
    one = Fake("one", "vix")
    for _ in range(9):
        report = await run(database, one, routes={"vix": ("one",)}, time=time)
        time.pass_(days=1)
    assert len(one.wants) == 2
    assert report.kinds[0].series == 0, "what nobody has is not missing"


async def test_a_series_continues_where_an_archive_ended(database: Database, time: FakeTime) -> None:
    database.market.put_measures([measure("vix", "", "2026-03-01", 20.0, "archive")])
    one = Fake("one", "vix", rows=line("vix"))
    await run(database, one, routes={"vix": ("one",)}, time=time)
    assert one.wants == [{Series("vix"): dt.date(2026, 3, 2)}]


async def test_rankings_come_first_and_name_tokens_that_others_are_then_asked_for(
    database: Database, time: FakeTime
) -> None:
    today = NOON.date().isoformat()

    async def rank(client: Client, want: Want) -> AsyncIterator[Batch]:
        token = Token(-1, "NEW", "Newcoin", TokenKind.COIN, ("defi",))
        yield Batch(
            rows=(Snapshot(today, -1, 1, 2.0, 200.0, 100.0, 5.0),), tokens=(token,), answered=frozenset(want.since)
        )

    asked: list[Series] = []

    async def trade(client: Client, want: Want) -> AsyncIterator[Batch]:
        asked.extend(want.since)
        token = want.tokens["NEW"].id
        yield Batch(rows=(Candle(YESTERDAY.isoformat(), token, 2.0, 2.0, 2.0, 2.0, 5.0, "x", False),))

    host = (Host("https://a.example", 1.0, "/"),)
    table = {
        "trade": Source("trade", "trade", "price", ("candles",), host, "x", "x", trade),
        "rank": Source("rank", "rank", "price", ("snapshots",), host, "x", "x", rank, newest=0),
    }
    routes = [Route("candles", ("trade",)), Route("snapshots", ("rank",))]
    report = await Fetcher(database, time.clock, sources=table, routes=routes).run()
    assert asked == [Series("candles", "NEW")]
    assert database.market.counts() == {"tokens": 1, "candles": 1, "snapshots": 1, "measures": 0, "headlines": 0}
    assert [token.name for token in database.market.find("newcoin")] == ["Newcoin"]
    assert report.coverage == 1.0
    assert database.market.provenance("live") == "yes"


async def test_headlines_have_a_cursor_for_each_feed(database: Database, time: FakeTime) -> None:
    def rows(want: Want) -> list[Row]:
        return [Headline("2026-03-18 09:00:00", "paper", "", "Bitcoin rises", "2026-03-18")]

    fake = Fake("news", "headlines", rows=rows)
    table = {"news": Source(**{**_fields(fake.source), "subjects": ("paper", "press"), "newest": 0})}
    await Fetcher(database, time.clock, sources=table, routes=[Route("headlines", ("news",))]).run()
    cursors = database.sources.cursors()
    assert (cursors["headlines", "paper"].until, cursors["headlines", "press"].until) == ("2026-03-18", None)


def _fields(source: Source) -> dict[str, Any]:
    return {name: getattr(source, name) for name in Source.__dataclass_fields__}


def test_a_simulated_market_is_not_mixed_with_a_real_one(database: Database, time: FakeTime) -> None:
    database.market.set_provenance(SIMULATED, "yes")
    with pytest.raises(StorageError, match="SIMULATED"):
        Fetcher(database, time.clock)
    assert source_states(database, NOON) == []


async def test_a_day_that_was_not_believed_is_asked_for_again_and_settled() -> None:
    """F26: the bad price is not used, the last good one stands, and the truth comes in later."""
    async with bench("coinmetrics") as b:
        await b.fetch()
        b.later(days=1)
        b.world.twist = TWISTS["is a thousandfold"]
        await b.fetch()
        held = b.database.sources.quarantined()
        assert {row.reason for row in held} >= {"spike"}
        yesterday = (b.time.wall().date() - dt.timedelta(days=1)).isoformat()
        assert {row.date for row in held} == {yesterday}
        assert ("active_addresses", "BTC", "coinmetrics", yesterday) not in b.measures()
        b.world.twist = list
        b.later(hours=2)
        await b.fetch()
        assert b.measures()["active_addresses", "BTC", "coinmetrics", yesterday]
        assert b.database.sources.quarantined() == []
        assert all(row.settled for row in b.database.sources.quarantined(settled=True))


async def test_a_frozen_feed_is_found_out_after_a_few_days() -> None:
    """F24."""
    async with bench("coinmetrics") as b:
        b.world.twist = frozen
        await b.fetch()
        assert {row.reason for row in b.database.sources.quarantined()} == {"frozen"}
        newest = max(key[3] for key in b.measures() if key[0] == "active_addresses")
        assert dt.date.fromisoformat(newest) < b.world.today - dt.timedelta(days=4)


async def test_an_unchanged_answer_costs_nobody_anything() -> None:
    async with bench("fred") as b:
        b.later(hours=-11)
        for _ in range(2):
            await b.fetch()
            b.later(hours=7)
        b.asked()
        report = await b.fetch()
        assert len(b.service.seen) >= 4
        assert all(seen.conditional for seen in b.service.seen)
        assert sum(host.unchanged for host in b.database.sources.hosts().values()) == len(b.service.seen)
        assert (report.sources[0].new, report.sources[0].changed) == (0, 0)


async def test_patience_asked_for_is_kept_by_the_next_fetch_too() -> None:
    """F13."""
    async with bench("fear_greed") as b:
        with b.service.failing(WAY["asks for too much patience"]):
            await b.fetch()
        assert len(b.asked()) == 1
        b.later(hours=2)
        report = await b.fetch()
        assert b.asked() == []
        assert "left alone" in report.sources[0].error
        b.later(days=1)
        assert (await b.fetch()).failed() == []


async def test_one_exchange_down_leaves_the_others_prices_and_says_so() -> None:
    """F22."""
    async with bench("exchanges") as b:
        with b.service.failing(WAY["is down"], where="www.okx.com"):
            report = await b.fetch()
        assert b.untrue(2e-3) == {}
        assert {symbol for symbol, _ in b.candles()} == {"BTC", "ETH", "DOGE", "PEPE"}
        assert report.failed() == []
        assert any("okx" in note for note in report.sources[0].notes)


async def test_volume_stays_that_of_one_venue() -> None:
    async with bench("exchanges") as b:
        await b.fetch()
        b.later(days=1)
        with b.service.failing(WAY["is down"], where="data-api.binance.vision"):
            await b.fetch()
        newest = max(day for _, day in b.candles())
        row = b.candles()["BTC", newest]
        assert (row[4], row[5]) == (None, "binance"), "another venue's level would look like a jump"


async def test_a_listing_of_thousands_is_priced_by_the_single_token() -> None:
    async with bench("exchanges") as b:
        await b.fetch()
        row = b.candles()["PEPE", YESTERDAY.isoformat()]
        assert row[3] == pytest.approx(1e-5, rel=0.5)
        assert row[4] == pytest.approx(1e6 * row[3], rel=0.2)


async def test_a_key_opens_the_paid_host_and_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    key = "0123456789abcdef0123456789abcdef"
    async with bench("fred", "coinmetrics") as b:
        b.keys = {"fred": key, "coinmetrics": key}
        report = await b.fetch()
        assert report.failed() == []
        assert {seen.host for seen in b.service.seen} == {"api.stlouisfed.org", "api.coinmetrics.io"}
        assert b.untrue() == {}
        kept = str([b.database.connection.rows(f"SELECT * FROM {name}") for name in ("validators", "source_status")])
        assert key not in kept + caplog.text + json.dumps(report.to_dict())


async def test_the_report_is_plain_data_and_says_what_is_missing() -> None:
    async with bench() as b:
        with b.service.failing(WAY["is down"], where="stlouisfed"):
            report = await b.fetch()
        assert json.loads(json.dumps(report.to_dict()))["coverage"] == 1.0
        out = io.StringIO()
        report.print(Console(file=out, width=160))
        text = out.getvalue()
        assert "FAILED" in text
        assert "missing m2: 1 of 1 not up to date (nothing yet)" in text
        assert "fred.stlouisfed.org" in text
        assert len(report.failed()) == 1


async def test_the_doctor_and_the_status_tell_how_each_source_fares() -> None:
    async with bench() as b:
        states = {state.id: state for state in source_states(b.database, b.time.wall())}
        assert all(state.ok for state in states.values())
        assert {id_ for id_, state in states.items() if "never asked" not in state.says} == {"x"}, "it needs a key"
        with b.service.failing(WAY["is down"], where="stlouisfed"):
            await b.fetch()
        b.later(hours=3)
        states = {state.id: state for state in source_states(b.database, b.time.wall())}
        assert (states["fred"].ok, states["fred"].brief) == (False, "failed 3 h ago")
        assert "last error 3 h ago: fred.stlouisfed.org" in states["fred"].says
        assert states["fear_greed"].says == "answered 3 h ago; newest value 2026-03-18, 0 days old"
        assert states["exchanges"].ok


async def test_an_empty_database_gets_what_needs_no_tokens_and_says_that_it_has_none(
    database: Database, time: FakeTime
) -> None:
    one = Fake("one", "vix", "candles", rows=line("vix"))
    report = await run(database, one, routes={"candles": ("one",), "vix": ("one",)}, time=time)
    assert list(one.wants[0]) == [Series("vix")]
    out = io.StringIO()
    report.print(Console(file=out, width=120))
    assert "no token is known yet" in out.getvalue()


async def test_stablecoins_have_a_price_a_day_found_by_the_id_that_the_ranking_gave_them() -> None:
    async with bench("coingecko", "defillama", tokens=()) as b:
        await b.fetch()
        today = b.time.wall().date().isoformat()
        prices = {key: value for key, value in b.measures().items() if key[0] == "stablecoin_price"}
        assert prices == {("stablecoin_price", "USDT", "defillama", today): 1.0}
        assert ("fees", "UNI", "defillama", "2026-03-17") in b.measures()
        assert b.untrue() == {}


async def test_fees_come_from_the_chain_itself_where_it_is_known_and_from_the_second_source_where_not() -> None:
    async with bench("coinmetrics", "coingecko", "defillama", tokens=()) as b:
        await b.fetch()
        sources = {key[1]: key[2] for key in b.measures() if key[0] == "fees"}
        assert sources == {"BTC": "coinmetrics", "ETH": "coinmetrics", "DOGE": "coinmetrics", "UNI": "defillama"}


async def test_a_chart_that_has_not_changed_is_not_sent_again() -> None:
    async with bench("defillama") as b:
        await b.fetch()
        b.later(hours=2)
        b.asked()
        await b.fetch()
        assert b.asked() == [], "all is here until tomorrow"
        b.world.days = lambda newest=1: [day for day in type(b.world).days(b.world) if day < "2026-03-18"]  # type: ignore[method-assign]
        b.time.pass_(days=1)
        await b.fetch()
        assert all(seen.conditional for seen in b.service.seen)
        assert sum(host.unchanged for host in b.database.sources.hosts().values()) == len(b.service.seen) > 0
