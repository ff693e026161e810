"""/include: lets a token back in that was excluded."""

from __future__ import annotations

from bot.command import Command, Param, Who
from bot.governance import order_run

COMMAND = Command(
    name="include",
    help="Let an excluded token back in",
    run=order_run("include"),
    example="/include aave defi the pool was refilled",
    params=(
        Param("token", "a token", "token", required=True),
        Param("index", "an index, or all", "scope"),
        Param("reason", "a reason, which is public", "text", required=True),
    ),
    who=Who.BOT_ADMIN,
    menu=False,
)
