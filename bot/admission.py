"""What happens when the bot is added to a chat: nothing is posted there, and who added it chooses in private."""

from __future__ import annotations

from dataclasses import replace

from bot import texts
from bot.choosing import shown_title
from bot.command import Request
from bot.commands.start import welcome
from bot.desk import Desk, Person
from bot.elsewhere import brought_back
from bot.reply import Reply
from storage.chats import Place

MOST_CHATS = 20  # that one person may add the bot to


def admit(desk: Desk, platform: str, chat: str, place: Place, title: str, user: str) -> Reply:
    """Keep the chat under the pseudonym of who added the bot, and return what that person is told in private.

    A chat that is known already keeps what it chose. One chat too many of one person is not kept.
    """
    name = shown_title(place, title) or "that chat"
    with desk.atomic():
        known = desk.chat(Person(platform, chat, user))
        by = desk.pseudonym(Person(platform, chat, user))
        if known.added_by != by and desk.added_by(by) >= MOST_CHATS:
            return Reply(text=(texts.TOO_MANY_CHATS.format(most=MOST_CHATS, title=name),), ok=False)
        here = replace(known, place=place, title=shown_title(place, title), silenced="", silenced_at=None)
        desk.choose(replace(here, added_by=by, added_at=desk.now()))
    said = welcome(Request("/start", platform, chat, user, place=place), texts.ADMITTED.format(title=name))
    return brought_back(said, chat)
