"""Gathers the families into the one catalogue of data points."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.features.anomalies import ANOMALIES
from engine.features.feature import Feature
from engine.features.liquidity import LIQUIDITY
from engine.features.macro import MACRO
from engine.features.mood import SENTIMENT
from engine.features.onchain import ONCHAIN
from engine.features.policy import POLICY
from engine.features.price import PRICE
from engine.features.technical import TECHNICAL
from engine.features.trading import TRADING

CATALOGUE: Mapping[str, Feature] = MappingProxyType(
    {
        feature.name: feature
        for feature in (*PRICE, *LIQUIDITY, *ANOMALIES, *TECHNICAL, *ONCHAIN, *SENTIMENT, *MACRO, *POLICY, *TRADING)
    }
)
