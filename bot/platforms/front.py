"""What a chat platform asks of the bot beside answers: who came and went, which names there are, who governs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.command import Param
from bot.reply import Reply
from storage.chats import Place


class Front(Protocol):
    """The bot as its platforms see it. Nothing here raises for what a stranger does."""

    async def admitted(self, platform: str, chat: str, place: Place, title: str, user: str) -> Reply | None:
        """The bot was added to a chat by `user`: keep it, and return what that person is told in private."""
        ...

    async def removed(self, platform: str, chat: str, why: str) -> None:
        """The bot was removed from a chat, or blocked: send nothing there any more."""
        ...

    async def moved(self, platform: str, old: str, new: str) -> None:
        """A chat has another name now; its choices go with it. Told once or several times of one move."""
        ...

    async def overheard(self, platform: str, chat: str, text: str) -> None:
        """A group's message to nobody in particular, where the bot may read along: counted if its admins wish so."""
        ...

    async def names(self, prefix: str) -> Sequence[tuple[str, str]]:
        """(symbol, name) of tokens that begin so, best first, a few: for inline queries and completion."""
        ...

    async def choices(self, param: Param) -> Sequence[tuple[str, str]]:
        """The closed list of a command's parameter as (label, value), empty where it is open: for menus."""
        ...

    async def complete(self, param: Param, prefix: str) -> Sequence[str]:
        """What a person may go on to write for a parameter, a few."""
        ...

    def is_bot_admin(self, platform: str, user: str) -> bool:
        """Whether a person is an admin of this bot: from the settings or by a claim; False where unsure."""
        ...
