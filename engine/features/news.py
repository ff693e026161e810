"""Counts and scores of a panel's news and posts by day, and of those that mention a token."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from functools import partial

import numpy as np

from engine.features.counting import MARKET, Room, Turnstile, distinct, room
from engine.model import Headline
from engine.panel import Matrix, Panel
from engine.sentiment import Names, score

ROOMS: tuple[Room, ...] = ("news", "posts", "central bank", "economy")
QUIET_DAYS = 30  # so long without any text means that nobody was collecting them; and without a candle, no trade


@dataclass(frozen=True, eq=False)
class Coverage:
    """News, or posts, by the day on which they became known; NaN where none were being collected.

    `count`, `score` and `square` (dates, 1): how many texts, the sum of their scores and of the scores' squares;
    `mentions`, `mention_score` and `mention_square` (dates, tokens): the same for those that speak of a token.
    """

    count: Matrix
    score: Matrix
    square: Matrix
    mentions: Matrix
    mention_score: Matrix
    mention_square: Matrix

    @classmethod
    def empty(cls, dates: int, tokens: int) -> Coverage:
        """All zero."""
        return cls(*(np.zeros((dates, width)) for width in (1, 1, 1, tokens, tokens, tokens)))

    def add(self, row: int, value: float) -> None:
        """Count a text of that day."""
        for sheet, amount in ((self.count, 1.0), (self.score, value), (self.square, value * value)):
            sheet[row] += amount

    def add_mention(self, row: int, column: int, value: float) -> None:
        """Count a mention of that day."""
        for sheet, amount in (
            (self.mentions, 1.0), (self.mention_score, value), (self.mention_square, value * value)
        ):  # fmt: skip
            sheet[row, column] += amount

    def where_collected(self) -> Coverage:
        """The same with NaN on days around which nothing was collected."""
        silent = ~_collected(self.count[:, 0])[:, None]
        return Coverage(*(np.where(silent, np.nan, getattr(self, field.name)) for field in fields(self)))


@dataclass(frozen=True, eq=False)
class Texts:
    """What was written: by newsrooms, by people on social platforms, by central banks, of the economy; never mixed."""

    news: Coverage
    social: Coverage
    banks: Coverage
    economy: Coverage


def read_texts(panel: Panel) -> Texts:
    """Score every distinct text once and file it under the day it became known."""
    found = {name: Coverage.empty(*panel.close.shape) for name in ROOMS}
    names, turnstile = Names.of(panel.tokens), Turnstile()
    for headline in distinct(panel.headlines):
        row = int((np.datetime64(headline.known, "D") - panel.dates[0]).astype(int))
        if not 0 <= row < len(panel.dates):
            continue
        coverage, value = found[room(headline)], score(headline.title)
        if not headline.social or turnstile.admits(headline, MARKET):
            coverage.add(row, value)
        trades = partial(_trades, panel, row)
        for symbol in filter(trades, sorted(names.find(headline.title, _written(headline), trades))):
            column = panel.column(symbol)
            if column is not None and turnstile.admits(headline, symbol):
                coverage.add_mention(row, column, value)
    return Texts(*(found[name].where_collected() for name in ROOMS))


def _written(headline: Headline) -> dt.date:
    return dt.date.fromisoformat(headline.published_at[:10])


def _trades(panel: Panel, row: int, symbol: str) -> bool:
    """True for a token with a candle on that row or shortly before.

    Only such tokens are spoken of: one that is yet to be listed would be unknown to whoever read the text that day.
    """
    column = panel.column(symbol)
    return column is not None and bool(panel.observed[max(0, row - QUIET_DAYS) : row + 1, column].any())


def _collected(count: Matrix) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """True on days with a text within the last QUIET_DAYS days."""
    rows = np.arange(len(count))
    last = np.maximum.accumulate(np.where(count > 0, rows, -QUIET_DAYS - 1))
    collected: np.ndarray[tuple[int], np.dtype[np.bool_]] = rows - last <= QUIET_DAYS
    return collected
