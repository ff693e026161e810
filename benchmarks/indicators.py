"""Times our indicators against the library `ta` and TA-Lib's loop, on one simulated panel in one run.

    python benchmarks/indicators.py            # `ta` on a sample of tokens, scaled to all of them
    python benchmarks/indicators.py --full     # `ta` on every token, many minutes

`ta` and TA-Lib walk token by token, ours the whole panel at once. Only outputs that `ta` has as well are timed, the
ones our tests hold to it; each object of `ta` is made once a token for all the outputs read from it. A round times
all three in turn; the figures are medians over rounds, in seconds of the processor: each works on one core alone, so on
a quiet machine that is the time one waits, and on a busy one it is not the others' time.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # time the engine this file lies beside

import talib_loop
from talib_loop import Bar, Function

from engine.crosscheck import agree
from engine.indicators import INDICATORS, Bars, Indicator, compute

SEED, TOKENS, DAYS, SAMPLE, ROUNDS = 7, 300, 1500, 10, 5
FIELDS = ("open", "high", "low", "close", "volume")
MODULES = ("momentum", "trend", "volatility", "volume")
COMPARED = {name: indicator for name, indicator in INDICATORS.items() if indicator.reference is not None}


def draw_bars(tokens: int, days: int, seed: int = SEED) -> Bars:
    """A gap-free market of fat-tailed daily moves with one common part; the same bars for the same arguments."""
    rng = np.random.default_rng(seed)
    common, own = rng.standard_t(4, (2, days, tokens))
    up, down, busy, gap = rng.standard_normal((4, days, tokens))
    moves = 0.02 * common[:, :1] + 0.03 * own
    close = np.exp(np.cumsum(moves - moves.mean(axis=0), axis=0) + rng.uniform(-3, 5, tokens))
    opened = np.vstack([close[:1], close[:-1]]) * np.exp(0.002 * gap)
    return Bars(
        open=opened,
        high=np.maximum(opened, close) * np.exp(0.015 * np.abs(up)),
        low=np.minimum(opened, close) * np.exp(-0.015 * np.abs(down)),
        close=close,
        volume=np.exp(15 + 0.7 * busy + 8 * np.abs(moves)),
        venue_days=np.full((days, tokens), np.inf),
    )


def frames(bars: Bars, columns: Sequence[int]) -> list[pd.DataFrame]:
    return [pd.DataFrame({name: getattr(bars, name)[:, j] for name in FIELDS}) for j in columns]


def run_ours(bars: Bars, names: Sequence[str]) -> dict[str, float]:
    """Seconds of each indicator, in order; what an earlier one computed is there for a later one, as in the product."""
    fresh, seconds = replace(bars), {}
    for name in names:
        begun = time.process_time()
        compute(COMPARED[name], fresh)
        seconds[name] = time.process_time() - begun
    return seconds


def run_ta(tables: Sequence[pd.DataFrame]) -> float:
    """Seconds that `ta` takes for every compared output of these tokens."""
    begun = time.process_time()
    for table in tables:
        with made_once():
            for indicator in COMPARED.values():
                reference_values(indicator, table)
    return time.process_time() - begun


def reference_values(indicator: Indicator, table: pd.DataFrame) -> Any:
    if indicator.reference is None:
        raise ValueError(f"{indicator.name} has no reference")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return indicator.reference(table)


@contextmanager
def made_once() -> Iterator[None]:
    """Let `ta` make one object of each class, input and setting, however many outputs are read from it."""
    with ExitStack() as stack:
        for module in (importlib.import_module(f"ta.{name}") for name in MODULES):
            for name, maker in vars(module).items():
                if isinstance(maker, type) and maker.__module__ == module.__name__:
                    stack.enter_context(mock.patch.object(module, name, remembered(maker)))
        yield


def remembered(maker: type) -> Callable[..., Any]:
    kept: dict[tuple[Any, ...], Any] = {}

    @wraps(maker)
    def make(**given: Any) -> Any:
        key = tuple((k, v.to_numpy().tobytes() if isinstance(v, pd.Series) else v) for k, v in given.items())
        if key not in kept:
            kept[key] = maker(**given)
        return kept[key]

    return make


def contiguous(bars: Bars) -> list[Bar]:
    columns = {name: np.ascontiguousarray(getattr(bars, name).T) for name in FIELDS}
    columns |= {f"log_{name}": np.log(columns[name]) for name in ("high", "low", "close")}
    return [{name: values[j] for name, values in columns.items()} for j in range(bars.close.shape[1])]


@dataclass(frozen=True)
class Timing:
    """Medians in seconds for all tokens: `ta` scaled from its sample, `ours` by indicator, `talib` None without it.

    `ratio` is the median of the rounds' own ratios, `agreeing` how many of TA-Lib's outputs end on our last value.
    """

    tokens: int
    days: int
    sampled: int
    first: float
    ta: float
    ratio: float
    ours: Mapping[str, float]
    talib: float | None
    shared: tuple[str, ...]
    agreeing: int


def measure(tokens: int = TOKENS, days: int = DAYS, sample: int = SAMPLE, rounds: int = ROUNDS) -> Timing:
    """Time every library in turn, `rounds` times over."""
    bars = draw_bars(tokens, days)
    chosen = np.random.default_rng(SEED).permutation(tokens)[:sample].tolist()
    tables = frames(bars, chosen)
    first = sum(run_ours(bars, list(COMPARED)).values())
    talib = talib_loop.load()
    table = talib_loop.table(talib) if talib else {}
    columns = contiguous(bars) if table else []
    slow, fast, loops = [], [], []
    for _ in range(rounds):
        slow.append(run_ta(tables) * tokens / sample)
        fast.append(run_ours(bars, list(COMPARED)))
        loops.append(run_talib(table, columns))
    return Timing(
        tokens, days, sample, first, statistics.median(slow),
        statistics.median(a / sum(b.values()) for a, b in zip(slow, fast, strict=True)),
        {name: statistics.median(run[name] for run in fast) for name in COMPARED},
        statistics.median(loops) if table else None, tuple(table), agreement(bars, table, columns),
    )  # fmt: skip


def run_talib(table: Mapping[str, Function], columns: Sequence[Bar]) -> float:
    begun = time.process_time()
    for column in columns:
        for function in table.values():
            function(column)
    return time.process_time() - begun


def agreement(bars: Bars, table: Mapping[str, Function], columns: Sequence[Bar]) -> int:
    """How many of TA-Lib's outputs end on the values of ours, token by token."""
    agreeing = 0
    for name, function in table.items():
        ours, scale = compute(COMPARED[name], bars)[-1], COMPARED[name].scale
        agreeing += all(agree(float(a), float(function(c)[-1]), scale) for a, c in zip(ours, columns, strict=True))
    return agreeing


