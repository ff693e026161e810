"""Series that few tokens have, kept for those alone: a matrix of all tokens is made when it is asked for.

Of 300 tokens some 40 have on-chain series and some 60 a TVL. Kept whole, the outside series are the largest part of a
panel, and nearly all of it says that nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scattered(Mapping[str, Floats]):
    """Matrices (dates, `tokens`) by name; each is held as the `columns` that have any value, and those alone."""

    dates: int
    tokens: int
    held: Mapping[str, tuple[NDArray[np.intp], Floats]]

    def __getitem__(self, name: str) -> Floats:
        """The whole matrix, NaN where nothing is known; a new one each time."""
        columns, values = self.held[name]
        whole = np.full((self.dates, self.tokens), np.nan)
        whole[:, columns] = values
        return whole

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)

    def until(self, rows: int) -> Scattered:
        """The same as it was at an earlier row: views, no copies."""
        return Scattered(rows, self.tokens, {name: (at, values[:rows]) for name, (at, values) in self.held.items()})


def scatter(lines: Mapping[str, Mapping[int, Floats]], dates: int, tokens: int) -> Scattered:
    """Lay out lines (dates,) by name and token column; a name without a line is left out."""
    held = {}
    for name, of_name in lines.items():
        if of_name:
            columns = sorted(of_name)
            values = np.stack([of_name[column] for column in columns], axis=1)
            values.setflags(write=False)
            held[name] = (np.array(columns, dtype=np.intp), values)
    return Scattered(dates, tokens, held)


def until(measures: Mapping[str, Floats], rows: int) -> Mapping[str, Floats]:
    """The first rows of every matrix."""
    if isinstance(measures, Scattered):
        return measures.until(rows)
    return {name: matrix[:rows] for name, matrix in measures.items()}
