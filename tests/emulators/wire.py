"""A chat service of one line a message over a real socket: the server counts, the platform sends, each on its side."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from bot.platforms.port import MaybeSent, NotSent, Parcel, Receipt


@dataclass
class WireService:
    """The independent checker: what arrived, by chat, and when; it answers each line after `latency` seconds."""

    latency: float = 0.002
    port: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _lines: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> WireService:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._lines):
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        with suppress(ConnectionError, asyncio.CancelledError):
            while line := await reader.readline():
                if not line.endswith(b"\n"):
                    break  # a sender killed in the middle of a line had sent nothing
                self.counts[json.loads(line)["chat"]] += 1
                self.times.append(asyncio.get_running_loop().time())
                await asyncio.sleep(self.latency)
                writer.write(f"{self.counts.total()}\n".encode())
                await writer.drain()
        self._lines.discard(writer)
        writer.close()


class WirePlatform:
    """Sends each message on a connection of its own."""

    id = "telegram"
    is_connected = True

    def __init__(self, port: int) -> None:
        self._port = port

    async def run(self, ready: Callable[[], None]) -> None:
        ready()
        await asyncio.Event().wait()

    async def send(self, parcel: Parcel) -> Receipt:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError as error:
            raise NotSent(str(error)) from error
        try:
            writer.write(json.dumps({"chat": parcel.to.chat, "key": parcel.key}).encode() + b"\n")
            await writer.drain()
            answer = await reader.readline()
        except OSError as error:
            raise MaybeSent(str(error)) from error
        finally:
            writer.close()
        if not answer:
            raise MaybeSent("the line was cut")
        return Receipt(answer.decode().strip())