def report(timing: Timing) -> str:
    """What a run found, in words."""
    total = sum(timing.ours.values())
    how = "every token timed" if timing.sampled == timing.tokens else f"{timing.sampled} tokens timed, scaled"
    lines = [
        f"{timing.tokens} tokens x {timing.days} days, simulated, seed {SEED}; {len(timing.ours)} outputs, all in `ta`",
        "",
        f"{'ta, token by token':<24}{timing.ta:>9.2f} s   {how}",
        f"{'crier, whole panel':<24}{total:>9.2f} s   {timing.ratio:.0f} x `ta`; its first run {timing.first:.2f} s",
    ]
    if timing.talib is None:
        lines.append("TA-Lib is not installed here: pip install '.[benchmark]' shows its loop beside.")
    else:
        same = sum(timing.ours[name] for name in timing.shared)
        lines.append(
            f"{f'TA-Lib, {len(timing.shared)} of them':<24}{timing.talib:>9.2f} s   crier for the same {same:.2f} s; "
            f"{timing.agreeing} of {len(timing.shared)} end on our values"
        )
    lines += ["", "Our slowest ten, milliseconds for the whole panel:"]
    slowest = sorted(timing.ours.items(), key=lambda item: -item[1])[:10]
    return "\n".join([*lines, *(f"  {name:<26}{1000 * seconds:>7.1f}" for name, seconds in slowest)])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="time `ta` on every token, once")
    parser.add_argument("--tokens", type=int, default=TOKENS)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--rounds", type=int, default=None)
    given = parser.parse_args(arguments)
    sample = given.tokens if given.full else min(SAMPLE, given.tokens)
    print(report(measure(given.tokens, given.days, sample, given.rounds or (1 if given.full else ROUNDS))))


if __name__ == "__main__":
    main()
