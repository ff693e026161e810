"""The one SQLite connection: transactions, reads and upserts whose errors are already translated."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlite_utils

from storage.border import translated

Values = Sequence[object]


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

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All or nothing; blocks nest as savepoints."""
        outermost = not self.raw.conn.in_transaction
        with translated(self.path), self.raw.atomic():
            if outermost:
                # Takes the write lock before anything is read: a reader that turns writer halfway would fail at once,
                # without waiting its turn, if another process had written in between.
                self.raw.conn.execute("DELETE FROM provenance WHERE 0")
            yield

    def stream(self, sql: str, values: Values | dict[str, object] = ()) -> Iterator[Any]:
        """Rows one by one, so that a history never stands in memory as a list."""
        with translated(self.path):
            yield from self.raw.conn.execute(sql, values)

    def rows(self, sql: str, values: Values | dict[str, object] = ()) -> list[Any]:
        """All rows."""
        return list(self.stream(sql, values))

    def row(self, sql: str, values: Values | dict[str, object] = ()) -> Any | None:
        """The first row, or None."""
        with translated(self.path):
            return self.raw.conn.execute(sql, values).fetchone()

    def execute(self, sql: str, values: Values | dict[str, object] = ()) -> sqlite3.Cursor:
        """Run one statement that writes; call it inside `atomic()`."""
        with translated(self.path):
            return self.raw.conn.execute(sql, values)

    def put(self, table: Table, rows: Iterable[Values]) -> Written:
        """Upsert rows in one transaction; a row that is there already is not written again."""
        counted = _Counted(rows)
        with self.atomic():
            (before,) = self.raw.conn.execute(f"SELECT COUNT(*) FROM {table.name}").fetchone()
            changes = self.raw.conn.total_changes
            self.raw.conn.executemany(table.upsert, counted)
            touched = self.raw.conn.total_changes - changes
            (after,) = self.raw.conn.execute(f"SELECT COUNT(*) FROM {table.name}").fetchone()
        new = after - before
        return Written(new, touched - new, counted.count - touched)


class _Counted:
    def __init__(self, rows: Iterable[Values]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Values]:
        for row in self._rows:
            self.count += 1
            yield row
