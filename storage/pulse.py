"""Counts how often a chat wrote and spoke of each token, by day, for 90 days; no text and no author is ever here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from storage.connection import Connection

KEPT = dt.timedelta(days=90)
MESSAGES = ""  # the subject under which all messages are counted
WEEK = dt.timedelta(days=7)


class Pulse(NamedTuple):
    """One subject's count in the seven days up to a day, and in the seven before them."""

    subject: str
    week: int
    before: int


class PulseStore:
    """Counts by platform, chat, day and subject: a token's symbol, or MESSAGES."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, platform: str, chat: str, day: dt.date, counts: Mapping[str, int]) -> None:
        """Add to a day's counts of a chat, and let go of all counts that are older than they are kept."""
        rows = [(platform, chat, day.isoformat(), subject, count) for subject, count in sorted(counts.items()) if count]
        with self._db.atomic():
            for row in rows:
                self._db.execute(
                    """INSERT INTO chat_pulse VALUES (?, ?, ?, ?, ?) ON CONFLICT (platform, chat, day, subject)
                       DO UPDATE SET count = count + excluded.count""",
                    row,
                )
            self.expire(day)

    def expire(self, today: dt.date) -> None:
        """Delete the counts of days that are too long ago."""
        with self._db.atomic():
            self._db.execute("DELETE FROM chat_pulse WHERE day <= ?", ((today - KEPT).isoformat(),))

    def weeks(self, platform: str, chat: str, today: dt.date) -> list[Pulse]:
        """What a chat spoke of in the last seven days, today among them, and in the seven before; most first."""
        start, middle = today - 2 * WEEK, today - WEEK
        rows = self._db.rows(
            """SELECT subject, SUM(CASE WHEN day > :middle THEN count ELSE 0 END) AS week,
                      SUM(CASE WHEN day <= :middle THEN count ELSE 0 END) AS before
               FROM chat_pulse WHERE platform = :platform AND chat = :chat AND day > :start AND day <= :today
               GROUP BY subject ORDER BY week DESC, before DESC, subject""",
            {"platform": platform, "chat": chat, "start": str(start), "middle": str(middle), "today": str(today)},
        )
        return [Pulse._make(row) for row in rows]

    def forget(self, platform: str, chat: str) -> None:
        """Delete every count of a chat."""
        with self._db.atomic():
            self._db.execute("DELETE FROM chat_pulse WHERE platform = ? AND chat = ?", (platform, chat))


def move_counts(db: Connection, platform: str, old: str, new: str) -> None:
    """Let a chat's counts follow it to its new name; call it inside `atomic()`."""
    db.execute(
        """INSERT INTO chat_pulse SELECT platform, ?, day, subject, count FROM chat_pulse
           WHERE platform = ? AND chat = ? ON CONFLICT (platform, chat, day, subject)
           DO UPDATE SET count = count + excluded.count""",
        (new, platform, old),
    )
    db.execute("DELETE FROM chat_pulse WHERE platform = ? AND chat = ?", (platform, old))
