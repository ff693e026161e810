"""The contract of every live source, walked over the table: each against its emulator, and with every fault there is.

The promise is one sentence: whatever befalls it, a fetch stores nothing untrue, ends, says what went wrong, and once it
is over the next one ends where an undisturbed one would (F13, F15, F16, F22 to F28).
"""

from __future__ import annotations

import ast
import importlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulators.bench import Bench, bench, emulator
from emulators.clock import NOON
from emulators.faults import WAY
from emulators.world import TWISTS

from engine.measures import KINDS
from engine.sources.distrust import REASONS
from engine.sources.http.client import HttpClient
from engine.sources.http.limits import Limits
from engine.sources.table import ROUTES, SOURCES
from engine.sources.trust import trust

SLOW = ("says nothing", "trickles")
MIDDLE = (
    "asks for patience", "fails inside", "resets", "breaks off", "says nothing", "sends a page", "sends garbage",
    "refuses the key", "renames its fields",
)  # fmt: skip
TIMELESS = {"order_books": ("is of another year",)}  # what has no date cannot lie about it
HASTY = Limits(total=0.4, read=0.25, connect=2.0, packed=3_000_000, unpacked=6_000_000)
VENUES_ROUND = 2e-3  # venues differ by a thousandth: a median without one of them moves by less than this


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep what misbehaving services cause out of the output, and give the loggers back as they were."""
    loggers = [logging.getLogger(name) for name in ("bot", "engine")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, dict[Any, Any]]:
    """What each source leaves when nothing befalls it; filled by `peace`."""
    return {}


async def peace(name: str, cache: dict[str, dict[Any, Any]]) -> dict[Any, Any]:
    """What is stored after a fetch, and another two days later, in peace."""
    if name not in cache:
        async with bench(name) as quiet_bench:
            await quiet_bench.fetch()
            quiet_bench.later(days=2)
            await quiet_bench.fetch()
            cache[name] = lasting(name, quiet_bench.stored())
    return cache[name]


def about(one: dict[Any, Any], other: dict[Any, Any], tolerance: float) -> bool:
    """Whether two stores hold the same days with the same values."""
    return one.keys() == other.keys() and all(
        _close(a) == pytest.approx(_close(b), rel=tolerance)
        for a, b in zip(one.values(), map(other.get, one), strict=True)
    )


def lasting(name: str, rows: dict[Any, Any]) -> dict[Any, Any]:
    """What a later fetch can still bring: of what passes only the newest day, of what is of the past that past."""
    source, newest = SOURCES[name], max((day_of(key) for key in rows), default="")
    kept = {}
    for key, value in rows.items():
        kind = "candles" if len(key) == 2 else key[0]
        gone = kind in source.passing and day_of(key) < newest
        if not gone and not (kind in source.past and day_of(key) >= NOON.date().isoformat()):
            kept[key] = value
    return kept


def day_of(key: Any) -> str:
    return str(key[-1])


def _close(value: Any) -> float:
    return float(value[3] if isinstance(value, tuple) else value)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_source_says_what_it_is(name: str) -> None:
    source = SOURCES[name]
    module = importlib.import_module(source.fetch.__module__)
    assert source.id == name == module.__name__.rsplit(".", 1)[-1]
    text = ast.get_docstring(ast.parse(Path(str(module.__file__)).read_text("utf-8"))) or ""
    assert "Documentation: https://" in text
    assert source.cites.split("#")[0] in text
    assert source.title and source.terms and source.hosts
    assert all(
        host.origin.startswith("https://") and host.every > 0 and host.probe.startswith("/") for host in source.hosts
    )
    assert source.key is None or set(source.key.origins) <= {host.origin for host in source.hosts}
    assert set(emulator(name).handlers(None)) == {host.origin for host in source.hosts}


def test_every_source_file_is_in_the_table() -> None:
    folder = Path(str(importlib.import_module("engine.sources").__file__)).parent
    files = {path.stem for path in folder.glob("*.py") if "\nSOURCE = Source(" in path.read_text("utf-8")}
    assert files == set(SOURCES)


def test_every_kind_that_a_source_feeds_has_a_route_and_every_route_a_source() -> None:
    fed = {kind for source in SOURCES.values() for kind in source.feeds}
    assert {route.kind for route in ROUTES} == fed
    assert len(ROUTES) == len(fed)
    for route in ROUTES:
        assert route.kind in KINDS or route.kind in ("candles", "snapshots", "headlines", "categories")
        assert set(route.sources) == {name for name, source in SOURCES.items() if route.kind in source.feeds}
        assert len(route.sources) == len(set(route.sources))


@pytest.mark.parametrize("name", sorted(SOURCES))
async def test_every_host_of_a_source_answers_its_probe(name: str) -> None:
    source = SOURCES[name]
    async with bench(name) as b:
        keys = {name: "0123456789abcdef0123456789abcdef"}
        async with HttpClient([source], b.time.clock, limits=b.limits, bases=b.service.bases, keys=keys) as client:
            for host in source.hosts:
                assert (await client.bound(source).get(host.origin + host.probe)).body


@pytest.mark.parametrize("name", sorted(SOURCES))
async def test_what_a_source_brings_is_true_complete_and_asked_for_once(name: str) -> None:
    async with bench(name) as b:
        report = await b.fetch()
        assert report.failed() == []
        assert b.untrue() == {}
        assert [source.quarantined for source in report.sources] == [{}]
        assert report.sources[0].new == len(b.stored()) > 15
        assert report.sources[0].asked == report.sources[0].answered
        assert b.asked()
        again = await b.fetch()
        assert (b.asked(), again.sources) == ([], ())
        before = b.stored()
        b.later(days=1)
        await b.fetch()
        assert b.asked()
        assert before.items() <= b.stored().items()
        assert b.untrue() == {}
        newest = b.time.wall().date().isoformat()
        assert all(seen.query.get("cosd", newest) >= "2024" for seen in b.service.seen)


@pytest.mark.parametrize("name", sorted(SOURCES))
async def test_a_source_asks_only_for_what_is_missing(name: str) -> None:
    """The second day's answers hold days and not years: what arrives is a small part of what the first day brought."""
    async with bench(name) as b:
        await b.fetch()
        first = _bytes(b)
        b.later(days=1)
        await b.fetch()
        second = _bytes(b) - first
        if name not in (
            "exchanges",
            "order_books",
            "defillama",
        ):  # lists of markets; and who sends a series whole, or nothing
            assert second < first / 5


