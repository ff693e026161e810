"""/pause: stops an index's trades until they are resumed."""

from __future__ import annotations

from bot.command import Command, Param, Who
from bot.governance import order_run

COMMAND = Command(
    name="pause",
    help="Stop the trades of an index, or of all",
    run=order_run("pause"),
    example="/pause defi prices look wrong",
    params=(
        Param("index", "an index, or all", "scope", required=True),
        Param("reason", "a reason, which is public", "text", required=True),
    ),
    who=Who.BOT_ADMIN,
    menu=False,
)
