"""Draws charts beside the event loop, one at a time, and keeps the newest pictures by what they show."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor

from bot.charts import render
from bot.reply import ChartSpec

MOST_KEPT = 64  # pictures, some 70 kB each


class Studio:
    """Pictures of charts in one look. A chart asked for again, even while it is being drawn, is drawn once.

    One thread, because matplotlib knows no second one; a process of its own would draw no faster and holds 90 MB.
    """

    def __init__(self, theme: str = "dark", most: int = MOST_KEPT) -> None:
        self._theme = theme
        self._most = most
        self._pool = ThreadPoolExecutor(1, "charts")
        self._pictures: OrderedDict[ChartSpec, asyncio.Future[bytes]] = OrderedDict()

    async def draw(self, chart: ChartSpec) -> bytes:
        """The chart as PNG bytes; raises what drawing raises, and tries anew the next time."""
        picture = self._pictures.get(chart)
        if picture is None:
            picture = asyncio.get_running_loop().run_in_executor(self._pool, render, chart, self._theme)
            self._pictures[chart] = picture
            while len(self._pictures) > self._most:
                self._pictures.popitem(last=False)
        self._pictures.move_to_end(chart)
        try:
            # One who no longer waits must not take the picture from the others who do.
            return await asyncio.shield(picture)
        except BaseException:
            if picture.done():
                self._pictures.pop(chart, None)
            raise

    def warm_up(self) -> Future[None]:
        """Load what drawing needs, in the thread that draws: it takes about a second, which no first tap should."""
        return self._pool.submit(_load)

    def close(self) -> None:
        """Draw nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _load() -> None:
    render(ChartSpec("scoreboard", "", (), ()))
