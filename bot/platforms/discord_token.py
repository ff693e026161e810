"""Asks Discord once who a token belongs to, by the one polite HTTP client: its own is for what runs."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
import time
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

from bot.platforms.introduced import Introduced
from bot.platforms.invitation import invitation
from bot.platforms.port import LockedOut, NotSent
from engine.errors import SourceError, SourceRefused
from engine.sources.http.client import BoundClient, HttpClient
from engine.sources.http.limits import Clock, Limits
from engine.sources.port import Batch, Client, Host, Key, Source, Want

ONCE = Limits(attempts=2, connect=5.0, read=10.0, total=15.0)
NEW_TOKEN = "Discord does not take this token: reset it under Bot at https://discord.com/developers/applications."
CODE_GRANT = "Invitations will fail: switch Requires OAuth2 Code Grant off under Bot at the application's page."
NOT_PUBLIC = "Only you can add the bot: switch Public Bot on under Bot at the application's page, if others shall."


async def introduce(token: str, api: str) -> Introduced:
    """Ask for the bot and its application; LockedOut where the token is refused, NotSent where nobody answers."""
    parts = urlsplit(api)
    origin = f"{parts.scheme}://{parts.netloc}"
    clock = Clock(time.monotonic, asyncio.sleep, lambda: dt.datetime.now(dt.UTC), random.Random())
    source = Source(
        "discord", "Discord", "sentiment", (), (Host(origin, 0.2, parts.path),), "https://discord.com/developers/docs",
        "", _nothing, key=Key("Authorization", "header", "", (origin,), prefix="Bot "),
    )  # fmt: skip
    async with HttpClient([source], clock, limits=ONCE, keys={source.id: token}) as client:
        bound = client.bound(source)
        me = await _asked(bound, f"{api.rstrip('/')}/users/@me")
        application = await _asked(bound, f"{api.rstrip('/')}/oauth2/applications/@me")
    return _introduced(me, application)


async def _asked(client: BoundClient, url: str) -> Mapping[str, object]:
    try:
        answer = json.loads((await client.get(url)).body)
    except SourceRefused:
        raise LockedOut(NEW_TOKEN) from None
    except SourceError as error:
        raise NotSent(str(error)) from None
    except ValueError:
        raise NotSent("its answer is no JSON") from None
    if not isinstance(answer, dict) or not str(answer.get("id", "")).isdecimal():
        raise NotSent("its answer is not what Discord documents")
    return answer


def _introduced(me: Mapping[str, object], application: Mapping[str, object]) -> Introduced:
    link = invitation(application["id"])
    what = "add it to a server (to see and write in channels and threads, with embeds and charts)"
    notes = [CODE_GRANT] if application.get("bot_require_code_grant") else []
    notes += [NOT_PUBLIC] if application.get("bot_public") is False else []
    return Introduced("discord", str(me.get("username", "")), ((what, link),), tuple(notes))


async def _nothing(client: Client, want: Want) -> AsyncIterator[Batch]:
    """It is no source of data: it is asked who we are, and yields nothing."""
    return
    yield Batch()
