"""The one SQLite connection: transactions, reads and upserts whose errors are already translated."""

from __future__ import annotations

import re
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

import sqlite_utils

from storage.border import translated

Values = Sequence[object]
T = TypeVar("T")

MOST_RECALLED = 400
WRITES = re.compile(r"\s*(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of rows that were put: `same` ones were there already, `over` ones more than may be kept."""

    new: int = 0
    changed: int = 0
    same: int = 0
    over: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(
            self.new + other.new, self.changed + other.changed, self.same + other.same, self.over + other.over
        )


@dataclass(frozen=True)
class Table:
    """A table that rows are put into: its key columns first, then the values that may change.

    A `lasting` value once known is not forgotten: putting an unknown one over it changes nothing. A `stamp` comes with
    what is new or changed (when it was seen), and alone changes nothing.
    """

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    lasting: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()

    @cached_property
    def upsert(self) -> str:
        """SQL that inserts a row, or updates it only where a value differs."""
        columns = self.key + self.values + self.stamps
        action = "NOTHING"
        if self.values:
            new = {name: self._new(name) for name in self.values}
            stamped = {name: f"excluded.{name}" for name in self.stamps}
            sets = ", ".join(f"{name} = {value}" for name, value in (new | stamped).items())
            differs = " OR ".join(f"{self.name}.{name} IS NOT {value}" for name, value in new.items())
            action = f"UPDATE SET {sets} WHERE {differs}"
        return (
            f"INSERT INTO {self.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
            f" ON CONFLICT ({', '.join(self.key)}) DO {action}"
        )

    def _new(self, name: str) -> str:
        return f"COALESCE(excluded.{name}, {self.name}.{name})" if name in self.lasting else f"excluded.{name}"


class Connection:
    """Speaks SQL for the stores; the only writer of its process."""

    def __init__(self, raw: sqlite_utils.Database, path: str) -> None:
        self.raw = raw
        self.path = path
        self._writes: dict[str, int] = {}  # by table, as often as it was written to here
        self._undone = 0  # transactions that were taken back
        self._recalled: OrderedDict[Hashable, tuple[object, object]] = OrderedDict()
        self._elsewhere: int | None = None  # what others have written, as of the glance that lasts

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All or nothing; blocks nest as savepoints."""
        outermost = not self.raw.conn.in_transaction
        try:
            with translated(self.path), self.raw.atomic():
                if outermost:
                    # Takes the write lock before anything is read: a reader that turns writer halfway would fail at
                    # once, without waiting its turn, if another process had written in between.
                    self.raw.conn.execute("DELETE FROM provenance WHERE 0")
                yield
        except BaseException:
            self._undone += 1
            raise

    def stream(self, sql: str, values: Values | dict[str, object] = ()) -> Iterator[Any]:
        """Rows one by one, so that a history never stands in memory as a list."""
        with translated(self.path):
            yield from self.raw.conn.execute(sql, values)

    def rows(self, sql: str, values: Values | dict[str, object] = ()) -> list[Any]:
        """All rows."""
        return list(self.stream(sql, values))

    def recall(self, tables: tuple[str, ...], key: Hashable, find: Callable[[], T]) -> T:
        """What `find` found, kept under `key` until one of `tables` is written to here, or anything by another process.

        For small answers that take long to find and are asked for again and again; nobody may change them.
        """
        elsewhere = self._others() if self._elsewhere is None else self._elsewhere
        stamp = (elsewhere, self._undone, tuple(self._writes.get(table, 0) for table in tables))
        known = self._recalled.get(key)
        if known is None or known[0] != stamp:
            known = self._recalled[key] = (stamp, find())
        self._recalled.move_to_end(key)
        while len(self._recalled) > MOST_RECALLED:
            self._recalled.popitem(last=False)
        return cast(T, known[1])

    @contextmanager
    def glance(self) -> Iterator[None]:
        """Look only once, at the beginning, for what other processes wrote: for one short answer made of many reads."""
        before, self._elsewhere = self._elsewhere, self._others()
        try:
            yield
        finally:
            self._elsewhere = before

    def _others(self) -> int:
        (version,) = self.row("PRAGMA data_version") or (0,)
        return int(version)

    def row(self, sql: str, values: Values | dict[str, object] = ()) -> Any | None:
        """The first row, or None."""
        with translated(self.path):
            return self.raw.conn.execute(sql, values).fetchone()

    def execute(self, sql: str, values: Values | dict[str, object] = ()) -> sqlite3.Cursor:
        """Run one statement that writes; call it inside `atomic()`."""
        written = WRITES.match(sql)
        if written:
            self._wrote(written[1])
        with translated(self.path):
            return self.raw.conn.execute(sql, values)

    def put(self, table: Table, rows: Iterable[Values]) -> Written:
        """Upsert rows in one transaction; a row that is there already is not written again."""
        counted = _Counted(rows)
        with self.atomic():
            (before,) = self.raw.conn.execute(f"SELECT COUNT(*) FROM {table.name}").fetchone()
            changes = self.raw.conn.total_changes
            self._wrote(table.name)
            self.raw.conn.executemany(table.upsert, counted)
            touched = self.raw.conn.total_changes - changes
            (after,) = self.raw.conn.execute(f"SELECT COUNT(*) FROM {table.name}").fetchone()
        new = after - before
        return Written(new, touched - new, counted.count - touched)

    def _wrote(self, table: str) -> None:
        self._writes[table] = self._writes.get(table, 0) + 1


class _Counted:
    def __init__(self, rows: Iterable[Values]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Values]:
        for row in self._rows:
            self.count += 1
            yield row
