"""Examines an installation: settings, clock, disk, database, journal, data and live sources, one finding each."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping

from dotenv import dotenv_values
from rich.console import Console

from bot.finding import Finding
from bot.health import ready
from bot.queue_state import queue_findings
from bot.services import Services, open_services
from bot.settings import FILE, PREFIX, SECRETS, Settings
from bot.source_health import probe, source_states
from bot.source_list import sources_of
from engine.errors import CrierError
from engine.features import CATALOGUE
from engine.fomc import calendar
from engine.model import LEDGERS, Ledger
from engine.modes import modes
from engine.sources.port import Source
from engine.sources.table import SOURCES
from engine.themes import themes

FREE_BYTES = 200_000_000  # a year of journal, queue and candles needs less
MANY_DAYS, FEW_DAYS = 1000, 30  # until the disk is full
CALENDAR_LEFT = 90  # days of the Fed's calendar that must be left
EARLIEST_CLOCK = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)  # this program is younger than that


def examine(settings: Settings, now: dt.datetime, online: bool = False) -> list[Finding]:
    """Run every check; one that cannot be run counts as failed and says why. `online` asks the live sources' hosts."""
    return list(_findings(settings, now, online))


def _findings(settings: Settings, now: dt.datetime, online: bool) -> Iterator[Finding]:
    yield _attempt("tables", lambda: f"{len(themes())} indices, {len(modes())} modes, {len(CATALOGUE)} data points")
    yield _fomc(now)
    yield Finding("clock", now >= EARLIEST_CLOCK, f"{now:%Y-%m-%d %H:%M} UTC")
    yield _secrecy()
    yield _disk(settings)
    table: Mapping[str, Source] = SOURCES
    try:
        table = sources_of(settings)
    except CrierError as error:
        yield Finding("outlets", False, str(error))
        online = False
    yield from _keys(settings, table)
    try:
        with open_services(settings) as services:
            yield Finding("database", True, f"{settings.database}, SQLite {sqlite3.sqlite_version}")
            yield _attempt("integrity", lambda: _integrity(services))
            for ledger in LEDGERS:
                yield _attempt(f"journal {ledger}", lambda ledger=ledger: _journal(services, ledger))  # type: ignore[misc]
            yield _data(services, now)
            yield from ready(services.database, now)
            yield from queue_findings(services.database, now)
            yield _growth(services, settings)
            yield from (Finding(f"source {s.id}", s.ok, s.says) for s in source_states(services.database, now, table))
    except CrierError as error:
        yield Finding("database", False, str(error))
    if online:
        yield from (Finding(f"host {name}", ok, says) for name, ok, says in probe(settings))


def _attempt(check: str, run: Callable[[], str]) -> Finding:
    try:
        return Finding(check, True, run())
    except CrierError as error:
        return Finding(check, False, str(error))


def _secrecy() -> Finding:
    """Whether others on this machine may read the file of settings."""
    if not FILE.is_file():
        return Finding("settings", True, f"from the environment; there is no {FILE} here")
    written = {name.upper() for name, value in dotenv_values(FILE).items() if value}
    secret = not written.isdisjoint(f"{PREFIX}{name.upper()}" for name in SECRETS)
    if secret and FILE.stat().st_mode & 0o077:
        return Finding("settings", False, f"others may read {FILE}, which holds a secret: run chmod 600 {FILE}")
    return Finding("settings", True, f"from {FILE} and the environment")


def _keys(settings: Settings, table: Mapping[str, Source]) -> Iterator[Finding]:
    """Keys that no source will ever ask for."""
    if unknown := sorted(settings.source_keys.keys() - table.keys()):
        says = f"{PREFIX}SOURCE_KEYS has a key for {unknown[0]!r}, which is no source: there are {', '.join(table)}"
        yield Finding("keys", False, says)


def _fomc(now: dt.datetime) -> Finding:
    left = (calendar().last - now.date()).days
    if left >= CALENDAR_LEFT:
        return Finding("fomc calendar", True, f"meetings known until {calendar().last}")
    says = f"the last meeting in engine/fomc.toml is of {calendar().last}: upgrade, or add those the Fed has announced"
    return Finding("fomc calendar", False, says)


def _disk(settings: Settings) -> Finding:
    folder = settings.database.absolute().parent
    if not folder.is_dir():
        return Finding("disk", False, f"{folder} does not exist; create it or choose another path with --database")
    free = shutil.disk_usage(folder).free
    return Finding("disk", free >= FREE_BYTES, f"{free / 1e9:.1f} GB free beside the database")


def _growth(services: Services, settings: Settings) -> Finding:
    """How the database grows, and when the disk will be full at that pace."""
    grown = services.database.agenda.growth()
    free = shutil.disk_usage(settings.database.absolute().parent).free
    if grown is None:
        return Finding("growth", True, "not known yet: the service measures the database once a day")
    says = f"the database grows by {grown / 1e6:.1f} MB a day"
    days = free / grown if grown > 0 else float("inf")
    if days > MANY_DAYS:
        return Finding("growth", True, f"{says}, which the disk holds for years")
    return Finding("growth", days >= FEW_DAYS, f"{says}: the disk is full in {days:.0f} days")


def _integrity(services: Services) -> str:
    services.database.check_integrity()
    return "every page of the database reads back"


def _journal(services: Services, ledger: Ledger) -> str:
    verdict = services.database.verify(ledger)
    if not verdict.ok:
        raise CrierError(verdict.message)
    return verdict.message


def _data(services: Services, now: dt.datetime) -> Finding:
    span = services.database.market.span()
    if span is None:
        return Finding("data", False, "no market data yet; run crier fetch, or crier import DIR")
    first, last = span
    age = (now.date() - last).days
    return Finding("data", True, f"candles from {first} to {last}, the newest {age} days old")


def print_findings(findings: list[Finding], console: Console) -> None:
    """One line a finding."""
    width = max(len(f.check) for f in findings)
    for f in findings:
        mark, colour = ("ok", "green") if f.ok else ("FAIL", "bold red")
        console.print(f"[{colour}]{mark:4}[/] {f.check:{width}}  ", end="", highlight=False)
        console.print(f.says, markup=False, highlight=False, soft_wrap=True)
