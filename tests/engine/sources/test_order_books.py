"""What an order meets: depth, spread and shares of venues, each said only where it is known whole."""

from __future__ import annotations

import pytest

from engine.sources.live.order_books import measures_of
from engine.sources.trading import Book


def book(middle: float = 100.0, step: float = 0.2, usd: float = 50.0, levels: int = 20) -> Book:
    """Levels `step` % apart on both sides, `usd` at each."""
    bids = tuple((middle * (1 - (k + 0.5) * step / 100), usd) for k in range(levels))
    asks = tuple((middle * (1 + (k + 0.5) * step / 100), usd) for k in range(levels))
    return Book(bids, asks)


def test_depth_is_what_stands_on_both_sides_within_reach_of_the_middle() -> None:
    assert book().depth(0.01) == pytest.approx(2 * 5 * 50.0)
    assert book().depth(0.02) == pytest.approx(2 * 10 * 50.0)
    assert book().spread == pytest.approx(0.002)


def test_a_book_that_ends_before_says_nothing_of_that_depth() -> None:
    short = book(levels=8)
    assert (short.depth(0.01), short.depth(0.02)) == (pytest.approx(500.0), None)
    assert "depth_2pct" not in measures_of([short], {})


@pytest.mark.parametrize(
    "broken",
    [
        Book((), ()),
        Book(((100.0, 1.0),), ()),
        Book(((101.0, 1.0),), ((100.0, 1.0),)),
        Book(((99.0, 1.0), (99.5, 1.0)), ((100.0, 1.0),)),
        Book(((99.0, float("nan")),), ((100.0, 1.0),)),
        Book(((99.0, 0.0),), ((100.0, 1.0),)),
        Book(((-1.0, 1.0),), ((100.0, 1.0),)),
    ],
)
def test_a_book_that_is_crossed_empty_or_out_of_order_is_none(broken: Book) -> None:
    """F25."""
    assert not broken.is_sound()


def test_several_venues_are_told_by_their_median() -> None:
    found = measures_of([book(usd=10.0), book(usd=30.0), book(usd=500.0)], {})
    assert found["depth_1pct"] == pytest.approx(300.0)


def test_shares_need_two_venues() -> None:
    assert measures_of([], {"binance": 75.0, "kraken": 25.0}) == {"venue_share": 0.75, "venue_concentration": 0.625}
    assert measures_of([], {"binance": 75.0}) == {}
    assert measures_of([], {"binance": 0.0, "kraken": 0.0}) == {}
