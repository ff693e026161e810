"""Every outside series that is not a candle: one entry each, with family, scope, lag and freshness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["token", "chain", "market", "stablecoin"]


@dataclass(frozen=True, slots=True)
class MeasureKind:
    """A series by its canonical name.

    `lag` is in days after the reference date: a value dated d may be used from the end of day d + lag, which is the
    rule of visibility (on-chain, TVL and open interest 1; FRED dailies 2; CPI, unemployment, M2 45; Fear & Greed and
    what is asked for as it stands 0).
    `fresh` is for how many days after it became known a value still stands; later it is missing.
    """

    name: str
    family: Literal["price", "on-chain", "sentiment", "macro"]
    scope: Scope
    lag: int
    fresh: int
    unit: str
    in_panel: bool = True  # False: kept for other uses than a week's view of the market


KINDS = {
    kind.name: kind
    for kind in (
        MeasureKind("active_addresses", "on-chain", "token", 1, 3, "addresses/day"),
        MeasureKind("transactions", "on-chain", "token", 1, 3, "transactions/day"),
        MeasureKind("transfers", "on-chain", "token", 1, 3, "transfers/day"),
        MeasureKind("transfer_value", "on-chain", "token", 1, 3, "USD/day"),
        MeasureKind("fees", "on-chain", "token", 1, 3, "USD/day"),
        MeasureKind("mvrv", "on-chain", "token", 1, 3, "ratio"),
        MeasureKind("nvt", "on-chain", "token", 1, 3, "ratio"),
        MeasureKind("issuance", "on-chain", "token", 1, 3, "USD/day"),
        MeasureKind("exchange_inflow", "on-chain", "token", 1, 3, "USD/day"),
        MeasureKind("exchange_outflow", "on-chain", "token", 1, 3, "USD/day"),
        MeasureKind("hash_rate", "on-chain", "token", 1, 3, "TH/s"),
        MeasureKind("miner_revenue_per_hash", "on-chain", "token", 1, 3, "USD"),
        MeasureKind("open_interest", "on-chain", "token", 1, 3, "contracts value"),
        MeasureKind("chain_tvl", "on-chain", "chain", 1, 3, "USD"),
        MeasureKind("defi_tvl", "on-chain", "market", 1, 3, "USD"),
        MeasureKind("stablecoin_supply", "on-chain", "market", 1, 3, "USD"),
        MeasureKind("market_dex_volume", "on-chain", "market", 1, 3, "USD/day"),
        MeasureKind("dex_volume", "on-chain", "token", 1, 3, "USD/day"),
        MeasureKind("stablecoin_price", "on-chain", "stablecoin", 0, 3, "USD"),
        MeasureKind("gas_price", "on-chain", "chain", 1, 3, "wei"),
        MeasureKind("market_cap", "price", "token", 1, 100_000, "USD", in_panel=False),
        MeasureKind("market_volume", "price", "token", 1, 100_000, "USD/day", in_panel=False),
        MeasureKind("circulating_supply", "price", "token", 1, 100_000, "tokens", in_panel=False),
        MeasureKind("depth_1pct", "price", "token", 0, 3, "USD"),
        MeasureKind("depth_2pct", "price", "token", 0, 3, "USD"),
        MeasureKind("spread", "price", "token", 0, 3, "share"),
        MeasureKind("venue_share", "price", "token", 0, 3, "share"),
        MeasureKind("venue_concentration", "price", "token", 0, 3, "0 to 1"),
        MeasureKind("dex_share", "price", "token", 0, 3, "share"),
        MeasureKind("trending", "sentiment", "token", 0, 3, "1 where searched for most"),
        MeasureKind("wiki_views", "sentiment", "token", 1, 3, "views/day"),
        MeasureKind("fear_greed", "sentiment", "market", 0, 3, "0 to 100"),
        MeasureKind("btc_dominance", "macro", "market", 0, 3, "% of capitalisation"),
        MeasureKind("vix", "macro", "market", 2, 7, "index points"),
        MeasureKind("dollar_index", "macro", "market", 2, 7, "index points"),
        MeasureKind("treasury_10yr", "macro", "market", 2, 7, "%"),
        MeasureKind("spread_2s10s", "macro", "market", 2, 7, "% points"),
        MeasureKind("breakeven_10yr", "macro", "market", 2, 7, "%"),
        MeasureKind("fed_funds", "macro", "market", 2, 10, "%"),
        MeasureKind("sp500", "macro", "market", 2, 7, "index points"),
        MeasureKind("nasdaq100", "macro", "market", 2, 7, "index points"),
        MeasureKind("gold", "macro", "market", 2, 7, "USD/oz"),
        MeasureKind("wti_crude", "macro", "market", 2, 7, "USD/barrel"),
        MeasureKind("high_yield_spread", "macro", "market", 2, 14, "% points"),
        MeasureKind("financial_stress", "macro", "market", 9, 14, "index"),
        MeasureKind("m2", "macro", "market", 45, 75, "bn USD"),
        MeasureKind("cpi_yoy", "macro", "market", 45, 75, "%"),
        MeasureKind("unemployment", "macro", "market", 45, 75, "%"),
    )
}
