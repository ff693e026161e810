"""Small hand-made panels and signals for the rules of the index method."""

import datetime as dt

import numpy as np
import pytest

from engine.level import CASH, mark
from engine.model import MarketView, Odds, Portfolio, Reason, Signal, Token, TokenKind, WeekSignals
from engine.panel import Panel
from engine.signals import grade

START = dt.date(2022, 1, 3)


@pytest.fixture(scope="session")
def make_panel():
    """A factory: {symbol: closes} -> Panel, all tokens DeFi coins but for the stablecoins; volume and supply given."""

    def make(closes, kinds=None, supply=1e9, market_volume=1e8, start=START, market_measures=None):
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
    """A factory: {symbol: lift of p(bullish)} -> WeekSignals; None abstains. A steady strength may be told apart."""

    def make(lifts, date=START, volatility=0.04, note="", steady=None):
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
                steady=(steady or {}).get(symbol, 0.0 if lift is None else 2 * lift),
            )

        return WeekSignals(
            date, date, MarketView(0.5, 0.5, ()), tuple(one(s, x) for s, x in sorted(lifts.items())), (), note
        )

    return make


@pytest.fixture(scope="session")
def make_book():
    """A factory: what an index holds at the panel's last close, {symbol: share}; the rest is plain cash."""

    def make(panel, shares, step=None, since=None, answered=None, level=1000.0):
        last = len(panel.dates) - 1
        whole = {CASH: 1 - sum(shares.values()), **shares}
        found = {s: mark(panel, s, last) for s, share in whole.items() if share > 0}
        prices = {s: price for s, (price, _) in found.items()}
        return Portfolio(
            date=panel.as_of - dt.timedelta(days=7),
            units={s: level * whole[s] / price for s, price in prices.items()},
            marks=prices,
            marked={s: str(panel.dates[row]) for s, (_, row) in found.items()},
            level_net=level,
            level_gross=level,
            divisor=1.0,
            step=step,
            step_since=since,
            answered=answered or {},
        )

    return make


@pytest.fixture(scope="session")
def calm_paths():
    """A factory: so many tokens that rise slowly and evenly, with Bitcoin and two sound stablecoins: {symbol: closes}.

    No token stands far above its own mean, none moves like another, and nothing moves the ladder. T00, T01 ... are the
    calmer ones, and a crowd of others (W00, W01 ...) is wilder.
    """

    def make(tokens=12, crowd=13, days=260, seed=1, drift=0.002):
        rng = np.random.default_rng(seed)
        calm, wild = ["BTC", *(f"T{i:02d}" for i in range(tokens))], [f"W{i:02d}" for i in range(crowd)]
        noise = dict.fromkeys(calm, 0.012) | dict.fromkeys(wild, 0.03)
        paths = {s: np.exp(drift * np.arange(days) + rng.normal(0, size, days)) for s, size in noise.items()}
        for path in paths.values():
            path[-1] = np.exp(drift * (days - 1))  # the last close stands on the line
        return paths | {"USDC": np.ones(days), "DAI": np.ones(days)}

    return make
