"""Keeps what was made of the database until something is published: a page asked for again costs one question."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from bot.web.door import BookDoor, Shelf

MOST_KEPT = 512  # answers
MOST_BYTES = 16 << 20  # of all of them together
LARGEST_KEPT = 256 << 10


@dataclass(frozen=True, slots=True)
class Printed:
    """One answer as bytes, and what its bytes are known by."""

    body: bytes
    media: str
    etag: str

    @classmethod
    def of(cls, body: bytes, media: str) -> Printed:
        return cls(body, media, f'W/"{hashlib.sha256(body).hexdigest()[:32]}"')


@dataclass(frozen=True, slots=True)
class _Kept:
    stamp: Hashable
    printed: Printed


class Press:
    """Makes answers in the door's thread, where alone its memory is touched."""

    def __init__(self, door: BookDoor) -> None:
        self._door = door
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._bytes = 0

    async def print(self, key: Hashable, make: Callable[[Shelf], tuple[bytes, str]]) -> Printed:
        """What `make` gives, made anew once something was published or another hour has begun."""
        return await self._door.ask(lambda shelf: self._print(shelf, key, make))

    def _print(self, shelf: Shelf, key: Hashable, make: Callable[[Shelf], tuple[bytes, str]]) -> Printed:
        now = self._door.now()
        stamp = (*shelf.published.stamp(), now.date(), now.hour)
        known = self._kept.get(key)
        if known is not None and known.stamp == stamp:
            self._kept.move_to_end(key)
            return known.printed
        printed = Printed.of(*make(shelf))
        self._drop(key)
        if len(printed.body) <= LARGEST_KEPT:
            self._kept[key] = _Kept(stamp, printed)
            self._bytes += len(printed.body)
        while len(self._kept) > MOST_KEPT or self._bytes > MOST_BYTES:
            self._drop(next(iter(self._kept)))
        return printed

    def _drop(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= len(gone.printed.body)
