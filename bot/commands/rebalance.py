"""/rebalance: has an index decided out of turn, at the next 00:00 UTC."""

from __future__ import annotations

from bot.governance import order_command

COMMAND = order_command("rebalance", "Decide an index out of turn", "/rebalance defi a member was delisted")
