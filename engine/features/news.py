"""Counts and scores of a panel's headlines by day, and of those that mention a token."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.panel import Matrix, Panel
from engine.sentiment import Names, score

QUIET_DAYS = 30  # so long without any headline means that nobody was collecting them


@dataclass(frozen=True, eq=False)
class DailyNews:
    """By the day on which headlines became known; NaN where none were being collected.

    `count` and `score` (dates, 1): how many, and the sum of their scores; `mentions` and `mention_score`
    (dates, tokens): the same for those that speak of a token.
    """

    count: Matrix
    score: Matrix
    mentions: Matrix
    mention_score: Matrix


def read_news(panel: Panel) -> DailyNews:
    """Score every distinct headline once and file it under the day it became known."""
    rows, columns = panel.close.shape
    count, total = np.zeros((rows, 1)), np.zeros((rows, 1))
    mentions, mention_score = np.zeros((rows, columns)), np.zeros((rows, columns))
    names = Names.of(panel.tokens)
    for known, title in sorted({(headline.known, headline.title) for headline in panel.headlines}):
        row = int((np.datetime64(known, "D") - panel.dates[0]).astype(int))
        if not 0 <= row < rows:
            continue
        value = score(title)
        count[row] += 1
        total[row] += value
        for symbol in names.find(title):
            column = panel.column(symbol)
            if column is not None:
                mentions[row, column] += 1
                mention_score[row, column] += value
    silent = ~_collected(count[:, 0])[:, None]
    return DailyNews(*(np.where(silent, np.nan, x) for x in (count, total, mentions, mention_score)))


def _collected(count: Matrix) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """True on days with a headline within the last QUIET_DAYS days."""
    rows = np.arange(len(count))
    last = np.maximum.accumulate(np.where(count > 0, rows, -QUIET_DAYS - 1))
    collected: np.ndarray[tuple[int], np.dtype[np.bool_]] = rows - last <= QUIET_DAYS
    return collected
