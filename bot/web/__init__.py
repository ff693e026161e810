"""The public page and API: read-only, in the bot's own process, beside the event loop."""
