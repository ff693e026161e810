"""Bounds the lines that strangers hold open: how many at once, and how long one may leave an answer unread."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

MOST = 500  # at once: of the 1,024 files that a process may open as a rule, the bot's own work needs the rest
LOOK = 20.0  # seconds between two looks at whether anything was read


class Lines:
    """Makes the handler of each new line; past the bound a line is closed before anything is read of it."""

    def __init__(self, server: web.Server, most: int = MOST, look: float = LOOK) -> None:
        self._server = server
        self._most = most
        self._look = look

    def __call__(self) -> asyncio.Protocol:
        return self._server() if len(self._server.connections) < self._most else _Closed()

    async def run(self) -> None:
        """Cut off, until cancelled, whoever has read nothing of what waits for him since the last look."""
        before: dict[RequestHandler, int] = {}
        while True:
            await asyncio.sleep(self._look)
            unread = {line: _unread(line) for line in self._server.connections}
            for line, size in unread.items():
                if size and before.get(line) == size and line.transport is not None:
                    line.transport.abort()
            before = unread


def _unread(line: RequestHandler) -> int:
    """Bytes that wait to be taken."""
    return line.transport.get_write_buffer_size() if line.transport is not None else 0


class _Closed(asyncio.Protocol):
    """A line too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