def _bytes(b: Bench) -> int:
    return sum(host.bytes for host in b.database.sources.hosts().values())


@pytest.mark.parametrize("fault", sorted(WAY))
@pytest.mark.parametrize("name", sorted(SOURCES))
async def test_a_source_survives_every_fault_of_the_way(
    name: str, fault: str, undisturbed: dict[str, dict[Any, Any]]
) -> None:
    async with bench(name) as b:
        b.limits = HASTY if fault in SLOW else b.limits
        with b.service.failing(WAY[fault]):
            report = await b.fetch()
        assert b.untrue() == {}
        if report.sources[0].error:
            assert report.sources[0].error.endswith(".")
            assert b.stored() == {}
            assert b.database.sources.statuses()[name].error == report.sources[0].error
        else:
            assert report.sources[0].quarantined, "neither an error nor a value that was not believed: who would know?"
        assert len(b.asked()) < 200
        b.limits = Bench(b.database, b.service, b.world, b.time, b.names).limits
        b.later(days=2)
        await b.fetch()
        assert about(lasting(name, b.stored()), await peace(name, undisturbed), 1e-9)


@pytest.mark.parametrize("fault", MIDDLE)
@pytest.mark.parametrize("name", sorted(SOURCES))
async def test_a_fault_in_the_middle_loses_nothing(
    name: str, fault: str, undisturbed: dict[str, dict[Any, Any]]
) -> None:
    """Every third answer is spoiled; what came in between is kept and what did not comes later."""
    async with bench(name) as b:
        b.limits = HASTY if fault in SLOW else b.limits
        for _ in range(2):
            for _ in range(3):
                b.service.fail(WAY[fault], times=1)
                await b.fetch()
                b.later(minutes=70)
                b.service.recover()
        assert b.untrue(VENUES_ROUND) == {}
        b.limits = Bench(b.database, b.service, b.world, b.time, b.names).limits
        b.later(days=2, minutes=-420)
        await b.fetch()
        assert about(lasting(name, b.stored()), await peace(name, undisturbed), VENUES_ROUND)


def noticeable(b: Bench) -> dict[Any, tuple[float, float]]:
    """Untrue values that can be told from true ones: in a series around zero a small lie cannot."""
    return {key: pair for key, pair in b.untrue(VENUES_ROUND).items() if abs(pair[0] - pair[1]) > trust(key[0]).leap}


@pytest.mark.parametrize("twist", sorted(TWISTS))
@pytest.mark.parametrize("name", sorted(SOURCES))
async def test_a_source_that_lies_is_not_believed(
    name: str, twist: str, undisturbed: dict[str, dict[Any, Any]]
) -> None:
    """F23 to F28: what is stored is true, what is not is in quarantine with a reason, and the truth comes in later."""
    async with bench(name) as b:
        b.world.twist = TWISTS[twist]
        b.world.liar = "binance" if name in ("exchanges", "order_books") else ""
        report = await b.fetch()
        assert noticeable(b) == {}
        held = b.database.sources.quarantined(settled=True)
        assert {row.reason for row in held} <= set(REASONS)
        harmless = (
            "repeats itself",
            "comes in no order",
            "lacks the last days",
            "lacks a day",
            *TIMELESS.get(name, ()),
        )
        if twist not in harmless:
            assert held or report.sources[0].error or report.sources[0].notes, "who would know?"
        b.world.twist = list
        b.later(days=2)
        await b.fetch()
        assert b.untrue(VENUES_ROUND) == {}
        assert lasting(name, b.stored()).keys() == (await peace(name, undisturbed)).keys()
        assert [row for row in b.database.sources.quarantined() if row.reason not in ("future", "ancient")] == []
