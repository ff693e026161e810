"""What is queued: news with the decision it tells of, each text once, a row a chat; and what is called off, or over.

The key of a row begins with its news, so that a broadcast is added at the table's end however much was told before.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence

from storage.chats import TOLD_TO
from storage.connection import Connection
from storage.messages import Letter, News, checksum, stamp

FURTHEST = dt.timedelta(hours=26)  # quiet hours are shorter than a day
BURY = "UPDATE outbox SET state = 'dead', owner = '', reason = ?, settled = ?"
WAITS = "+state = 'waiting'"  # the sign keeps SQLite from reading all that waits where a key says which row


class Queueing:
    """Puts rows into the queue, and takes out what is not to be sent or is long over."""

    _db: Connection

    def enqueue(self, news: News, letters: Iterable[Letter], now: dt.datetime) -> int:
        """Queue news in one transaction and return for how many chats it is new; told again, it changes nothing."""
        with self._db.atomic():
            self._db.execute(
                """INSERT INTO outbox_news (name, push, level, queued, expires) VALUES (?, ?, ?, ?, ?)
                   ON CONFLICT (name) DO NOTHING""",
                (news.name, news.push, news.level, stamp(now), stamp(news.expires)),
            )
            number = self._number("SELECT id FROM outbox_news WHERE name = ?", (news.name,))
            before = self._db.raw.conn.total_changes
            bodies = 0
            for letter in letters:
                body, new = self._body(number, letter.reply)
                bodies += new
                for (platform, after), chats in _grouped(letter.to).items():
                    # SQLite unpacks the list itself: bound row by row, a hundred thousand take twice as long
                    self._db.execute(
                        """INSERT INTO outbox (news, platform, chat, body, urgent, next_at)
                           SELECT ?, ?, value, ?, ?, ? FROM json_each(?) WHERE TRUE
                           ON CONFLICT (news, platform, chat) DO NOTHING""",
                        (number, platform, body, int(news.level > 0), stamp(after or now), json.dumps(sorted(chats))),
                    )
            return self._db.raw.conn.total_changes - before - bodies

    def close_chat(self, platform: str, chat: str, why: str, now: dt.datetime) -> int:
        """Bury all that waits for a chat."""
        with self._db.atomic():
            return self._db.execute(f"{BURY} WHERE {TOLD_TO} AND {WAITS}", (why, stamp(now), platform, chat)).rowcount

    def move_chat(self, platform: str, old: str, new: str, now: dt.datetime) -> None:
        """Let what waits for a chat follow it to its new name, at once; what the new name was told already is dead.

        What it was told follows too, so that it is not told again, and its alerts of this week are counted.
        """
        with self._db.atomic():
            self._db.execute(
                f"UPDATE OR IGNORE outbox SET chat = ?, owner = '', next_at = ? WHERE {TOLD_TO} AND {WAITS}",
                (new, stamp(now), platform, old),
            )
            self._db.execute(
                f"UPDATE OR IGNORE outbox SET chat = ? WHERE {TOLD_TO} AND state = 'sent'", (new, platform, old)
            )
            self.close_chat(platform, old, "the chat moved and was told under its new name", now)

    def mend(self, now: dt.datetime) -> int:
        """Make due what a clock that was wrong put further off than anything can be."""
        with self._db.atomic():
            return self._db.execute(
                "UPDATE outbox SET next_at = ? WHERE state = 'waiting' AND owner = '' AND next_at > ?",
                (stamp(now), stamp(now + FURTHEST)),
            ).rowcount

    def purge(self, before: dt.datetime) -> int:
        """Forget what was settled before then, and news and texts that nobody waits for."""
        with self._db.atomic():
            gone = sum(
                self._db.execute(
                    "DELETE FROM outbox WHERE platform = ? AND state = ? AND settled < ?",
                    (platform, state, stamp(before)),
                ).rowcount
                for platform in told_on(self._db)
                for state in ("sent", "dead")
            )
            self._db.execute(
                """DELETE FROM outbox_bodies WHERE NOT EXISTS (SELECT 1 FROM outbox
                   WHERE outbox.news = outbox_bodies.news AND outbox.body = outbox_bodies.id)"""
            )
            self._db.execute(
                """DELETE FROM outbox_news WHERE queued < ?
                   AND NOT EXISTS (SELECT 1 FROM outbox WHERE news = outbox_news.id)
                   AND NOT EXISTS (SELECT 1 FROM outbox_bodies WHERE news = outbox_news.id)""",
                (stamp(before),),
            )
        return gone

    def _body(self, news: int, reply: str) -> tuple[int, int]:
        """The number of a text, and 1 where it was not there before."""
        key = (news, checksum(reply))
        new = self._db.execute(
            """INSERT INTO outbox_bodies (news, checksum, reply) VALUES (?, ?, ?)
               ON CONFLICT (news, checksum) DO NOTHING""",
            (*key, reply),
        ).rowcount
        return self._number("SELECT id FROM outbox_bodies WHERE news = ? AND checksum = ?", key), max(new, 0)

    def _number(self, sql: str, values: Sequence[object]) -> int:
        row = self._db.row(sql, values)
        assert row is not None
        return int(row[0])


def told_on(db: Connection) -> set[str]:
    """Every platform that anything waits for or was told on: from name to next name in the indices."""
    found: set[str] = set()
    for where in ("state = 'waiting'", "settled IS NOT NULL"):
        after: str | None = ""
        while after is not None:
            (after,) = db.row(f"SELECT MIN(platform) FROM outbox WHERE {where} AND platform > ?", (after,)) or (None,)
            found |= {after} if after is not None else set()
    return found


def _grouped(
    to: Sequence[tuple[str, str, dt.datetime | None]],
) -> dict[tuple[str, dt.datetime | None], list[str]]:
    groups: dict[tuple[str, dt.datetime | None], list[str]] = {}
    for platform, chat, after in to:
        groups.setdefault((platform, after), []).append(chat)
    return groups
