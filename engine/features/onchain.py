"""Features from the chains: use, valuation, exchange flows, locked value, stablecoins, derivatives."""

from __future__ import annotations

import numpy as np

from engine import kernels as k
from engine.features.feature import LEADER, Feature, Inputs, flat, growth_of_means, z_score
from engine.measures import KINDS
from engine.panel import Matrix, Vector


def _growth(name: str, metric: str, fast: int, slow: int, up: str, down: str) -> Feature:
    return Feature(
        name, "on-chain", "token", f"log({fast}-day mean / {slow}-day mean of {metric.replace('_', ' ')})", slow,
        "log", metric, up, down, lambda m: growth_of_means(m.token(metric), fast, slow), lag=KINDS[metric].lag,
    )  # fmt: skip


def net_flow(m: Inputs) -> Matrix:
    """Seven days' flow into exchanges minus out of them, as a share of capitalisation."""
    flow = m.token("exchange_inflow") - m.token("exchange_outflow")
    return k.ratio(k.rolling_sum(flow, 7), m.cap)


def dry_powder(m: Inputs) -> Vector:
    """Stablecoins against the capitalisation of the coins that make the market, and that against its half-year."""
    caps = np.where(m.members & np.isfinite(m.cap), m.cap, 0.0).sum(axis=1, keepdims=True)
    return flat(z_score(k.log(k.ratio(m.market("stablecoin_supply"), caps)), 180))


def leader(m: Inputs, matrix: Matrix) -> Matrix:
    return m.of(LEADER, matrix)[:, None]


