"""/exclude: keeps a token out of an index, or of all of them, until it is let back in."""

from __future__ import annotations

from bot.command import Command, Param, Who
from bot.governance import order_run

COMMAND = Command(
    name="exclude",
    help="Keep a token out of an index, or of all",
    run=order_run("exclude"),
    example="/exclude aave defi its pool was drained",
    params=(
        Param("token", "a token", "token", required=True),
        Param("index", "an index, or all", "scope"),
        Param("reason", "a reason, which is public", "text", required=True),
    ),
    who=Who.BOT_ADMIN,
    menu=False,
)
