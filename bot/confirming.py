"""What stands behind a code is done once, all of it or nothing, by one who may still do it when they confirm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot import forgetting, governance, proclaiming, risk_modes
from bot.command import ADMINS, Request, Who
from bot.desk import Deed, DeedKind, Desk
from bot.reply import Reply
from engine.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Act:
    """How a kind of deed is done, and who may."""

    who: Who
    do: Callable[[Request, Desk, Deed], Reply]


def confirm(request: Request, desk: Desk, code: str) -> Reply:
    """Do what stands behind a code; what no longer applies changes nothing and says so."""
    with desk.atomic():
        deed = desk.redeem(request.person, code)
        act = ACTS[deed.kind]
        if not (request.may_choose if act.who is Who.CHAT_ADMIN else request.who >= act.who):
            raise BadRequest(f"Confirming this is for {ADMINS[act.who]} only.")
        reply = act.do(request, desk, deed)
    if deed.kind == "forget":
        desk.scrub()
    return reply


def _follow_mode(request: Request, desk: Desk, deed: Deed) -> Reply:
    complaint = risk_modes.refuse_mode(request, desk, deed.mode)
    return Reply(text=(complaint,), ok=False) if complaint else risk_modes.followed(request, desk, deed.mode)


def _in_chats_name(request: Request, desk: Desk, deed: Deed) -> Reply:
    """The very words that an admin wrote in the chat's name, as those of the one who confirms; never a bot admin's."""
    from bot.dispatch import dispatch  # which imports every command, this one among them

    words = replace(request, text=deed.reason, anonymous=False, is_chat_admin=True, is_bot_admin=False)
    return dispatch(desk, words)


ORDER = Act(Who.BOT_ADMIN, governance.give)
ACTS: Mapping[DeedKind, Act] = {
    "mode": Act(Who.CHAT_ADMIN, _follow_mode),
    "exclude": ORDER,
    "include": ORDER,
    "rebalance": ORDER,
    "pause": ORDER,
    "resume": ORDER,
    "announce": Act(Who.BOT_ADMIN, proclaiming.give),
    "forget": Act(Who.MEMBER, forgetting.forget),
    "command": Act(Who.CHAT_ADMIN, _in_chats_name),
}
