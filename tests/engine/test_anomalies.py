"""Each feature after a paper is its formula, written once more on one token's last days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.features import CATALOGUE
from engine.features.anomalies import ANOMALIES
from engine.features.feature import Inputs
from engine.features.table import evaluate
from engine.model import TokenKind
from engine.panel import Panel


class Lines:
    """One token's series, with the market and the leader beside it, oldest first; no NaN in the last year."""

    def __init__(self, panel: Panel, inputs: Inputs, symbol: str) -> None:
        j = panel.column(symbol)
        self.logs = np.log(panel.close[:, j])
        self.returns = np.diff(self.logs)
        self.market = inputs.median_return[1:, 0]
        self.btc = np.diff(np.log(panel.close[:, panel.column("BTC")]))
        self.open, self.high, self.low = (np.log(getattr(panel, n)[:, j]) for n in ("open", "high", "low"))
        self.volume = np.log(panel.volume[:, j])
        self.turnover = panel.market_volume[:, j] / panel.market_cap[:, j]
        self.traded = panel.market_volume[:, j]

    def residuals(self, days: int, skip: int = 0) -> np.ndarray:
        out = []
        for t in range(len(self.returns) - days - skip, len(self.returns) - skip):
            x, y = self.market[t - 89 : t + 1], self.returns[t - 89 : t + 1]
            out.append(y[-1] - np.polyfit(x, y, 1)[0] * x[-1])
        return np.array(out)


def _skew(x: np.ndarray) -> float:
    return float(((x - x.mean()) ** 3).mean() / x.var() ** 1.5)


def _downside(v: Lines) -> float:
    x, y = v.market[-180:], v.returns[-180:]
    return float(np.polyfit(x[x < 0], y[x < 0], 1)[0])


def _coskewness(v: Lines) -> float:
    e, m = v.residuals(90), v.market[-90:]
    joint = ((e - e.mean()) * (m - m.mean()) ** 2).mean()
    return float(joint / (e.std(ddof=1) * m.var(ddof=1)))


def _range_ratio(v: Lines) -> float:
    h, lo, c = ((x - v.open)[-30:] for x in (v.high, v.low, v.logs))
    return float(np.log(np.sqrt((h * (h - c) + lo * (lo - c)).mean()) / v.returns[-30:].std(ddof=1)))


def _spread(v: Lines) -> float:
    middle = (v.high + v.low) / 2
    pairs = 4 * (v.logs[-31:-1] - middle[-31:-1]) * (v.logs[-31:-1] - middle[-30:])
    return float(np.sqrt(np.maximum(pairs, 0)).mean())


def _gains(v: Lines) -> float:
    paid, weights, left = 0.0, 0.0, 1.0
    for log, share in zip(v.logs[:-181:-1], np.minimum(v.turnover, 1)[:-181:-1], strict=True):
        paid, weights, left = paid + left * share * log, weights + left * share, left * (1 - share)
    return float(v.logs[-1] - paid / weights)


def _discreteness(v: Lines) -> float:
    with_it = np.sign(v.logs[-1] - v.logs[-91]) * np.sign(v.returns[-90:])
    return float((with_it < 0).mean() - (with_it > 0).mean())


def _reversal(v: Lines) -> float:
    unusual = np.array(
        [v.volume[t] - v.volume[t - 29 : t + 1].mean() for t in range(len(v.volume) - 61, len(v.volume))]
    )
    return float(np.corrcoef(v.returns[-60:], v.returns[-61:-1] * unusual[:-1])[0, 1])


def _variance_ratio(v: Lines) -> float:
    weekly = (v.logs[7:] - v.logs[:-7])[-84:]
    return float(np.log(weekly.var(ddof=1) / (7 * v.returns[-90:].var(ddof=1))))


BY_HAND: dict[str, Callable[[Lines], float]] = {
    "max5_28d": lambda v: np.sort(v.returns[-28:])[-5:].mean(),
    "left_tail_90d": lambda v: np.sort(v.returns[-90:])[:5].mean(),
    "downside_beta_180d": _downside,
    "residual_volatility_90d": lambda v: v.residuals(90).std(ddof=1),
    "residual_skew_90d": lambda v: _skew(v.residuals(90)),
    "coskewness_90d": _coskewness,
    "residual_momentum_84d": lambda v: v.residuals(84, 7).mean() / v.residuals(84, 7).std(ddof=1),
    "high_distance_365d": lambda v: v.logs[-1] - v.logs[-365:].max(),
    "high_age_365d": lambda v: 364 - np.argmax(v.logs[-365:]),
    "return_364d_skip_182d": lambda v: v.logs[-183] - v.logs[-365],
    "range_volatility_ratio_30d": _range_ratio,
    "variance_ratio_7d": _variance_ratio,
    "information_discreteness_90d": _discreteness,
    "leader_delay_60d": lambda v: np.polyfit(v.btc[-61:-1], v.returns[-60:], 1)[0],
    "log_price": lambda v: v.logs[-1],
    "capital_gains_180d": _gains,
    "spread_by_close_30d": _spread,
    "volume_reversal_60d": _reversal,
    "market_volume_growth_90d": lambda v: np.log(v.traded[-1] / v.traded[-91]),
}
GROUPS = {"group_return_7d", "group_return_28d", "group_relative_return_7d", "group_relative_return_28d"}


