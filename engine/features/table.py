"""Computes the catalogue at chosen dates and says what is there for whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from engine.features.catalogue import CATALOGUE
from engine.features.feature import FAMILIES, Feature, Inputs
from engine.indicators.bars import EVERY
from engine.panel import Matrix, Panel, Vector

BY_BARS = "technical"  # the family that looks at nothing but a token's own bars
PART = 64  # tokens whose bars are worked on at once: what the indicators share of 300 tokens is 150 MB
ABSURD = 1e9  # no feature has a natural scale near it: a value beyond is a broken input


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features at the chosen rows of a panel, NaN where missing.

    `dates` (rows,) the last day each row saw; `token_values` (rows from `first` on, tokens, token features), token and
    chain scope; `market_values` (rows, market features). Of the rows before `first` only the `lasting` features of
    tokens are kept, (rows, tokens) by name. `dropped` features are there, wholly NaN.
    """

    dates: NDArray[np.datetime64]
    symbols: tuple[str, ...]
    token_names: tuple[str, ...]
    token_values: NDArray[np.float32]
    market_names: tuple[str, ...]
    market_values: NDArray[np.float64]
    dropped: tuple[str, ...]
    first: int = 0
    lasting: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def of_tokens(self, row: int) -> NDArray[np.float32]:
        """What is known of every token at a row, (tokens, token features); IndexError where it was not kept."""
        if row < self.first:
            raise IndexError(f"row {row} lies before row {self.first}, the first whose data points were kept")
        known: NDArray[np.float32] = self.token_values[row - self.first]
        return known

    @property
    def total(self) -> int:
        """Data points in the catalogue that are counted."""
        return int(self._counted[0].sum() + self._counted[1].sum())

    def present(self, row: int, token: int) -> int:
        """Data points known for a token; those of the whole market count for every token."""
        own, common = self._counted
        mine, all_have = self.of_tokens(row)[token][own], self.market_values[row][common]
        return int(np.isfinite(mine).sum() + np.isfinite(all_have).sum())

    def missing_families(self, row: int, token: int) -> tuple[str, ...]:
        """Families that know nothing of this token; one with market-wide entries only, nothing of the market."""
        own, common = np.isfinite(self.of_tokens(row)[token]), np.isfinite(self.market_values[row])
        heard = {family for family, entries in self._token_families.items() if own[entries].any()}
        heard |= {
            family
            for family, entries in self._market_families.items()
            if family not in self._token_families and common[entries].any()
        }
        return tuple(family for family in FAMILIES if family not in heard)

    def family_counts(self, row: int, token: int) -> dict[str, tuple[int, int]]:
        """{family: (data points known, data points there are)} for a token, those of the whole market among them."""
        own, common = np.isfinite(self.of_tokens(row)[token]), np.isfinite(self.market_values[row])
        none = np.empty(0, dtype=np.intp)
        counts: dict[str, tuple[int, int]] = {}
        for family in FAMILIES:
            mine, all_have = self._token_families.get(family, none), self._market_families.get(family, none)
            counts[family] = (int(own[mine].sum() + common[all_have].sum()), len(mine) + len(all_have))
        return counts

    def families_heard(self, rows: Sequence[int], token: int) -> frozenset[str]:
        """Families that knew anything of a token itself in any of the rows."""
        known = np.any([np.isfinite(self.of_tokens(row)[token]) for row in rows], axis=0)
        return frozenset(family for family, entries in self._token_families.items() if family and known[entries].any())

    @cached_property
    def _counted(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which entries of tokens, and of the market, are counted."""
        own, common = (
            np.array([CATALOGUE[name].counted for name in names], dtype=np.bool_)
            for names in (self.token_names, self.market_names)
        )
        return own, common

    @cached_property
    def _token_families(self) -> dict[str, NDArray[np.intp]]:
        return _by_family(self.token_names)

    @cached_property
    def _market_families(self) -> dict[str, NDArray[np.intp]]:
        return _by_family(self.market_names)


def _by_family(names: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    """Positions of each family's counted entries; under an empty name those that are not."""
    families = [CATALOGUE[name].family if CATALOGUE[name].counted else "" for name in names]
    return {f: np.flatnonzero([f == other for other in families]) for f in dict.fromkeys(families)}


def compute_features(
    panel: Panel,
    rows: Sequence[int] | NDArray[np.integer],
    dropped: Collection[str] = (),
    first: int = 0,
    lasting: Collection[str] = (),
) -> FeatureTable:
    """Compute the catalogue on a panel and keep the given rows; features named in `dropped` come out wholly NaN.

    Of the rows before the `first` of them, only the `lasting` features of tokens are kept: a long history is large.
    """
    chosen = np.asarray(rows, dtype=np.intp)
    inputs = Inputs(panel)
    own = [f for f in CATALOGUE.values() if f.scope != "market"]
    common = [f for f in CATALOGUE.values() if f.scope == "market"]
    # Half the precision of what the kernels work in, and half the memory; each feature is written in one piece.
    by_feature = np.full((len(own), len(chosen) - first, len(panel.tokens)), np.nan, dtype=np.float32)
    whole = {name: np.full((len(chosen), len(panel.tokens)), np.nan, dtype=np.float32) for name in lasting}
    market_values = np.full((len(chosen), len(common)), np.nan)
    for family, of_family in groupby(_kept(own, dropped), key=lambda entry: entry[1].family):
        entries = list(of_family)
        for columns in _parts(len(panel.tokens)) if family == BY_BARS else (EVERY,):
            seen = inputs if columns == EVERY else Inputs(panel, columns)
            for j, feature in entries:
                values = evaluate(feature, seen)[chosen]
                by_feature[j][:, columns] = values[first:]
                if feature.name in whole:
                    whole[feature.name][:, columns] = values
        inputs.forget()
    for j, feature in _kept(common, dropped):
        market_values[:, j] = evaluate(feature, inputs)[chosen]
    return FeatureTable(
        dates=panel.dates[chosen],
        symbols=tuple(panel.symbols),
        token_names=tuple(f.name for f in own),
        token_values=np.moveaxis(by_feature, 0, -1),
        market_names=tuple(f.name for f in common),
        market_values=market_values,
        dropped=tuple(sorted(name for name in CATALOGUE if name in dropped)),
        first=first,
        lasting=whole,
    )


def _parts(tokens: int) -> Iterator[slice]:
    """All tokens, a few at a time."""
    return (slice(first, first + PART) for first in range(0, tokens, PART))


def evaluate(feature: Feature, inputs: Inputs) -> Matrix | Vector:
    """One feature over the whole panel: (dates, tokens), or (dates,) for market scope; finite or NaN."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        values = feature.compute(inputs)
        return np.where(np.abs(values) < ABSURD, values, np.nan)


def _kept(features: Iterable[Feature], dropped: Collection[str]) -> Iterable[tuple[int, Feature]]:
    return ((j, feature) for j, feature in enumerate(features) if feature.name not in dropped)
