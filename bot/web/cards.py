"""The pictures that unfold a link in chat: each index, each token, the scoreboard, as charts know them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.book import spoken
from bot.drawings import levels_chart, price_chart, scoreboard_chart
from bot.reply import ChartSpec
from bot.screen import view
from bot.web.api import INDEX, MODE, SYMBOL, info, token
from bot.web.door import Shelf
from bot.web.route import Asked, Parameter

SIZE = (1000, 700)  # pixels, as bot.charts draws


@dataclass(frozen=True, slots=True)
class Card:
    """One kind of picture; `chart` gives None where there is nothing to draw yet."""

    path: str
    chart: Callable[[Shelf, Asked], ChartSpec | None]
    parameters: tuple[Parameter, ...]


def _index(shelf: Shelf, asked: Asked) -> ChartSpec | None:
    return levels_chart(shelf.book, info(shelf.book, asked["index"]), asked["mode"])


def _token(shelf: Shelf, asked: Asked) -> ChartSpec | None:
    found, mode, week = token(shelf, asked["symbol"]), asked["mode"], spoken(shelf.book)
    signal = week.by_symbol().get(found.symbol)
    said = [(week.date, shelf.book.call(signal, mode), signal)] if signal else []
    return price_chart(shelf.book, found, said, mode)


def _scoreboard(shelf: Shelf, asked: Asked) -> ChartSpec | None:
    book, mode = shelf.book, asked["mode"]
    views = [view(book, entry, mode) for entry in book.indices() if book.decision(entry.id, mode)]
    return scoreboard_chart(book, views, mode)


CARDS = (
    Card("/cards/index/{index}.png", _index, (INDEX, MODE)),
    Card("/cards/token/{symbol}.png", _token, (SYMBOL, MODE)),
    Card("/cards/scoreboard.png", _scoreboard, (MODE,)),
)
