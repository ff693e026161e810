"""Puts what was decided into the queue of every chat it concerns, in the transaction that decides it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot import digest
from bot.digest import Issue
from bot.reply import Button, Reply
from bot.settings import Person
from engine.model import Ledger
from engine.modes import DEFAULT_MODE, modes
from storage.chats import Chat
from storage.database import Database
from storage.notices import Notice
from storage.outbox import Letter, News, Push

# How long after it happened each kind of news may still be told.
AGES: dict[Push, dt.timedelta] = {
    "weekly": dt.timedelta(days=3),
    "danger": dt.timedelta(hours=36),
    "watched": dt.timedelta(days=1),
    "admin": dt.timedelta(days=3),
}


class HasLevel(Protocol):
    """Something as grave as its level."""

    @property
    def level(self) -> int: ...


TOLD: Ledger = "live"  # a decision of the past is told nobody as if it were news


@dataclass(frozen=True, slots=True)
class Posting:
    """Whom to tell at what hour: `now`, the mode of chats that chose none, and the admins of this bot."""

    now: dt.datetime
    default_mode: str = DEFAULT_MODE
    admins: tuple[Person, ...] = ()

    def week(self, database: Database, ledger: Ledger, week: str, issue: Issue) -> int:
        """Queue one weekly message a chat; returns how many are new."""
        if ledger != TOLD:
            return 0
        queued = self._tell(
            database, f"week/{week}", "weekly", lambda chat: digest.weekly(chat, self.mode_of(chat), issue)
        )
        if issue.turns or issue.answers:  # who wants no weekly message may still want to hear of watched tokens
            queued += self._tell(
                database,
                f"watched/{week}",
                "watched",
                lambda chat: None if chat.weekly else digest.weekly(chat, self.mode_of(chat), issue),
            )
        return queued

    def day(self, database: Database, ledger: Ledger, date: dt.date, issue: Issue) -> int:
        """Queue one alert a chat about what changed between weeks, as many a week as a chat is told; what answers a cry
        is told beside those."""
        if ledger != TOLD or not issue.items:
            return 0
        return self._alert(
            database,
            f"change/{date}",
            lambda chat: digest.gravity(chat, self.mode_of(chat), issue),
            lambda chat: digest.alert(chat, self.mode_of(chat), issue),
            digest.ALERTS_A_WEEK,
            lambda chat: digest.answers_a_cry(chat, self.mode_of(chat), issue),
        )

    def alert(
        self,
        database: Database,
        name: str,
        concerns: Callable[[Chat], Sequence[HasLevel]],
        compose: digest.Compose,
    ) -> int:
        """Queue an alert for the chats it concerns, as many a week as a chat is told."""

        def gravity(chat: Chat) -> int:
            return max((alert.level for alert in concerns(chat)), default=0)

        return self._alert(database, name, gravity, compose, digest.CRIES_A_WEEK)

    def watched(self, database: Database, name: str, compose: digest.Compose) -> int:
        """Queue news of watched tokens."""
        return self._tell(database, name, "watched", compose, chats=[c for c in database.chats.all() if c.watches])

    def _alert(
        self,
        database: Database,
        name: str,
        gravity: Callable[[Chat], int],
        compose: digest.Compose,
        most: int,
        anyway: Callable[[Chat], bool] = lambda chat: False,
    ) -> int:
        """One message a chat and level, so that each is as urgent as it is grave; level 0 concerns nobody."""
        told = database.outbox.alerts(self.now - digest.COUNTED_OVER)
        by_level: dict[int, list[Chat]] = {}
        for chat in database.chats.all():
            level = gravity(chat)
            before = told.get((chat.platform, chat.chat), (0, 0))
            if level and (anyway(chat) or digest.may_alert(level, before, most)):
                by_level.setdefault(level, []).append(chat)
        return sum(
            self._tell(database, f"{name}/{level}", "danger", compose, level, by_level[level])
            for level in sorted(by_level, reverse=True)
        )

    def notice(self, database: Database, notice: Notice) -> int:
        """Queue what admins ordered, or that the rules changed, for those who follow what it concerns."""
        reply = Reply.from_json(notice.reply)
        name = f"notice/{notice.ledger}/{notice.id}/{notice.head[:8]}"
        return self._tell(database, name, "weekly", lambda chat: digest.notice(chat, notice.index, reply))

    def warn(self, database: Database, key: str, says: str, but: str = "", details: Sequence[str] = ()) -> int:
        """Queue a message to this bot's admins, `but` those of one platform; the same `key` is told once."""
        reply = Reply(title="For this bot's admins", text=(says, *details), buttons=(Button("Status", "/status"),))
        to = [(platform, user, None) for platform, user in self.admins if platform != but]
        if not to:
            return 0
        news = News(f"admin/{key}", "admin", self.now + AGES["admin"], level=1)
        return database.outbox.enqueue(news, [Letter(reply.to_json(), to)], self.now)

    def _tell(
        self,
        database: Database,
        name: str,
        push: Push,
        compose: digest.Compose,
        level: int = 0,
        chats: Sequence[Chat] | None = None,
    ) -> int:
        news = News(name, push, self.now + AGES[push], level)
        found = database.chats.all() if chats is None else chats
        letters = digest.letters(found, news, compose, self.now)
        return database.outbox.enqueue(news, letters, self.now) if letters else 0

    def mode_of(self, chat: Chat) -> str:
        """The mode a chat follows."""
        return chat.mode if chat.mode in modes() else self.default_mode
