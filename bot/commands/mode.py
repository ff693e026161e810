"""/mode: the risk modes side by side; with one of them, what it would change, and for this chat's admins the change."""

from __future__ import annotations

from dataclasses import replace

from bot.command import ADMINS, Arguments, Command, Param, Request, Who
from bot.desk import Deed, Desk
from bot.reply import Button, Reply
from bot.risk_modes import differences, side_by_side


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    mine = desk.followed(request.person)
    wanted = arguments.mode
    if not arguments.mode_asked or wanted == mine:
        return side_by_side(desk, [arguments.index] if arguments.index else desk.indices(), mine)
    shown = differences(desk, wanted, mine)
    if not request.may_choose:
        return replace(shown, note=(f"Changing it is for {ADMINS[Who.CHAT_ADMIN]} only.",))
    if arguments.index is not None:
        shown = replace(shown, text=(*shown.text, "A mode counts for all indices of a chat."))
    code = desk.keep(request.person, Deed("mode", mode=wanted))
    return replace(
        shown,
        note=(f"To follow it from now on, within ten minutes: /confirm {code}",),
        buttons=(Button("Confirm", f"/confirm {code}"),),
    )


COMMAND = Command(
    name="mode",
    help="The risk modes side by side, and which one this chat follows",
    run=run,
    example="/mode defi",
    params=(Param("index", "an index", "scope"), Param("mode", "a risk mode to follow", "mode")),
    menu=False,
    weighs_rights=True,
)
