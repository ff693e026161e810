"""What each kind of failed message means: one entry a kind, and the written policy for what may have arrived."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import clerk
from bot.platforms.port import (
    ChatClosed,
    ChatMoved,
    LockedOut,
    MaybeSent,
    NotSent,
    Refused,
    SlowDown,
    Undelivered,
)
from bot.platforms.table import PLATFORMS
from bot.reply import Reply
from storage.outbox import Letter, News

if TYPE_CHECKING:
    from bot.outbox import Sender
    from storage.database import Database
    from storage.outbox import Claimed

FIRST, LONGEST = 2.0, 600.0  # seconds before the first repeat, doubled each time up to the longest
URGENT = (
    120.0  # the longest for alerts, and for a platform as a whole: what is urgent must not wait long once it is back
)
HOPELESS = 3  # chats that refuse one text, and none takes it, until nobody else is asked
DOWN = 3  # messages in a row that found no connection or no answer, until the whole platform rests
NOTE_AGE = dt.timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One kind of failure: what becomes of the message, in words, and how it is done."""

    kind: type[Undelivered]
    says: str
    act: Callable[[Sender, Claimed, Undelivered], Awaitable[object]]


async def judge(sender: Sender, row: Claimed, error: Undelivered) -> None:
    """Do what a failure calls for."""
    verdict = next(verdict for verdict in VERDICTS if isinstance(error, verdict.kind))
    await verdict.act(sender, row, error)


def backoff(sender: Sender, attempts: int, longest: float = LONGEST) -> dt.timedelta:
    """Twice as long each time, with chance in it, so that what failed together does not come back together."""
    seconds = min(FIRST * 2.0 ** min(attempts - 1, 16), longest)
    return dt.timedelta(seconds=seconds * sender.clock.random.uniform(0.5, 1.5))


async def _close(sender: Sender, row: Claimed, error: Undelivered) -> None:
    why = f"the chat takes nothing any more: {error}"

    def work(db: Database) -> None:
        with db.atomic():
            if db.outbox.bury(row.id, sender.owner, why, sender.now()):
                clerk.close(db, row.chat.platform, row.chat.chat, str(error), sender.now())

    await sender.keep(work)


async def _follow(sender: Sender, row: Claimed, error: Undelivered) -> None:
    assert isinstance(error, ChatMoved)
    await sender.keep(lambda db: clerk.move(db, row.chat.platform, row.chat.chat, error.chat, sender.now()))


async def _slow_down(sender: Sender, row: Claimed, error: Undelivered) -> None:
    assert isinstance(error, SlowDown)
    seconds = error.seconds + sender.clock.random.uniform(0.1, 1.0)  # never before, and not all at the same instant
    if error.everywhere:
        sender.pace.hold(seconds)
        sender.careful = True
    at = sender.now() + dt.timedelta(seconds=seconds)
    await sender.keep(lambda db: db.outbox.later(row.id, sender.owner, at, str(error), counted=False))


async def _retry(sender: Sender, row: Claimed, error: Undelivered) -> None:
    _rest_where_down(sender)
    at = sender.now() + backoff(sender, row.attempts, URGENT if row.level else LONGEST)
    await sender.keep(lambda db: db.outbox.later(row.id, sender.owner, at, str(error)))


def _rest_where_down(sender: Sender) -> None:
    """Let the whole platform rest where one message after another finds nobody, and try one alone then: a service that
    answers nobody must not use up everybody's repeats. What was on its way when the rest began says nothing new."""
    if sender.pace.held_for > 0:
        return
    sender.failures += 1
    if sender.failures >= DOWN:
        sender.careful = True
        sender.pace.hold(backoff(sender, sender.failures - DOWN + 1, URGENT).total_seconds())


async def _ambiguous(sender: Sender, row: Claimed, error: Undelivered) -> None:
    _rest_where_down(sender)
    policy, why = PLATFORMS[sender.platform.id].repeats, f"may have arrived: {error}"
    if row.maybe >= policy.times:
        await sender.keep(lambda db: db.outbox.bury(row.id, sender.owner, why, sender.now(), maybe=True))
        return
    at = sender.now() + dt.timedelta(seconds=policy.after)
    await sender.keep(lambda db: db.outbox.later(row.id, sender.owner, at, why, maybe=True))


async def _bury(sender: Sender, row: Claimed, error: Undelivered) -> None:
    why, now = f"refused: {error}", sender.now()

    def work(db: Database) -> None:
        with db.atomic():
            db.outbox.bury(row.id, sender.owner, why, now)
            db.outbox.bury_body(sender.platform.id, row.body, why, now, HOPELESS)

    await sender.keep(work)
    said = f"{sender.platform.id} refused a message of {row.news}: {error}. It is a dead letter now; see /delivery."
    await sender.warn(f"refused/{sender.platform.id}/{row.news}", said, "")


async def _lock(sender: Sender, row: Claimed, error: Undelivered) -> None:
    first = not sender.locked
    sender.lock(f"the token no longer counts: {error}")
    at = sender.now()
    await sender.keep(lambda db: db.outbox.later(row.id, sender.owner, at, str(error), counted=False))
    if first:
        said = (
            f"{sender.platform.id} takes our token no longer ({error}). Its messages wait; set a new "
            f"CRIER_{sender.platform.id.upper()}_TOKEN and start the bot again."
        )
        await sender.warn(f"locked/{sender.platform.id}/{at.date()}", said, sender.platform.id)


VERDICTS: tuple[Verdict, ...] = (
    Verdict(ChatClosed, "a dead letter; the chat is silenced with the reason, with all that waits for it", _close),
    Verdict(ChatMoved, "the chat and all that waits for it take the new name in one transaction", _follow),
    Verdict(SlowDown, "given back for as long as asked and a little more; for everybody where it says so", _slow_down),
    Verdict(NotSent, "sent again after 2 s, 4 s and so on up to 10 minutes (an alert: 2), until it is too old", _retry),
    Verdict(MaybeSent, "counted, and repeated by the platform's policy", _ambiguous),
    Verdict(Refused, "a dead letter, told to admins once; a text that three refuse and none takes is given up", _bury),
    Verdict(LockedOut, "nothing more is sent there; the queue is kept, and admins hear on the other platform", _lock),
    Verdict(Undelivered, "as one that may have arrived", _ambiguous),
)


def remark(db: Database, row: Claimed, note: str, now: dt.datetime) -> int:
    """Tell a chat's admins, in the chat and once, what the platform noted about it."""
    chat = row.chat
    # a hash, because the news' name outlives a chat that is forgotten
    key = hashlib.sha256(f"{chat.platform}|{chat.chat}|{note}".encode()).hexdigest()[:16]
    news = News(f"note/{key}", "admin", now + NOTE_AGE)
    reply = Reply(title="For this chat's admins", text=(note,))
    return db.outbox.enqueue(news, [Letter(reply.to_json(), [(chat.platform, chat.chat, None)])], now)
