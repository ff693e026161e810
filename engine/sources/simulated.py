"""A whole market made from a seed, four years of it, as the observations a panel is built from; labelled SIMULATED."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from math import isnan

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadConfiguration
from engine.measures import KINDS
from engine.model import Candle, Headline, Measure, Snapshot, Token
from engine.sources.simulated_fates import Fates, Stream, draw_fates, draw_from
from engine.sources.simulated_flows import draw_flows
from engine.sources.simulated_names import LABEL, Part, read_cast
from engine.sources.simulated_news import write_headlines
from engine.sources.simulated_paths import Paths, walk_market
from engine.sources.simulated_posts import write_posts
from engine.sources.simulated_story import Script, no_story, write_story

Array = NDArray[np.float64]

DEFAULT_SEED = 7
DEFAULT_END = dt.date(2026, 6, 29)  # a Monday, so that the last candle is the one its decision sees last
MIN_YEARS, MAX_YEARS = 0.5, 20.0
VENUES = (f"{LABEL} spot", f"{LABEL} second venue")
DIGITS = 7  # of every price, volume and measure
GAP = 0.02  # deviation of the open from the close before it, in daily ones: this market never sleeps
WICK = 0.45  # mean reach of high and low beyond open and close, in daily deviations
UNDERSTATED = 0.35  # share of the reach that an estimated range still shows


class SimulatedMarket:
    """A market that never was, a pure function of its arguments; implements `engine.panel.Observations`.

    The last candle is that of the day before `end`. With `story`, the last four weeks follow a script (see
    `simulated_story`); the rest of the history is the same without it but for the market's mood shortly before.
    Raises BadConfiguration for a negative seed or a history shorter or longer than can be told.
    """

    def __init__(
        self, seed: int = DEFAULT_SEED, end: dt.date = DEFAULT_END, years: float = 4, story: bool = True
    ) -> None:
        if seed < 0:
            raise BadConfiguration(f"seed is {seed}: a simulated market takes a whole number from 0 on.")
        if not MIN_YEARS <= years <= MAX_YEARS:
            raise BadConfiguration(f"years is {years}: a simulated market lasts {MIN_YEARS} to {MAX_YEARS:.0f} years.")
        days = round(years * 365.25)
        self.seed, self.end = seed, end
        self.start = end - dt.timedelta(days=days)
        self.cast: tuple[Part, ...] = read_cast()
        self.fates: Fates = draw_fates(seed, self.cast, days)
        self.script: Script = write_story(seed, self.cast, self.fates, end) if story else no_story(days, len(self.cast))
        self.paths: Paths = walk_market(seed, self.cast, self.fates, self.script)

    def tokens(self) -> Sequence[Token]:
        return [part.token for part in self.cast]

    def candles(self, before: dt.date) -> Iterator[Candle]:
        """Day by day, token by token; a day without trade has no row."""
        last = self._rows(before)
        traded = (self.fates.alive & ~self.fates.hole)[:last]
        moved, estimated = self.fates.moved, self.fates.estimated
        rows, columns = np.nonzero(traded)
        opened, high, low, close, volume = (sheet[rows, columns].tolist() for sheet in self._bars)
        flags = moved[rows, columns].tolist(), estimated[rows, columns].tolist()
        lines = zip(rows.tolist(), columns.tolist(), opened, high, low, close, volume, *flags, strict=True)
        for row, column, o, h, lo, c, v, other, rough in lines:
            yield Candle(
                self._days[row], column + 1, o, _known(h), _known(lo), c, v, VENUES[other], rough,
            )  # fmt: skip

    def snapshots(self, before: dt.date) -> Iterator[Snapshot]:
        """The ranking of every first of the month by capitalisation, with all that trade on that day."""
        for row in range(self._rows(before)):
            if self._days[row].endswith("-01"):
                yield from self._ranking(row)

    def measures(self, before: dt.date, metrics: Collection[str]) -> Iterator[Measure]:
        limit = before.isoformat()
        for metric, subject, rows, values in self._flows:
            if metric not in metrics:
                continue
            lag = KINDS[metric].lag
            for row, value in zip(rows.tolist(), values.tolist(), strict=True):
                if (known := self._days[row + lag]) >= limit:
                    break
                yield Measure(metric, subject, self._days[row], value, LABEL, known)

    def headlines(self, before: dt.date) -> Iterable[Headline]:
        limit = before.isoformat()
        return (headline for headline in self._news if headline.known < limit)

    def is_simulated(self) -> bool:
        return True

    def _rows(self, before: dt.date) -> int:
        """How many days of the history lie before that date."""
        return min(max((before - self.start).days, 0), len(self.fates.hole))

    @cached_property
    def _days(self) -> list[str]:
        """The history's dates and as many after them as the slowest series is late."""
        late = max(kind.lag for kind in KINDS.values())
        return [(self.start + dt.timedelta(days=row)).isoformat() for row in range(len(self.fates.hole) + late + 1)]

    @cached_property
    def _bars(self) -> tuple[Array, Array, Array, Array, Array]:
        """Open, high, low, close, and the volume of the venue of the day, all (D, T); NaN where nothing is printed."""
        rng = draw_from(self.seed, Stream.RANGES)
        close, shape = self.paths.price, self.paths.price.shape
        before = np.vstack([self.fates.price, close[:-1]])
        opened = before * np.exp(GAP * self.paths.deviation * rng.standard_normal(shape))
        reach = WICK * self.paths.deviation * np.where(self.fates.estimated, UNDERSTATED, 1.0)
        high = np.maximum(opened, close) * np.exp(reach * rng.exponential(1.0, shape))
        low = np.minimum(opened, close) * np.exp(-reach * rng.exponential(1.0, shape))
        hidden = self.fates.estimated & (np.arange(shape[1]) % 2 == 0)  # half of the estimated ranges are empty
        share = np.where(self.fates.moved, self.fates.venue_share[1], self.fates.venue_share[0])
        empty = np.where(hidden, np.nan, 1.0)
        sheets = (opened, high * empty, low * empty, close, self.paths.volume * share)
        a, b, c, d, e = (_rounded(sheet) for sheet in sheets)
        return a, b, c, d, e

    @cached_property
    def _flows(self) -> list[tuple[str, str, NDArray[np.intp], Array]]:
        dates = np.arange(np.datetime64(self.start, "D"), np.datetime64(self.end, "D"))
        flows = draw_flows(self.seed, self.cast, self.fates, self.paths, dates)
        return [(metric, subject, rows, _rounded(values)) for metric, subject, rows, values in flows]

    @cached_property
    def _news(self) -> list[Headline]:
        told = self.seed, self.cast, self.fates, self.paths, self.start
        return [*write_headlines(*told), *write_posts(*told)]

    def _ranking(self, row: int) -> Iterator[Snapshot]:
        price, supply, volume = (
            _rounded(sheet[row]) for sheet in (self.paths.price, self.paths.supply, self.paths.volume)
        )
        caps = price * supply
        order = np.argsort(-np.where(self.fates.alive[row], caps, 0.0), kind="stable")[: self.fates.alive[row].sum()]
        for rank, column in enumerate(order.tolist(), start=1):
            yield Snapshot(
                self._days[row], column + 1, rank, float(price[column]), float(caps[column]), float(supply[column]),
                float(volume[column]),
            )  # fmt: skip


def _rounded(values: Array) -> Array:
    """Values to DIGITS significant digits, as a source would print them; order is kept, NaN stays."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(values))))
        rounded: Array = np.where(np.isfinite(scale), np.round(values * scale) / scale, values)
    return rounded


def _known(value: float) -> float | None:
    return None if isnan(value) else value
