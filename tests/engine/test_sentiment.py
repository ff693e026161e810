from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import given, strategies as st

from engine.model import Token, TokenKind
from engine.sentiment import LONGEST, Names, mentions, score

LISTED = (
    ("BTC", "Bitcoin"), ("BCH", "Bitcoin Cash"), ("ETH", "Ethereum"), ("AAVE", "Aave"), ("NEAR", "NEAR Protocol"),
    ("ONE", "Harmony"), ("LINK", "Chainlink"), ("SAND", "The Sandbox"), ("GAS", "Gas"), ("AVAX", "Avalanche"),
    ("OP", "Optimism"), ("T", "Threshold"), ("SOL", "Solana"), ("1INCH", "1inch Network"), ("GRT", "The Graph"),
    ("BEAM", "Beam"), ("BEAM_MW", "Beam"), ("BTT", "BitTorrent (New)"), ("ARKM", ""),
)  # fmt: skip


def names_of(*listed: tuple[str, str]) -> Names:
    return Names.of([Token(i, symbol, name, TokenKind.COIN) for i, (symbol, name) in enumerate(listed, start=1)])


NAMES = names_of(*LISTED)
SPLIT = dt.date(2022, 5, 28)  # on which the old LUNA became LUNC and a new one began
DAY = dt.timedelta(days=1)


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


GOOD_AND_BAD = [
    ("Profit rises", "Profit falls"),
    ("Net loss narrows to $2 million", "Net loss widens to $2 million"),
    ("Costs fall 12%", "Costs rise 12%"),
    ("Lower production costs for miners", "Higher production costs for miners"),
    ("Fed cuts rates", "Fed raises rates"),
    ("Gas fees on Ethereum fall", "Gas fees on Ethereum rise"),
    ("A drop in liquidations", "A jump in liquidations"),
    ("Inflation falls, the lowest in years", "Inflation rises, the highest in years"),
    ("Funds see record inflows", "Funds see record outflows"),
    ("Aave up 9% in a day", "Aave down 9% in a day"),
    ("Aave +9%", "Aave -9%"),
    ("Aave at a two-year high", "Aave at a two-year low"),
    ("Aave hits an all-time high", "Aave hits an all-time low"),
    ("Revenue was EUR 5.9 mn, compared to EUR 1.6 mn", "Revenue was EUR 1.6 mn, compared to EUR 5.9 mn"),
    ("A profit of $2 mn compared with a loss of $3 mn", "A loss of $2 mn compared with a profit of $3 mn"),
    ("Regulator lifts ban", "Regulator imposes ban"),
    ("Bankruptcy averted", "Bankruptcy filed"),
    ("Hacker arrested in Rome", "Founder arrested in Rome"),
    ("ETF approval", "ETF approval unlikely"),
    ("Bitcoin holds gains", "Bitcoin erases gains"),
    ("Bitcoin is not dead", "Bitcoin is dead"),
    ("No hack, says founder", "A hack, says founder"),
    ("Analysts are impressed", "It fails to impress analysts"),
    ("to the moon 🚀🚀", "rekt again 📉📉"),
]


@pytest.mark.parametrize(("good", "bad"), GOOD_AND_BAD)
def test_what_moves_and_what_is_taken_back_decide_between_good_and_bad(good: str, bad: str) -> None:
    assert score(good) > 0.05
    assert score(bad) < -0.05


@pytest.mark.parametrize("text", [
    "Interest on shares is paid in gross terms", "Trust holds assets in a security token", "The block is mined",
    "Up to 9 validators", "Share of voting rights", "AML rules explained", "Fear and Greed index explained",
    "Smart contract platforms compared", "Bitcoin volatility falls to record low", "Think tank meets in Davos",
])  # fmt: skip
def test_words_that_only_sound_like_praise_or_blame_say_nothing(text: str) -> None:
    assert score(text) == 0


def test_a_large_move_counts_for_more_and_a_possible_one_for_less() -> None:
    assert score("Aave falls 25%") < score("Aave falls 8%") < score("Aave falls 1%") < 0
    assert score("Aave falls") < score("Aave could fall") < 0
    assert score("Aave surges") > score("Will Aave surge?") > 0


def test_a_phrase_ends_where_its_clause_ends() -> None:
    assert score("USDC loses its peg") < -0.5
    assert score("Costs rise; profit too") < 0 < score("Costs, profit rise")


def test_emphasis_is_still_vaders() -> None:
    assert score("A SCAM for users!!!") < score("A scam for users") < 0
    assert score("A hack, but a quick recovery") > score("A quick recovery, but a hack")


def test_no_text_can_speak_in_the_scorers_own_marks() -> None:
    assert score("\ue000p40 \ue000p40 \ue000P40") == score("p40 p40 P40") == 0


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
    ("BTCUSD breaks out, ETHUSDT follows", {"BTC", "ETH"}),
    ("NEAR jumps 15%", {"NEAR"}),
    ("We are NEAR the end", set()),
    ("BTC, LINK and ONE slide", {"BTC", "LINK", "ONE"}),
    ("Harmony, whose token is ONE", {"ONE"}),
    ("Ripple and Ether gain", {"ETH"}),
    ("Solana and https://bitcoin.org/AAVE", {"SOL"}),
    ("ETH/BTC drops", {"ETH", "BTC"}),
    ("AVAX-based pool", {"AVAX"}),
    ("Bitcoin SV splits", set()),
    ("Layer-2 network Optimism grows", {"OP"}),
    ("SOL DUMPS, BTC TOO", {"SOL", "BTC"}),
])  # fmt: skip
def test_a_token_is_found_by_name_ticker_or_dollar_sign(text: str, symbols: set[str]) -> None:
    assert mentions(text, NAMES) == symbols


