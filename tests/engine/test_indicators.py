from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from engine.crosscheck import agree
from engine.indicators import INDICATORS, Bars, compute, compute_indicators
from engine.panel import Panel

CLEAN = ("BTC", "ETH", "AAVE", "UNI", "SOL", "ADA", "XRP")
NO_REFERENCE = {  # ta has none, or one that is unsound: each entry says which
    "know_sure_thing", "chande_momentum_20", "kama_distance", "trend_slope_60", "trend_fit_60", "efficiency_20",
    "choppiness_14", "parkinson_20", "on_balance_20",
}  # fmt: skip
Cut = Callable[..., Panel]


@pytest.fixture(scope="module")
def values(market: Panel) -> dict[str, np.ndarray]:
    return compute_indicators(Bars.of(market))


@pytest.fixture(scope="module")
def real_values(real: Panel) -> dict[str, np.ndarray]:
    return compute_indicators(Bars.of(real))


@pytest.mark.parametrize("name", INDICATORS)
def test_an_entry_is_filed_under_its_name_and_says_what_it_is(name: str) -> None:
    indicator = INDICATORS[name]
    assert indicator.name == name and indicator.formula and indicator.up and indicator.down
    assert indicator.up != indicator.down
    assert 0 < indicator.warmup <= 300 and indicator.window <= 300, "400 bars must settle it"
    assert indicator.scale > 0


def test_the_table_is_as_large_as_promised() -> None:
    assert len(INDICATORS) >= 45
    assert {name for name, i in INDICATORS.items() if i.reference is None} == NO_REFERENCE
    assert not {"psar", "stc"} & {name.split("_")[0] for name in INDICATORS}


@pytest.mark.parametrize("name", INDICATORS)
def test_a_whole_history_has_values_from_the_warmup_on(name: str, market: Panel, values: dict[str, np.ndarray]) -> None:
    known = np.isfinite(values[name][:, [market.column(s) for s in CLEAN]])
    assert known[INDICATORS[name].warmup - 1 :].all()


@pytest.mark.parametrize("name", INDICATORS)
def test_nothing_is_said_without_a_candle_and_nothing_is_infinite(
    name: str, market: Panel, values: dict[str, np.ndarray]
) -> None:
    assert np.isnan(values[name][~market.observed]).all()
    assert not np.isinf(values[name]).any()


