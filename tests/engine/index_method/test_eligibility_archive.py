"""Eligibility on the real archive: who was let in before a fall, and which bar spoke when it came."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from engine.eligibility import eligible, why_not_eligible
from engine.model import TokenKind
from engine.themes import theme

START, END = dt.date(2021, 10, 1), dt.date(2022, 12, 1)
FEW = ("AAVE", "BTC", "ETH", "FTT", "LUNC", "SOL", "USDC", "WBTC")
LARGE = theme("large")


@pytest.fixture(scope="module")
def seen(archive, make_panel):
    """A few real tokens around the falls of LUNC and FTT, with the monthly snapshots as they stood: `seen(date)`."""
    days = pd.date_range(START, END, inclusive="left")
    candles = pd.read_csv(archive / "candles.csv.gz", usecols=["date", "symbol", "close"], parse_dates=["date"])
    close = candles[candles["symbol"].isin(FEW)].pivot(index="date", columns="symbol", values="close").reindex(days)
    ranking = pd.read_csv(archive / "snapshots.csv.gz", parse_dates=["date"])
    ranking = ranking[ranking["symbol"].isin(FEW)]
    monthly = {
        name: ranking.pivot(index="date", columns="symbol", values=column)
        .reindex(index=days, columns=list(FEW))
        .ffill(limit=61)
        .to_numpy()
        for name, column in (("supply", "circulating_supply"), ("market_volume", "volume_24h_usd"))
    }
    kinds = {"USDC": TokenKind.STABLE, "WBTC": TokenKind.WRAPPED}
    panel = replace(make_panel({s: close[s].to_numpy() for s in FEW}, kinds=kinds, start=START), **monthly)
    return panel.until


def names(panel, held=frozenset()):
    return {panel.tokens[j].symbol for j in eligible(LARGE, panel, held).columns}


@pytest.mark.rule("2.1")
def test_before_the_fall_all_coins_were_in_and_no_copy(seen):
    assert names(seen(dt.date(2022, 5, 9))) == set(FEW) - {"USDC", "WBTC"}


@pytest.mark.rule("2.7")
@pytest.mark.parametrize(
    "symbol, date, why",
    [
        ("LUNC", dt.date(2022, 5, 12), "its price moved tenfold in a day and is not trusted yet"),
        ("LUNC", dt.date(2022, 5, 16), "its price moved tenfold in a day and is not trusted yet"),
        ("LUNC", dt.date(2022, 5, 23), "it has become too small"),
        ("FTT", dt.date(2022, 11, 18), "its last price is too old"),
    ],
)
def test_the_bar_that_a_fallen_token_fails_first(seen, symbol, date, why):
    panel = seen(date)
    assert symbol not in names(panel, frozenset({symbol}))
    assert why_not_eligible(LARGE, panel, symbol) == why


def test_a_fall_that_is_no_tenfold_leaves_a_token_to_the_signals_and_triggers(seen):
    panel = seen(dt.date(2022, 11, 10))
    assert panel.close[-1, panel.column("FTT")] < 0.2 * np.nanmax(panel.close[-5:, panel.column("FTT")])
    assert "FTT" in names(panel)