@pytest.mark.parametrize("text", [
    "Markets are near the abyss", "NEAR THE END OF THE ROAD", "One more thing", "Miners link up with gas producers",
    "An avalanche of sales", "Optimism returns as stocks bounce", "AT&T invests", "A threshold is reached",
    "Beam me up", "Ripple effects", "An Avalanche of sales", "The graph shows a rise", "LINK IN BIO", "ONE MORE TIME",
    "Stop the OP",  "aave", "Resolution", "preAAVEpost", "lines in the sand", "$1000 and $ 5",
])  # fmt: skip
def test_an_everyday_word_is_no_token_without_context(text: str) -> None:
    assert mentions(text, NAMES) - {"AAVE"} == set()
    assert text == "aave" or mentions(text, NAMES) == set()


def test_a_name_that_two_tokens_share_belongs_to_neither() -> None:
    assert mentions("Beam token launches", NAMES) == set()
    assert mentions("BEAM_MW token launches", NAMES) == {"BEAM_MW"}


@pytest.mark.parametrize(("text", "before", "after"), [
    ("LUNA slides", {"LUNC"}, {"LUNA"}),
    ("$LUNA slides", {"LUNC"}, {"LUNA"}),
    ("Terra validators vote", {"LUNC"}, {"LUNA"}),
    ("Terra Classic and LUNC", {"LUNC"}, {"LUNC"}),
    ("UST wobbles", {"USTC"}, {"USTC"}),
])  # fmt: skip
def test_a_name_that_changed_hands_means_its_holder_of_the_day(text: str, before: set[str], after: set[str]) -> None:
    names = names_of(("LUNA", "Terra"), ("LUNC", "Terra Classic"), ("USTC", "TerraClassicUSD"))
    assert mentions(text, names, SPLIT - DAY) == before
    assert mentions(text, names, SPLIT) == after


def test_a_name_that_changed_hands_means_nobody_while_its_holder_is_not_listed() -> None:
    assert mentions("LUNA slides", names_of(("LUNA", "Terra")), SPLIT - DAY) == set()
    assert mentions("LUNA slides", names_of(("LUNC", "Terra Classic")), SPLIT) == set()


def test_a_renamed_token_is_found_under_both_tickers_the_new_one_from_its_day() -> None:
    before, after = dt.date(2024, 9, 3), dt.date(2024, 9, 4)
    for text, day, found in (
        ("MATIC rises", before, True), ("MATIC rises", after, True),
        ("POL rises", before, False), ("POL rises", after, True),
    ):  # fmt: skip
        assert mentions(text, names_of(("MATIC", "Polygon")), day) == ({"MATIC"} if found else set())
    assert mentions("MATIC and $RNDR rise", names_of(("POL", "Polygon"), ("RENDER", "Render")), after) == {
        "POL",
        "RENDER",
    }


def test_of_two_tokens_of_one_name_the_one_that_trades_is_meant() -> None:
    names = names_of(("BEAM", "Beam"), ("BEAM_MW", "Beam"))
    text = "Beam token and BEAM (BEAM) rise"
    assert names.find(text, trading={"BEAM_MW"}.__contains__) == {"BEAM_MW"}
    assert names.find(text, trading={"BEAM"}.__contains__) == {"BEAM"}
    assert names.find(text) == {"BEAM"}, "its own ticker stands before another's second one"
    assert names.find("Beam token rises") == set()


def test_nobody_listed_means_nobody_mentioned() -> None:
    assert mentions("Bitcoin $BTC (ONE)", Names.of([])) == set()


HOSTILE = (
    "x" * 10_000, "Bitcoin " * 5_000, "🚀" * 3_000, "((((" * 2_500, "$" * 10_000, "؟‏Bitcoin", "bad " * 4_000,
    "lifts ban " * 2_000, "a-" * 5_000, "could fall " * 2_000, "compared to 5 " * 1_000, "1." * 5_000, "NEAR " * 3_000,
    "ONE, " * 3_000, "A/" * 4_000, "İ" * 5_000,
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_read_in_bounds(text: str) -> None:
    start = time.process_time()
    assert -1 <= score(text) <= 1
    assert mentions(text, NAMES) <= {"BTC", "NEAR", "ONE"}
    assert time.process_time() - start < 1, "read in hundredths of a second"
    assert score(text) == score(text[:LONGEST])


@given(st.text(max_size=300))
def test_any_text_has_a_score_and_mentions_listed_tokens_only(text: str) -> None:
    assert -1 <= score(text) <= 1
    assert mentions(text, NAMES) <= {symbol for symbol, _ in LISTED}