@pytest.mark.parametrize("name", INDICATORS)
def test_a_value_does_not_depend_on_the_unit_of_the_price(
    name: str, market: Panel, values: dict[str, np.ndarray]
) -> None:
    bars = Bars.of(market)
    dear = replace(bars, **{f: getattr(bars, f) * 1024.0 for f in ("open", "high", "low", "close")})
    np.testing.assert_allclose(compute(INDICATORS[name], dear), values[name], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", INDICATORS)
def test_estimated_ranges_are_not_used(name: str, market: Panel, values: dict[str, np.ndarray]) -> None:
    column = market.column("ESTIMATED")
    known = np.isfinite(values[name][800:, column])
    if INDICATORS[name].uses == "range":
        assert not known.any()
    if INDICATORS[name].uses == "close":
        assert known.all()


@pytest.mark.parametrize("name", [n for n, i in INDICATORS.items() if i.uses == "volume"])
def test_volumes_of_two_venues_are_never_mixed(name: str, market: Panel, values: dict[str, np.ndarray]) -> None:
    known = np.isfinite(values[name][:, market.column("VENUES")])
    warmup = INDICATORS[name].warmup
    assert known[599] and not known[600 : 600 + warmup - 1].any() and known[600 + warmup : 780].all()


@pytest.mark.parametrize("name", INDICATORS)
def test_cutting_off_the_future_changes_no_past_value(
    name: str, market: Panel, cut: Cut, values: dict[str, np.ndarray]
) -> None:
    for last in (431, 620, 811):
        np.testing.assert_array_equal(compute(INDICATORS[name], Bars.of(cut(market, 0, last))), values[name][:last])


@pytest.mark.parametrize("name", INDICATORS)
def test_the_last_400_bars_alone_give_the_same_last_value(
    name: str, market: Panel, cut: Cut, values: dict[str, np.ndarray]
) -> None:
    """F30"""
    for last in (450, 560, 690, 800, 900):
        _assert_same(
            name, values[name][last - 1], compute(INDICATORS[name], Bars.of(cut(market, last - 400, last)))[-1]
        )


@pytest.mark.parametrize("name", INDICATORS)
def test_both_contracts_hold_on_real_history(
    name: str, real: Panel, cut: Cut, real_values: dict[str, np.ndarray]
) -> None:
    last = 1417  # FTT has fallen
    ours = compute(INDICATORS[name], Bars.of(cut(real, 0, last)))
    np.testing.assert_array_equal(ours, real_values[name][:last])
    for last in (1240, 1417, len(real.dates)):  # LUNC has fallen, FTT has fallen, the end
        alone = compute(INDICATORS[name], Bars.of(cut(real, last - 400, last)))
        _assert_same(name, real_values[name][last - 1], alone[-1])


REFERENCED = [name for name, indicator in INDICATORS.items() if indicator.reference is not None]


@pytest.mark.parametrize("name", REFERENCED)
def test_our_value_is_that_of_the_reference(name: str, market: Panel, cut: Cut) -> None:
    for last in (600, 900):
        _assert_agrees(name, cut(market, last - 400, last), [market.column(s) for s in CLEAN])


@pytest.mark.parametrize("name", REFERENCED)
def test_our_value_is_that_of_the_reference_on_real_tokens(name: str, real: Panel, cut: Cut) -> None:
    for last in (900, 1500):
        part = cut(real, last - 400, last)
        whole = np.isfinite(part.volume + part.high).all(axis=0) & ~part.estimated.any(axis=0)
        steady = (part.venue == part.venue[0]).all(axis=0) & (np.ptp(np.log(part.close), axis=0) < np.log(1000))
        _assert_agrees(name, part, np.flatnonzero(whole & steady)[:6].tolist(), at_least=2)


def _assert_agrees(name: str, panel: Panel, columns: list[int], at_least: int = 5) -> None:
    assert len(columns) >= at_least
    indicator, bars = INDICATORS[name], Bars.of(panel)
    ours = compute(indicator, bars)[-1]
    for column in columns:
        fields = ("open", "high", "low", "close", "volume")
        frame = pd.DataFrame({f: getattr(bars, f)[:, column] for f in fields})
        reference = float(indicator.reference(frame).iloc[-1])
        assert agree(ours[column], reference, indicator.scale), (panel.tokens[column].symbol, ours[column], reference)


def _assert_same(name: str, whole: np.ndarray, alone: np.ndarray) -> None:
    np.testing.assert_array_equal(np.isnan(whole), np.isnan(alone))
    known = np.isfinite(whole)
    gap = np.abs(whole[known] - alone[known])
    assert (gap <= 1e-6 * np.maximum(np.abs(whole[known]), INDICATORS[name].scale)).all()


def _by_hand(name: str, bar: pd.DataFrame) -> float:
    """The formula, written once more, on one token's last bars."""
    close, moves = bar["close"], np.log(bar["close"]).diff()
    if name == "chande_momentum_20":
        return 100 * moves[-20:].sum() / moves[-20:].abs().sum()
    if name == "efficiency_20":
        return abs(moves[-20:].sum()) / moves[-20:].abs().sum()
    if name == "parkinson_20":
        return float(np.sqrt((np.log(bar["high"] / bar["low"])[-20:] ** 2).mean() / (4 * np.log(2))))
    if name == "on_balance_20":
        return float((np.sign(close.diff()) * bar["volume"])[-20:].sum() / bar["volume"][-20:].sum())
    if name == "trend_slope_60":
        return float(60 * np.polyfit(np.arange(60), np.log(close[-60:]), 1)[0])
    if name == "trend_fit_60":
        return float(np.corrcoef(np.arange(60), np.log(close[-60:]))[0, 1])
    if name == "choppiness_14":
        before = close.shift(1)
        reach = np.maximum(bar["high"], before) - np.minimum(bar["low"], before)
        return float(
            100 * np.log10(reach[-14:].sum() / (bar["high"][-14:].max() - bar["low"][-14:].min())) / np.log10(14)
        )
    if name == "know_sure_thing":
        rates = {n: 100 * close.pct_change(n) for n in (10, 15, 20, 30)}
        parts = [w * rates[n][-m:].mean() for w, n, m in ((1, 10, 10), (2, 15, 10), (3, 20, 10), (4, 30, 15))]
        return float(sum(parts))
    efficiency = (close.diff(10).abs() / close.diff().abs().rolling(10).sum()).to_numpy()
    gain = (efficiency * (2 / 3 - 2 / 31) + 2 / 31) ** 2
    mean = float(close.iloc[0])
    for value, weight in zip(close.to_numpy()[10:], gain[10:], strict=True):
        mean += weight * (value - mean)
    return float(np.log(close.iloc[-1] / mean))


@pytest.mark.parametrize("name", sorted(NO_REFERENCE))
def test_an_indicator_without_a_reference_is_its_formula(
    name: str, market: Panel, values: dict[str, np.ndarray]
) -> None:
    for symbol in CLEAN:
        column = market.column(symbol)
        bar = pd.DataFrame({f: getattr(market, f)[:, column] for f in ("open", "high", "low", "close", "volume")})
        loose = 5e-3 if name == "kama_distance" else 1e-9  # ours forgets beyond 100 days, the textbook's never
        assert values[name][-1, column] == pytest.approx(_by_hand(name, bar), rel=loose, abs=loose)


def test_a_price_that_never_moved_has_no_oscillator() -> None:
    flat = np.full((400, 1), 2.5)
    bars = Bars(flat, flat, flat, flat, flat, np.full((400, 1), np.inf))
    for name in ("rsi_14", "stochastic_k_14", "bollinger_b_20", "cci_20", "money_flow_14", "adx_14"):
        assert np.isnan(compute(INDICATORS[name], bars)).all(), name
    assert (compute(INDICATORS["roc_12"], bars)[20:] == 0).all()
