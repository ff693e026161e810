from __future__ import annotations

import datetime as dt

import pytest

from engine.errors import StorageError
from engine.measures import KINDS
from engine.model import Alias, Candle, Headline, Measure, Snapshot, Token, TokenKind
from storage.connection import Written
from storage.database import Database
from storage.market import SIMULATED

BTC = Token(0, "BTC", "Bitcoin", TokenKind.COIN, ("l1",))
AAVE = Token(0, "AAVE", "Aave", TokenKind.COIN, ("defi", "ai"))
LATER = dt.date(2100, 1, 1)


def candle(date: str, token: int = 1, close: float = 10.0) -> Candle:
    return Candle(date, token, None, 11.0, 9.0, close, 1e6, "venue", True)


@pytest.fixture
def market(database: Database) -> Database:
    database.market.put_tokens([BTC, AAVE])
    return database


def symbols(database: Database, text: str) -> list[str]:
    return [token.symbol for token in database.market.find(text)]


def test_tokens_get_ids_of_their_own_and_keep_them(market: Database) -> None:
    ids = market.market.token_ids()
    assert market.market.put_tokens([AAVE, Token(9, "XRP", "XRP", TokenKind.COIN)]) == Written(new=1, same=1)
    assert {symbol: market.market.token_ids()[symbol] for symbol in ids} == ids
    stored = {token.symbol: token for token in market.market.tokens()}
    assert stored["AAVE"] == Token(ids["AAVE"], "AAVE", "Aave", TokenKind.COIN, ("defi", "ai"))


def test_a_changed_token_is_changed_and_counted(market: Database) -> None:
    renamed = Token(0, "AAVE", "Aave v3", TokenKind.WRAPPED, ("rwa",))
    assert market.market.put_tokens([BTC, renamed]) == Written(changed=1, same=1)
    assert market.market.tokens()[0].themes == ("rwa",)
    assert market.market.tokens()[0].kind is TokenKind.WRAPPED


def test_every_kind_of_row_is_put_once_changed_once_and_then_left_alone(market: Database) -> None:
    store = market.market
    puts = (
        (store.put_candles, candle("2023-01-01"), candle("2023-01-01", close=10.5)),
        (store.put_snapshots, Snapshot("2023-01-01", 1, 1, 10.0, 100.0, 10.0, 5.0),
         Snapshot("2023-01-01", 1, 2, 10.0, 100.0, 10.0, 5.0)),
        (store.put_measures, Measure("vix", "", "2023-01-01", 20.0, "fred", "2023-01-03"),
         Measure("vix", "", "2023-01-01", 21.0, "fred", "2023-01-03")),
        (store.put_headlines, Headline("2023-01-01 10:00:00", "P", "s", "T", "2023-01-01"),
         Headline("2023-01-01 10:00:00", "P", "s", "T", "2023-01-02")),
    )  # fmt: skip
    for put, row, other in puts:
        assert put([row]) == Written(new=1)  # type: ignore[operator]
        assert put([row]) == Written(same=1)  # type: ignore[operator]
        assert put([other]) == Written(changed=1)  # type: ignore[operator]


def test_rows_come_back_as_they_went_in(market: Database) -> None:
    store = market.market
    full = Candle("2023-01-02", 2, 1.1, 2.2, 0.3, 1.7, 0.1 + 0.2, "b", False)
    snapshot = Snapshot("2023-01-01", 1, 1, 10.0, 100.0, 10.0, 5.0)
    measure = Measure("fear_greed", "", "2023-01-01", 20.5, "archive", "2023-01-01")
    headline = Headline("2023-01-01 10:00:00", "P", "s", "T “quoted”", "2023-01-01")
    post = Headline("2023-01-01 11:00:00", "Square", "", "gm", "2023-01-01", "ann", True)
    store.put_candles([candle("2023-01-01"), full])
    store.put_snapshots([snapshot])
    store.put_measures([measure])
    store.put_headlines([headline, post])
    assert sorted(store.candles(LATER)) == [candle("2023-01-01"), full]
    assert [type(row.range_estimated) for row in store.candles(LATER)] == [bool, bool]
    assert list(store.snapshots(LATER)) == [snapshot]
    assert list(store.measures(LATER, KINDS)) == [measure]
    assert list(store.headlines(LATER)) == [headline, post]
    assert [type(row.social) for row in store.headlines(LATER)] == [bool, bool]


def test_nothing_on_or_after_the_day_asked_for_is_shown(market: Database) -> None:
    store, day = market.market, dt.date(2023, 1, 3)
    store.put_candles([candle("2023-01-02"), candle("2023-01-03")])
    store.put_snapshots([Snapshot(f"2023-01-0{i}", 1, 1, 1.0, 1.0, 1.0, 1.0) for i in (2, 3)])
    store.put_measures([Measure("vix", "", "2022-12-30", 1.0, "s", f"2023-01-0{i}") for i in (2, 3)])
    store.put_headlines([Headline("2023-01-02 10:00:00", "P", "s", f"T{i}", f"2023-01-0{i}") for i in (2, 3)])
    assert [row.date for row in store.candles(day)] == ["2023-01-02"]
    assert [row.date for row in store.snapshots(day)] == ["2023-01-02"]
    assert [row.known for row in store.measures(day, ["vix"])] == ["2023-01-02"]
    assert [row.known for row in store.headlines(day)] == ["2023-01-02"]


