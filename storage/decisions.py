"""Finds decisions and settlements in the journal by their keys, and keeps levels and announcements beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.errors import AlreadyDecided, BrokenJournal, StorageError
from engine.model import Decision, Ledger, LevelPoint, Portfolio, Settlement, iso_week
from storage.chain import GENESIS, Entry, Link
from storage.codec import Codec
from storage.connection import Connection, Table, Written
from storage.journal import COLUMNS, Journal, entry_from

DECISION, SETTLEMENT = "decision", "settlement"  # kinds of journal entries

Key = tuple[str, str, str, str, int]  # ledger, index, mode, ISO week, sequence

_KEY = ("ledger", "index_id", "mode", "week", "sequence")
_LEVELS = Table(
    "levels", ("ledger", "index_id", "mode", "date"), ("net", "gross", "turnover", "cost", "stablecoin_share")
)
_ANNOUNCEMENTS = Table("announcements", _KEY, ("reply", "head"))
_ENTRY = tuple(COLUMNS.split(", "))

Of = TypeVar("Of", Decision, Settlement)


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision as it stands in the journal, with what became of it once that is known."""

    decision: Decision
    settlement: Settlement | None
    entry: Entry


@dataclass(frozen=True, slots=True)
class Announcement:
    """What was cried for one decision: the Reply as JSON, and the journal's head at that time."""

    reply: str
    head: str


DECISIONS_KEPT = 128  # read ones, some 80 kB each
SHORT = 12  # a history this long is shown again and again


