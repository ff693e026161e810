"""/resume: lets a paused index trade again."""

from __future__ import annotations

from bot.command import Command, Param, Who
from bot.governance import order_run

COMMAND = Command(
    name="resume",
    help="Let a paused index trade again",
    run=order_run("resume"),
    example="/resume defi prices are right again",
    params=(
        Param("index", "an index, or all", "scope", required=True),
        Param("reason", "a reason, which is public", "text", required=True),
    ),
    who=Who.BOT_ADMIN,
    menu=False,
)
