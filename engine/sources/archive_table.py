"""Reads one csv file of an archive: bad rows are refused one by one and counted, a bad file is one clear error."""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import BufferedReader, TextIOWrapper
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from engine.errors import BadArchive
from engine.sources.unpacking import Unpacked, opened

Progress = Callable[[str, int, int], None]  # file name, bytes read of it, its size
T = TypeVar("T")

FIRST_DAY = "2009-01-01"  # Bitcoin's first block is two days younger: nothing earlier belongs to this market
LAST_DAY = "2100-01-01"
EXAMPLES = 20  # refused rows kept word for word, for each file and reason
EXCERPT = 160  # characters of a refused row that are kept
PROGRESS_LINES = 4096
MOST_LINES = 5_000_000  # of one file; the largest of 2019 to 2023 has 562,327
LONGEST_LINE = 8192  # characters; the longest of 2019 to 2023 has 404
MOST_UNUSED = 1000  # names of unused things that are counted one by one

_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Refused(Exception):
    """A row that cannot be right; the message is the reason, worded so that equal faults count together."""


class Unused(Exception):
    """A row that is right and that nobody reads; the message says what it is."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused row: where it stands, why, and how it begins."""

    file: str
    line: int
    reason: str
    row_excerpt: str


@dataclass(slots=True)
class RowLog:
    """What became of the rows of one file at its last full reading."""

    file: str
    examples: int = EXAMPLES
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    unused: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)

    def leave(self, what: str) -> None:
        """Count a row that nobody reads."""
        what = what[:EXCERPT]
        self.unused[what if what in self.unused or len(self.unused) < MOST_UNUSED else "others"] += 1

    def refuse(self, line: int, reason: str, row: str) -> None:
        """Count a refused row, and keep the first few of each reason."""
        self.refused[reason] += 1
        if self.refused[reason] <= self.examples:
            self.refusals.append(Refusal(self.file, line, reason, row.rstrip("\r\n")[:EXCERPT]))


def read_rows(
    path: Path,
    columns: Sequence[str],
    parse: Callable[[Sequence[str]], T],
    log: RowLog,
    progress: Progress | None,
    optional: Sequence[str] = (),
) -> Iterator[T]:
    """Yield `parse(fields)` of every good row, fields in the order of `columns` and then `optional`, of which an absent
    one is empty; the others go to `log`.

    A row is a line: an unbalanced quote then costs that row and not all that follow it. Raises BadArchive where the
    file is unreadable, a link, cut off, not gzip though named so, beyond the bounds of size, or lacks a column.
    """
    lines = _lines(path, progress)
    header = next(lines, "").rstrip("\r\n").split(",")
    missing = [name for name in columns if name not in header]
    if missing:
        raise BadArchive(f"{path.name} has no column {', '.join(missing)}: it is not a file of a market archive.")
    absent = len(header)
    pick = itemgetter(*(header.index(name) if name in header else absent for name in (*columns, *optional)))
    for number, line in enumerate(lines, start=2):
        try:
            if len(line) > LONGEST_LINE:
                raise Refused(f"longer than {LONGEST_LINE:,} characters")
            fields = _split(line)
            if len(fields) != len(header):
                if fields in ([], [""]):
                    continue
                raise Refused("too few columns" if len(fields) < len(header) else "too many columns")
            row = parse(pick([*fields, ""]))
        except Refused as refused:
            log.refuse(number, str(refused), line)
        except Unused as unused:
            log.leave(str(unused))
        else:
            log.accepted += 1
            yield row


def _split(line: str) -> list[str]:
    if '"' not in line:
        return line.rstrip("\r\n").split(",")
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        raise Refused("unbalanced quotes") from None


def _lines(path: Path, progress: Progress | None) -> Iterator[str]:
    """Lines of a csv file, unpacked where its name ends in .gz; bytes that are not UTF-8 become U+FFFD.

    Of a line that is too long only its beginning is told, one character more than the longest.
    """
    try:
        size = path.stat().st_size
        with (
            opened(path) as raw,
            TextIOWrapper(BufferedReader(Unpacked(path, raw)), encoding="utf-8-sig", errors="replace") as text,
        ):
            for number, line in enumerate(_cut(text)):
                if number > MOST_LINES:
                    raise BadArchive(f"{path.name} has more than {MOST_LINES:,} lines: split the archive by years.")
                if progress and number % PROGRESS_LINES == 0:
                    progress(path.name, raw.tell(), size)
                yield line
            if progress:
                progress(path.name, size, size)
    except (EOFError, zlib.error):
        raise BadArchive(f"{path.name} is cut off or not gzip: copy the archive again.") from None
    except OSError as error:
        raise BadArchive(f"{path.name} cannot be read ({error.strerror}): check the archive folder.") from None


def _cut(text: TextIOWrapper) -> Iterator[str]:
    """Lines of a text, the too long ones cut short: nothing longer is ever held in memory."""
    most = LONGEST_LINE + 1
    while line := text.readline(most):
        yield line
        while len(line) == most and not line.endswith("\n"):
            line = text.readline(most)


@lru_cache(maxsize=1 << 15)
def day(text: str, name: str = "date", last: str = LAST_DAY) -> str:
    """Check an ISO day between `FIRST_DAY` and `last` (inclusive)."""
    try:
        if not _ISO_DAY.fullmatch(text):
            raise ValueError(text)
        dt.date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{name} is not a date") from None
    if not FIRST_DAY <= text <= last:
        raise Refused(f"{name} is absurd")
    return text


@lru_cache(maxsize=1 << 15)
def days_after(date: str, days: int) -> str:
    """ISO day `days` after an ISO day."""
    return (dt.date.fromisoformat(date) + dt.timedelta(days=days)).isoformat()


def number(text: str, name: str) -> float:
    """Read a finite number; Python's `1_000` is not one."""
    try:
        value = float(text)
    except ValueError:
        raise Refused(f"{name} is not a number") from None
    if not text.isascii():
        raise Refused(f"{name} is not a number")
    if not math.isfinite(value) or "_" in text:
        raise Refused(f"{name} is not a finite number")
    return value


def positive(text: str, name: str) -> float:
    """Read a finite number above zero."""
    value = number(text, name)
    if value <= 0:
        raise Refused(f"{name} is zero or negative")
    return value


def not_negative(text: str, name: str) -> float:
    """Read a finite number of zero or more."""
    value = number(text, name)
    if value < 0:
        raise Refused(f"{name} is negative")
    return value


def readable(text: str, name: str, limit: int = 1000) -> str:
    """Check a text: decoded without loss, no control characters, at most `limit` long; blanks are made single."""
    text = " ".join(text.split())
    if "\ufffd" in text or any(c < " " or c == "\x7f" for c in text):
        raise Refused(f"{name} is not readable text")
    if len(text) > limit:
        raise Refused(f"{name} is too long")
    return text