ONCHAIN = (
    _growth("addresses_growth_7_28", "active_addresses", 7, 28, "more users this week", "fewer users this week"),
    _growth("addresses_growth_28_90", "active_addresses", 28, 90, "user numbers growing", "user numbers shrinking"),
    _growth("transactions_growth_7_28", "transactions", 7, 28, "chain busier this week", "chain quieter this week"),
    _growth("transactions_growth_28_90", "transactions", 28, 90, "chain use growing", "chain use shrinking"),
    _growth("transfers_growth_7_28", "transfers", 7, 28, "more transfers this week", "fewer transfers this week"),
    _growth("fees_growth_7_28", "fees", 7, 28, "fees rising", "fees falling"),
    Feature(
        "transfer_value_to_cap", "on-chain", "token", "log(7-day mean value moved on chain / market cap)", 7, "log",
        "transfer_value, rankings", "much moved on chain for its size", "little moved on chain for its size",
        lambda m: k.log(k.ratio(k.rolling_mean(m.token("transfer_value"), 7), m.cap)), lag=1,
    ),
    Feature(
        "nvt_28d", "on-chain", "token", "log of 28-day mean network value / transactions", 28, "log", "nvt",
        "dear for its use (NVT)", "cheap for its use (NVT)",
        lambda m: k.log(k.rolling_mean(m.token("nvt"), 28)), lag=1,
    ),
    Feature(
        "mvrv", "on-chain", "token", "log(market value / value at which coins last moved)", 1, "log", "mvrv",
        "holders sit on gains (MVRV)", "holders sit on losses (MVRV)", lambda m: k.log(m.token("mvrv")), lag=1,
    ),
    Feature(
        "mvrv_change_28d", "on-chain", "token", "28-day log change of MVRV", 28, "log", "mvrv",
        "holders' gains growing", "holders' gains shrinking", lambda m: k.growth(m.token("mvrv"), 28), lag=1,
    ),
    Feature(
        "issuance_to_cap_28d", "on-chain", "token", "28 days' newly issued coins / market cap", 28, "share",
        "issuance, rankings", "many coins issued", "few coins issued",
        lambda m: k.ratio(k.rolling_sum(m.token("issuance"), 28), m.cap), lag=1, scale=0.01,
    ),
    Feature(
        "exchange_net_flow_7d", "on-chain", "token", "7 days' (exchange inflow - outflow) / market cap", 7, "share",
        "exchange_inflow, exchange_outflow, rankings", "coins flow to exchanges", "coins leave exchanges", net_flow,
        lag=1, scale=0.01,
    ),
    Feature(
        "open_interest_change_7d", "on-chain", "token", "7-day log change of open interest", 7, "log",
        "open_interest", "leverage building up", "leverage coming off",
        lambda m: k.growth(m.token("open_interest"), 7), lag=1, scale=0.1,
    ),
    Feature(
        "open_interest_to_cap", "on-chain", "token", "log(open interest / market cap)", 1, "log",
        "open_interest, rankings", "much leverage for its size", "little leverage for its size",
        lambda m: k.log(k.ratio(m.token("open_interest"), m.cap)), lag=1,
    ),
    Feature(
        "chain_tvl_growth_7d", "on-chain", "chain", "7-day log change of value locked on the token's own chain", 7,
        "log", "chain_tvl", "money came to its chain this week", "money left its chain this week",
        lambda m: k.growth(m.token("chain_tvl"), 7), lag=1, scale=0.1,
    ),
    Feature(
        "chain_tvl_growth_28d", "on-chain", "chain", "28-day log change of value locked on the token's own chain", 28,
        "log", "chain_tvl", "money came to its chain this month", "money left its chain this month",
        lambda m: k.growth(m.token("chain_tvl"), 28), lag=1, scale=0.1,
    ),
    Feature(
        "chain_tvl_to_cap", "on-chain", "chain", "log(value locked on the token's own chain / market cap)", 1, "log",
        "chain_tvl, rankings", "much locked for its size", "little locked for its size",
        lambda m: k.log(k.ratio(m.token("chain_tvl"), m.cap)), lag=1,
    ),
    Feature(
        "stablecoin_growth_7d", "on-chain", "market", "7-day log change of stablecoin supply", 7, "log",
        "stablecoin_supply", "new stablecoins this week", "stablecoins redeemed this week",
        lambda m: flat(k.growth(m.market("stablecoin_supply"), 7)), lag=1, scale=0.01,
    ),
    Feature(
        "stablecoin_growth_28d", "on-chain", "market", "28-day log change of stablecoin supply", 28, "log",
        "stablecoin_supply", "stablecoin supply growing", "stablecoin supply shrinking",
        lambda m: flat(k.growth(m.market("stablecoin_supply"), 28)), lag=1, scale=0.01,
    ),
    Feature(
        # the ratio itself is BTC's MVRV upside down (rank correlation -0.98 in 2021 to 2023)
        "stablecoins_to_cap_z_180d", "on-chain", "market",
        "log(stablecoin supply / capitalisation of the first 100 coins) against 180 days, in deviations", 180,
        "deviations", "stablecoin_supply, rankings", "more money than usual waits in stablecoins",
        "less money than usual waits in stablecoins", dry_powder, lag=1,
    ),
    Feature(
        "defi_tvl_growth_28d", "on-chain", "market", "28-day log change of value locked in DeFi", 28, "log",
        "defi_tvl", "money flows into DeFi", "money leaves DeFi",
        lambda m: flat(k.growth(m.market("defi_tvl"), 28)), lag=1, scale=0.1,
    ),
    Feature(
        "btc_mvrv", "on-chain", "market", "log(BTC market value / value at which its coins last moved)", 1, "log",
        "mvrv", "BTC holders sit on gains", "BTC holders sit on losses",
        lambda m: flat(k.log(leader(m, m.token("mvrv")))), lag=1,
    ),
    Feature(
        "btc_exchange_flow_28d", "on-chain", "market", "28-day mean of BTC's 7-day exchange net flow / market cap",
        35, "share", "exchange_inflow, exchange_outflow, rankings", "BTC flows to exchanges", "BTC leaves exchanges",
        lambda m: flat(k.rolling_mean(leader(m, net_flow(m)), 28)), lag=1, scale=0.01,
    ),
    Feature(
        "btc_hash_growth_28_90", "on-chain", "market", "log(28-day / 90-day mean of BTC's hash rate)", 90, "log",
        "hash_rate", "miners add machines", "miners switch off",
        lambda m: flat(growth_of_means(leader(m, m.token("hash_rate")), 28, 90)), lag=1, scale=0.1,
    ),
    Feature(
        "btc_miner_revenue_growth_28d", "on-chain", "market", "28-day log change of BTC's revenue per hash", 28,
        "log", "miner_revenue_per_hash", "mining pays better", "mining pays worse",
        lambda m: flat(k.growth(leader(m, m.token("miner_revenue_per_hash")), 28)), lag=1, scale=0.1,
    ),
    Feature(
        "btc_addresses_growth_28_90", "on-chain", "market", "log(28-day / 90-day mean of BTC's active addresses)", 90,
        "log", "active_addresses", "BTC users growing", "BTC users shrinking",
        lambda m: flat(growth_of_means(leader(m, m.token("active_addresses")), 28, 90)), lag=1, scale=0.1,
    ),
    Feature(
        "gas_price_z_90d", "on-chain", "market", "log price of gas on Ethereum against 90 days, in deviations", 90,
        "deviations", "gas_price", "Ethereum crowded", "Ethereum idle",
        lambda m: flat(z_score(k.log(m.of("ETH", m.token("gas_price"))[:, None]), 90)), lag=1,
    ),
)  # fmt: skip
