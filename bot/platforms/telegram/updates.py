"""Where updates come from: long polling, or a webhook that only Telegram can use; either hands each on once."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import uniform
from typing import Any

from aiohttp import web
from telegram import Bot, Update
from telegram.error import Conflict, EndPointNotFound, InvalidToken, RetryAfter, TelegramError

from bot.platforms.port import LockedOut
from bot.platforms.telegram.failures import NEW_TOKEN, seconds_of, undelivered

POLL = 25  # seconds that Telegram holds a poll open
KNOCK = 1  # the same after a failure, so that it is soon known whether the line is back
GRACE = 10.0  # seconds on top before the line counts as dead
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
REMEMBERED = 1000  # updates; Telegram repeats one that it holds for unanswered
KINDS = ["message", "channel_post", "callback_query", "inline_query", "my_chat_member"]  # no edits: answered once
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATH = "/telegram"
LARGEST = 1 << 20  # bytes of one update

Take = Callable[[Update], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram reaches the bot: `public_url` from outside, `host` and `port` on this machine."""

    public_url: str
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    host: str = "0.0.0.0"
    port: int = 8080

    @property
    def address(self) -> str:
        return self.public_url.rstrip("/") + PATH


class Once:
    """Reads raw updates and hands each on once; one that cannot be read is skipped."""

    def __init__(self, bot: Bot, take: Take) -> None:
        self._bot = bot
        self._take = take
        self._seen: OrderedDict[int, None] = OrderedDict()

    def hand_on(self, raw: Any) -> int | None:
        """Take one update; returns its id where it has one."""
        id_ = raw.get("update_id") if isinstance(raw, dict) else None
        if not isinstance(id_, int) or id_ in self._seen:
            return id_ if isinstance(id_, int) else None
        self._seen[id_] = None
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        try:
            self._take(Update.de_json(raw, self._bot))
        except Exception as error:  # what strangers send must not stop the line, nor come again and again
            log.warning("an update of Telegram could not be read (%s): %s", type(error).__name__, sorted(raw))
        return id_


async def persist(work: Callable[[], Awaitable[object]]) -> None:
    """Do one thing at Telegram, again and again where the line is down; LockedOut where the token is refused."""
    wait = FIRST_WAIT
    while True:
        try:
            await work()
            return
        except InvalidToken:  # its words hold the token
            raise LockedOut(NEW_TOKEN) from None
        except Exception as error:
            log.warning("Telegram cannot be reached, trying again: %s", undelivered(error))
            await asyncio.sleep(seconds_of(error) if isinstance(error, RetryAfter) else wait * uniform(1.0, 1.3))
            wait = min(wait * 2, LONGEST_WAIT)


async def poll(bot: Bot, take: Take, reached: Callable[[bool], None]) -> None:
    """Ask for updates until cancelled, and mend the line again and again; LockedOut where the token is refused.
    `reached` hears after each time whether Telegram answered."""
    once, offset, wait = Once(bot, take), 0, FIRST_WAIT
    try:
        while True:
            try:
                updates = await _ask(bot, offset, POLL if wait == FIRST_WAIT else KNOCK)
            except InvalidToken:
                raise LockedOut(NEW_TOKEN) from None
            except Exception as error:
                reached(False)
                await asyncio.sleep(_patience(error, wait))
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            reached(True)
            wait = FIRST_WAIT
            for raw in updates:
                id_ = once.hand_on(raw)
                offset = max(offset, id_ + 1) if id_ is not None else offset
    finally:
        # What was taken is confirmed, so that the next start does not answer it again.
        with suppress(Exception):
            await asyncio.wait_for(_ask(bot, offset, 0), 2.0)


async def _ask(bot: Bot, offset: int, seconds: int) -> list[Any]:
    """One poll, as raw updates: the client's own reading would lose a whole batch over one bad update."""
    asked = {"offset": offset, "timeout": seconds, "limit": 100 if seconds else 1, "allowed_updates": KINDS}
    # Written with a capital, because the library wants its own method used instead, which reads what it gets.
    try:
        found = await bot.do_api_request("GetUpdates", asked, read_timeout=seconds + GRACE)
    except EndPointNotFound:  # what the library makes of a refused token here
        raise InvalidToken from None
    if not isinstance(found, list):
        raise TelegramError("the answer to a poll is no list")
    return found


def _patience(error: Exception, wait: float) -> float:
    """How long to wait after a failed poll, with a word in the log where a person must do something."""
    if isinstance(error, RetryAfter):
        return seconds_of(error) + uniform(0, 1)
    if isinstance(error, Conflict):
        log.warning("another program polls with the same Telegram token: stop it, for only one of them is answered")
    else:
        log.info("polling Telegram failed, trying again: %s", undelivered(error))
    return wait * uniform(0.7, 1.3)


async def listen(bot: Bot, take: Take, webhook: Webhook) -> None:
    """Serve the webhook until cancelled."""
    once = Once(bot, take)

    async def receive(request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), webhook.secret.encode()):
            return web.Response(status=403)
        try:
            once.hand_on(json.loads(await request.read()))
        except (ValueError, RecursionError):
            return web.Response(status=400)
        return web.Response()

    app = web.Application(client_max_size=LARGEST)
    app.router.add_post(PATH, receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, webhook.host, webhook.port).start()
        await persist(lambda: bot.set_webhook(webhook.address, secret_token=webhook.secret, allowed_updates=KINDS))
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