class DecisionStore:
    """Decisions by ledger, index, mode, ISO week and sequence; their content lives in the journal alone."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._db = connection
        self._journal = journal
        self._decisions = Codec(Decision, keep=DECISIONS_KEPT)
        self._settlements = Codec(Settlement, keep=DECISIONS_KEPT)

    def add(self, ledger: Ledger, decision: Decision) -> Entry:
        """Journal a decision under its key; AlreadyDecided where that key stands."""
        return self._add(
            "decisions", DECISION, ledger, _key(ledger, decision), decision.date, self._decisions.dump(decision)
        )

    def settle(self, ledger: Ledger, settlement: Settlement) -> Entry:
        """Journal what became of a decision; AlreadyDecided where it is settled, StorageError where there is none."""
        key = _key(ledger, settlement)
        with self._db.atomic():
            if not self._stands("decisions", key):
                raise StorageError(f"there is no decision {_name(key)} in the {ledger} ledger to settle.")
            return self._add(
                "settlements", SETTLEMENT, ledger, key, settlement.date, self._settlements.dump(settlement)
            )

    def get(self, ledger: Ledger, index: str, mode: str, week: str, sequence: int = 0) -> StoredDecision | None:
        """The decision of an ISO week like 2023-W46, None where there is none."""
        found = self._select(
            "d.ledger = ? AND d.index_id = ? AND d.mode = ? AND d.week = ? AND d.sequence = ?",
            (ledger, index, mode, week, sequence),
        )
        return found[0] if found else None

    def latest(self, ledger: Ledger, index: str, mode: str, before: dt.date | None = None) -> StoredDecision | None:
        """The newest decision, of those dated before `before` where that is given."""
        found = self.history(ledger, index, mode, 1, before)
        return found[0] if found else None

    def history(
        self, ledger: Ledger, index: str, mode: str, limit: int, before: dt.date | None = None
    ) -> list[StoredDecision]:
        """Up to `limit` decisions, newest first."""
        where = "d.ledger = ? AND d.index_id = ? AND d.mode = ? AND d.date < ?"
        values = (ledger, index, mode, before.isoformat() if before else "9999")
        order = f"ORDER BY d.date DESC, d.sequence DESC LIMIT {int(limit)}"
        if limit > SHORT:
            return self._select(where, values, order)
        key = (order, *values)
        return list(self._db.recall(("decisions", "settlements"), key, lambda: self._select(where, values, order)))

    def unsettled(self, ledger: Ledger) -> list[StoredDecision]:
        """Decisions whose close has not been settled yet, oldest first."""
        return self._select("d.ledger = ? AND s.entry IS NULL", (ledger,), "ORDER BY d.date, d.sequence, d.entry")

    def portfolio(self, ledger: Ledger, index: str, mode: str, before: dt.date) -> Portfolio | None:
        """What an index holds after the last settlement dated before `before`."""
        row = self._db.row(
            f"""SELECT {_columns("s", _KEY)}, {_columns("k", _ENTRY)}
                FROM settlements s JOIN journal k ON k.id = s.entry
                WHERE s.ledger = ? AND s.index_id = ? AND s.mode = ? AND s.date < ?
                ORDER BY s.date DESC, s.sequence DESC LIMIT 1""",
            (ledger, index, mode, before.isoformat()),
        )
        return self._load(self._settlements, row[: len(_KEY)], row[len(_KEY) :])[0].portfolio if row else None

    def has_week(self, ledger: Ledger, index: str, mode: str, week: str) -> bool:
        """Say whether the weekly decision (sequence 0) of an ISO week stands; its absence is what makes a week due."""
        return self._stands("decisions", (ledger, index, mode, week, 0))

    def live_start(self) -> dt.date | None:
        """Day of the first live decision: before it every record is a backtest."""
        sql = "SELECT MIN(date) FROM decisions WHERE ledger = 'live'"
        row = self._db.recall(("decisions",), sql, lambda: self._db.row(sql))
        return dt.date.fromisoformat(row[0]) if row and row[0] else None

    def put_levels(self, ledger: Ledger, index: str, mode: str, points: Iterable[LevelPoint]) -> Written:
        """Keep an index's daily levels; a day that is there already takes the new values."""
        rows = (
            (ledger, index, mode, p.date.isoformat(), p.net, p.gross, p.turnover, p.cost, p.stablecoin_share)
            for p in points
        )
        return self._db.put(_LEVELS, rows)

    def levels(self, ledger: Ledger, index: str, mode: str) -> list[LevelPoint]:
        """Daily levels in order."""
        key = (ledger, index, mode)
        return list(self._db.recall(("levels",), ("levels", *key), lambda: self._read_levels(key)))

    def _read_levels(self, key: tuple[str, ...]) -> tuple[LevelPoint, ...]:
        rows = self._db.stream(
            """SELECT date, net, gross, turnover, cost, stablecoin_share FROM levels
               WHERE ledger = ? AND index_id = ? AND mode = ? ORDER BY date""",
            key,
        )
        return tuple(LevelPoint(dt.date.fromisoformat(date), *values) for date, *values in rows)

    def put_announcement(self, ledger: Ledger, decision: Decision, reply: str) -> None:
        """Keep what is cried for a decision, a Reply as JSON, with the journal's head of this moment."""
        head = self._journal.head(ledger) or GENESIS
        self._db.put(_ANNOUNCEMENTS, [(*_key(ledger, decision), reply, head)])

    def announcement(self, ledger: Ledger, index: str, mode: str, week: str, sequence: int = 0) -> Announcement | None:
        """What was cried for a decision, None where nothing was."""
        sql, key = f"SELECT reply, head FROM announcements WHERE {_match()}", (ledger, index, mode, week, sequence)
        row = self._db.recall(("announcements",), (sql, key), lambda: self._db.row(sql, key))
        return Announcement(*row) if row else None

    def _add(self, table: str, kind: str, ledger: Ledger, key: Key, date: dt.date, body: dict[str, Any]) -> Entry:
        with self._db.atomic():
            if self._stands(table, key):
                raise AlreadyDecided(f"the {kind} {_name(key)} stands in the {ledger} ledger already: nothing to do.")
            entry = self._journal.append(ledger, kind, date, body)
            self._db.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)", (*key, date.isoformat(), entry.id))
        return entry

    def _stands(self, table: str, key: Key) -> bool:
        return self._db.row(f"SELECT 1 FROM {table} WHERE {_match()}", key) is not None

    def _select(self, where: str, values: tuple[object, ...], order: str = "") -> list[StoredDecision]:
        rows = self._db.rows(
            f"""SELECT {_columns("d", _KEY)}, {_columns("j", _ENTRY)}, {_columns("k", _ENTRY)}
                FROM decisions d JOIN journal j ON j.id = d.entry
                LEFT JOIN settlements s USING ({", ".join(_KEY)}) LEFT JOIN journal k ON k.id = s.entry
                WHERE {where} {order}""",
            values,
        )
        return [self._stored(row) for row in rows]

    def _stored(self, row: tuple[Any, ...]) -> StoredDecision:
        key, decided, settled = row[:5], row[5 : 5 + len(_ENTRY)], row[5 + len(_ENTRY) :]
        decision, entry = self._load(self._decisions, key, decided)
        settlement = self._load(self._settlements, key, settled)[0] if settled[-1] is not None else None
        return StoredDecision(decision, settlement, entry)

    def _load(self, codec: Codec[Of], key: tuple[Any, ...], row: tuple[Any, ...]) -> tuple[Of, Entry]:
        """Read a row's entry, and hold what it says of itself against the key that led to it."""
        entry = entry_from(row)
        found = codec.load(entry)
        if _key(entry.ledger, found) != key:
            raise BrokenJournal(
                f"{_name(key)} points at another decision, entry {entry.seq}: restore the latest backup."
            )
        return found, entry


def told_in(entries: Iterable[Entry | Link]) -> Iterator[tuple[Entry, Decision | Settlement]]:
    """Each decision and settlement among entries whose chain was checked, in their order."""
    codecs: dict[str, Codec[Decision] | Codec[Settlement]] = {
        DECISION: Codec(Decision),
        SETTLEMENT: Codec(Settlement),
    }
    for found in entries:
        if found.kind in codecs:
            entry = found if isinstance(found, Entry) else _entry(found)
            yield entry, codecs[entry.kind].load(entry)


def _entry(link: Link) -> Entry:
    try:
        date, seq = dt.date.fromisoformat(link.date), int(link.seq)
    except ValueError as error:
        raise BrokenJournal(f"entry {link.seq} of the journal has a date or number that is none: {error}.") from error
    return Entry(link.ledger, seq, link.kind, date, link.body, link.previous, link.hash)


def _key(ledger: str, of: Decision | Settlement) -> Key:
    return ledger, of.index, of.mode, iso_week(of.date), of.sequence


def _match() -> str:
    return " AND ".join(f"{name} = ?" for name in _KEY)


def _columns(table: str, names: Iterable[str]) -> str:
    return ", ".join(f"{table}.{name}" for name in names)


def _name(key: Key) -> str:
    _, index, mode, week, sequence = key
    return f"{index}/{mode}/{week}/{sequence}"
