"""The queue of messages: written with the decision it tells of, claimed under a lease, and acknowledged one by one.

A row is `waiting` until it is `sent` or `dead`. A claim gives it an owner and moves its next instant to the lease's
end; whoever is no longer the owner can change nothing about it. Nothing here asks a clock.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from storage.chats import Chat, ChatStore
from storage.connection import Connection

Push = Literal["weekly", "danger", "watched", "monthly", "admin"]  # what a message is; admins' need no subscription

DAMAGED = "its stored text is damaged"
TOO_OLD = "too old to be told"
FURTHEST = dt.timedelta(hours=26)  # quiet hours are shorter than a day


@dataclass(frozen=True, slots=True)
class News:
    """What happened, told to each chat once under its `name`; `level` above 0 overtakes what has none. Nothing of it
    is sent from `expires` on: an old backup never announces again."""

    name: str
    push: Push
    expires: dt.datetime
    level: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """One text (a Reply as JSON) and the chats it is for, each with the instant before which it must not be sent."""

    reply: str
    to: Sequence[tuple[str, str, dt.datetime | None]]  # platform, chat, not before


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that its owner may send now; `chat` is the chat as it stands, with the defaults where it is no chat."""

    id: int
    news: str
    push: Push
    level: int
    body: int
    reply: str
    chat: Chat
    attempts: int
    maybe: int


