"""The market head: will the broad market rise over the horizon; few parameters, strong shrinkage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.models.inputs import Floats, InputsHead, fit_inputs

INVERSE_PENALTY = 0.02  # C over a few hundred weeks: the coefficients hardly leave zero unless the past insists
MIN_WEEKS = 52
PRIOR_WEEKS = 10  # of even odds in the base rate, so that a short history does not shout


def fit_market(
    names: tuple[str, ...], inputs: Floats, rose: NDArray[np.bool_], overlap: float = 1.0
) -> InputsHead | None:
    """Fit on (weeks, inputs) and whether the market rose (weeks,); None with fewer than MIN_WEEKS weeks.

    `overlap` is how many weeks share one outcome: the weeks of a four-week horizon count a quarter each.
    """
    if len(rose) < MIN_WEEKS or rose.all() or not rose.any():
        return None
    weeks = len(rose) / overlap
    base = (rose.mean() * weeks + PRIOR_WEEKS / 2) / (weeks + PRIOR_WEEKS)
    return fit_inputs(names, inputs, rose, np.full(len(rose), 1 / overlap), INVERSE_PENALTY, float(base))
