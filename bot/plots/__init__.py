"""The report's drawings as inline SVG: no script, no picture files, colours that follow the reader's light or dark."""

from bot.plots.costs import cost_figure
from bot.plots.forest import Estimate, forest_figure
from bot.plots.levels import level_figure, risk_off_spans, spark_figure
from bot.plots.reliability import reliability_figure
from bot.plots.weights import colours_of, weight_figure

__all__ = [
    "Estimate",
    "colours_of",
    "cost_figure",
    "forest_figure",
    "level_figure",
    "reliability_figure",
    "risk_off_spans",
    "spark_figure",
    "weight_figure",
]
