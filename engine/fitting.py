"""Fits every head of one refit from what was complete before it; pure, so that refits can run side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features import CATALOGUE, FAMILIES
from engine.models.familiar import MOST_ROWS, Familiar, fit_familiar
from engine.models.inputs import InputsHead
from engine.models.market import fit_market
from engine.models.movement import fit_movement, movement_inputs
from engine.models.one_core import one_core
from engine.models.relative import MEMBERS, MIN_WEEKS, RelativeHead, fit_relative
from engine.ranks import within_week_ranks
from engine.study import EMBARGO, HORIZONS, MONTH, VOLATILITIES, WEEK, Study, complete_rows

WINDOW_WEEKS = 156  # up to three years; crypto before that was another market
MIN_TOKENS = 10  # fewer peers make no week
STRIDE = {WEEK: 1, MONTH: 2}  # every second week of the month's, whose outcomes overlap by three weeks in four
MARKET_INPUTS = (
    "market_return_28d",
    "btc_trend_100d",
    "market_breadth",
    "fear_greed_level",
    "stablecoin_growth_28d",
    "vix_z",
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which classifiers are asked and which families they see: all of them, but for an ablation. None: rules alone."""

    members: tuple[str, ...] = tuple(MEMBERS)
    families: tuple[str, ...] = FAMILIES


