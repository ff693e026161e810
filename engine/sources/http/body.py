"""Reads an answer's body within bounds: so many bytes on the wire, so many unpacked, and whole."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from engine.errors import SourceGarbled, SourceUnavailable
from engine.sources.http.limits import Limits

ENCODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # zlib's window bits; nothing else is asked for


async def read_body(
    chunks: AsyncIterator[bytes], encoding: str, length: int | None, limits: Limits, host: str
) -> bytes:
    """Collect and unpack a body; SourceGarbled where it is too large or oddly packed, SourceUnavailable if cut off."""
    if length is not None and length > limits.packed:
        raise _too_large(host)
    unpack = _Unpacker(encoding, limits.unpacked, host)
    body, packed = bytearray(), 0
    async for chunk in chunks:
        packed += len(chunk)
        if packed > limits.packed:
            raise _too_large(host)
        body += unpack(chunk, len(body))
    if not unpack.whole:
        raise SourceUnavailable(f"{host} broke off in the middle of its answer.")
    return bytes(body)


class _Unpacker:
    """Unpacks piece by piece and never more than is allowed: a small gzip can hold gigabytes."""

    def __init__(self, encoding: str, most: int, host: str) -> None:
        name = encoding.strip().lower()
        if name not in ("", "identity", *ENCODINGS):
            raise SourceGarbled(f"{host} packs its answer in a way nobody asked for ({name[:20]!r}).")
        self._bits = ENCODINGS.get(name)
        self._zlib = zlib.decompressobj(self._bits) if self._bits else None
        self._most, self._host = most, host
        self._seen = False

    def __call__(self, chunk: bytes, so_far: int) -> bytes:
        room = self._most - so_far
        out = chunk if self._zlib is None else self._inflate(chunk, room + 1)
        if len(out) > room:
            raise _too_large(self._host)
        return out

    def _inflate(self, chunk: bytes, most: int) -> bytes:
        out = bytearray()
        while chunk and len(out) < most:
            assert self._zlib is not None
            if self._zlib.eof:  # a gzip may have several members
                self._zlib = zlib.decompressobj(self._bits or 0)
            try:
                out += self._zlib.decompress(chunk, most - len(out))
            except zlib.error:
                raise SourceGarbled(f"{self._host} says its answer is packed, and it cannot be unpacked.") from None
            self._seen = True
            chunk = self._zlib.unused_data or self._zlib.unconsumed_tail
        return bytes(out)

    @property
    def whole(self) -> bool:
        return self._zlib is None or not self._seen or self._zlib.eof


def _too_large(host: str) -> SourceGarbled:
    return SourceGarbled(f"{host} sends more than is allowed for one answer: it was cut off and not used.")
