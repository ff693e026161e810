"""Whose symbol a listed token gets: ids keep theirs, the larger gets a shared ticker, renames hold (F27)."""

from __future__ import annotations

from engine.sources.naming import Listed, symbols_for


def listed(*rows: tuple[str, str, float]) -> list[Listed]:
    return [Listed(id, ticker, id.title(), cap) for id, ticker, cap in rows]


def test_the_larger_of_two_has_the_ticker_and_the_order_of_the_listing_does_not_matter() -> None:
    rows = listed(("beam", "beam", 1e7), ("beam-2", "beam", 1e9))
    assert symbols_for(rows, {}, ()) == {"beam-2": "BEAM", "beam": "BEAM_BEAM"}
    assert symbols_for(rows[::-1], {}, ()) == symbols_for(rows, {}, ())


def test_an_id_keeps_its_symbol_when_another_overtakes_it_or_its_ticker_changes() -> None:
    ids = {"beam-2": "BEAM", "beam": "BEAM_BEAM"}
    assert symbols_for(listed(("beam", "mw", 1e12), ("beam-2", "beam", 1.0)), ids, ("BEAM", "BEAM_BEAM")) == ids


def test_a_known_token_keeps_its_former_symbol_after_a_rename() -> None:
    rows = listed(("polygon-ecosystem-token", "pol", 1e9), ("matic-network", "matic", 1e7))
    assert symbols_for(rows, {}, ("MATIC",))["polygon-ecosystem-token"] == "MATIC"
    assert symbols_for(rows, {}, ()) == {"polygon-ecosystem-token": "POL"}, (
        "the rest of the former is no token of its own"
    )
    assert symbols_for(rows[1:], {}, ()) == {"matic-network": "MATIC"}


def test_a_former_ticker_that_another_took_over_means_that_other() -> None:
    rows = listed(("terra-luna-2", "luna", 1e8), ("terra-luna", "lunc", 5e8))
    assert symbols_for(rows, {}, ("LUNA", "LUNC")) == {"terra-luna": "LUNC", "terra-luna-2": "LUNA"}


def test_a_ticker_that_nobody_could_type_names_nothing() -> None:
    rows = listed(("a", "", 3.0), ("b", "two words", 2.0), ("c", "X" * 60, 1.0), ("d", "a_b", 0.5), ("e", "ok", 0.1))
    assert symbols_for(rows, {}, ()) == {"e": "OK"}


def test_three_of_one_ticker_get_three_symbols() -> None:
    rows = listed(("one-coin-first", "one", 3.0), ("one-coin-first-b", "one", 2.0), ("one-coin-first-c", "one", 1.0))
    assert len(set(symbols_for(rows, {}, ()).values())) == 3
