"""Writes decisions, signals, levels or the journal for other programs, as CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

from bot.services import open_services
from bot.settings import Settings
from bot.weekly_store import tracks
from engine.errors import BadRequest, CannotWrite
from engine.model import LEDGERS, Ledger
from engine.modes import DEFAULT_MODE, mode
from engine.signals import call
from storage.database import Database
from storage.journal_file import as_lines

Record = dict[str, object]
ALL = 1_000_000


def decision_records(database: Database, ledger: Ledger) -> Iterator[Record]:
    """One record a line of every stored decision, oldest first within an index and mode."""
    for index, name in tracks():
        for stored in reversed(database.decisions.history(ledger, index, name, ALL)):
            decision = stored.decision
            for line in decision.holdings:
                yield {
                    "date": decision.date.isoformat(),
                    "week": decision.week,
                    "sequence": decision.sequence,
                    "index": index,
                    "mode": name,
                    "symbol": line.symbol,
                    "action": line.action.value,
                    "from_weight": line.from_weight,
                    "weight": line.weight,
                    "rule": line.rule,
                    "reason": line.reason,
                    "stable": line.stable,
                    "entry": stored.entry.seq,
                    "head": stored.entry.hash,
                }


def signal_records(database: Database, ledger: Ledger) -> Iterator[Record]:
    """One record a token and week of every stored week of signals, newest week first."""
    margin = mode(DEFAULT_MODE).margin
    week = database.signals.latest(ledger)
    while week is not None:
        for s in week.signals:
            yield {
                "date": week.date.isoformat(),
                "symbol": s.symbol,
                "p_bearish": s.odds.bearish,
                "p_neutral": s.odds.neutral,
                "p_bullish": s.odds.bullish,
                "signal": call(s, margin).value,
                "conviction": s.conviction,
                "grade": s.grade.score,
                "letter": s.grade.letter,
                "abstained": s.abstained,
            }
        week = database.signals.latest(ledger, before=week.date)


def level_records(database: Database, ledger: Ledger) -> Iterator[Record]:
    """One record a day, index and mode."""
    for index, name in tracks():
        for p in database.decisions.levels(ledger, index, name):
            yield {
                "date": p.date.isoformat(),
                "index": index,
                "mode": name,
                "net": p.net,
                "gross": p.gross,
                "turnover": p.turnover,
                "cost": p.cost,
                "stablecoin_share": p.stablecoin_share,
            }


COLUMNS: dict[str, tuple[str, ...]] = {
    "decisions": (
        "date", "week", "sequence", "index", "mode", "symbol", "action", "from_weight", "weight", "rule", "reason",
        "stable", "entry", "head",
    ),
    "signals": (
        "date", "symbol", "p_bearish", "p_neutral", "p_bullish", "signal", "conviction", "grade", "letter", "abstained",
    ),
    "levels": ("date", "index", "mode", "net", "gross", "turnover", "cost", "stablecoin_share"),
}  # fmt: skip
KINDS: dict[str, Callable[[Database, Ledger], Iterator[Record]]] = {
    "decisions": decision_records,
    "signals": signal_records,
    "levels": level_records,
}
FORMS = ("json", "csv")


def export_to(settings: Settings, what: str, form: str, ledger: str | None, out: Path | None) -> None:
    """Write `what` of a ledger in `form` to `out` or standard output; the journal is JSON lines, one entry each.

    Without a ledger the one that commands read from is written: live where there is one, else replay.
    """
    if what not in (*KINDS, "journal"):
        raise BadRequest(f"there is no export called {what!r}; there are {', '.join(KINDS)} and journal.")
    if form not in FORMS:
        raise BadRequest(f"there is no format called {form!r}; there are {' and '.join(FORMS)}.")
    if what == "journal" and form == "csv":
        raise BadRequest("the journal is written as JSON lines alone, as it is hashed: leave --format csv out.")
    chosen = next((known for known in LEDGERS if known == ledger), None)
    if ledger is not None and chosen is None:
        raise BadRequest(f"there is no ledger called {ledger!r}; there are {' and '.join(LEDGERS)}.")
    with open_services(settings) as services:
        asked = chosen or services.book.ledger
        if what == "journal":
            with closing(as_lines(services.database.journal.entries(asked))) as lines:
                write(lines, out)
        else:
            write(_texts(list(KINDS[what](services.database, asked)), COLUMNS[what], form), out)


def _texts(records: list[Record], columns: Sequence[str], form: str) -> Iterable[str]:
    if form == "json":
        return [json.dumps(records, indent=1, ensure_ascii=False), "\n"]
    page = io.StringIO()
    writer = csv.DictWriter(page, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return [page.getvalue()]


def write(texts: Iterable[str], out: Path | None) -> None:
    """Write to a file, whole or not at all, or to standard output; CannotWrite where the file cannot be."""
    if out is None:
        sys.stdout.writelines(texts)
        return
    at_once = out.exists() and not out.is_file()  # a pipe or a device
    part = out if at_once else out.with_name(f"{out.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.writelines(texts)
        if not at_once:
            part.replace(out)
    except OSError as error:
        raise CannotWrite(f"cannot write {out}: {error.strerror}; choose another path with --out.") from error
    finally:
        with suppress(OSError):  # where the folder is none, there is nothing to clear away
            if not at_once:
                part.unlink(missing_ok=True)
