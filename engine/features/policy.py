"""What central banks say and what is written of the economy: its tone, and how much of it there is."""

from __future__ import annotations

from dataclasses import replace

from engine.features.feature import Feature, flat
from engine.features.mood import USUAL, count_surprise, tone

_SAID = (
    Feature(
        "central_bank_tone_28d", "macro", "market", "mean score of 28 days' titles from the Fed and the ECB", 28,
        "-1 to 1", "press releases", "central banks sound pleased", "central banks sound worried",
        lambda m: flat(tone(m.banks, 28)),
    ),
    Feature(
        "central_bank_tone_surprise", "macro", "market",
        "mean score of titles from the Fed and the ECB, 7 days minus 60 days", USUAL, "-2 to 2", "press releases",
        "central banks brighter than usual", "central banks gloomier than usual",
        lambda m: flat(tone(m.banks, 7) - tone(m.banks, USUAL)),
    ),
    Feature(
        "central_bank_count_surprise", "macro", "market", "log(titles from the Fed and the ECB a day, 7 / 60 days)",
        USUAL, "log", "press releases", "central banks say more than usual", "central banks say less than usual",
        lambda m: flat(count_surprise(m.banks)),
    ),
    Feature(
        "economy_tone_7d", "macro", "market", "mean score of 7 days' headlines of the economy", 7, "-1 to 1",
        "economic news", "friendly news of the economy", "hostile news of the economy",
        lambda m: flat(tone(m.economy, 7)),
    ),
    Feature(
        "economy_tone_surprise", "macro", "market",
        "mean score of headlines of the economy, 7 days minus 60 days", USUAL, "-2 to 2", "economic news",
        "economic news better than usual", "economic news worse than usual",
        lambda m: flat(tone(m.economy, 7) - tone(m.economy, USUAL)),
    ),
    Feature(
        "economy_count_surprise", "macro", "market", "log(headlines of the economy a day, 7 / 60 days)", USUAL, "log",
        "economic news", "more economic news than usual", "less economic news than usual",
        lambda m: flat(count_surprise(m.economy)),
    ),
)  # fmt: skip

# No archive holds such texts, so nothing is known yet of what they foretell: they are shown, and nobody learns of them.
POLICY = tuple(replace(feature, learned=False) for feature in _SAID)
