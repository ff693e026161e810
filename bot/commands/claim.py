"""/claim: makes a person an admin of this bot by its operator's one-time code; nothing else in chat does."""

from __future__ import annotations

from bot import texts
from bot.command import Arguments, Command, Param, Request
from bot.desk import Desk
from bot.reply import Button, Reply
from engine.errors import BadRequest


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    if not request.is_personal or request.anonymous:
        return Reply(text=(texts.CLAIM_IN_PRIVATE,), ok=False, private=True)
    if not request.user:
        raise BadRequest(texts.NOBODY_BY_NAME)
    desk.claim(request.person, arguments.text)
    return Reply(
        title="Welcome", text=(texts.CLAIMED,), buttons=(Button("What I may order", "/help more"),), private=True
    )


COMMAND = Command(
    name="claim",
    help="Become an admin of this bot by its operator's code",
    run=run,
    example="/claim 7KQM2XPA9RTWH4CD",
    params=(Param("code", "the code that the operator was shown", "text", required=True),),
    menu=False,
    about="chat",
    weighs_rights=True,
)
