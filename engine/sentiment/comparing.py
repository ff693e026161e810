"""Reads two figures held against each other: "profit was EUR 1.6 mn, compared to EUR 5.9 mn a year ago"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.sentiment.pieces import Piece

BEFORE, AFTER = 12, 7  # words searched for the figure now and for the figure then

_FIGURE = re.compile(r"(?:[$€£]|eur|usd)?(\d[\d,]*(?:\.\d+)?)(%?)[kmbt]?n?")
_YEAR = re.compile(r"(?:19|20)\d\d")


def compare(pieces: list[Piece], values: list[float]) -> None:
    """Rate "compared to" by which figure is larger and by what is counted, whose own words then say nothing."""
    for place, piece in enumerate(pieces):
        sense = piece.roles.get("compare")
        if sense is None:
            continue
        now = range(max(0, place - BEFORE), place)
        then = range(place + 1, min(len(pieces), place + 1 + AFTER))
        if any(_moves(pieces[where]) and values[where] for where in now):
            continue  # a verb has said it already
        worth = _worth(pieces, now), _worth(pieces, then)
        figures = _figure(pieces, reversed(now)), _figure(pieces, then)
        if figures[0] is None or figures[1] is None or figures[0][1] != figures[1][1]:
            continue
        signed = worth[0] * figures[0][0], (worth[1] or worth[0]) * figures[1][0]
        values[place] = sense.weight * ((signed[0] > signed[1]) - (signed[0] < signed[1]))
        for where in (*now, *then):
            if "subject" in pieces[where].roles:
                values[where] = 0.0


def _moves(piece: Piece) -> bool:
    return "direction" in piece.roles or "extreme" in piece.roles


def _worth(pieces: list[Piece], places: range) -> float:
    """1 where what is counted there is good to have more of, -1 where bad, 0 where nothing is named."""
    named = (pieces[where].roles.get("subject") for where in places)
    return next((sense.weight for sense in named if sense), 0.0)


def _figure(pieces: list[Piece], places: Iterable[int]) -> tuple[float, str] | None:
    """The first figure met, and % where it is a share; a year is no figure."""
    for where in places:
        word = pieces[where].term[0]
        match = _FIGURE.fullmatch(word)
        if match and not _YEAR.fullmatch(word):
            share = "%" if match[2] or (where + 1 < len(pieces) and pieces[where + 1].term[0] == "%") else ""
            return float(match[1].replace(",", "")), share
    return None
