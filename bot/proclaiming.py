"""How a bot admin's own words reach every chat: preview, confirmation, journal and audit under a pseudonym, notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot import texts
from bot.command import Arguments, Request
from bot.desk import Deed, Desk
from bot.governance import in_public
from bot.phrases import short_head
from bot.reply import Button, Reply
from bot.screen import loud

LONGEST = 300  # characters; a message to the bot is not read much further


def preview(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    """Show the words as they would stand in every chat, under a code."""
    text = in_public(arguments.text, "announcement", LONGEST)
    index = arguments.index.id if arguments.index else None
    code = desk.keep(request.person, Deed("announce", index, reason=text))
    return Reply(
        title=loud("Announce this? Nothing is done yet", desk.status()),
        text=(texts.ANNOUNCE_PREVIEW.format(where=_where(index, _titles(desk))), text),
        note=(f"To do it, within ten minutes: /confirm {code}",),
        buttons=(Button("Confirm", f"/confirm {code}"),),
    )


def give(request: Request, desk: Desk, deed: Deed) -> Reply:
    """Journal the words and have them told in the chats that follow the index, or in all that follow any."""
    said = desk.proclaim(request.person, deed.index, deed.reason)
    status = desk.status()
    about = f" of the {_titles(desk).get(deed.index, deed.index)} index" if deed.index else ""
    reply = Reply(
        title=loud(f"From the admins{about}", status),
        text=(said.text,),
        note=(texts.ANNOUNCED_BY.format(by=said.by), *((short_head(status.head),) if status.head else ())),
        buttons=(Button("All acts of admins", "/audit"),),
    )
    desk.notify_all(said, reply)
    # Under the admin's own message the pseudonym would tell everybody whose it is.
    return replace(reply, note=reply.note[1:])


def _titles(desk: Desk) -> Mapping[str, str]:
    return {info.id: info.title for info in desk.indices()}


def _where(index: str | None, titles: Mapping[str, str]) -> str:
    return f"every chat that follows {titles.get(index, index)}" if index else "every chat that follows an index"
