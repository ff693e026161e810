"""Cuts a text into pieces: words without their punctuation, and phrases of the lexicon as one."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from engine.sentiment.lexicon import NO_ROLES, Lexicon, Roles, Term

MOST_WORDS = 200  # read of one text: VADER's own rules take time by the square of the words

_EDGES = "".join(c for c in string.punctuation if c not in "$%+-")
_ENDS, _DASHES = frozenset(",;:.!?)"), frozenset("-|(")


class Piece(NamedTuple):
    """One word or phrase: as looked up, as printed, whether a clause ends with it, and what it does."""

    term: Term
    raw: str
    ends: bool
    roles: Roles


def cut(text: str, lexicon: Lexicon, base: Mapping[str, float]) -> list[Piece]:
    """Cut a clean text; a compound stays whole only where a lexicon (`base` is VADER's) knows it."""
    words = list(_words(text, lexicon, base))
    plain = [word for word, _, _ in words]
    pieces: list[Piece] = []
    place = 0
    while place < len(words):
        phrase = lexicon.phrase_at(plain, place)
        size = len(phrase) if phrase else 1
        _, raw, ends = words[place]
        if phrase and any(broken for _, _, broken in words[place : place + size - 1]):
            phrase, size = None, 1
        elif phrase:
            raw, ends = " ".join(printed for _, printed, _ in words[place : place + size]), words[place + size - 1][2]
        term = phrase or (plain[place],)
        pieces.append(Piece(term, raw, ends, lexicon.terms.get(term, NO_ROLES)))
        place += size
    return pieces


def _words(text: str, lexicon: Lexicon, base: Mapping[str, float]) -> Iterator[tuple[str, str, bool]]:
    """Each word as looked up, as printed, and whether a clause ends with it."""
    for raw in text.split()[:MOST_WORDS]:
        core = raw.strip(_EDGES).lower().removesuffix("'s")
        ends = raw[-1] in _ENDS or raw in _DASHES
        if not core or not any(c.isalnum() for c in core):
            yield raw, raw, ends  # an emoticon, a dash, a percent sign
        elif "-" not in core[1:-1] or core in base or (core,) in lexicon.terms:
            yield core, raw, ends
        else:
            parts = [part for part in raw.split("-") if part]
            for number, part in enumerate(parts, 1):
                yield part.strip(_EDGES).lower(), part, ends and number == len(parts)