@pytest.fixture(scope="module")
def inputs(market: Panel) -> Inputs:
    return Inputs(market)


def test_every_one_of_them_is_written_by_hand_and_names_its_paper() -> None:
    assert set(BY_HAND) | GROUPS == {entry.name for entry in ANOMALIES}
    assert len(ANOMALIES) <= 24
    for entry in ANOMALIES:
        assert entry.formula.endswith(")") and entry.formula[-5:-1].isdigit(), "the year of its paper"


@pytest.mark.parametrize("name", BY_HAND)
def test_a_feature_is_its_formula(name: str, market: Panel, inputs: Inputs) -> None:
    values = evaluate(CATALOGUE[name], inputs)[-1]
    for symbol in ("ETH", "AAVE", "SOL"):
        expected = BY_HAND[name](Lines(market, inputs, symbol))
        assert values[market.column(symbol)] == pytest.approx(expected, rel=1e-9, nan_ok=True), symbol
    assert np.isfinite(values).sum() >= 5


def _themed(market: Panel) -> Panel:
    """Two themes of five coins that share AAVE, a stablecoin that claims to belong, and the rest without any."""
    defi, both = ("AAVE", "UNI", "SOL", "ADA", "XRP"), ("BTC", "ETH", "NEAR", "AAVE", "FALLER")
    tokens = tuple(
        replace(t, themes=(*["defi"] * (t.symbol in (*defi, "STABLE")), *["l1"] * (t.symbol in both)))
        for t in market.tokens
    )
    return replace(market, tokens=tokens)


def test_a_group_is_the_coins_that_share_a_theme_and_a_coin_of_two_has_the_mean_of_both(market: Panel) -> None:
    panel = _themed(market)
    inputs, row = Inputs(panel), 899
    moves = inputs.logs[row] - inputs.logs[row - 7]

    def median(*symbols: str) -> float:
        return float(np.nanmedian([moves[panel.column(s)] for s in symbols]))

    got, beside = (evaluate(CATALOGUE[f"group_{what}_7d"], inputs)[row] for what in ("return", "relative_return"))
    defi, l1 = median("AAVE", "UNI", "SOL", "ADA", "XRP"), median("BTC", "ETH", "NEAR", "AAVE", "FALLER")
    assert got[panel.column("UNI")] == pytest.approx(defi)
    assert got[panel.column("BTC")] == pytest.approx(l1)
    assert got[panel.column("AAVE")] == pytest.approx((defi + l1) / 2)
    assert beside[panel.column("UNI")] == pytest.approx(moves[panel.column("UNI")] - defi)
    assert np.isnan(got[panel.column("STABLE")]) and np.isnan(got[panel.column("DEAD")])
    alone = [t.symbol for t in panel.tokens if not t.themes and t.kind is TokenKind.COIN]
    assert got[panel.column("COARSE")] == pytest.approx(median(*alone))


def test_a_theme_of_fewer_than_five_known_coins_has_no_return(market: Panel) -> None:
    few = replace(
        market, tokens=tuple(replace(t, themes=("ai",) if t.symbol in CLEAN_FOUR else ()) for t in market.tokens)
    )
    got = evaluate(CATALOGUE["group_return_28d"], Inputs(few))[899]
    assert np.isnan([got[few.column(s)] for s in CLEAN_FOUR]).all()
    assert np.isfinite(got[few.column("XRP")])


CLEAN_FOUR = ("AAVE", "UNI", "SOL", "ADA")


def test_the_leader_neither_leads_nor_follows_itself(market: Panel, inputs: Inputs) -> None:
    assert np.isnan(evaluate(CATALOGUE["leader_delay_60d"], inputs)[:, market.column("BTC")]).all()


def test_a_residual_is_nothing_for_a_coin_that_is_twice_the_market(market: Panel) -> None:
    inputs = Inputs(market)
    close = market.close.copy()
    twice = np.concatenate([[0.0], np.cumsum(2 * inputs.median_return[1:, 0])])
    close[:, market.column("STABLE")] = np.exp(twice)  # no coin, so the market stays what it was
    again = Inputs(replace(market, close=close))
    np.testing.assert_allclose(again.median_return, inputs.median_return)
    own = again.residuals[:, market.column("STABLE")]
    assert np.nanmax(np.abs(own)) < 1e-12 and np.isfinite(own).sum() > 700
