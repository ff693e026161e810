"""The one polite client through which every source reaches the network; nothing else imports aiohttp's client."""