def test_a_restated_value_keeps_what_was_known_before(market: Database) -> None:
    first = Measure("cpi_yoy", "", "2022-12-01", 6.5, "fred", "2023-01-15")
    restated = first._replace(value=6.4, known="2023-02-15")
    market.market.put_measures([first, restated])
    assert list(market.market.measures(dt.date(2023, 2, 1), ["cpi_yoy"])) == [first]
    assert len(list(market.market.measures(LATER, ["cpi_yoy"]))) == 2


def test_two_sources_of_one_value_stand_side_by_side(market: Database) -> None:
    rows = [Measure("vix", "", "2023-01-01", 20.0 + i, source, "2023-01-03") for i, source in enumerate("ab")]
    assert market.market.put_measures(rows) == Written(new=2)


@pytest.mark.parametrize("text", ["aave", "AAVE", "$aave", " $AAVE ", "Aave"])
def test_a_token_is_found_by_any_spelling(market: Database, text: str) -> None:
    assert symbols(market, text) == ["AAVE"]


@pytest.mark.parametrize("text", ["", "$", "%", "AA", "' OR 1=1 --", "\x00", "x" * 5000])
def test_nothing_is_found_of_nothing(market: Database, text: str) -> None:
    assert symbols(market, text) == []


def test_names_find_tokens_and_an_ambiguous_one_finds_all_with_the_canonical_first(database: Database) -> None:
    store = database.market
    store.put_tokens([Token(0, symbol, symbol, TokenKind.COIN) for symbol in ("LUNA", "LUNC", "BEAM_MW", "BEAM")])
    aliases = [
        Alias("LUNA", "LUNC", "former"),
        Alias("Terra Classic", "LUNC", "name"),
        Alias("BEAM", "BEAM_MW", "ticker"),
        Alias("1000LUNC", "LUNC", "venue", 1000),
    ]
    assert store.put_aliases(aliases) == Written(new=4)
    assert store.put_aliases(aliases) == Written(same=4)
    assert symbols(database, "luna") == ["LUNA", "LUNC"]
    assert symbols(database, "beam") == ["BEAM", "BEAM_MW"]
    assert symbols(database, "terra classic") == ["LUNC"]
    assert symbols(database, "1000lunc") == ["LUNC"]
    assert store.all_names() == ["1000LUNC", "BEAM", "BEAM_MW", "LUNA", "LUNC", "Terra Classic"]


def test_symbols_that_differ_only_in_case_are_both_found_the_exact_one_first(database: Database) -> None:
    database.market.put_tokens([Token(0, s, s, TokenKind.COIN) for s in ("XAUT", "XAUt")])
    assert symbols(database, "XAUt") == ["XAUt", "XAUT"]
    assert symbols(database, "XAUT") == ["XAUT", "XAUt"]


def test_an_alias_of_a_stranger_is_refused(market: Database) -> None:
    with pytest.raises(StorageError, match="put tokens first"):
        market.market.put_aliases([Alias("X", "NOBODY", "ticker")])


def test_the_span_and_the_latest_day_of_each_token_are_known(market: Database) -> None:
    store = market.market
    assert store.span() is None
    assert store.last_candles() == {}
    store.put_candles([candle("2023-01-05"), candle("2023-01-02", 2), candle("2023-01-03")])
    assert store.span() == (dt.date(2023, 1, 2), dt.date(2023, 1, 5))
    assert store.last_candles() == {"BTC": dt.date(2023, 1, 5), "AAVE": dt.date(2023, 1, 2)}
    assert store.closes(1, 1) == [(dt.date(2023, 1, 5), 10.0)]
    assert [day.day for day, _ in store.closes(1, 9)] == [3, 5]
    assert [day.day for day, _ in store.closes(1, 9, dt.date(2023, 1, 5))] == [3]
    assert store.counts() == {"tokens": 2, "candles": 3, "snapshots": 0, "measures": 0, "headlines": 0}


def test_the_days_of_some_tokens_come_in_order_with_their_volumes_and_venues(market: Database) -> None:
    store = market.market
    store.put_candles([candle("2023-01-05"), candle("2023-01-03", close=9.0), candle("2023-01-04", token=2)])
    store.put_candles([Candle("2023-01-06", 1, None, 11.0, 9.0, 8.0, None, "", True)])
    assert list(store.days([1], dt.date(2023, 1, 4))) == [
        (1, "2023-01-05", 10.0, 1e6, "venue"), (1, "2023-01-06", 8.0, None, ""),
    ]  # fmt: skip
    assert [token for token, *_ in store.days([2, 1], dt.date(2023, 1, 1))] == [1, 1, 1, 2]
    assert list(store.days([], dt.date(2023, 1, 1))) == []


def test_a_simulated_market_stays_marked(database: Database) -> None:
    assert not database.market.is_simulated()
    database.market.set_provenance(SIMULATED, "yes")
    assert database.market.is_simulated()
    assert database.market.provenance("else") is None


def test_refusals_of_a_file_replace_those_of_its_last_import(database: Database) -> None:
    store = database.market
    store.put_refusals("a.csv", {"bad": 2, "worse": 1}, [(3, "bad", "x"), (5, "bad", "y"), (9, "worse", "z")])
    store.put_refusals("b.csv", {"bad": 1}, [(3, "bad", "x")])
    store.put_refusals("a.csv", {"bad": 1}, [(5, "bad", "y")])
    assert store.refusal_counts() == {("a.csv", "bad"): 1, ("b.csv", "bad"): 1}
    rows = database.connection.rows("SELECT file, line FROM refusals ORDER BY file, line")
    assert rows == [("a.csv", 5), ("b.csv", 3)]
