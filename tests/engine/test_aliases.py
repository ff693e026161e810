from __future__ import annotations

import pytest

from engine.aliases import aliases_for, parse_venue_symbol
from engine.model import Alias, Token, TokenKind


def tokens(*symbols: str) -> list[Token]:
    return [Token(i, symbol, f"{symbol} Coin", TokenKind.COIN) for i, symbol in enumerate(symbols, start=1)]


def targets(found: list[Alias], name: str) -> dict[str, float]:
    return {alias.symbol: alias.multiplier for alias in found if alias.alias == name}


@pytest.mark.parametrize(
    ("text", "ticker", "multiplier"),
    [
        ("1000SATS", "SATS", 1000),
        ("10000LADYS", "LADYS", 10_000),
        ("1000000MOG", "MOG", 1_000_000),
        ("1MBABYDOGE", "BABYDOGE", 1_000_000),
        ("kPEPE", "PEPE", 1000),
    ],
)
def test_a_multiplied_venue_symbol_is_taken_apart(text: str, ticker: str, multiplier: float) -> None:
    assert parse_venue_symbol(text) == (ticker, multiplier)


@pytest.mark.parametrize("text", ["1INCH", "1inch", "KAVA", "1000", "999", "1M", "1MIL", "BTC", "", "k", "1000 SATS"])
def test_a_symbol_that_only_looks_multiplied_is_one_token(text: str) -> None:
    assert parse_venue_symbol(text) == (text, 1)


def test_a_token_answers_to_its_symbol_its_name_and_the_ticker_before_its_suffix() -> None:
    found = aliases_for(tokens("BEAM_MW"))
    assert {(alias.alias, alias.kind) for alias in found} == {
        ("BEAM_MW", "ticker"),
        ("BEAM", "ticker"),
        ("BEAM_MW Coin", "name"),
    }


def test_a_rename_points_at_whichever_symbol_exists() -> None:
    assert targets(aliases_for(tokens("MATIC")), "POL") == {"MATIC": 1}
    assert targets(aliases_for(tokens("POL")), "MATIC") == {"POL": 1}
    assert targets(aliases_for(tokens("BTC")), "MATIC") == {}


def test_a_former_ticker_that_another_token_took_stays_ambiguous() -> None:
    assert targets(aliases_for(tokens("LUNA", "LUNC")), "LUNA") == {"LUNA": 1, "LUNC": 1}


def test_a_rename_with_a_ratio_says_what_one_unit_is_worth() -> None:
    assert targets(aliases_for(tokens("AAVE")), "LEND") == {"AAVE": 0.01}
    assert targets(aliases_for(tokens("LEND")), "AAVE") == {"LEND": 100}


def test_venue_symbols_of_a_known_token_carry_their_multiple() -> None:
    found = aliases_for(tokens("SATS", "BTC"))
    assert targets(found, "1000SATS") == {"SATS": 1000}
    assert targets(found, "1000SHIB") == {}


def test_every_name_stands_once_for_a_token_whatever_its_case() -> None:
    found = aliases_for([Token(1, "GALA", "Gala", TokenKind.COIN), Token(2, "XAUt", "Gold", TokenKind.COIN)])
    keys = [(alias.alias.casefold(), alias.symbol) for alias in found]
    assert len(keys) == len(set(keys))


def test_nothing_is_known_of_no_tokens() -> None:
    assert aliases_for([]) == []
