"""What every classifier of the relative head is: fitted on one table of examples, it says log odds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Examples:
    """One row a token and week: `ranks` (n, features) within the week, -0.5 to 0.5, in either precision; `beaten` (n,)
    the share of its peers that a token beat, 0 to 1; `weight` (n,), of which every week has as much as any other, mean
    1.
    """

    ranks: NDArray[np.floating]
    beaten: Floats
    weight: Floats

    def times(self, factor: float) -> Floats:
        """The ranks in double precision, as a copy that is the caller's own, each multiplied by `factor`."""
        scaled: Floats = np.multiply(self.ranks, factor, dtype=np.float64)
        return scaled

    @property
    def won(self) -> NDArray[np.intp]:
        """1 where more than half of the peers were beaten, else 0."""
        return (self.beaten > 0.5).astype(np.intp)

    @property
    def sharpness(self) -> Floats:
        """Weights under which a yes-or-no target teaches what the soft one does: at even odds both pull alike.

        A token that beat 80 % of its peers pulls three times as hard as one that beat 60 %, so the whole order of the
        week is used with one row a token.
        """
        sharp: Floats = self.weight * np.abs(2 * self.beaten - 1) + 1e-9
        mean: float = sharp.mean()
        return sharp / mean


class Member(Protocol):
    """A fitted classifier: log odds (n,) of beating the median peer from within-week ranks (n, features)."""

    def log_odds(self, ranks: Floats) -> Floats: ...


class Fit(Protocol):
    """Fits a member on examples; the same examples give the same member, bit for bit, on one machine."""

    def __call__(self, examples: Examples) -> Member: ...
