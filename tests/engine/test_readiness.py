"""An index waits below 95 % of its capitalisation with fresh candles, until noon, and then says why (F22, F24)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest

from engine.model import Candle, Snapshot, Token, TokenKind
from engine.panel import Panel, build_panel
from engine.readiness import Readiness, next_try, readiness

MONDAY = dt.date(2023, 11, 13)
EARLY = dt.datetime(2023, 11, 13, 0, 31, tzinfo=dt.UTC)
CAPS = {"AAVE": 60.0, "UNI": 36.0, "CRV": 4.0, "FET": 50.0, "RNDR": 50.0, "BTC": 900.0}
THEMES = {"AAVE": ("defi",), "UNI": ("defi",), "CRV": ("defi",), "FET": ("ai",), "RNDR": ("ai",)}


class Market:
    """Tokens of given capitalisation; `late` says how many days ago the last candle of some was."""

    def __init__(self, late: Mapping[str, int]) -> None:
        self.late = late

    def tokens(self) -> list[Token]:
        named = [Token(n, s, s, TokenKind.COIN, THEMES.get(s, ())) for n, s in enumerate(CAPS, start=1)]
        return [*named, Token(99, "USDC", "USD Coin", TokenKind.STABLE, ("defi",))]

    def candles(self, before: dt.date) -> list[Candle]:
        return [
            Candle((MONDAY - dt.timedelta(days=k)).isoformat(), token.id, 1.0, 1.0, 1.0, 1.0, 1e6, "x", False)
            for token in self.tokens()
            for k in range(max(self.late.get(token.symbol, 1), 1), 60)
        ]

    def snapshots(self, before: dt.date) -> list[Snapshot]:
        worth = {token.id: CAPS.get(token.symbol, 1e6) for token in self.tokens()}
        return [Snapshot("2023-11-01", token, n, 1.0, w, w, 1e6) for n, (token, w) in enumerate(worth.items(), start=1)]

    def measures(self, before: dt.date, metrics: object) -> list[object]:
        return []

    def headlines(self, before: dt.date) -> list[object]:
        return []

    def is_simulated(self) -> bool:
        return False


def panel(**late: int) -> Panel:
    return build_panel(Market(late), MONDAY)  # type: ignore[arg-type]


def look(now: dt.datetime = EARLY, **late: int) -> dict[str, Readiness]:
    return {ready.index: ready for ready in readiness(panel(**late), MONDAY, now)}


def test_with_all_prices_everything_is_ready_at_once_and_says_nothing() -> None:
    found = look(dt.datetime(2023, 11, 13, 0, 1, tzinfo=dt.UTC))
    assert {ready.state for ready in found.values()} == {"ready"}
    assert {ready.says for ready in found.values()} == {""}


def test_a_small_token_fails_alone() -> None:
    found = look(CRV=2)
    assert (found["defi"].state, found["defi"].share, found["defi"].missing) == ("ready", pytest.approx(0.96), ("CRV",))


@pytest.mark.rule("1.5")
def test_an_index_waits_alone_below_95_percent_of_its_own_capitalisation() -> None:
    found = look(UNI=2, CRV=2)
    assert {index for index, ready in found.items() if ready.state == "waits"} == {"defi"}
    assert found["defi"].says == (
        "DeFi waits, until 12:00 UTC at the latest: fresh prices are known of only 60% of the DeFi index's "
        "capitalisation (without UNI, CRV)."
    )
    assert found["large"].share == pytest.approx(1060 / 1100)


@pytest.mark.rule("1.5")
def test_at_noon_it_is_given_up_with_a_sentence() -> None:
    before = look(dt.datetime(2023, 11, 13, 11, 59, tzinfo=dt.UTC), UNI=3)
    after = look(dt.datetime(2023, 11, 13, 12, 0, tzinfo=dt.UTC), UNI=3)
    assert (before["defi"].state, after["defi"].state, after["ai"].state) == ("waits", "given up", "ready")
    assert after["defi"].says.startswith("No change this week: at 12:00 UTC fresh prices are known of only 64%")
    assert after["defi"].says.endswith("(without UNI). Holdings stay as they are.")


def test_what_is_dead_or_no_coin_is_not_waited_for() -> None:
    assert look(UNI=45)["defi"].state == "ready"
    assert look(USDC=3)["defi"].state == "ready"


def test_a_theme_without_members_is_not_waited_for() -> None:
    assert (look()["meme"].state, look()["meme"].share) == ("ready", 1.0)


@pytest.mark.parametrize(
    ("now", "then"),
    [("00:05", "00:30"), ("00:30", "01:00"), ("06:44", "07:00"), ("11:59", "12:00"), ("12:00", None), ("18:00", None)],
)
def test_it_is_looked_at_again_every_half_hour_from_half_past_midnight_to_noon(now: str, then: str | None) -> None:
    at = next_try(MONDAY, dt.datetime.fromisoformat(f"2023-11-13T{now}+00:00"))
    assert (at.strftime("%H:%M") if at else None) == then
