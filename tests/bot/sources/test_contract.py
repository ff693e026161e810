"""The contract of every live source, walked over the table: each against its emulator, and with every fault there is.

The promise is one sentence: whatever befalls it, a fetch stores nothing untrue, ends, says what went wrong, and once it
is over the next one ends where an undisturbed one would (F13, F15, F16, F22 to F28).
"""

from __future__ import annotations

import ast
import importlib
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulators.bench import KEY, Bench, bench, emulator, is_of_texts
from emulators.clock import NOON
from emulators.faults import FEED_WAY, WAY
from emulators.world import TWISTS
from emulators.writing import DOUBTED, FLOODS, HARMLESS, LOST

from engine.measures import KINDS
from engine.sources.distrust import REASONS
from engine.sources.http.client import HttpClient
from engine.sources.http.limits import Limits
from engine.sources.port import HEADLINES
from engine.sources.table import ROUTES, SOURCES
from engine.sources.trust import trust
from engine.sources.wording import POST

SLOW = ("says nothing", "trickles")
MIDDLE = (
    "asks for patience", "fails inside", "resets", "breaks off", "says nothing", "sends a page", "sends garbage",
    "refuses the key", "renames its fields",
)  # fmt: skip
TIMELESS = {"order_books": ("is of another year",)}  # what has no date cannot lie about it
HASTY = Limits(total=0.4, read=0.25, connect=2.0, packed=3_000_000, unpacked=6_000_000)
OF_DATA = sorted(name for name in SOURCES if not is_of_texts(name))
OF_TEXTS = sorted(name for name in SOURCES if is_of_texts(name))
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
    module = importlib.import_module(f"engine.sources.live.{name}")
    assert source.id == name == module.SOURCE.id
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
    folder = Path(str(importlib.import_module("engine.sources.live").__file__)).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(SOURCES)


def test_every_kind_that_a_source_feeds_has_a_route_and_every_route_a_source() -> None:
    fed = {kind for source in SOURCES.values() for kind in source.feeds}
    assert {route.kind for route in ROUTES} == fed
    assert len([route for route in ROUTES if route.kind != HEADLINES]) == len(fed - {HEADLINES})
    for route in ROUTES:
        assert route.kind in KINDS or route.kind in ("candles", "snapshots", "headlines", "categories")
        feeding = {name for name, source in SOURCES.items() if route.kind in source.feeds}
        if route.kind == HEADLINES:  # nobody stands in for a newsroom: each source of texts has a route of its own
            assert len(route.sources) == 1
            feeding &= set(route.sources)
        assert set(route.sources) == feeding
        assert len(route.sources) == len(set(route.sources))
        first = [name for name in route.sources if route.kind not in SOURCES[name].stands_in]
        assert first == [route.sources[0]], f"of {feeding} all but one say in stands_in that {route.kind} is another's"
    assert {route.sources[0] for route in ROUTES if route.kind == HEADLINES} == set(OF_TEXTS)


def test_no_two_outlets_share_a_name() -> None:
    subjects = [subject for name in OF_TEXTS for subject in SOURCES[name].subjects]
    assert len(subjects) == len(set(subjects))
    assert all(SOURCES[name].daily for name in OF_TEXTS)


@pytest.mark.parametrize("name", sorted(SOURCES))
async def test_every_host_of_a_source_answers_its_probe(name: str) -> None:
    source = SOURCES[name]
    async with bench(name) as b:
        keys = {name: KEY}
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
        # lists of markets are most of it; feeds and charts come whole or not at all
        if name not in ("exchanges", "order_books", "defillama", *OF_TEXTS):
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
            whole = (
                is_of_texts(name) and b.stored().keys() == b.written()
            )  # a page or feed that could be read all the same
            known = report.sources[0].quarantined or (is_of_texts(name) and report.sources[0].notes) or whole
            assert known, "neither an error nor a value that was not believed: who would know?"
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
@pytest.mark.parametrize("name", OF_DATA)
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


@pytest.mark.parametrize("fault", sorted(FEED_WAY))
@pytest.mark.parametrize("name", OF_TEXTS)
async def test_a_source_of_texts_survives_every_fault_of_a_feed(
    name: str, fault: str, undisturbed: dict[str, dict[Any, Any]]
) -> None:
    """F16, F23: a bomb, a flood, another alphabet: what can be read is read as it was meant, the rest not used."""
    async with bench(name) as b:
        with b.service.failing(FEED_WAY[fault]):
            report = await b.fetch()
        assert b.untrue() == {}
        assert report.sources[0].error or report.sources[0].notes or b.stored().keys() == b.written()
        b.later(days=2)
        await b.fetch()
        assert b.stored().keys() == (await peace(name, undisturbed)).keys()


@pytest.mark.parametrize("twist", sorted(HARMLESS | DOUBTED | LOST | FLOODS))
@pytest.mark.parametrize("name", OF_TEXTS)
async def test_an_outlet_that_tells_it_wrong_spoils_nothing_else(
    name: str, twist: str, undisturbed: dict[str, dict[Any, Any]]
) -> None:
    """F23, F24, F28: bad texts wait in quarantine or are not asked for, the good ones beside them are stored."""
    async with bench(name) as b:
        b.world.text_twist = (HARMLESS | DOUBTED | LOST | FLOODS)[twist]
        report = await b.fetch()
        stored, written = b.headlines().keys(), b.written()
        assert report.sources[0].error == ""
        if twist == "never stops talking" and name != "news":  # of a post the beginning is kept
            assert {len(row[4]) for row in stored - written} <= {POST, POST - 1}
            return
        if twist in HARMLESS:
            assert (stored, report.sources[0].quarantined) == (written, {})
        elif twist in FLOODS:
            daily = SOURCES[name].daily
            most = Counter((row[2], row[1][:10]) for row in stored)
            loudest = most.most_common(1)[0][1]
            assert loudest <= daily
            assert any(f"more than {daily} texts" in note for note in report.sources[0].notes) == (loudest == daily)
            return
        else:
            assert stored < written
            assert bool(report.sources[0].quarantined) == (twist in DOUBTED)
            assert {row.reason for row in b.database.sources.quarantined()} <= set(REASONS)
        b.world.text_twist = list
        b.later(days=2)
        await b.fetch()
        assert b.stored().keys() == (await peace(name, undisturbed)).keys()
