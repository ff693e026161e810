"""Holds what is derived against the journal: keys, announcements and levels must say what the chain says."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from engine.model import Ledger
from storage.connection import Connection

# kind of entry -> the table of its keys; a change of method has none
KEPT = {"decision": "decisions", "settlement": "settlements", "signals": "signal_weeks", "order": "orders"}
CLOSE = 1e-9  # relative; the journal's values are rounded to 12 digits
LEVEL_FIELDS = ("level", "level before costs", "turnover", "cost")


def first_fault(db: Connection, ledger: Ledger) -> str | None:
    """One sentence about the first row that contradicts a journal whose chain holds; None where all agree."""
    return next(_faults(db, ledger), None)


def _faults(db: Connection, ledger: Ledger) -> Iterator[str]:
    for kind, table in KEPT.items():
        for (seq,) in db.rows(
            f"""SELECT seq FROM journal WHERE ledger = ? AND kind = ?
                AND id NOT IN (SELECT entry FROM {table} WHERE ledger = ?) ORDER BY seq""",
            (ledger, kind, ledger),
        ):
            yield f"The {ledger} journal holds, but the key of its entry {seq} ({kind}) was deleted from {table}."
        for (date,) in db.rows(
            f"""SELECT k.date FROM {table} k LEFT JOIN journal j
                ON j.id = k.entry AND j.ledger = k.ledger AND j.kind = ? AND j.date = k.date
                WHERE k.ledger = ? AND j.id IS NULL ORDER BY k.date""",
            (kind, ledger),
        ):
            yield f"The {ledger} journal was cut short: a {kind} of {date} is listed whose entry is gone."
    for (week,) in db.rows(
        """SELECT DISTINCT week FROM announcements WHERE ledger = ? AND head NOT IN
           (SELECT hash FROM journal WHERE ledger = ?) ORDER BY week""",
        (ledger, ledger),
    ):
        yield f"The {ledger} journal is not the one that week {week} was announced from: that head is not in it."
    for (date,) in db.rows(
        "SELECT date FROM notices WHERE ledger = ? AND head NOT IN (SELECT hash FROM journal WHERE ledger = ?)",
        (ledger, ledger),
    ):
        yield f"The {ledger} journal is not the one that a notice of {date} was announced from: its head is not in it."
    yield from _level_faults(db, ledger)


def _level_faults(db: Connection, ledger: Ledger) -> Iterator[str]:
    """Daily levels are derived from prices, but on the day of a fill the journal states them; the day's last counts."""
    rows = db.rows(
        """SELECT s.index_id, s.mode, s.date, l.net, l.gross, l.turnover, l.cost, j.body, MAX(s.sequence)
           FROM settlements s JOIN journal j ON j.id = s.entry
           JOIN levels l ON l.ledger = s.ledger AND l.index_id = s.index_id AND l.mode = s.mode AND l.date = s.date
           WHERE s.ledger = ? GROUP BY s.index_id, s.mode, s.date ORDER BY s.date, s.index_id, s.mode""",
        (ledger,),
    )
    for index, mode, date, *kept, body, _ in rows:
        said = json.loads(body)
        stated = said["portfolio"]["level_net"], said["portfolio"]["level_gross"], said["turnover"], said["cost"]
        for name, value, word in zip(LEVEL_FIELDS, kept, stated, strict=True):
            if not math.isclose(value, word, rel_tol=CLOSE, abs_tol=CLOSE):
                yield f"The {ledger} journal holds, but the {name} of {index} ({mode}) on {date} was changed since."
