"""Gives every word of a text its valence in finance: what moves, which way, and what takes it back.

A reading is a list of pieces (words, or phrases as one) with a list of valences beside it. Each step looks a few words
to either side and never across the end of a clause, so the work grows with the length of the text and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from engine.sentiment.comparing import compare
from engine.sentiment.lexicon import Lexicon, Role, Roles, Sense
from engine.sentiment.pieces import Piece, cut

PLAIN_MOVE, LARGE_MOVE = 0.6, 20.0  # a move of 0 % counts 0.6 times, of 8 % once, of 20 % and more 1.6 times
QUESTION = 0.6  # a headline that asks says less than one that tells
LEFT, RIGHT, BESIDE = 5, 5, 2  # words searched for what moves: before, after, and after at once
REACH = 5  # words searched for what is undone, spoilt or punished

_NUMBER = re.compile(r"[+-]?(?:[$€£]|eur|usd)?\d[\d.,]*(?:%|[kmbt]n?|x)?|million|billion|trillion")
_PERCENT = re.compile(r"[+-]?(\d[\d.,]*)%")
_PERIOD = re.compile(r"(?:day|week|month|year|decade|quarter)s?|new|fresh|multiyear|yearly|monthly|weekly|daily|annual")
# What follows these is where or why something moves, not what.
_ASIDE = frozenset(re.findall(r"\w+", "on over with by from at against into for to under above below via per in of"))
_NOT_OF = _ASIDE - {"in", "of"}  # "a drop in liquidations": what moves may follow


class Reading(NamedTuple):
    """Pieces, their valences, and the base they had in VADER's own lexicon (None where it does not know them)."""

    pieces: list[Piece]
    values: list[float]
    bases: list[float | None]


def read(text: str, lexicon: Lexicon, base: Mapping[str, float]) -> Reading:
    """Read a clean text; `base` is VADER's own lexicon."""
    pieces = cut(text, lexicon, base)
    bases = [base.get(piece.term[0]) if len(piece.term) == 1 else None for piece in pieces]
    values = [_own(piece.roles, plain) for piece, plain in zip(pieces, bases, strict=True)]
    _move(pieces, values)
    compare(pieces, values)
    _turn(pieces, values, "undo", lambda value: value < 0)
    _punish(pieces, values)
    _turn(pieces, values, "spoil", lambda value: value > 0)
    _hedge(pieces, values)
    if text.endswith("?"):
        values = [value * QUESTION for value in values]
    return Reading(pieces, values, bases)


def _own(roles: Roles, base: float | None) -> float:
    sense = roles.get("valence") or roles.get("justice") or roles.get("criminal")
    return sense.weight if sense else base or 0.0


def _move(pieces: list[Piece], values: list[float]) -> None:
    """Rate what rises and falls by what it is: a loss that narrows is good. The thing itself then says nothing."""
    before = 1.0
    for place, piece in enumerate(pieces):
        sense = _direction(pieces, place)
        if sense is None:
            continue
        what = _subject(pieces, place)
        if sense.needs == "subject" and (what is None or what < place):
            continue
        if what is not None:
            before = pieces[what].roles["subject"].weight
            _mute(pieces, values, what)
        elif "extreme" not in piece.roles:
            before = 1.0  # only high and low go with what moved before them
        values[place] = sense.weight * before * _size(pieces, place)


def _mute(pieces: list[Piece], values: list[float], what: int) -> None:
    """Silence what moves, all words of it: "recession fears"."""
    while what >= 0 and "subject" in pieces[what].roles:
        values[what] = 0.0
        what -= 1


def _direction(pieces: list[Piece], place: int) -> Sense | None:
    """Which way a piece says that something goes: a verb, a signed percentage, or high and low after a period."""
    term = pieces[place].term
    if _PERCENT.fullmatch(term[0]) and term[0][0] in "+-":
        return Sense(1.5 if term[0][0] == "+" else -1.5)
    roles = pieces[place].roles
    sense = roles.get("extreme") or roles.get("direction")
    if sense is None:
        return None
    if sense.needs == "period" and not (place and _PERIOD.fullmatch(pieces[place - 1].term[-1])):
        return None
    if sense.needs == "number" and not _counted(pieces, place):
        return None
    return sense


