"""The leg that waits: which coins are sound, in what order, and how a large leg is split."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.level import CASH
from engine.model import TokenKind
from engine.stablecoins import ORDER, PEG, PEG_DAYS, SPLIT, off_peg, sound_stablecoins, spread

DAYS = 20
NAN = float("nan")


@pytest.fixture(scope="module")
def coins(make_panel):
    """A factory: {symbol: {days ago: close}} -> Panel; every other close is a dollar."""

    def make(closes, kinds=None):
        paths = {}
        for symbol, printed in closes.items():
            paths[symbol] = np.ones(DAYS)
            for ago, close in printed.items():
                paths[symbol][DAYS - 1 - ago] = close
        return make_panel(paths | {"AAA": np.ones(DAYS)}, dict.fromkeys(closes, TokenKind.STABLE) | (kinds or {}))

    return make


@pytest.mark.rule("5.5")
def test_usdc_comes_first_then_dai_then_usdt(coins):
    panel = coins({symbol: {} for symbol in reversed(ORDER)})
    assert sound_stablecoins(panel) == list(ORDER)
    assert ORDER[:3] == ("USDC", "DAI", "USDT")


@pytest.mark.rule("5.5")
@pytest.mark.parametrize(
    "ago, close, is_sound",
    [
        (0, 1 + PEG + 1e-6, False),
        (0, 1 - PEG - 1e-6, False),
        (0, 1 - PEG + 1e-6, True),
        (PEG_DAYS - 1, 0.959, False),
        (PEG_DAYS, 0.959, True),
        (0, NAN, False),
        (1, NAN, True),
    ],
)
def test_a_coin_is_held_again_once_a_week_of_closes_stood_at_a_dollar(coins, ago, close, is_sound):
    panel = coins({"USDC": {ago: close}, "DAI": {}})
    assert sound_stablecoins(panel) == (["USDC", "DAI"] if is_sound else ["DAI"])
    assert spread(panel, 0.2) == {"USDC" if is_sound else "DAI": 0.2}


@pytest.mark.rule("5.5", "8.7")
def test_how_far_off_its_dollar_a_coin_closed_today(coins):
    panel = coins({"USDC": {0: 0.959}, "DAI": {3: 0.9}, "USDT": {0: NAN}, "TUSD": {0: 1.0099}})
    assert off_peg(panel, "USDC") == pytest.approx(-0.041)
    assert off_peg(panel, "DAI") is off_peg(panel, "TUSD") is off_peg(panel, "UNKNOWN") is None
    assert np.isnan(off_peg(panel, "USDT"))


@pytest.mark.rule("5.5")
def test_a_coin_that_only_borrows_the_name_is_not_held(coins):
    assert sound_stablecoins(coins({"USDC": {}, "DAI": {}}, {"USDC": TokenKind.COIN})) == ["DAI"]


@pytest.mark.rule("5.5")
def test_a_leg_above_30_percent_is_split_in_halves(coins):
    panel = coins({"USDC": {}, "DAI": {}, "USDT": {}})
    assert spread(panel, SPLIT) == {"USDC": 0.30}
    assert spread(panel, 0.5) == {"USDC": 0.25, "DAI": 0.25}
    assert spread(panel, 0.0) == {}


@pytest.mark.rule("5.5")
def test_where_one_coin_alone_is_sound_the_other_half_is_plain_cash(coins):
    panel = coins({"USDC": {2: 0.9}, "DAI": {}})
    assert spread(panel, 0.5) == {"DAI": 0.25, CASH: 0.25}
    assert spread(panel, 0.3) == {"DAI": 0.3}
    assert spread(coins({"USDC": {2: 0.9}}), 0.5) == {CASH: 0.5}


closes = st.sampled_from([1.0, 1.0, 0.995, 1.009, 0.985, 1.2, 0.0, NAN])


@pytest.mark.rule("5.5")
@given(st.dictionaries(st.sampled_from(ORDER), st.dictionaries(st.integers(0, 9), closes)), st.floats(0, 1))
def test_a_leg_adds_up_and_never_holds_a_coin_off_its_dollar(coins, printed, share):
    panel = coins(printed)
    leg = spread(panel, share)
    assert sum(leg.values()) == pytest.approx(share)
    assert all(weight <= max(SPLIT, share / 2) + 1e-12 for symbol, weight in leg.items() if symbol != CASH)
    for symbol in leg.keys() - {CASH}:
        assert off_peg(panel, symbol) is None
        window = panel.close[-PEG_DAYS:, panel.column(symbol)]
        assert (np.abs(window[np.isfinite(window)] - 1) <= PEG).all()
