"""The journal's arithmetic: canonical JSON, the hash that chains entries, and the check of a whole chain.

A stranger recomputes the chain like this. The hash of an entry is the SHA-256, in lower-case hex, of the UTF-8 bytes of

    previous + "\\n" + ledger + "\\n" + seq + "\\n" + kind + "\\n" + date + "\\n" + body

where `previous` is the hash of the entry before it in the same ledger (64 zeros for the first), `seq` counts from 1
in decimal, `date` is ISO, and `body` is the JSON text exactly as it is stored. The body is written with sorted keys,
no blanks, non-ASCII as it is, and numbers of 12 significant digits; a number that is not finite is null. An entry
in any other form is refused, because the same hash could be read in two ways: a line end in a kind or before a body
moves its fields, and of a key that is there twice one reader takes the first and another the last.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from engine.errors import BadRequest, BrokenJournal

GENESIS = "0" * 64
HEAD_DIGITS = 32  # of a hash's 64 hex digits: the 128 bits that stand in every announcement
DIGITS = 12  # significant; beyond them the same sum differs between machines
WORD = re.compile(r"[a-z][a-z-]*")  # a ledger or kind: no line end can slip into what is hashed


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the chain; `body` is the canonical JSON text that was hashed. `id` is 0 outside a database."""

    ledger: str
    seq: int
    kind: str
    date: dt.date
    body: str
    previous: str
    hash: str
    id: int = 0

    @property
    def short(self) -> str:
        return short_head(self.hash)


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry at which a chain does not hold, and why."""

    seq: int
    kind: str
    date: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check's outcome in one sentence: `entries` hold and lead to `head`; `broken` is the first that does not."""

    ok: bool
    entries: int
    head: str | None
    message: str
    broken: Broken | None = None

    def check(self) -> None:
        """Raise BrokenJournal unless all is well."""
        if not self.ok:
            raise BrokenJournal(self.message)


@dataclass(frozen=True, slots=True)
class Link:
    """One stored entry as found, whatever was done to it; undecodable bytes are kept as surrogates."""

    ledger: str
    seq: str
    kind: str
    date: str
    body: str
    previous: str
    hash: str


def rounded(value: object) -> object:
    """The value as plain JSON data: numbers to 12 significant digits, not finite ones None, dates ISO, enums values."""
    match value:
        case Enum():
            return rounded(value.value)
        case bool() | int() | str() | None:
            return value
        case float():
            return float(f"{value:.{DIGITS}g}") + 0.0 if math.isfinite(value) else None  # + 0.0 makes -0.0 plain 0.0
        case dt.date():
            return value.isoformat()
        case Mapping():
            return {str(key): rounded(item) for key, item in value.items()}
        case list() | tuple():
            return [rounded(item) for item in value]
    raise TypeError(f"a journal's body holds no {type(value).__name__}")


def canonical(body: Mapping[str, object]) -> str:
    """Write a body in the one form that is hashed."""
    return _written(rounded(body))


def _written(plain: object) -> str:
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def entry_hash(previous: str, ledger: str, seq: int | str, kind: str, date: str, body: str) -> str:
    """Hash one entry by the formula in this module's first lines."""
    text = "\n".join((previous, ledger, str(seq), kind, date, body))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def is_sound(entry: Entry) -> bool:
    """Say whether an entry's content still is what was hashed."""
    hash_ = entry_hash(entry.previous, entry.ledger, entry.seq, entry.kind, entry.date.isoformat(), entry.body)
    return hash_ == entry.hash


def verify_chain(ledger: str, links: Iterable[Link], whole: bool = False) -> Verdict:
    """Recompute every hash in order; the verdict names the first entry that does not hold.

    `whole`, every body is also read and written again, which takes a hundred times as long: of a file from a stranger.
    """
    head, count = GENESIS, 0
    for link in links:
        reason = _fault(link, head, count + 1) or _form(link, whole)
        if reason:
            bad = Broken(count + 1, _printable(link.kind), _printable(link.date), reason)
            message = f"The {ledger} journal is broken at entry {bad.seq} ({bad.kind}, {bad.date}): {reason}."
            return Verdict(False, count, head if count else None, message, bad)
        head, count = link.hash, count + 1
    if not count:
        return Verdict(True, 0, None, f"The {ledger} journal is empty.")
    return Verdict(True, count, head, f"The {ledger} journal holds: {count} entries, head {short_head(head)}.")


def combined(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict over several chains: the first broken one, or that all of them hold."""
    broken = next((verdict for verdict in verdicts if not verdict.ok), None)
    if broken or len(verdicts) == 1:
        return broken or verdicts[0]
    heads = [verdict.head for verdict in verdicts if verdict.head]
    return Verdict(
        True, sum(v.entries for v in verdicts), heads[-1] if heads else None, " ".join(v.message for v in verdicts)
    )


def head_verdict(entry: Entry | Link | None) -> Verdict:
    """Say which entry a posted head belongs to, or that the journal at hand is not the one it was posted from."""
    if entry is None:
        message = "That head is not in this journal: it was posted from another one, or this one was rewritten since."
        return Verdict(False, 0, None, message)
    message = f"That head is entry {entry.seq} of the {entry.ledger} journal ({entry.kind}, {entry.date})."
    return Verdict(True, int(entry.seq), entry.hash, message)


def loss_verdict(entry: Entry | Link) -> Verdict:
    """Say of a posted head that a restore lost it, which the journal itself states."""
    message = (
        f"That head was posted from entries that were lost when a backup was restored on {entry.date}: "
        f"entry {entry.seq} of the {entry.ledger} journal says so, and lists it."
    )
    return Verdict(False, 0, None, message)


def _fault(link: Link, head: str, seq: int) -> str | None:
    if link.seq != str(seq):
        return f"it is missing, entry {link.seq} stands in its place"
    if link.hash != entry_hash(link.previous, link.ledger, link.seq, link.kind, link.date, link.body):
        return "its content is not what was hashed"
    if link.previous != head:
        return f"it does not follow from entry {seq - 1}"
    return None


def _form(link: Link, whole: bool) -> str | None:
    """Why an entry could be read in two ways, if it could."""
    if not (WORD.fullmatch(link.ledger) and WORD.fullmatch(link.kind) and _is_day(link.date)):
        return "its ledger, kind or date is none"
    sound = "\n" not in link.body and (not whole or _is_canonical(link.body))
    return None if sound else "its body is not in the one form that is hashed"


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_canonical(body: str) -> bool:
    """Whether a body says one thing to every reader: no key twice, no NaN, nothing around or between."""
    try:
        return _written(json.loads(body)) == body
    except (ValueError, RecursionError):
        return False


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def short_head(hash_: str) -> str:
    """The first 128 bits of a hash in groups of four, as announcements show it."""
    return " ".join(hash_[i : i + 4] for i in range(0, HEAD_DIGITS, 4))


def head_digits(text: str) -> str:
    """Read a head as people copy it, grouped or not; BadRequest for what cannot be one."""
    digits = re.sub(r"[\s-]", "", text).lower()
    if not re.fullmatch(rf"[0-9a-f]{{{HEAD_DIGITS},64}}", digits):
        raise BadRequest(f"a head has {HEAD_DIGITS} to 64 hex digits, like the last line of an announcement: {text!r}.")
    return digits
