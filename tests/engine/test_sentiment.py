from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from engine.model import Token, TokenKind
from engine.sentiment import Names, mentions, score

LISTED = (
    ("BTC", "Bitcoin"), ("BCH", "Bitcoin Cash"), ("ETH", "Ethereum"), ("AAVE", "Aave"), ("NEAR", "NEAR Protocol"),
    ("ONE", "Harmony"), ("LINK", "Chainlink"), ("SAND", "The Sandbox"), ("GAS", "Gas"), ("AVAX", "Avalanche"),
    ("OP", "Optimism"), ("T", "Threshold"), ("SOL", "Solana"), ("1INCH", "1inch Network"), ("GRT", "The Graph"),
    ("BEAM", "Beam"), ("BEAM_MW", "Beam"), ("BTT", "BitTorrent (New)"), ("ARKM", ""),
)  # fmt: skip
NAMES = Names.of([Token(i, symbol, name, TokenKind.COIN) for i, (symbol, name) in enumerate(LISTED, start=1)])


@pytest.mark.parametrize("text", [
    "Bitcoin soars to a great new high", "Investors love the successful upgrade", "Huge win for holders",
])  # fmt: skip
def test_good_news_scores_above_zero(text: str) -> None:
    assert 0.2 < score(text) <= 1


@pytest.mark.parametrize("text", [
    "Exchange collapses after terrible fraud", "Hackers steal millions in brutal attack",
    "Panic, fear and a market crash",
])  # fmt: skip
def test_bad_news_scores_below_zero(text: str) -> None:
    assert -1 <= score(text) < -0.2


@pytest.mark.parametrize("text", ["", "   ", "\x00\x07\u202e", "12345", "The committee meets on Monday"])
def test_a_text_that_says_nothing_scores_zero(text: str) -> None:
    assert score(text) == 0


@pytest.mark.parametrize(("text", "symbols"), [
    ("Bitcoin and Ethereum move higher", {"BTC", "ETH"}),
    ("bitcoin falls", {"BTC"}),
    ("BITCOIN SOARS", {"BTC"}),
    ("Bitcoin Cash forks", {"BCH"}),
    ("AAVE accelerates, SOL rallies", {"AAVE", "SOL"}),
    ("$aave and $Sol", {"AAVE", "SOL"}),
    ("$T rises", {"T"}),
    ("What is Harmony (ONE) and why?", {"ONE"}),
    ("NEAR token rallies", {"NEAR"}),
    ("Near Protocol raises $150M", {"NEAR"}),
    ("Traders buy LINK/USDT", {"LINK"}),
    ("The Graph sees gains", {"GRT"}),
    ("1inch Network expands", {"1INCH"}),
    ("Avalanche soars", {"AVAX"}),
    ("BitTorrent upgrades", {"BTT"}),
    ("ARKM lists", {"ARKM"}),
])  # fmt: skip
def test_a_token_is_found_by_name_ticker_or_dollar_sign(text: str, symbols: set[str]) -> None:
    assert mentions(text, NAMES) == symbols


@pytest.mark.parametrize("text", [
    "Markets are near the abyss", "NEAR THE END OF THE ROAD", "One more thing", "Miners link up with gas producers",
    "An avalanche of sales", "Optimism returns as stocks bounce", "AT&T invests", "A threshold is reached",
    "Beam me up", "aave", "Resolution", "BTCUSD", "preAAVEpost", "lines in the sand", "$1000 and $ 5",
])  # fmt: skip
def test_an_everyday_word_is_no_token_without_context(text: str) -> None:
    assert mentions(text, NAMES) - {"AAVE"} == set()
    assert text == "aave" or mentions(text, NAMES) == set()


def test_a_name_that_two_tokens_share_belongs_to_neither() -> None:
    assert mentions("Beam token launches", NAMES) == set()
    assert mentions("BEAM_MW token launches", NAMES) == {"BEAM_MW"}


def test_nobody_listed_means_nobody_mentioned() -> None:
    assert mentions("Bitcoin $BTC (ONE)", Names.of([])) == set()


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "Bitcoin " * 5_000, "🚀" * 3_000, "((((" * 2_500, "$" * 10_000, "؟‏Bitcoin"]
)
def test_a_hostile_text_is_read_in_bounds(text: str) -> None:
    assert -1 <= score(text) <= 1
    assert mentions(text, NAMES) <= {"BTC"}


@given(st.text(max_size=300))
def test_any_text_has_a_score_and_mentions_listed_tokens_only(text: str) -> None:
    assert -1 <= score(text) <= 1
    assert mentions(text, NAMES) <= {symbol for symbol, _ in LISTED}
