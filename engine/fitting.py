"""Fits every head of one refit from what was complete before it; pure, so that refits can run side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
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
from engine.study import EMBARGO, HORIZONS, MONTH, WEEK, Study, complete_rows

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
VOLATILITIES = ("volatility_7d", "volatility_30d", "volatility_90d")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which classifiers are asked and which families they see: all of them, but for an ablation. None: rules alone."""

    members: tuple[str, ...] = tuple(MEMBERS)
    families: tuple[str, ...] = FAMILIES


@dataclass(frozen=True, eq=False)
class Material:
    """What the heads are fitted on, by study row: `ranks` (weeks, tokens, features), the data points' `values` (weeks,
    tokens, all of them) of which `columns` are ranked, `universe` (weeks, tokens), `market` (weeks, inputs), `movement`
    (weeks, tokens, inputs); by horizon `forward` and `outcomes`."""

    dates: tuple[dt.date, ...]
    names: tuple[str, ...]
    columns: tuple[int, ...]
    ranks: NDArray[np.float32]
    values: NDArray[np.float32]
    market: NDArray[np.float64]
    movement: NDArray[np.float64]
    universe: NDArray[np.bool_]
    forward: Mapping[int, NDArray[np.float64]]
    outcomes: Mapping[int, NDArray[np.int8]]

    def raw(self, i: int) -> NDArray[np.float64]:
        """What row i's ranks were made of (tokens, features), NaN where missing."""
        own: NDArray[np.float64] = self.values[i][:, self.columns].astype(np.float64)
        return own

    def labelled(self, i: int, horizon: int) -> NDArray[np.bool_]:
        """Who of row i is learned from: in the universe, with a known outcome."""
        known: NDArray[np.bool_] = self.universe[i] & np.isfinite(self.forward[horizon][i])
        return known

    def learnable(self, refit: dt.date, horizon: int) -> list[int]:
        """Rows with enough peers whose outcome was complete an embargo before the refit, oldest first."""
        rows = complete_rows(self.dates, refit, horizon, EMBARGO)
        return [i for i in rows if self.labelled(i, horizon).sum() >= MIN_TOKENS]


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
    ranks = np.zeros((*study.universe.shape, len(columns)), dtype=np.float32)
    for i, members in enumerate(study.universe):
        ranks[i] = within_week_ranks(table.token_values[i][:, columns].astype(np.float64), members)
    names = list(table.market_names)
    weighed = [n if CATALOGUE[n].family in recipe.families else None for n in MARKET_INPUTS]
    market = np.column_stack(
        [table.market_values[:, names.index(n)] if n else np.full(len(study.dates), np.nan) for n in weighed]
    )
    return Material(
        dates=study.dates,
        names=tuple(table.token_names[j] for j in columns),
        columns=columns,
        ranks=ranks,
        values=table.token_values,
        market=market,
        movement=_movement(study),
        universe=study.universe,
        forward=study.forwards,
        outcomes={horizon: study.outcomes(horizon) for horizon in HORIZONS},
    )


def _movement(study: Study) -> NDArray[np.float64]:
    places = [study.features.token_names.index(name) for name in VOLATILITIES]
    return np.stack(
        [
            movement_inputs(study.features.token_values[i][:, places].T, study.universe[i])
            for i in range(len(study.dates))
        ]
    )


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
    weeks = []
    for i in rows[::-stride][::-1]:  # the newest one always among them
        labelled = material.labelled(i, horizon)
        weeks.append((material.ranks[i, labelled], material.forward[horizon][i, labelled]))
    return fit_relative(material.names, weeks, recipe.members, MIN_WEEKS // stride)


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
