"""What the first screen says, for and against: the same facts turn the sentences."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bot.findings import Finding, findings, is_sure

TITLES = {"defi": "DeFi", "meme": "Memecoins"}


def said(summary: dict[str, Any], head: str) -> Finding:
    return next(finding for finding in findings(summary, "balanced", TITLES) if finding.head == head)


@pytest.fixture
def told(summary: dict[str, Any]) -> dict[str, Any]:
    """A summary to change."""
    return copy.deepcopy(summary)


def rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in told["indices"] if row["mode"] == "balanced"]


def gap(value: float, low: float | None, high: float | None) -> dict[str, float | None]:
    return {"value": value, "low": low, "high": high}


def test_a_lead_beyond_chance_is_told_apart_from_one_within_it(told: dict[str, Any]) -> None:
    for row in rows(told):
        row["sharpe_difference"] = gap(0.5, -0.2, 1.2)
    within = said(told, "Return for risk.")
    assert "in 2 of 2 indices" in within.text and "Chance alone could explain it" in within.text and within.good
    rows(told)[0]["sharpe_difference"] = gap(0.5, 0.1, 1.2)
    assert "In 1 of these the whole 90 % interval" in said(told, "Return for risk.").text


def test_being_behind_everywhere_is_told_as_plainly(told: dict[str, Any]) -> None:
    for row in rows(told):
        row["sharpe_difference"] = gap(-0.5, -1.2, 0.2)
    finding = said(told, "Return for risk.")
    assert "in none of 2 indices" in finding.text and not finding.good
    assert "Chance" not in finding.text


def test_the_largest_shortfall_is_named_with_its_interval_and_only_where_there_is_one(told: dict[str, Any]) -> None:
    for row, value in zip(rows(told), (-0.2, -0.9), strict=True):
        row["sharpe_difference"] = gap(value, -1.66, 0.04)
    worst = said(told, "Largest shortfall.")
    assert worst.text.startswith("Memecoins: Sharpe ratio") and not worst.good
    assert "\N{MINUS SIGN}0.90 (\N{MINUS SIGN}1.66 to +0.04)" in worst.text
    for row in rows(told):
        row["sharpe_difference"] = gap(0.1, -1.0, 1.0)
    assert "Largest shortfall." not in [finding.head for finding in findings(told, "balanced", TITLES)]


def test_falls_are_held_against_the_mix_and_not_only_against_just_holding(told: dict[str, Any]) -> None:
    for row in rows(told):
        row["beyond_cash"]["drawdown"] = gap(-0.02, -0.1, 0.1)
    finding = said(told, "Worst falls.")
    assert "smaller in none of 2 indices, surely so in none" in finding.text and not finding.good


@pytest.mark.parametrize(
    "ic, t, words, good",
    [(0.09, 6.9, "was told better than by chance", True), (0.02, 1.1, "was not told better", False),
     (-0.05, -3.0, "was not told better", False)],
)  # fmt: skip
def test_order_is_claimed_only_where_t_bears_it(
    told: dict[str, Any], ic: float, t: float, words: str, good: bool
) -> None:
    told["signals"] |= {"rank_ic": ic, "rank_ic_t": t}
    finding = said(told, "Order.")
    assert words in finding.text and finding.good is good


@pytest.mark.parametrize(
    "loss, base, t, words, good",
    [
        (1.0900, 1.0950, 3.0, "were better than the base rates", True),
        (1.0945, 1.0953, 2.3, "less than we call skill", False),
        (1.1000, 1.0950, -1.0, "were no better than the base rates", False),
    ],
)
def test_odds_are_praised_only_beyond_the_bar(
    told: dict[str, Any], loss: float, base: float, t: float, words: str, good: bool
) -> None:
    told["signals"] |= {"log_loss": loss, "base_log_loss": base, "gain_t": t, "calibration_error": 0.01}
    finding = said(told, "Odds.")
    assert words in finding.text and finding.good is good


def test_a_calibration_error_above_its_noise_is_told(told: dict[str, Any]) -> None:
    told["signals"] |= {"calibration_error": 0.08, "calibration_noise_high": 0.03}
    finding = said(told, "Odds.")
    assert "is above what a perfect forecaster could show" in finding.text and not finding.good


def test_luck_is_said_to_be_ruled_out_only_from_ninety_five_in_a_hundred_on(told: dict[str, Any]) -> None:
    for row in rows(told):
        row["luck"]["deflated"] = 0.4
    assert "40 %: that proves no index" in said(told, "Luck.").text
    rows(told)[0]["luck"]["deflated"] = 0.97
    finding = said(told, "Luck.")
    assert "40 % to 97 %: 1 of 2 indices passes 95 %" in finding.text and finding.good


def test_a_single_index_is_spoken_of_in_the_singular(told: dict[str, Any]) -> None:
    told["indices"] = rows(told)[:1]
    told["indices"][0]["sharpe_difference"] = gap(0.5, 0.1, 0.9)
    texts = " ".join(finding.text for finding in findings(told, "balanced", TITLES))
    assert "in the one index" in texts and "There the whole 90 % interval" in texts
    assert "1 of 1" not in texts


def test_an_interval_without_end_is_never_sure() -> None:
    assert not is_sure(gap(0.5, None, None))
    assert not is_sure(gap(0.5, 0.0, 1.0))
    assert is_sure(gap(0.5, 0.01, 1.0))
