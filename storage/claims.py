"""What is claimed and settled: a lease makes a sender a row's owner, and nobody else can change anything about it.

A row is `waiting` until it is `sent` or `dead`. A claim moves its next instant to the lease's end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from storage.chats import ChatStore
from storage.connection import Connection
from storage.messages import DAMAGED, TOO_OLD, Claimed, Key, checksum, stamp, unwanted
from storage.queueing import BURY, WAITS

_THIS = "news = ? AND platform = ? AND chat = ?"


class Claims:
    """Hands rows to senders, and takes down what became of them."""

    _db: Connection
    _chats: ChatStore

    def claim(self, platform: str, owner: str, most: int, now: dt.datetime, lease: dt.timedelta) -> list[Claimed]:
        """Take up to `most` due rows for `owner`, urgent ones first; what must not be sent any more dies here."""
        taken: list[Claimed] = []
        with self._db.atomic():
            for urgent in (1, 0):
                while len(taken) < most and (found := self._due(platform, owner, urgent, most - len(taken), now)):
                    for row, unfit in found:
                        if unfit:
                            self._db.execute(f"{BURY} WHERE {_THIS}", (unfit, stamp(now), *row.id))
                        else:
                            self._lend(row.id, owner, now + lease)
                            taken.append(row)
        return taken

    def still(self, key: Key, owner: str, now: dt.datetime) -> bool:
        """Whether a claimed row is still its owner's and its chat still wants it, asked right before it is sent."""
        rows = self._select(
            "o.news = ? AND o.platform = ? AND o.chat = ? AND o.owner = ? AND o.state = 'waiting'", (*key, owner), 1
        )
        return bool(rows) and not _unfit(*rows[0], now)

    def acknowledge(self, key: Key, owner: str, message: str, now: dt.datetime) -> bool:
        """Note that a row was sent; False, and nothing changed, where `owner` no longer owns it."""
        change = "UPDATE outbox SET state = 'sent', owner = '', message = ?, settled = ?"
        return self._mine(change, (message, stamp(now)), key, owner)

    def later(self, key: Key, owner: str, at: dt.datetime, why: str, maybe: bool = False, counted: bool = True) -> bool:
        """Give a row back until `at`; `maybe` where it may have arrived, `counted` where it was an attempt."""
        return self._mine(
            "UPDATE outbox SET owner = '', next_at = ?, reason = ?, maybe = maybe + ?, attempts = attempts - ?",
            (stamp(at), why, int(maybe), int(not counted)),
            key,
            owner,
        )

    def bury(self, key: Key, owner: str, why: str, now: dt.datetime, maybe: bool = False) -> bool:
        """Make a row a dead letter with its reason."""
        return self._mine(f"{BURY}, maybe = maybe + ?", (why, stamp(now), int(maybe)), key, owner)

    def bury_body(self, platform: str, body: int, why: str, now: dt.datetime, least: int) -> int:
        """Bury all that waits of a text that `least` chats of a platform refused and none took; returns how many."""
        of_text = "news = (SELECT news FROM outbox_bodies WHERE id = ?) AND platform = ? AND body = ?"
        key = (body, platform, body)
        with self._db.atomic():
            if self._db.row(f"SELECT 1 FROM outbox WHERE {of_text} AND state = 'sent'", key):
                return 0
            refused = f"SELECT 1 FROM outbox WHERE {of_text} AND state = 'dead' AND reason = ? LIMIT {int(least)}"
            if len(self._db.rows(refused, (*key, why))) < least:
                return 0
            return self._db.execute(
                f"{BURY} WHERE {of_text} AND {WAITS} AND owner = ''", (why, stamp(now), *key)
            ).rowcount

    def give_back(self, keys: Sequence[Key], owner: str, now: dt.datetime) -> int:
        """Release rows that an owner claimed and did not begin to send; what it has in flight stays its own."""
        with self._db.atomic():
            return sum(self.later(key, owner, now, "", counted=False) for key in keys)

    def take_over(self, platform: str, now: dt.datetime) -> int:
        """Make due what somebody had claimed and died with: it may have been sent. Only for the one instance that
        runs, before it claims anything."""
        with self._db.atomic():
            return self._db.execute(
                """UPDATE outbox SET owner = '', next_at = ?, maybe = maybe + 1, reason = 'in flight at a crash'
                   WHERE platform = ? AND state = 'waiting' AND owner != ''""",
                (stamp(now), platform),
            ).rowcount

    def _due(self, platform: str, owner: str, urgent: int, most: int, now: dt.datetime) -> list[tuple[Claimed, str]]:
        """Rows that are due, each with why it must not be sent ("" where it may).

        What `owner` has in flight is never handed to it again, however the clock jumps.
        """
        rows = self._select(
            "o.platform = ? AND o.urgent = ? AND o.state = 'waiting' AND o.next_at <= ? AND o.owner != ?",
            (platform, urgent, stamp(now), owner),
            most,
        )
        return [(row, _unfit(row, known, expires, check, now)) for row, known, expires, check in rows]

    def _select(self, where: str, values: Sequence[object], most: int) -> list[tuple[Claimed, bool, int, str]]:
        """(row, whether its chat is known, its news' end, its text's checksum), in the order they fell due.

        A row whose text is gone is found too, and dies of its damage: it must not wait unseen for ever.
        """
        rows = self._db.rows(
            f"""SELECT o.news, o.platform, o.chat, n.name, n.push, n.level, o.body, COALESCE(b.reply, ''),
                       o.attempts, o.maybe, n.expires, COALESCE(b.checksum, '')
                FROM outbox o JOIN outbox_news n ON n.id = o.news LEFT JOIN outbox_bodies b ON b.id = o.body
                WHERE {where} ORDER BY o.next_at, o.news, o.chat LIMIT {int(most)}""",
            values,
        )
        found = []
        for number, platform, name, news, push, level, body, reply, attempts, maybe, expires, check in rows:
            chat, known = self._chats.get(platform, name), self._chats.knows(platform, name)
            key = Key(number, platform, name)
            row = Claimed(key, news, push, level, body, reply, chat, attempts + 1, maybe)
            found.append((row, known, expires, check))
        return found

    def _lend(self, key: Key, owner: str, until: dt.datetime) -> None:
        """A row whose owner let the lease end may have been sent."""
        self._db.execute(
            f"""UPDATE outbox SET maybe = maybe + (owner != ''), owner = ?, next_at = ?, attempts = attempts + 1
                WHERE {_THIS}""",
            (owner, stamp(until), *key),
        )

    def _mine(self, change: str, values: Sequence[object], key: Key, owner: str) -> bool:
        with self._db.atomic():
            changed = self._db.execute(f"{change} WHERE {_THIS} AND owner = ? AND {WAITS}", (*values, *key, owner))
        return changed.rowcount == 1


def _unfit(row: Claimed, known: bool, expires: int, check: str, now: dt.datetime) -> str:
    """Why a row must not be sent any more, "" where it may; a chat's wishes of this moment count."""
    if expires <= stamp(now):
        return TOO_OLD
    if checksum(row.reply) != check:
        return DAMAGED
    return "" if row.push == "admin" else unwanted(row.chat, row.push, known, now)
