"""Small hand-made panels and signals for the rules of the index method."""

import datetime as dt

import numpy as np
import pytest

from engine.model import MarketView, Odds, Reason, Signal, Token, TokenKind, WeekSignals
from engine.panel import Panel
from engine.signals import grade

START = dt.date(2022, 1, 3)


@pytest.fixture(scope="session")
def make_panel():
    """A factory: {symbol: closes} -> Panel, all tokens DeFi coins but for the stablecoins; volume and supply given."""

    def make(closes, kinds=None, supply=1e6, market_volume=1e8, start=START, market_measures=None):
        symbols = sorted(closes)
        close = np.column_stack([np.asarray(closes[s], dtype=float) for s in symbols])
        shape = close.shape
        stables = {"USDC", "DAI", "USDT"}
        tokens = tuple(
            Token(
                i + 1,
                s,
                s.title(),
                (kinds or {}).get(s, TokenKind.STABLE if s in stables else TokenKind.COIN),
                ("defi",) if s not in stables else (),
            )
            for i, s in enumerate(symbols)
        )
        volumes = market_volume if isinstance(market_volume, dict) else dict.fromkeys(symbols, market_volume)
        supplies = supply if isinstance(supply, dict) else dict.fromkeys(symbols, supply)
        return Panel(
            dates=np.arange(np.datetime64(start), np.datetime64(start) + shape[0]),
            tokens=tokens,
            open=close.copy(),
            high=close * 1.01,
            low=close * 0.99,
            close=close,
            volume=np.full(shape, 1e6),
            venue=np.zeros(shape, dtype=np.int16),
            estimated=np.zeros(shape, dtype=bool),
            supply=np.tile([float(supplies[s]) for s in symbols], (shape[0], 1)),
            rank=np.tile(np.arange(1.0, shape[1] + 1), (shape[0], 1)),
            market_volume=np.tile([float(volumes[s]) for s in symbols], (shape[0], 1)),
            token_measures={},
            market_measures=market_measures or {},
            headlines=(),
            simulated=True,
        )

    return make


@pytest.fixture(scope="session")
def make_signals():
    """A factory: {symbol: lift of p(bullish)} -> WeekSignals; None abstains."""

    def make(lifts, date=START, volatility=0.04, note=""):
        base = Odds(0.36, 0.30, 0.34)

        def one(symbol, lift):
            odds = base if lift is None else Odds(base.bearish - lift, base.neutral, base.bullish + lift)
            sigma = volatility[symbol] if isinstance(volatility, dict) else volatility
            return Signal(
                symbol=symbol,
                odds=odds,
                base=base,
                relative=lift,
                conviction=0.0 if lift is None else 2 * lift,
                grade=grade(odds),
                reasons=(Reason("x", "price", 1.0, "rising"), Reason("y", "price", -1.0, "tired")),
                abstained="too little price history" if lift is None else None,
                points_present=40,
                points_total=60,
                missing_families=(),
                volatility=sigma,
                close=1.0,
                return_7d=0.0,
            )

        return WeekSignals(
            date, date, MarketView(0.5, 0.5, ()), tuple(one(s, x) for s, x in sorted(lifts.items())), (), note
        )

    return make
