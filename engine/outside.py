"""Places outside series in the rows of a panel: each value on the day it became known, carried while it is fresh."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.measures import KINDS
from engine.model import Measure, Token
from engine.scattered import Floats, scatter

# A value as numbers, 32 bytes: as a tuple of texts a hundred thousand of them are 30 MB that are never given back.
_MEASURE = [("line", "i4"), ("known", "i4"), ("date", "i4"), ("source", "i4"), ("value", "f8")]


def place(
    measures: Iterable[Measure], dates: NDArray[np.datetime64], order: Sequence[Token]
) -> tuple[Mapping[str, Floats], dict[str, Floats]]:
    """Place each value in the row of the day it became known and carry it while fresh.

    Returns those of tokens and chains, (dates, tokens) by name, and those of the whole market, (dates,) by name.
    Several sources of one value: the first in alphabetical order stands, day by day. A value that is restated later
    replaces the earlier one from the day the restatement became known.
    """
    column = {token.symbol: i for i, token in enumerate(order)}
    rows, names = _coded(measures)
    tokens: dict[str, dict[int, Floats]] = {}
    market: dict[str, Floats] = {}
    ends = np.flatnonzero(np.diff(rows["line"], append=-1)) + 1
    starts = [0, *ends[:-1]] if len(ends) else []
    for first, end in zip(starts, ends, strict=True):
        metric, subject = names[rows["line"][first]]
        kind = KINDS[metric]
        line = _carry(rows[first:end], dates, kind.fresh)
        if kind.scope == "market":
            market[metric] = line
        elif subject in column:
            tokens.setdefault(metric, {})[column[subject]] = line
    for values in market.values():
        values.setflags(write=False)
    return scatter(tokens, len(dates), len(order)), market


def _coded(measures: Iterable[Measure]) -> tuple[NDArray[np.void], list[tuple[str, str]]]:
    """Measures as numbers, and the (metric, subject) of each line; line by line, then as they became known.

    Of one day's sources the first in alphabetical order comes last, so that it stands. Days are counted from year 1.
    """
    lines: dict[tuple[str, str], int] = {}
    sources: dict[str, int] = {}
    rows = np.fromiter(
        (
            (
                lines.setdefault((m.metric, m.subject), len(lines)),
                _ordinal(m.known),
                _ordinal(m.date),
                sources.setdefault(m.source, len(sources)),
                m.value,
            )
            for m in measures
        ),
        dtype=np.dtype(_MEASURE),
    )
    rank_of_line, rank_of_source = _order(lines), _order(sources)
    if len(rows):
        rows["line"], rows["source"] = rank_of_line[rows["line"]], -rank_of_source[rows["source"]]
    return rows[np.lexsort((rows["source"], rows["date"], rows["known"], rows["line"]))], sorted(lines)


def _order(names: Mapping[Any, int]) -> NDArray[np.intp]:
    """The place of each code's name in the order of names."""
    places = np.empty(len(names), dtype=np.intp)
    for place, name in enumerate(sorted(names)):
        places[names[name]] = place
    return places


@lru_cache(maxsize=8192)
def _ordinal(day: str) -> int:
    return dt.date.fromisoformat(day).toordinal()


def _carry(rows: NDArray[np.void], dates: NDArray[np.datetime64], fresh: int) -> Floats:
    """One series as known at each row: the newest reference date's value, for `fresh` days after it became known."""
    newest = rows["date"] == np.maximum.accumulate(rows["date"])  # a late restatement of an older day says nothing
    at = np.maximum(rows["known"][newest] - dates[0].item().toordinal(), 0)
    stands = np.full(len(dates), -1, dtype=np.intp)
    stands[at] = np.arange(len(at))  # of several on one row the last one stands
    last = np.maximum.accumulate(stands)
    age = np.arange(len(dates)) - at[last]
    return np.where((last >= 0) & (age <= fresh), rows["value"][newest][last], np.nan)
