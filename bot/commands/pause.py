"""/pause: stops an index's trades until they are resumed."""

from __future__ import annotations

from bot.governance import order_command

COMMAND = order_command("pause", "Stop the trades of an index, or of all", "/pause defi prices look wrong")
