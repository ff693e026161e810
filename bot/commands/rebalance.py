"""/rebalance: has an index decided out of turn, at the next 00:00 UTC."""

from __future__ import annotations

from bot.command import Command, Param, Who
from bot.governance import order_run

COMMAND = Command(
    name="rebalance",
    help="Decide an index out of turn",
    run=order_run("rebalance"),
    example="/rebalance defi a member was delisted",
    params=(
        Param("index", "an index, or all", "scope", required=True),
        Param("reason", "a reason, which is public", "text", required=True),
    ),
    who=Who.BOT_ADMIN,
    menu=False,
)
