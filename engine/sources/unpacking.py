"""Opens one file of an archive and unpacks it within bounds: no link is followed, no bomb goes off."""

from __future__ import annotations

import io
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine.errors import BadArchive

MOST_BYTES = 512 << 20  # of one file once unpacked; the largest of 2019 to 2023 is 37 MB
MOST_MEMBERS = 10_000  # gzip streams in one file: some tools write one a block of 64 KB
BLOCK = 1 << 16  # bytes read and unpacked at once
GZIP = 16 + zlib.MAX_WBITS  # what zlib calls a gzip header


def refuse_link(path: Path) -> None:
    """Raise BadArchive where a path is a symbolic link, wherever it leads."""
    if path.is_symlink():
        raise BadArchive(f"{path.name} is a symbolic link: put the file itself into the archive folder.")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a plain file to read it; BadArchive for a link, and for what is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        refuse_link(path)
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadArchive(f"{path.name} is no plain file: put the file itself into the archive folder.")
    with os.fdopen(descriptor, "rb") as file:
        yield file


class Unpacked(io.RawIOBase):
    """The bytes of a file, unpacked where its name ends in .gz, and counted.

    Raises BadArchive past MOST_BYTES or MOST_MEMBERS, EOFError where a stream breaks off, zlib.error where it is none.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self._packed = path.suffix == ".gz"
        self._stream = zlib.decompressobj(GZIP)
        self._begun = not self._packed  # whether the stream at hand has had a byte
        self._rest = b""
        self._bytes = self._members = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        most = min(len(buffer), BLOCK)
        block = self._unpack(most) if self._packed else self._file.read(most)
        self._bytes += len(block)
        if self._bytes > MOST_BYTES:
            raise BadArchive(
                f"{self._path.name} unpacks to more than {MOST_BYTES >> 20:,} MB: it is not a file of a market archive."
            )
        buffer[: len(block)] = block
        return len(block)

    def _unpack(self, most: int) -> bytes:
        """The next `most` bytes or fewer; none at the end of the last stream."""
        while True:
            if self._stream.eof:
                self._next_member()
            if not self._rest:
                self._rest = self._file.read(BLOCK)
                if not self._rest and not self._begun:
                    return b""
            if not self._begun:
                self._rest = self._rest.lstrip(b"\0") if self._members else self._rest  # padding between streams
                self._begun = bool(self._rest)
                if not self._begun:
                    continue
            packed, ended = self._rest, not self._rest
            block = self._stream.decompress(packed, most)
            self._rest = self._stream.unconsumed_tail or self._stream.unused_data
            if block:
                return block
            if ended and not self._stream.eof:
                raise EOFError

    def _next_member(self) -> None:
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise BadArchive(
                f"{self._path.name} is made of more than {MOST_MEMBERS:,} gzip streams: pack it anew as one."
            )
        self._stream, self._begun = zlib.decompressobj(GZIP), False