@dataclass(frozen=True, slots=True)
class Queue:
    """How one platform's messages fare; `oldest` is when the oldest news still waiting was queued."""

    platform: str
    waiting: int
    in_flight: int
    sent: int
    dead: int
    maybe: int
    oldest: dt.datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What will not be sent any more, and why."""

    news: str
    platform: str
    chat: str
    reason: str
    at: dt.datetime


class Outbox:
    """Messages by platform; every method is one transaction, or joins the one around it."""

    def __init__(self, connection: Connection, chats: ChatStore) -> None:
        self._db = connection
        self._chats = chats

    def enqueue(self, news: News, letters: Iterable[Letter], now: dt.datetime) -> int:
        """Queue news in one transaction and return for how many chats it is new; told again, it changes nothing."""
        with self._db.atomic():
            self._db.execute(
                """INSERT INTO outbox_news (name, push, level, queued, expires) VALUES (?, ?, ?, ?, ?)
                   ON CONFLICT (name) DO NOTHING""",
                (news.name, news.push, news.level, text(now), text(news.expires)),
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
                        """INSERT INTO outbox (platform, news, body, urgent, next_at, chat)
                           SELECT ?, ?, ?, ?, ?, value FROM json_each(?) WHERE TRUE
                           ON CONFLICT (platform, chat, news) DO NOTHING""",
                        (platform, number, body, int(news.level > 0), text(after or now), json.dumps(sorted(chats))),
                    )
            return self._db.raw.conn.total_changes - before - bodies

    def claim(self, platform: str, owner: str, most: int, now: dt.datetime, lease: dt.timedelta) -> list[Claimed]:
        """Take up to `most` due rows for `owner`, urgent ones first; what must not be sent any more dies here."""
        taken: list[Claimed] = []
        with self._db.atomic():
            for urgent in (1, 0):
                while len(taken) < most and (found := self._due(platform, owner, urgent, most - len(taken), now)):
                    for row, unfit in found:
                        if unfit:
                            self._settle(row.id, "dead", now, unfit)
                        else:
                            self._lend(row.id, owner, now + lease)
                            taken.append(row)
        return taken

    def still(self, number: int, owner: str, now: dt.datetime) -> bool:
        """Whether a claimed row is still its owner's and its chat still wants it, asked right before it is sent."""
        rows = self._select("o.id = ? AND o.owner = ? AND o.state = 'waiting'", (number, owner), 1)
        return bool(rows) and not _unfit(*rows[0], now)

    def acknowledge(self, number: int, owner: str, message: str, now: dt.datetime) -> bool:
        """Note that a row was sent; False, and nothing changed, where `owner` no longer owns it."""
        return self._mine(
            "UPDATE outbox SET state = 'sent', owner = '', message = ?, settled = ?",
            (message, text(now)),
            number,
            owner,
        )

    def later(
        self, number: int, owner: str, at: dt.datetime, why: str, maybe: bool = False, counted: bool = True
    ) -> bool:
        """Give a row back until `at`; `maybe` where it may have arrived, `counted` where it was an attempt."""
        return self._mine(
            "UPDATE outbox SET owner = '', next_at = ?, reason = ?, maybe = maybe + ?, attempts = attempts - ?",
            (text(at), why, int(maybe), int(not counted)),
            number,
            owner,
        )

    def bury(self, number: int, owner: str, why: str, now: dt.datetime, maybe: bool = False) -> bool:
        """Make a row a dead letter with its reason."""
        return self._mine(
            "UPDATE outbox SET state = 'dead', owner = '', reason = ?, settled = ?, maybe = maybe + ?",
            (why, text(now), int(maybe)),
            number,
            owner,
        )

    def bury_body(self, platform: str, body: int, why: str, now: dt.datetime, least: int) -> int:
        """Bury all that waits of a text that `least` chats of a platform refused and none took; returns how many."""
        with self._db.atomic():
            refused = self._number(
                "SELECT COUNT(*) FROM outbox WHERE platform = ? AND body = ? AND state = 'dead' AND reason = ?",
                (platform, body, why),
            )
            taken = self._number(
                "SELECT COUNT(*) FROM outbox WHERE platform = ? AND body = ? AND state = 'sent'", (platform, body)
            )
            if refused < least or taken:
                return 0
            return self._db.execute(
                f"{_BURY} WHERE platform = ? AND body = ? AND state = 'waiting' AND owner = ''",
                (why, text(now), platform, body),
            ).rowcount

    def close_chat(self, platform: str, chat: str, why: str, now: dt.datetime) -> int:
        """Bury all that waits for a chat."""
        with self._db.atomic():
            return self._db.execute(
                f"{_BURY} WHERE platform = ? AND chat = ? AND state = 'waiting'", (why, text(now), platform, chat)
            ).rowcount

    def move_chat(self, platform: str, old: str, new: str, now: dt.datetime) -> None:
        """Let what waits for a chat follow it to its new name, at once; what the new name was told already is dead.

        What it was told follows too, so that it is not told again, and its alerts of this week are counted.
        """
        with self._db.atomic():
            self._db.execute(
                """UPDATE OR IGNORE outbox SET chat = ?, owner = '', next_at = ?
                   WHERE platform = ? AND chat = ? AND state = 'waiting'""",
                (new, text(now), platform, old),
            )
            self._db.execute(
                "UPDATE OR IGNORE outbox SET chat = ? WHERE platform = ? AND chat = ? AND state = 'sent'",
                (new, platform, old),
            )
            self.close_chat(platform, old, "the chat moved and was told under its new name", now)

    def give_back(self, numbers: Sequence[int], owner: str, now: dt.datetime) -> int:
        """Release rows that an owner claimed and did not begin to send; what it has in flight stays its own."""
        with self._db.atomic():
            return sum(self.later(number, owner, now, "", counted=False) for number in numbers)

    def take_over(self, platform: str, now: dt.datetime) -> int:
        """Make due what somebody had claimed and died with: it may have been sent. Only for the one instance that
        runs, before it claims anything."""
        with self._db.atomic():
            return self._db.execute(
                """UPDATE outbox SET owner = '', next_at = ?, maybe = maybe + 1, reason = 'in flight at a crash'
                   WHERE platform = ? AND state = 'waiting' AND owner != ''""",
                (text(now), platform),
            ).rowcount

    def mend(self, now: dt.datetime) -> int:
        """Make due what a clock that was wrong put further off than anything can be."""
        with self._db.atomic():
            return self._db.execute(
                "UPDATE outbox SET next_at = ? WHERE state = 'waiting' AND owner = '' AND next_at > ?",
                (text(now), text(now + FURTHEST)),
            ).rowcount

    def next_due(self, platform: str) -> dt.datetime | None:
        """The earliest instant at which something may be due."""
        row = self._db.row("SELECT MIN(next_at) FROM outbox WHERE platform = ? AND state = 'waiting'", (platform,))
        return dt.datetime.fromisoformat(row[0]) if row and row[0] else None

    def due_since(self, platform: str) -> dt.datetime | None:
        """Since when the longest waiting row is due that nobody has claimed; the future for one that is not yet."""
        row = self._db.row(
            "SELECT MIN(next_at) FROM outbox WHERE platform = ? AND state = 'waiting' AND owner = ''", (platform,)
        )
        return dt.datetime.fromisoformat(row[0]) if row and row[0] else None

    def alerts(self, since: dt.datetime) -> dict[tuple[str, str], tuple[int, int]]:
        """{(platform, chat): how many alerts since then, the gravest level}, of those sent or still waiting."""
        rows = self._db.rows(
            """SELECT o.platform, o.chat, COUNT(*), MAX(n.level) FROM outbox_news n JOIN outbox o ON o.news = n.id
               WHERE n.push = 'danger' AND n.queued >= ? AND o.state != 'dead' GROUP BY o.platform, o.chat""",
            (text(since),),
        )
        return {(platform, chat): (int(count), int(level)) for platform, chat, count, level in rows}

    def queues(self, since: dt.datetime) -> list[Queue]:
        """How each platform's messages fare; sent, dead and maybe sent are counted from `since` on."""
        rows = self._db.rows(
            """SELECT o.platform, SUM(o.state = 'waiting'), SUM(o.state = 'waiting' AND o.owner != ''),
                      SUM(o.state = 'sent' AND o.settled >= :since), SUM(o.state = 'dead' AND o.settled >= :since),
                      SUM(o.maybe * (o.settled IS NULL OR o.settled >= :since)),
                      MIN(CASE WHEN o.state = 'waiting' THEN n.queued END)
               FROM outbox o JOIN outbox_news n ON n.id = o.news GROUP BY o.platform ORDER BY o.platform""",
            {"since": text(since)},
        )
        return [
            Queue(
                platform, waiting, in_flight, sent, dead, maybe, dt.datetime.fromisoformat(oldest) if oldest else None
            )
            for platform, waiting, in_flight, sent, dead, maybe, oldest in rows
        ]

    def dead(self, most: int = 20) -> list[DeadLetter]:
        """The newest dead letters."""
        rows = self._db.rows(
            f"""SELECT n.name, o.platform, o.chat, o.reason, o.settled FROM outbox o JOIN outbox_news n ON n.id = o.news
                WHERE o.state = 'dead' ORDER BY o.settled DESC, o.id DESC LIMIT {int(most)}"""
        )
        return [
            DeadLetter(news, platform, chat, reason, dt.datetime.fromisoformat(at))
            for news, platform, chat, reason, at in rows
        ]

    def purge(self, before: dt.datetime) -> int:
        """Forget what was settled before then, and news and texts that nobody waits for."""
        with self._db.atomic():
            gone = self._db.execute(
                "DELETE FROM outbox WHERE state IN ('sent', 'dead') AND settled < ?", (text(before),)
            ).rowcount
            self._db.execute("DELETE FROM outbox_bodies WHERE id NOT IN (SELECT body FROM outbox)")
            self._db.execute(
                """DELETE FROM outbox_news WHERE queued < ? AND id NOT IN (SELECT news FROM outbox)
                   AND id NOT IN (SELECT news FROM outbox_bodies)""",
                (text(before),),
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

    def _due(self, platform: str, owner: str, urgent: int, most: int, now: dt.datetime) -> list[tuple[Claimed, str]]:
        """Rows that are due, each with why it must not be sent ("" where it may).

        What `owner` has in flight is never handed to it again, however the clock jumps.
        """
        rows = self._select(
            "o.platform = ? AND o.urgent = ? AND o.state = 'waiting' AND o.next_at <= ? AND o.owner != ?",
            (platform, urgent, text(now), owner),
            most,
        )
        return [(row, _unfit(row, known, expires, check, now)) for row, known, expires, check in rows]

    def _select(self, where: str, values: Sequence[object], most: int) -> list[tuple[Claimed, bool, str, str]]:
        """(row, whether its chat is known, its news' end, its text's checksum), in the order they fell due."""
        rows = self._db.rows(
            f"""SELECT o.id, n.name, n.push, n.level, o.body, b.reply, o.attempts, o.maybe, o.platform, o.chat,
                       n.expires, b.checksum
                FROM outbox o JOIN outbox_news n ON n.id = o.news JOIN outbox_bodies b ON b.id = o.body
                WHERE {where} ORDER BY o.next_at, o.id LIMIT {int(most)}""",
            values,
        )
        found = []
        for number, news, push, level, body, reply, attempts, maybe, platform, name, expires, check in rows:
            chat, known = self._chats.get(platform, name), self._chats.knows(platform, name)
            row = Claimed(number, news, push, level, body, reply, chat, attempts + 1, maybe)
            found.append((row, known, expires, check))
        return found

    def _lend(self, number: int, owner: str, until: dt.datetime) -> None:
        """A row whose owner let the lease end may have been sent."""
        self._db.execute(
            """UPDATE outbox SET maybe = maybe + (owner != ''), owner = ?, next_at = ?, attempts = attempts + 1
               WHERE id = ?""",
            (owner, text(until), number),
        )

    def _settle(self, number: int, state: str, now: dt.datetime, why: str) -> None:
        self._db.execute(
            "UPDATE outbox SET state = ?, owner = '', reason = ?, settled = ? WHERE id = ?",
            (state, why, text(now), number),
        )

    def _mine(self, change: str, values: Sequence[object], number: int, owner: str) -> bool:
        with self._db.atomic():
            changed = self._db.execute(
                f"{change} WHERE id = ? AND owner = ? AND state = 'waiting'", (*values, number, owner)
            )
        return changed.rowcount == 1

    def _number(self, sql: str, values: Sequence[object]) -> int:
        row = self._db.row(sql, values)
        assert row is not None
        return int(row[0])


def _grouped(
    to: Sequence[tuple[str, str, dt.datetime | None]],
) -> dict[tuple[str, dt.datetime | None], list[str]]:
    groups: dict[tuple[str, dt.datetime | None], list[str]] = {}
    for platform, chat, after in to:
        groups.setdefault((platform, after), []).append(chat)
    return groups


_BURY = "UPDATE outbox SET state = 'dead', owner = '', reason = ?, settled = ?"


def _unfit(row: Claimed, known: bool, expires: str, check: str, now: dt.datetime) -> str:
    """Why a row must not be sent any more, "" where it may; a chat's wishes of this moment count."""
    if expires <= text(now):
        return TOO_OLD
    if checksum(row.reply) != check:
        return DAMAGED
    return "" if row.push == "admin" else unwanted(row.chat, row.push, known, now)


def unwanted(chat: Chat, push: Push, known: bool, now: dt.datetime) -> str:
    """Why a chat is not told this kind of message now, "" where it is."""
    if not known:
        return "the chat was forgotten"
    if chat.silenced:
        return f"the chat takes nothing: {chat.silenced}"
    if chat.muted_until is not None and chat.muted_until > now:
        return "the chat is muted"
    if not chat.wants("weekly" if push == "monthly" or push == "admin" else push):
        return f"the chat switched {push} messages off"
    if not (chat.indices or (chat.watches and push != "monthly")):
        return "the chat left"
    return ""


def checksum(reply: str) -> str:
    """SHA-256 of a text, as 64 hex digits."""
    return hashlib.sha256(reply.encode()).hexdigest()


def text(instant: dt.datetime) -> str:
    """An instant as text that sorts by time."""
    return instant.astimezone(dt.UTC).isoformat(timespec="milliseconds")
