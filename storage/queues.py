"""How the queue fares: what waits since when, what was sent and given up, and how many alerts a chat was told.

Each answer comes from an index or from the rows of a few news, never from all that was told in ninety days.
"""

from __future__ import annotations

import datetime as dt

from storage.connection import Connection
from storage.messages import DeadLetter, Queue, instant, stamp
from storage.queueing import told_on


class Queues:
    """Reads the queue, and changes nothing about it."""

    _db: Connection

    def next_due(self, platform: str) -> dt.datetime | None:
        """The earliest instant at which something may be due."""
        # each half is the first entry of an index; asked for together, all that waits would be read
        half = "SELECT MIN(next_at) AS first FROM outbox WHERE platform = ? AND urgent = {} AND state = 'waiting'"
        row = self._db.row(
            f"SELECT MIN(first) FROM ({half.format(1)} UNION ALL {half.format(0)})", (platform, platform)
        )
        return None if row is None or row[0] is None else instant(row[0])

    def idle_since(self, platform: str, moved: dt.datetime) -> dt.datetime | None:
        """Since when nothing was sent though something should have been; None where anything was sent after `moved`.

        Something should be sent once it is due, an instant that may lie ahead; what was tried in vain, from when it was
        queued, however often its next try was put off.
        """
        due = self.next_due(platform)
        sent = self._db.row(
            "SELECT MAX(settled) FROM outbox WHERE platform = ? AND state = 'sent' AND settled IS NOT NULL", (platform,)
        )
        last = instant(sent[0]) if sent and sent[0] is not None else None
        if due is None or (last is not None and last > moved):
            return None
        tried = self._db.row(
            """SELECT MIN(n.queued) FROM outbox o JOIN outbox_news n ON n.id = o.news
               WHERE o.platform = ? AND o.state = 'waiting' AND o.attempts > 0""",
            (platform,),
        )
        begun = min(due, instant(tried[0])) if tried and tried[0] is not None else due
        return max(begun, last) if last is not None else begun

    def alerts(self, since: dt.datetime) -> dict[tuple[str, str], tuple[int, int]]:
        """{(platform, chat): how many alerts since then, the gravest level}, of those sent or still waiting."""
        rows = self._db.rows(
            """SELECT o.platform, o.chat, COUNT(*), MAX(n.level) FROM outbox_news n JOIN outbox o ON o.news = n.id
               WHERE n.push = 'danger' AND n.queued >= ? AND o.state != 'dead' GROUP BY o.platform, o.chat""",
            (stamp(since),),
        )
        return {(platform, chat): (int(count), int(level)) for platform, chat, count, level in rows}

    def queues(self, since: dt.datetime) -> list[Queue]:
        """How each platform's messages fare; sent, dead and maybe sent are counted from `since` on."""
        return [self._queue(platform, stamp(since)) for platform in sorted(told_on(self._db))]

    def dead(self, most: int = 20) -> list[DeadLetter]:
        """The newest dead letters."""
        found = [
            DeadLetter(news, platform, chat, reason, instant(at))
            for name in sorted(told_on(self._db))
            for news, platform, chat, reason, at in self._db.rows(
                f"""SELECT n.name, o.platform, o.chat, o.reason, o.settled FROM outbox o
                    JOIN outbox_news n ON n.id = o.news
                    WHERE o.platform = ? AND o.state = 'dead' AND o.settled IS NOT NULL
                    ORDER BY o.settled DESC, o.news DESC, o.chat DESC LIMIT {int(most)}""",
                (name,),
            )
        ]
        return sorted(found, key=lambda letter: letter.at, reverse=True)[:most]

    def _queue(self, platform: str, since: int) -> Queue:
        waiting, in_flight, oldest = self._db.row(
            """SELECT COALESCE(SUM(count), 0), COALESCE(SUM(owned), 0), MIN(queued)
               FROM (SELECT news, COUNT(*) AS count, SUM(owner != '') AS owned FROM outbox
                     WHERE platform = ? AND state = 'waiting' GROUP BY news) JOIN outbox_news ON id = news""",
            (platform,),
        ) or (0, 0, None)
        sent, dead = (
            self._count("COUNT(*)", "platform = ? AND state = ? AND settled >= ?", platform, state, since)
            for state in ("sent", "dead")
        )
        maybe = self._count(
            "COALESCE(SUM(maybe), 0)",
            "platform = ? AND maybe > 0 AND (settled IS NULL OR settled >= ?)",
            platform,
            since,
        )
        return Queue(platform, waiting, in_flight, sent, dead, maybe, None if oldest is None else instant(oldest))

    def _count(self, what: str, where: str, *values: object) -> int:
        row = self._db.row(f"SELECT {what} FROM outbox WHERE {where}", values)
        return int(row[0]) if row else 0
