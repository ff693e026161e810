"""What stands behind a platform in tests: a front that writes down what it is told, and a picture for every chart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot import arguments
from bot.command import Param
from bot.reply import Reply

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)


@dataclass
class FakeFront:
    """Writes down what it is told; `bot_admins` are ids."""

    book: Any
    bot_admins: set[str] = field(default_factory=set)
    heard: list[tuple[str, ...]] = field(default_factory=list)
    greeting: Reply | None = None
    tokens: tuple[tuple[str, str], ...] = (("AAVE", "Aave"), ("SHIB", "Shiba Inu"), ("XVS", "_*[<&`$x$[bold]"))

    async def admitted(self, platform: str, chat: str, place: str, title: str, user: str) -> Reply | None:
        self.heard.append(("admitted", platform, chat, place, title, user))
        return self.greeting

    async def removed(self, platform: str, chat: str, why: str) -> None:
        self.heard.append(("removed", platform, chat, why))

    async def moved(self, platform: str, old: str, new: str) -> None:
        self.heard.append(("moved", platform, old, new))

    async def overheard(self, platform: str, chat: str, text: str) -> None:
        self.heard.append(("overheard", platform, chat, text))

    async def names(self, prefix: str) -> list[tuple[str, str]]:
        return [t for t in self.tokens if any(name.casefold().startswith(prefix.casefold()) for name in t)]

    async def choices(self, param: Param) -> list[tuple[str, str]]:
        return list(arguments.choices(param, self.book))

    async def complete(self, param: Param, prefix: str) -> list[str]:
        return arguments.autocomplete(param, self.book, prefix)

    def is_bot_admin(self, platform: str, user: str) -> bool:
        return user in self.bot_admins
