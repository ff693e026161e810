"""/exclude: keeps a token out of an index, or of all of them, until it is let back in."""

from __future__ import annotations

from bot.governance import order_command

COMMAND = order_command("exclude", "Keep a token out of an index, or of all", "/exclude aave defi its pool was drained")
