"""Every chat platform, one entry each: its name, where its token is from, how it is made, paced, asked and repeated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.pacing import Rates

if TYPE_CHECKING:  # whoever only asks for a name loads no platform
    from bot.clerk import Clerk
    from bot.platforms.introduced import Introduced
    from bot.platforms.port import Platform
    from bot.reply import ChartSpec
    from bot.settings import Settings

Draw = Callable[["ChartSpec"], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often a message that may have arrived is sent again, after how many seconds, and why that is right."""

    times: int
    after: float
    why: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One platform. `where_from` says where an operator gets its token; `introduce` asks whom a token (at an API's
    address) belongs to; `rates` are the operator's. Its settings are the fields of `bot.settings` that begin with
    its id: token, token_file, api, rate."""

    id: str
    title: str
    where_from: str
    make: Callable[[Settings, Clerk, Draw], Platform]
    introduce: Callable[[str, str], Coroutine[None, None, Introduced]]
    rates: Callable[[Settings], Rates]
    repeats: Repeats

    @property
    def token(self) -> str:
        """The setting that holds its token."""
        return f"{self.id}_token"


def _telegram(settings: Settings, clerk: Clerk, draw: Draw) -> Platform:
    from bot.platforms.telegram import TelegramPlatform, Webhook

    token, secret, url, port = (
        settings.telegram_token, settings.webhook_secret, settings.public_url, settings.webhook_port
    )  # fmt: skip
    assert token is not None
    shown = {"secret": secret.get_secret_value()} if secret else {}
    webhook = Webhook(url, port=port, **shown) if url and port else None
    return TelegramPlatform(
        token.get_secret_value(), clerk.answer, front=clerk, draw=draw, api=settings.telegram_api, webhook=webhook,
        hosts=[urlsplit(url).netloc] if url else (),
    )  # fmt: skip


async def _who_is_on_telegram(token: str, api: str) -> Introduced:
    from bot.platforms.telegram.introduction import introduce

    return await introduce(token, api)


def _discord(settings: Settings, clerk: Clerk, draw: Draw) -> Platform:
    from bot.notes import AgendaNotes
    from bot.platforms.discord import DiscordPlatform

    assert settings.discord_token is not None
    return DiscordPlatform(
        settings.discord_token.get_secret_value(),
        clerk.answer,
        front=clerk,
        draw=draw,
        notes=AgendaNotes(clerk, "discord"),
        api=settings.discord_api,
        gateway=settings.discord_gateway,
        shards=settings.discord_shards,
    )


async def _who_is_on_discord(token: str, api: str) -> Introduced:
    from bot.platforms.discord_token import introduce

    return await introduce(token, api)


KINDS = (
    Kind(
        "telegram", "Telegram", "@BotFather gives it for /newbot", _telegram, _who_is_on_telegram,
        lambda said: Rates(said.telegram_rate, said.telegram_chat_rate, said.telegram_group_rate),
        Repeats(2, 30.0, "it knows no repeat from a new message: two at most, so that one after a crash may fail"),
    ),
    Kind(
        "discord", "Discord", "under Bot at https://discord.com/developers/applications", _discord,
        _who_is_on_discord, lambda said: Rates(said.discord_rate),
        Repeats(4, 5.0, "`enforce_nonce` keeps a repeat within minutes from being shown twice"),
    ),
)  # fmt: skip
PLATFORMS: Mapping[str, Kind] = {kind.id: kind for kind in KINDS}
