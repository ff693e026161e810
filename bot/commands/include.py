"""/include: lets a token back in that was excluded."""

from __future__ import annotations

from bot.governance import order_command

COMMAND = order_command("include", "Let an excluded token back in", "/include aave defi the pool was refilled")