@dataclass(frozen=True, eq=False)
class Material:
    """What the heads are fitted on, by study row: the data points' `values` (weeks, tokens, all of them) of which
    `columns` are ranked, `universe` (weeks, tokens), `market` (weeks, inputs), `movement` (weeks, tokens, inputs); by
    horizon `forward` and `outcomes`. `ranked` (rows, features) holds the ranks of the universe alone, week after week,
    those of week i from `starts[i]` on: two tokens in three have none. `values` and `ranked` begin with row `first`.
    """

    dates: tuple[dt.date, ...]
    names: tuple[str, ...]
    columns: tuple[int, ...]
    ranked: NDArray[np.float32]
    starts: NDArray[np.intp]
    values: NDArray[np.float32]
    market: NDArray[np.float64]
    movement: NDArray[np.float64]
    universe: NDArray[np.bool_]
    forward: Mapping[int, NDArray[np.float64]]
    outcomes: Mapping[int, NDArray[np.int8]]
    first: int = 0

    def ranks(self, i: int) -> NDArray[np.float32]:
        """Within-week ranks (tokens, features) of row i, 0 outside the universe."""
        whole = np.zeros((self.universe.shape[1], len(self.columns)), dtype=np.float32)
        whole[self.universe[i]] = self._week(i)
        return whole

    def ranks_of(self, i: int, some: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Ranks (n, features) of those of row i's universe that `some` (tokens,) names."""
        ranks: NDArray[np.float32] = self._week(i)[some[self.universe[i]]]
        return ranks

    def _week(self, i: int) -> NDArray[np.float32]:
        self._check(i)
        return self.ranked[self.starts[i] : self.starts[i + 1]]

    def raw(self, i: int) -> NDArray[np.float64]:
        """What row i's ranks were made of (tokens, features), NaN where missing."""
        self._check(i)
        own: NDArray[np.float64] = self.values[i - self.first][:, self.columns].astype(np.float64)
        return own

    def _check(self, i: int) -> None:
        if i < self.first:
            raise IndexError(f"row {i} lies before row {self.first}, the first that was kept")

    def labelled(self, i: int, horizon: int) -> NDArray[np.bool_]:
        """Who of row i is learned from: in the universe, with a known outcome."""
        known: NDArray[np.bool_] = self.universe[i] & np.isfinite(self.forward[horizon][i])
        return known

    def learnable(self, refit: dt.date, horizon: int) -> list[int]:
        """Rows with enough peers whose outcome was complete an embargo before the refit, oldest first."""
        return learnable(self.dates, self.universe, self.forward[horizon], refit, horizon)


def learnable(
    dates: Sequence[dt.date], universe: NDArray[np.bool_], forward: NDArray[np.float64], refit: dt.date, horizon: int
) -> list[int]:
    """Rows with enough peers whose outcome was complete an embargo before the refit, oldest first."""
    rows = complete_rows(dates, refit, horizon, EMBARGO)
    return [i for i in rows if (universe[i] & np.isfinite(forward[i])).sum() >= MIN_TOKENS]


@dataclass(frozen=True, eq=False)
class Fitted:
    """The heads of one refit by horizon; a head is None while its history is too short."""

    refit: dt.date
    relative: Mapping[int, RelativeHead | None]
    market: Mapping[int, InputsHead | None]
    movement: Mapping[int, InputsHead | None]
    familiar: Familiar | None


def gather(study: Study, recipe: Recipe) -> Material:
    """Lay out a study for fitting: token and chain features of the recipe's families ranked within each week."""
    table = study.features
    columns = tuple(
        j
        for j, name in enumerate(table.token_names)
        if CATALOGUE[name].learned and CATALOGUE[name].family in recipe.families
    )
    sizes = np.where(np.arange(len(study.dates)) < table.first, 0, study.universe.sum(axis=1))
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
    ranked = np.empty((starts[-1], len(columns)), dtype=np.float32)
    for i, members in enumerate(study.universe[table.first :], table.first):
        own = table.of_tokens(i)[:, columns].astype(np.float64)
        ranked[starts[i] : starts[i + 1]] = within_week_ranks(own, members)[members]
    names = list(table.market_names)
    weighed = [n if CATALOGUE[n].family in recipe.families else None for n in MARKET_INPUTS]
    market = np.column_stack(
        [table.market_values[:, names.index(n)] if n else np.full(len(study.dates), np.nan) for n in weighed]
    )
    return Material(
        dates=study.dates,
        names=tuple(table.token_names[j] for j in columns),
        columns=columns,
        ranked=ranked,
        starts=starts,
        values=table.token_values,
        market=market,
        movement=_movement(study),
        universe=study.universe,
        forward=study.forwards,
        outcomes={horizon: study.outcomes(horizon) for horizon in HORIZONS},
        first=table.first,
    )


def _movement(study: Study) -> NDArray[np.float64]:
    lines = np.stack([study.features.lasting[name] for name in VOLATILITIES])
    return np.stack([movement_inputs(lines[:, i], study.universe[i]) for i in range(len(study.dates))])


def fit_refit(material: Material, refit: dt.date, recipe: Recipe) -> Fitted:
    """Fit all heads at one refit date; on one core, so that the bytes do not depend on the machine's others."""
    with one_core():
        rows = {horizon: material.learnable(refit, horizon) for horizon in HORIZONS}
        return Fitted(
            refit=refit,
            relative={h: _relative(material, rows[h][-WINDOW_WEEKS:], h, recipe) for h in HORIZONS},
            market={h: _market(material, rows[h], h) for h in HORIZONS},
            movement={h: _moves(material, rows[h], h) for h in HORIZONS},
            familiar=_familiar(material, rows[WEEK][-WINDOW_WEEKS:]),
        )


def _relative(material: Material, rows: list[int], horizon: int, recipe: Recipe) -> RelativeHead | None:
    if not recipe.members:
        return None  # rules alone
    stride = STRIDE[horizon]
    weeks = rows[::-stride][::-1]  # the newest one always among them
    return fit_relative(
        material.names, [_lesson(material, i, horizon) for i in weeks], recipe.members, MIN_WEEKS // stride
    )


def _lesson(material: Material, i: int, horizon: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Ranks of row i's labelled tokens, and what they returned."""
    labelled = material.labelled(i, horizon)
    return material.ranks_of(i, labelled), material.forward[horizon][i, labelled]


def _market(material: Material, rows: list[int], horizon: int) -> InputsHead | None:
    rose = [bool(np.median(material.forward[horizon][i, material.labelled(i, horizon)]) > 0) for i in rows]
    return fit_market(MARKET_INPUTS, material.market[rows], np.array(rose, dtype=bool), horizon / WEEK)


def _moves(material: Material, rows: list[int], horizon: int) -> InputsHead | None:
    weeks = []
    for i in rows:
        outcome = material.outcomes[horizon][i]
        seen = material.universe[i] & (outcome >= 0)
        if seen.any():
            weeks.append((material.movement[i, seen], outcome[seen] != 1))
    return fit_movement(weeks, horizon / WEEK)


def _familiar(material: Material, rows: list[int]) -> Familiar | None:
    if not rows:
        return None
    step, seen, picked = max(sum(int(material.universe[i].sum()) for i in rows) // MOST_ROWS, 1), 0, []
    for i in rows:  # every `step`-th row of all weeks put end to end, without ever putting them so
        own = material.raw(i)[material.universe[i]]
        picked.append(own[-seen % step :: step])
        seen += len(own)
    return fit_familiar(np.vstack(picked))
