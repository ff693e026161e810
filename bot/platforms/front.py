"""What a chat platform asks of the bot beside answers: who came and went, which names there are, who governs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

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

    async def names(self, prefix: str) -> Sequence[tuple[str, str]]:
        """(symbol, name) of tokens that begin so, best first, a few: for inline queries and completion."""
        ...

    def is_bot_admin(self, platform: str, user: str) -> bool:
        """Whether a person is an admin of this bot: from the settings or by a claim; False where unsure."""
        ...
