"""Draws a ChartSpec as a PNG that can be read on a phone; matplotlib is imported only when something is drawn."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bot.pictures import levels, price, scoreboard, weights
from bot.pictures.look import DPI, INCHES, THEMES, Theme
from bot.reply import ChartKind, ChartSpec

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WATERMARK = "SIMULATED"
_DRAWING = threading.Lock()  # matplotlib's settings are the process's own: chats and the page draw by turns

DRAWERS: Mapping[ChartKind, Callable[[Any, ChartSpec, Theme], None]] = {
    "levels": levels.draw,
    "weights": weights.draw,
    "price": price.draw,
    "scoreboard": scoreboard.draw,
}


def render(chart: ChartSpec, theme: str = "dark") -> bytes:
    """The chart as PNG bytes, 1000 x 700 pixels; `theme` is dark or light."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    look = THEMES[theme]
    # Names come from outside: a dollar sign in one must not start a formula.
    with _DRAWING, matplotlib.rc_context({"text.parse_math": False, "font.family": "DejaVu Sans"}):
        figure = Figure(figsize=INCHES, dpi=DPI, facecolor=look.paper)
        FigureCanvasAgg(figure)
        DRAWERS[chart.kind](figure, chart, look)
        if chart.simulated:
            _watermark(figure, look)
        out = io.BytesIO()
        # A third of the time goes into packing tighter, for a tenth of the bytes.
        figure.savefig(out, format="png", facecolor=look.paper, pil_kwargs={"compress_level": 3})
    return out.getvalue()


def _watermark(figure: Figure, look: Theme) -> None:
    figure.text(0.5, 0.5, WATERMARK, color=look.ink, alpha=0.08, fontsize=100, rotation=25, ha="center", va="center")
