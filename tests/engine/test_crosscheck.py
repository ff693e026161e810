from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.crosscheck import (
    Drawn,
    agree,
    cross_check,
    draw_sample,
    find_mismatches,
    find_mismatches_apart,
    last_bars,
)
from engine.errors import CrossCheckFailed
from engine.indicators import INDICATORS, Indicator
from engine.panel import Panel

Cut = Callable[..., Panel]
SOUND = {"BTC", "ETH", "AAVE", "UNI", "SOL", "ADA", "XRP", "NEAR"}
FEW = {name: INDICATORS[name] for name in ("rsi_14", "adx_14", "trix_15", "cci_20", "bollinger_b_20")}


def _off(name: str, by: float) -> Indicator:
    """An indicator whose kernel went wrong by a constant."""
    right = INDICATORS[name]
    return replace(right, compute=lambda bars: right.compute(bars) + by)


def test_every_indicator_with_a_reference_is_checked_and_agrees(market: Panel) -> None:
    check = cross_check(market)
    assert set(check.checked) == {name for name, i in INDICATORS.items() if i.reference is not None}
    assert len(check.checked) >= 25 and len(check.tokens) == 5 and check.failed == ()


def test_every_indicator_agrees_on_real_tokens(real: Panel, cut: Cut) -> None:
    check = cross_check(cut(real, 0, 1600))
    assert len(check.tokens) >= 3 and check.failed == ()


def test_a_wrong_kernel_is_caught_and_named(market: Panel) -> None:
    check = cross_check(market, {**FEW, "rsi_14": _off("rsi_14", 1e-3)})
    assert [mismatch.feature for mismatch in check.failed] == ["rsi_14"]
    mismatch = check.failed[0]
    assert mismatch.symbol in check.tokens
    assert mismatch.ours == pytest.approx(mismatch.reference + 1e-3, abs=1e-6)


def test_a_kernel_that_says_nothing_where_the_reference_does_is_wrong(market: Panel) -> None:
    check = cross_check(market, {"cci_20": _off("cci_20", float("nan"))})
    assert [mismatch.feature for mismatch in check.failed] == ["cci_20"]


def test_another_process_finds_what_this_one_does(market: Panel) -> None:
    columns = [market.column(symbol) for symbol in ("BTC", "ETH")]
    holed = replace(market, close=np.where(np.arange(len(market.dates))[:, None] % 97 == 5, np.nan, market.close))
    drawn = Drawn(market.as_of, ("BTC", "ETH"), last_bars(holed, columns))
    here = find_mismatches(drawn, FEW)
    assert "adx_14" in {mismatch.feature for mismatch in here}  # the reference never forgets a hole
    assert repr(find_mismatches_apart(drawn, FEW)) == repr(here)
    assert cross_check(market, FEW, find_mismatches_apart) == cross_check(market, FEW)


def test_two_wrong_indicators_are_dropped_and_three_stop_publication(market: Panel) -> None:
    wrong = {name: _off(name, 0.1) for name in ("rsi_14", "adx_14")}
    assert len(cross_check(market, {**FEW, **wrong}).failed) == 2
    wrong["trix_15"] = _off("trix_15", 0.1)
    with pytest.raises(CrossCheckFailed, match=r"3 indicators .*adx_14.*nothing is published on 2023-06-20"):
        cross_check(market, {**FEW, **wrong})


def test_only_whole_measured_coins_of_one_venue_are_drawn(market: Panel) -> None:
    drawn = set()
    for last in range(880, 900):
        drawn |= {market.tokens[i].symbol for i in draw_sample(market.until(market.dates[last].item()))}
    assert drawn == SOUND


def test_a_token_that_fell_by_orders_of_magnitude_is_not_drawn_while_it_does(market: Panel) -> None:
    before, after = market.until(market.dates[499].item()), market.until(market.dates[600].item())
    faller = market.column("FALLER")
    spoilt = [i for i in range(len(market.tokens)) if i != faller]
    only = replace(before, close=np.where(np.isin(np.arange(len(market.tokens)), spoilt), np.nan, before.close))
    assert draw_sample(only) == [faller]
    gone = replace(after, close=np.where(np.isin(np.arange(len(market.tokens)), spoilt), np.nan, after.close))
    assert draw_sample(gone) == []


def test_one_date_always_draws_one_sample_and_another_date_another(market: Panel) -> None:
    assert draw_sample(market) == draw_sample(market)
    samples = {tuple(draw_sample(market.until(market.dates[last].item()))) for last in range(880, 900)}
    assert len(samples) > 5


def test_a_history_too_short_to_settle_is_not_compared(market: Panel) -> None:
    check = cross_check(market.until(market.dates[399].item()), FEW)
    assert (check.checked, check.tokens, check.failed) == ((), (), ())
    assert cross_check(market.until(market.dates[400].item()), FEW).tokens


def test_values_agree_within_a_millionth_of_their_size_or_natural_scale() -> None:
    assert agree(1000.0005, 1000.0, 1) and not agree(1000.002, 1000.0, 1)
    assert agree(0.00005, 0.0, 100) and not agree(0.0002, 0.0, 100)
    assert agree(float("nan"), float("nan"), 1) and not agree(float("nan"), 0.0, 1)
    assert not agree(0.0, float("nan"), 1)
