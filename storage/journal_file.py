"""Writes a journal as JSON lines, and checks such a file without any database."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from engine.errors import BrokenJournal, CannotWrite, StorageError
from storage.chain import Entry, Link, Verdict, combined, head_digits, head_verdict, loss_verdict, verify_chain

LONGEST_LINE = 16 << 20  # bytes of one entry; a week's signals are the longest, some hundred kB


def as_lines(entries: Iterable[Entry]) -> Generator[str]:
    """One JSON line an entry, each body as the very text that was hashed."""
    for entry in entries:
        fields = {name: getattr(entry, name) for name in Link.__slots__} | {"date": entry.date.isoformat()}
        yield json.dumps(fields, ensure_ascii=False) + "\n"


def write_file(path: str | Path, entries: Iterable[Entry]) -> int:
    """Write the lines of a journal; return how many."""
    count = 0
    try:
        with Path(path).open("w", encoding="utf-8", newline="\n") as file:
            for line in as_lines(entries):
                file.write(line)
                count += 1
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written ({error.strerror}): choose another path.") from error
    return count


def verify_file(path: str | Path) -> Verdict:
    """Recompute the chains in an exported file; StorageError where there is none, BrokenJournal for a damaged line."""
    ledgers: dict[str, list[Link]] = {}
    for link in read_file(path):
        ledgers.setdefault(link.ledger, []).append(link)
    if not ledgers:
        raise StorageError(f"{path} holds no journal entry: give a file that `crier export` wrote.")
    return combined([verify_chain(ledger, links, whole=True) for ledger, links in ledgers.items()])


def find_head_in_file(path: str | Path, head: str) -> Verdict:
    """Say which entry of an exported file a posted head is, which restore lost it, or that it is not in there."""
    digits = head_digits(head)
    lost: Link | None = None
    for link in read_file(path):
        if link.hash.startswith(digits):
            return head_verdict(link)
        if link.kind == "restored" and f'"{digits}' in link.body:
            lost = link
    return loss_verdict(lost) if lost else head_verdict(None)


def read_file(path: str | Path) -> Iterator[Link]:
    """Entries of an exported file as they stand, unchecked."""
    try:
        with Path(path).open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), start=1):
                if len(line) > LONGEST_LINE:
                    raise BrokenJournal(
                        f"line {number} of {path} is longer than {LONGEST_LINE:,} bytes: it is no journal entry."
                    )
                yield _link(line, number, path)
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}): check the path.") from error


def _link(line: bytes, number: int, path: str | Path) -> Link:
    try:
        fields = json.loads(line)
        if set(fields) != set(Link.__slots__) or type(fields["seq"]) is not int:
            raise ValueError("fields")
        link = Link(**{**fields, "seq": str(fields["seq"])})
        if not all(isinstance(getattr(link, name), str) for name in Link.__slots__):
            raise ValueError("types")
        "".join((link.ledger, link.kind, link.date, link.body, link.previous)).encode()  # no lone surrogates
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise BrokenJournal(f"line {number} of {path} is not a journal entry: the file was damaged.") from None
    return link
