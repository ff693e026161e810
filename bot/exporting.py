"""Writes decisions, signals, levels or the journal for other programs, as CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bot.services import Services, open_services
from bot.settings import Settings
from bot.weekly import tracks
from engine.errors import BadRequest, CannotWrite
from engine.modes import DEFAULT_MODE, mode
from engine.signals import call
from storage.journal_file import as_lines

Record = dict[str, object]
ALL = 1_000_000


def decision_records(services: Services) -> Iterator[Record]:
    """One record a line of every stored decision, oldest first within an index and mode."""
    for index, name in tracks():
        for stored in reversed(services.database.decisions.history(services.book.ledger, index, name, ALL)):
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


def signal_records(services: Services) -> Iterator[Record]:
    """One record a token and week of every stored week of signals, newest week first."""
    margin = mode(DEFAULT_MODE).margin
    week = services.book.signals()
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
        week = services.database.signals.latest(services.book.ledger, before=week.date)


def level_records(services: Services) -> Iterator[Record]:
    """One record a day, index and mode."""
    for index, name in tracks():
        for p in services.book.levels(index, name):
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


KINDS: dict[str, Callable[[Services], Iterator[Record]]] = {
    "decisions": decision_records,
    "signals": signal_records,
    "levels": level_records,
}
FORMS = ("json", "csv")


def export_to(settings: Settings, what: str, form: str, out: Path | None) -> None:
    """Write `what` in `form` to `out` or standard output; the journal is always JSON lines, one entry each."""
    if what not in (*KINDS, "journal"):
        raise BadRequest(f"there is no export called {what!r}; there are {', '.join(KINDS)} and journal.")
    if form not in FORMS:
        raise BadRequest(f"there is no format called {form!r}; there are {' and '.join(FORMS)}.")
    with open_services(settings) as services:
        if what == "journal":
            _write(as_lines(services.database.journal.entries(services.book.ledger)), out)
        else:
            _write(_texts(list(KINDS[what](services)), form), out)


def _texts(records: list[Record], form: str) -> Iterable[str]:
    if form == "json":
        return [json.dumps(records, indent=1, ensure_ascii=False), "\n"]
    page = io.StringIO()
    writer = csv.DictWriter(page, fieldnames=list(records[0]) if records else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return [page.getvalue()]


def _write(texts: Iterable[str], out: Path | None) -> None:
    if out is None:
        sys.stdout.writelines(texts)
        return
    try:
        with out.open("w", encoding="utf-8") as file:
            file.writelines(texts)
    except OSError as error:
        raise CannotWrite(f"cannot write {out}: {error.strerror}; choose another path with --out.") from error
