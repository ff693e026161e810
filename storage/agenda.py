"""Remembers what the service did when, and how large the database was on each day."""

from __future__ import annotations

import datetime as dt

from storage.connection import Connection, Table

_AGENDA = Table("agenda", ("name",), ("value", "at"))
_SIZES = Table("sizes", ("date",), ("bytes",))
KEPT = dt.timedelta(days=400)  # of daily sizes


class AgendaStore:
    """Short texts by name, each with the instant it was noted at."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def note(self, name: str, value: str, at: dt.datetime) -> None:
        """Remember a value under a name; the one before it is forgotten."""
        self._db.put(_AGENDA, [(name, value, at.astimezone(dt.UTC).isoformat(timespec="seconds"))])

    def value(self, name: str) -> str | None:
        """What was noted last, None where nothing ever was."""
        row = self._db.row("SELECT value FROM agenda WHERE name = ?", (name,))
        return str(row[0]) if row else None

    def noted(self, name: str) -> dt.datetime | None:
        """When it was noted."""
        row = self._db.row("SELECT at FROM agenda WHERE name = ?", (name,))
        return dt.datetime.fromisoformat(row[0]) if row else None

    def all(self) -> dict[str, tuple[str, dt.datetime]]:
        """Every name with what was noted last, and when."""
        rows = self._db.rows("SELECT name, value, at FROM agenda")
        return {name: (value, dt.datetime.fromisoformat(at)) for name, value, at in rows}

    def measure(self, today: dt.date) -> int:
        """Note today's size of the database, and return it in bytes."""
        pages, size = (self._db.row(f"PRAGMA {name}") for name in ("page_count", "page_size"))
        taken = int(pages[0]) * int(size[0]) if pages and size else 0
        with self._db.atomic():
            self._db.put(_SIZES, [(today.isoformat(), taken)])
            self._db.execute("DELETE FROM sizes WHERE date < ?", ((today - KEPT).isoformat(),))
        return taken

    def growth(self) -> float | None:
        """Bytes a day over the newest thirty measured days, None before there are two."""
        rows = self._db.rows("SELECT date, bytes FROM sizes ORDER BY date DESC LIMIT 30")
        if len(rows) < 2:
            return None
        (last, now), (first, then) = rows[0], rows[-1]
        days = (dt.date.fromisoformat(last) - dt.date.fromisoformat(first)).days
        return float((now - then) / days)