def _subject(pieces: list[Piece], place: int) -> int | None:
    """Find what moves: just behind ("cuts costs"), before ("costs fall"), or further behind ("fall in costs")."""

    def named(where: int) -> bool:
        return "subject" in pieces[where].roles

    behind = next((where for where in _after(pieces, place, RIGHT, _NOT_OF) if named(where)), None)
    beside = behind is not None and behind <= place + BESIDE
    while behind is not None and not pieces[behind].ends and behind + 1 < len(pieces) and named(behind + 1):
        behind += 1  # of a compound the last word counts: "production costs"
    if beside:
        return behind
    found, inside = None, False
    for where in _before(pieces, place, LEFT):
        if named(where):
            found = found if inside else where  # again the last word of a compound: "Ethereum gas fees"
            inside = True
        elif inside and pieces[where].term[0] not in _ASIDE:
            break  # the nearest is what moves, unless it hangs on something: "fees on Ethereum fall"
        else:
            inside = False
    return behind if found is None else found


def _counted(pieces: list[Piece], place: int) -> bool:
    """True with a number close behind ("up 9 %", "down from EUR 4 mn"), not for "up to 9 %" or "hits 5-year low"."""
    following = [piece.term[0] for piece in pieces[place + 1 : place + 6]]
    return following[:1] != ["to"] and any(
        _NUMBER.fullmatch(word) and not _PERIOD.fullmatch(after) for word, after in pairwise([*following, ""][:5])
    )


def _size(pieces: list[Piece], place: int) -> float:
    """How much a move counts by its percentage, if one stands beside it."""
    for where in (place, *range(place + 1, place + 5), place - 1, place - 2):
        if not 0 <= where < len(pieces):
            continue
        percent = _percentage(pieces, where)
        if percent is not None:
            return PLAIN_MOVE + min(percent, LARGE_MOVE) / LARGE_MOVE
    return 1.0


def _percentage(pieces: list[Piece], place: int) -> float | None:
    word = pieces[place].term[0]
    if place + 1 < len(pieces) and pieces[place + 1].term[0] in ("%", "percent", "pct"):
        word += "%"
    match = _PERCENT.fullmatch(word)
    try:
        return float(match.group(1).replace(",", "")) if match else None
    except ValueError:
        return None


def _turn(pieces: list[Piece], values: list[float], role: Role, turns: Callable[[float], bool]) -> None:
    """Turn the nearest valence that a word takes back: what follows it first, then what stands before."""
    for place, piece in enumerate(pieces):
        sense = piece.roles.get(role)
        if sense is None:
            continue
        for where in _around(pieces, place):
            if turns(values[where]):
                values[where] *= -sense.weight
                if turns(values[place]):
                    values[place] = 0.0
                break


def _punish(pieces: list[Piece], values: list[float]) -> None:
    """A hacker arrested is good news."""
    for place, piece in enumerate(pieces):
        if "justice" not in piece.roles:
            continue
        for where in _around(pieces, place):
            if "criminal" in pieces[where].roles:
                values[place], values[where] = abs(values[place]), 0.0
                break


def _hedge(pieces: list[Piece], values: list[float]) -> None:
    """Count for less what may be so: all that follows in the clause, once."""
    hedged: set[int] = set()
    for place, piece in enumerate(pieces):
        sense = piece.roles.get("hedge")
        if sense is None:
            continue
        for where in _after(pieces, place, len(pieces)):
            if where not in hedged:
                values[where] *= sense.weight
                hedged.add(where)


def _around(pieces: list[Piece], place: int) -> Iterable[int]:
    yield from _after(pieces, place, REACH)
    yield from _before(pieces, place, REACH)


def _after(pieces: list[Piece], place: int, reach: int, barred: frozenset[str] = frozenset()) -> Iterator[int]:
    """Places behind one in its clause, the nearest first, up to a barred word."""
    for where in range(place + 1, min(place + 1 + reach, len(pieces))):
        term = pieces[where].term
        if pieces[where - 1].ends or term[0] in barred or "stop" in pieces[where].roles:
            return
        yield where


def _before(pieces: list[Piece], place: int, reach: int) -> Iterator[int]:
    """Places before one in its clause, the nearest first."""
    for where in range(place - 1, max(place - 1 - reach, -1), -1):
        if pieces[where].ends or "stop" in pieces[where].roles:
            return
        yield where
