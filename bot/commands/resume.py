"""/resume: lets a paused index trade again."""

from __future__ import annotations

from bot.governance import order_command

COMMAND = order_command("resume", "Let a paused index trade again", "/resume defi prices are right again")
