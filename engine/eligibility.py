"""Who may be in an index at an instant: one table of bars, walked to let tokens in and to say why one is out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from engine.facts import Facts, facts_of
from engine.lookalikes import larger_twins
from engine.panel import Flags, Panel, Vector
from engine.themes import Theme

STAY = 0.8  # who is held stays at 80 % of a bar (S&P)
JOIN_CAP = 10_000_000.0  # USD (S&P's bar)
JOIN_VOLUME = 1_000_000.0  # USD a day over the whole market, from the last snapshot (MarketVector's bar)

NOBODY: frozenset[str] = frozenset()
NO_EXCLUSIONS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Eligible:
    """Columns of the panel that may be held, by falling capitalisation (USD)."""

    columns: NDArray[np.intp]
    market_cap: Vector

    def __len__(self) -> int:
        return len(self.columns)


@dataclass(frozen=True, eq=False)
class Look:
    """One question to the bars; `slack` (tokens,) is 1 for who would join and STAY for who is held."""

    entry: Theme
    facts: Facts
    slack: Vector
    excluded: Mapping[str, str]
    calmer: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One rule of eligibility: its number in the methodology, who passes it, and what a member reads of who fails.

    `passes(look, standing)` sees who passed all bars before it; the sentence may name {candidates}, {reason}, {twin}.
    """

    name: str
    rule: str
    passes: Callable[[Look, Flags], Flags]
    sentence: str


def eligible(
    entry: Theme,
    panel: Panel,
    incumbents: frozenset[str] = NOBODY,
    excluded: Mapping[str, str] = NO_EXCLUSIONS,
    calmer: float = 1.0,
) -> Eligible:
    """Who may be in the index at `panel.as_of`; `incumbents` are held and stay at 80 % of every bar with a size.

    `excluded` are an admin's exclusions with their reasons. `calmer` is the share, by rising volatility, of the
    candidates that are admitted: it is taken after the cut to the largest, so that what a calm mode may hold is always
    among what the others may, and Large caps stays large.
    """
    facts = facts_of(panel)
    look = Look(entry, facts, _slack(panel, incumbents), excluded, calmer)
    columns = facts.by_size(_failures(look) == len(BARS))
    return Eligible(columns, facts.cap[columns])


def why_not_eligible(
    entry: Theme,
    panel: Panel,
    symbol: str,
    excluded: Mapping[str, str] = NO_EXCLUSIONS,
    calmer: float = 1.0,
    incumbents: frozenset[str] = NOBODY,
) -> str:
    """The first bar that a holding fails, in plain words; `incumbents` are those held beside it."""
    column = panel.column(symbol)
    if column is None:
        return "nothing is known of it"
    look = Look(entry, facts_of(panel), _slack(panel, incumbents | {symbol}), excluded, calmer)
    failures = _failures(look)
    if failures[column] == len(BARS):
        return "others stand before it"
    bar = BARS[int(failures[column])]
    return bar.sentence.format(
        candidates=entry.candidates,
        reason=excluded.get(symbol, ""),
        twin=_twin(look, failures >= failures[column], column),
    )


def passive_members(entry: Theme, panel: Panel) -> Eligible:
    """The passive twin's members: the largest of the theme that trade, whatever their age."""
    facts = facts_of(panel)
    with np.errstate(invalid="ignore"):
        allowed = facts.coin & facts.members(entry.members) & (facts.volume >= JOIN_VOLUME) & (facts.cap > 0)
    columns = facts.by_size(allowed)[: entry.benchmark_size]
    return Eligible(columns, facts.cap[columns])


def _failures(look: Look) -> NDArray[np.intp]:
    """For each token the position of the first bar it fails, len(BARS) for who passes all."""
    failed = np.full(len(look.facts.tokens), len(BARS), dtype=np.intp)
    standing: Flags = np.ones(len(failed), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        for position, bar in enumerate(BARS):
            passing = standing & bar.passes(look, standing)
            failed[standing & ~passing] = position
            standing = passing
    return failed


def _slack(panel: Panel, incumbents: frozenset[str]) -> Vector:
    slack = np.ones(len(panel.tokens))
    held = [column for symbol in incumbents if (column := panel.column(symbol)) is not None]
    slack[held] = STAY
    return slack


def _not_excluded(look: Look, standing: Flags) -> Flags:
    if not look.excluded:
        return standing
    return np.array([token.symbol not in look.excluded for token in look.facts.tokens])


def _without_twins(look: Look, standing: Flags) -> Flags:
    """Drop the smaller of every two that move alike."""
    kept = standing.copy()
    kept[list(larger_twins(look.facts.pairs, look.facts.by_size(standing)))] = False
    return kept


def _twin(look: Look, standing: Flags, column: int) -> str:
    """Symbol of the larger token that `column` moves like, empty where there is none."""
    larger = larger_twins(look.facts.pairs, look.facts.by_size(standing)).get(column)
    return "" if larger is None else look.facts.tokens[larger].symbol


def _largest(look: Look, standing: Flags) -> Flags:
    return _within(look.facts.by_size(standing), look.entry.candidates, look.slack)


def _calmest(look: Look, standing: Flags) -> Flags:
    """The calmer share of who is left, rounded up; ties by symbol."""
    columns = np.flatnonzero(standing)
    order = columns[np.lexsort((look.facts.symbols[columns], look.facts.volatility[columns]))]
    return _within(order, ceil(look.calmer * len(order)), look.slack)


def _within(order: NDArray[np.intp], places: int, slack: Vector) -> Flags:
    """The first `places` in an order; who is held stays as far as places / STAY, and pushes nobody out."""
    inside: Flags = np.zeros(len(slack), dtype=np.bool_)
    inside[order] = np.arange(len(order)) * slack[order] < places
    return inside


BARS: tuple[Bar, ...] = (
    Bar("kind", "2.1", lambda look, _: look.facts.coin, "it is a stablecoin or a copy of another token"),
    Bar("theme", "2.2", lambda look, _: look.facts.members(look.entry.members), "it left the theme"),
    Bar("exclusion", "2.3", _not_excluded, "an admin keeps it out: {reason}"),
    Bar("age", "2.4", lambda look, _: look.facts.old, "it is younger than 90 days"),
    Bar("coverage", "2.5", lambda look, _: look.facts.covered, "its prices have holes"),
    Bar("freshness", "2.6", lambda look, _: np.isfinite(look.facts.price), "its last price is too old"),
    Bar("price", "2.7", lambda look, _: look.facts.sane, "its price moved tenfold in a day and is not trusted yet"),
    Bar("ranking", "2.8", lambda look, _: look.facts.ranked, "it fell out of the top 200"),
    Bar("capitalisation", "2.9", lambda look, _: look.facts.cap >= JOIN_CAP * look.slack, "it has become too small"),
    Bar(
        "liquidity", "2.10", lambda look, _: look.facts.volume >= JOIN_VOLUME * look.slack, "too little of it is traded"
    ),
    Bar("twins", "2.11", _without_twins, "it moves just like {twin}, which is larger"),
    Bar("largest", "2.12", _largest, "it is no longer among the {candidates} largest"),
    Bar("calmest", "2.13", _calmest, "it is too wild for this mode"),
)
