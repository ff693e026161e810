"""The relative head: which token beats its peers, said by an ensemble whose members weigh the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.models.boosting import fit_boosting
from engine.models.logistic import Logistic, fit_logistic
from engine.models.member import Examples, Fit, Floats, Member
from engine.models.network import fit_network
from engine.ranks import centred_ranks

MEMBERS: dict[str, Fit] = {"logistic": fit_logistic, "boosting": fit_boosting, "network": fit_network}
MIN_WEEKS = 52


@dataclass(frozen=True, eq=False)
class RelativeHead:
    """The members fitted at one refit, by name, on the features named."""

    names: tuple[str, ...]
    members: dict[str, Member]

    def scores(self, ranks: Floats) -> Floats:
        """Log odds (n, members) of beating the median peer, against those of a token in the middle of every rank."""
        middle = np.zeros((1, ranks.shape[1]))
        said = [member.log_odds(np.vstack([middle, ranks])) for member in self.members.values()]
        return np.column_stack([log_odds[1:] - log_odds[0] for log_odds in said])

    def contributions(self, ranks: Floats) -> Floats:
        """What each feature adds to the score of the member that can be read, shape as `ranks`; 0 without it."""
        readable = self.members.get("logistic")
        return readable.contributions(ranks) if isinstance(readable, Logistic) else np.zeros(ranks.shape)


def fit_relative(
    names: tuple[str, ...],
    weeks: Sequence[tuple[NDArray[np.floating], Floats]],
    members: Sequence[str] = tuple(MEMBERS),
    least: int = MIN_WEEKS,
) -> RelativeHead | None:
    """Fit the named members on weeks of (ranks (n, features), forward returns (n,)), all weeks weighing the same.

    None with fewer than `least` weeks.
    """
    if len(weeks) < least:
        return None
    weight = np.concatenate([np.full(len(forward), 1.0 / len(forward)) for _, forward in weeks])
    examples = Examples(
        ranks=np.vstack([ranks for ranks, _ in weeks]),
        beaten=np.concatenate([centred_ranks(forward) + 0.5 for _, forward in weeks]),
        weight=weight * len(weight) / weight.sum(),
    )
    del weeks  # of which `examples` has all that counts, in a copy of its own
    return RelativeHead(names, {name: MEMBERS[name](examples) for name in members})
