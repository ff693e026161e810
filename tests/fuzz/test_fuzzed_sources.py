"""Whatever a service answers, a fetch ends with a sentence: it stores what is sane or nothing, and never falls over."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import math
import time
from dataclasses import dataclass
from typing import Any

import pytest
from emulators.bench import Bench, bench
from fuzz.replayed import Recorded, damages, recording, replaying, reshape
from hypothesis import given, settings, strategies as st

from bot.fetching import Fetcher
from engine.sources.reading import Unreadable, measure
from engine.sources.table import SOURCES
from engine.sources.wording import headline
from storage.database import Database

SHARE = 4  # of the usual number of examples one in so many: each is a whole fetch
MOST_SECONDS = 10.0  # of one fetch, damaged as it may be; in peace the slowest takes under one


class Undone(Exception):
    """Takes an example's transaction back."""


@dataclass
class Prepared:
    """A source's database before its first fetch, and what its service answers."""

    bench: Bench
    recorded: Recorded
    has_key: bool

    def fetcher(self) -> Fetcher:
        return Fetcher(self.bench.database, self.bench.time.clock, limits=self.bench.limits, keys=self.bench.keys)


@pytest.fixture(scope="module", params=sorted(SOURCES))
def prepared(request: pytest.FixtureRequest) -> Any:
    """One source with its answers recorded over the loopback, in a database that no example changes."""
    name: str = request.param
    with asyncio.Runner() as runner:
        setting = bench(name)
        b = runner.run(setting.__aenter__())
        recorded = Recorded()
        try:
            with pytest.raises(Undone), b.database.atomic():
                real = Fetcher(b.database, b.time.clock, limits=b.limits, keys=b.keys, bases=b.service.bases)
                runner.run(recording(real, recorded).run((name,)))
                assert b.stored()
                raise Undone
            source = Prepared(b, recorded, name in b.keys)
            with pytest.raises(Undone), b.database.atomic():
                report = runner.run(replaying(source.fetcher(), recorded, source.has_key, {}).run((name,)))
                assert [part.error for part in report.sources] == [""], "played back whole, it is as it was"
                assert b.stored()
                raise Undone
            yield runner, source
        finally:
            runner.run(setting.__aexit__(None, None, None))


@given(data=st.data())
@settings(max_examples=max(settings.default.max_examples // SHARE, 1))
def test_no_answer_makes_a_fetch_fall_over_or_store_nonsense(prepared: Any, data: st.DataObject) -> None:
    runner, source = prepared
    questions = sorted(source.recorded.answers)
    chosen = data.draw(st.lists(st.sampled_from(questions), min_size=1, max_size=3, unique=True))
    damaged = {question: data.draw(damages(source.recorded.answers[question].body)) for question in chosen}
    noticed = _Errors()
    logger, start = logging.getLogger("bot.fetching"), time.process_time()
    logger.addHandler(noticed)
    try:
        with pytest.raises(Undone), source.bench.database.atomic():
            report = runner.run(
                replaying(source.fetcher(), source.recorded, source.has_key, damaged).run(source.bench.names)
            )
            assert not noticed.records, noticed.records[0].exc_info
            for part in report.sources:
                assert "nobody foresaw" not in part.error
                assert not part.error or part.error.endswith(".")
            _check_sane(source.bench.database)
            raise Undone
    finally:
        logger.removeHandler(noticed)
    assert time.process_time() - start < MOST_SECONDS


class _Errors(logging.Handler):
    """Keeps errors that were logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


NUMBERS = {
    "candles": "open, high, low, close, volume_usd",
    "snapshots": "rank, price, market_cap, supply, volume_24h_usd",
    "measures": "value",
}
TEXTS = {
    "headlines": "published_at, source, subject, title, author",
    "tokens": "symbol, name",
    "quarantine": "date, reason, excerpt",
    "source_status": "error, notes",
}


def _check_sane(database: Database) -> None:
    """Every stored number is finite, every day is one that has been, every text can be printed."""
    rows = database.connection.rows
    for table, columns in NUMBERS.items():
        for date, *numbers in rows(f"SELECT date, {columns} FROM {table}"):
            assert "1950" < date <= "2026-12-31"
            assert dt.date.fromisoformat(date).isoformat() == date
            assert all(number is None or math.isfinite(number) for number in numbers)
    for table, columns in TEXTS.items():
        for texts in rows(f"SELECT {columns} FROM {table}"):
            for text in texts:
                assert text is None or (text.encode() is not None and all(c.isprintable() for c in text)), (table, text)


def test_a_day_at_the_end_of_the_calendar_is_a_day_that_has_not_been() -> None:
    with pytest.raises(Unreadable, match="future"):
        measure("active_addresses", "BTC", "9999-12-31", 1.0, "coinmetrics")
    with pytest.raises(Unreadable, match="future"):
        headline(dt.datetime(9999, 12, 31, tzinfo=dt.UTC), "paper", "crypto", "To the moon", "", social=False)


UNSTORABLE = {
    "a rank beyond every ranking": ("coingecko", "coins/markets", (0, "market_cap_rank"), 10**30),
    "half a letter in an id": ("coingecko", "coins/markets", (0, "id"), "\ud800"),
    "half a letter in a post": ("x", "search/recent", ("data", 0, "text"), "to the \ud83d moon"),
    "half a letter in a new field's name": ("fear_greed", "fng", ("data", 0, "value_classification"), "\ud800"),
}


@pytest.mark.parametrize("fault", UNSTORABLE, ids=str)
async def test_what_no_column_of_a_database_takes_never_gets_there(fault: str) -> None:
    name, where, path, value = UNSTORABLE[fault]
    how = "name" if "name" in fault else "put"
    async with bench(name) as b:
        recorded, keyed = Recorded(), name in b.keys
        with pytest.raises(Undone), b.database.atomic():
            real = Fetcher(b.database, b.time.clock, limits=b.limits, keys=b.keys, bases=b.service.bases)
            await recording(real, recorded).run((name,))
            raise Undone

        def damage(body: bytes) -> bytes:
            return json.dumps(reshape(json.loads(body), [(path, how, value)])).encode()

        damaged = {question: damage for question in recorded.answers if where in question[0]}
        assert damaged
        fetcher = Fetcher(b.database, b.time.clock, limits=b.limits, keys=b.keys)
        report = await replaying(fetcher, recorded, keyed, damaged).run((name,))
        assert [part.error for part in report.sources] == [""]
        assert b.stored(), "the rest of it is believed"
        _check_sane(b.database)


async def test_what_cannot_be_stored_after_all_ends_its_own_source_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench("fear_greed", "x") as b:
        real = b.database.live.put

        def put(rows: Any, *more: Any) -> Any:
            if any(getattr(row, "metric", "") == "fear_greed" for row in rows):
                raise OverflowError("Python int too large to convert to SQLite INTEGER")
            return real(rows, *more)

        monkeypatch.setattr(type(b.database.live), "put", lambda self, rows, *more: put(rows, *more))
        logging.getLogger("bot.fetching").disabled = True
        try:
            report = await b.fetch()
        finally:
            logging.getLogger("bot.fetching").disabled = False
        errors = {part.id: part.error for part in report.sources}
        assert errors["fear_greed"].endswith("in a way nobody foresaw (OverflowError).")
        assert errors["x"] == ""
        assert b.measures() == {} and b.headlines()
