"""A dead man's switch, as services for operators are: it is asked by a URL, and fires where it is not for too long."""

from __future__ import annotations

import asyncio


class DeadMansSwitch:
    """Answers every request, and knows by its own clock whether the last one is longer ago than `grace` seconds."""

    def __init__(self, grace: float) -> None:
        self.grace = grace
        self.asked: list[float] = []
        self.url = ""
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> DeadMansSwitch:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def fires(self) -> bool:
        return not self.asked or asyncio.get_running_loop().time() - self.asked[-1] > self.grace

    async def until_asked(self, times: int, within: float = 60.0) -> None:
        """Wait until it was asked so many times more."""
        wanted = len(self.asked) + times
        async with asyncio.timeout(within):
            while len(self.asked) < wanted:
                await asyncio.sleep(0.01)

    async def until_it_fires(self, within: float = 60.0) -> None:
        async with asyncio.timeout(within):
            while not self.fires:
                await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.asked.append(asyncio.get_running_loop().time())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
