"""/announce: a bot admin's own words to every chat, previewed, confirmed, public, and journalled under a pseudonym."""

from __future__ import annotations

from bot.command import Command, Param, Who
from bot.proclaiming import preview

COMMAND = Command(
    name="announce",
    help="Tell every chat, or those of an index, in your own words",
    run=preview,
    example="/announce all this bot moves to another server on Sunday",
    params=(
        Param("index", "an index, or all", "scope", required=True),
        Param("words", "the words, which are public", "text", required=True),
    ),
    who=Who.BOT_ADMIN,
    menu=False,
    about="chat",
)
