"""An empty database learns its tokens, their rankings and their past from CoinGecko alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest
from emulators import coingecko
from emulators.bench import Bench, bench
from emulators.world import World

from bot.past_rankings import caveats, fill_rankings
from bot.shelf import DatabaseBook
from bot.universe import proposals
from engine.model import Snapshot, Token, TokenKind
from engine.orders import NO_ORDERS

DAY = "2026-03-18"


async def empty(*names: str) -> AsyncIterator[Bench]:
    async with bench(*(names or ("coingecko",)), tokens=()) as b:
        yield b


@pytest.fixture
async def learned() -> AsyncIterator[Bench]:
    """An empty database after one fetch from CoinGecko alone."""
    async for b in empty():
        await b.fetch()
        yield b


async def test_an_empty_database_learns_its_tokens_and_what_they_are(learned: Bench) -> None:
    tokens = {token.symbol: token for token in learned.database.market.tokens()}
    assert set(tokens) == set(coingecko.SYMBOL.values())
    assert (tokens["USDT"].kind, tokens["STETH"].kind) == (TokenKind.STABLE, TokenKind.WRAPPED)
    assert tokens["PEPE"].themes == ("meme",)
    assert tokens["BTC"].themes == ()


async def test_of_two_with_one_ticker_the_larger_has_it(learned: Bench) -> None:
    names = {token.symbol: token.name for token in learned.database.market.tokens()}
    assert (names["BEAM"], names["BEAM_BEAM"]) == ("Beam", "Beam (Mimblewimble)")


async def test_an_id_keeps_its_symbol_whatever_its_size_becomes(
    learned: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F27."""
    grown = {"beam": ("beam", "Beam (Mimblewimble)", 0.04, 1e11, ())}
    monkeypatch.setattr(coingecko, "COINS", coingecko.COINS | grown)
    learned.later(days=1)
    await learned.fetch()
    ids = learned.database.universe.ids("coingecko")
    assert (ids["beam-2"], ids["beam"]) == ("BEAM", "BEAM_BEAM")
    assert {row.reason for row in learned.database.sources.quarantined()} == {"outlier"}


async def test_a_renamed_token_goes_on_under_the_name_it_has_here() -> None:
    async for b in empty():
        b.database.market.put_tokens([Token(0, "RNDR", "Render", TokenKind.COIN, ("ai",))])
        await b.fetch()
        assert b.database.universe.ids("coingecko")["render-token"] == "RNDR"
        assert "RENDER" not in b.database.market.token_ids()
        assert [token.symbol for token in b.database.market.find("RENDER")] == ["RNDR"]


async def test_what_is_known_of_a_token_stays_whatever_its_category() -> None:
    async for b in empty():
        b.database.market.put_tokens([Token(0, "STETH", "Staked", TokenKind.COIN, ("defi",))])
        await b.fetch()
        (token,) = (token for token in b.database.market.tokens() if token.symbol == "STETH")
        assert (token.name, token.kind, token.themes) == ("Staked", TokenKind.COIN, ("defi",))


async def test_the_rankings_of_the_past_are_those_of_the_year_that_is_free(learned: Bench) -> None:
    rows = ranking(learned, "2026-02-01")
    assert {symbol: row[0] for symbol, row in rows.items()} == {
        symbol: coingecko._rank(learned.world, id, "2026-02-01") for id, symbol in coingecko.SYMBOL.items()
    }
    true = coingecko.truth(learned.world, "snapshots", "ETH", "2026-02-01")
    assert rows["ETH"] == pytest.approx(true, rel=1e-6)
    assert caveats(learned.database) == ("The past is filled from today's members: flattered by survivorship.",)


async def test_before_that_year_tokens_are_ranked_by_dollar_volume_and_it_is_said() -> None:
    async with bench("coingecko", "exchanges", tokens=(), world=World(charts_since="2026-02-20")) as b:
        await b.fetch()
        assert set(ranking(b, "2026-02-01")) == {"BTC", "ETH", "DOGE", "USDT", "PEPE"}
        assert ranking(b, "2026-02-01")["DOGE"][3] == pytest.approx(1.5e11)
        assert len(ranking(b, "2026-03-01")) == len(coingecko.COINS)
        book = DatabaseBook(b.database, b.time.wall())
        assert book.status().caveats[1] == (
            "Before 2026-03-01 no capitalisation is known: tokens are ranked by dollar volume there."
        )


async def test_the_past_is_filled_once_and_the_same_again_changes_nothing(learned: Bench) -> None:
    before = all_rankings(learned)
    learned.later(days=3)
    await learned.fetch()
    after = all_rankings(learned)
    assert [row for row in after if row[0] < DAY] == [row for row in before if row[0] < DAY]
    assert {row[0] for row in after} == {"2026-02-01", "2026-03-01", DAY, "2026-03-21"}


async def test_an_archives_rankings_are_left_alone_and_the_time_after_it_is_filled() -> None:
    async for b in empty():
        b.database.market.put_tokens([Token(0, "BTC", "Bitcoin", TokenKind.COIN)])
        (btc,) = b.database.market.token_ids().values()
        old = [Snapshot(f"2026-0{month}-01", btc, 1, 1.0, 1e9, 1e9, 1e7) for month in (1, 2)]
        b.database.market.put_snapshots(old)
        await b.fetch()
        assert list(ranking(b, "2026-02-01")) == ["BTC"]
        assert len(ranking(b, "2026-03-01")) == len(coingecko.COINS)
        assert caveats(b.database) == (
            "The past after 2026-02-01 is filled from today's members: flattered by survivorship.",
        )


async def test_where_nothing_had_to_be_filled_nothing_is_flattered() -> None:
    async for b in empty():
        b.database.market.put_tokens([Token(0, "BTC", "Bitcoin", TokenKind.COIN)])
        (btc,) = b.database.market.token_ids().values()
        b.database.market.put_snapshots([Snapshot("2026-03-01", btc, 1, 1.0, 1e9, 1e9, 1e7)])
        await b.fetch()
        fill_rankings(b.database, b.time.wall())
        assert caveats(b.database) == ()


async def test_the_second_fetch_asks_for_no_history_and_no_category(learned: Bench) -> None:
    learned.asked()
    learned.later(days=1)
    await learned.fetch()
    assert sorted(learned.asked()) == ["/api/v3/coins/markets", "/api/v3/global", "/api/v3/search/trending"]


async def test_the_share_of_trading_on_chain_is_asked_for_members_of_an_index_alone(learned: Bench) -> None:
    learned.later(days=8)
    await learned.fetch()
    shares = {key[1]: value for key, value in learned.measures().items() if key[0] == "dex_share"}
    assert shares == dict.fromkeys(("DOGE", "PEPE", "RENDER", "UNI"), 0.25)


async def test_a_key_goes_into_the_header_and_makes_haste(learned: Bench) -> None:
    async for b in empty():
        b.keys = {"coingecko": "CG-0123456789"}
        await b.fetch()
        assert all(seen.headers["x-cg-demo-api-key"] == "CG-0123456789" for seen in b.service.seen)
        assert b.time.seconds < learned.time.seconds / 2


async def test_a_token_that_fails_alone_is_named_and_the_others_come(learned: Bench) -> None:
    from emulators.faults import status

    async for b in empty():
        with b.service.failing(status(404), where="/coins/pepe/"):
            report = await b.fetch()
        assert report.failed() == []
        assert any(note.startswith("PEPE: ") for note in report.sources[0].notes)
        b.later(hours=2)
        await b.fetch()
        assert set(b.measures()) >= {key for key in learned.measures() if key[0] in coingecko_past()}


async def test_an_open_proposal_takes_effect_after_a_week_and_a_first_one_at_once(
    learned: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = proposals(learned.database, NO_ORDERS, learned.time.wall().date())
    assert {row.symbol for row in found if row.adopted} == {"DOGE", "PEPE", "UNI", "RENDER"}
    monkeypatch.setattr(coingecko, "COINS", coingecko.COINS | {"beam-2": ("beam", "Beam", 0.02, 5e10, ("meme-token",))})
    learned.later(days=8)
    await learned.fetch()
    (open_,) = (row for row in proposals(learned.database, NO_ORDERS, learned.time.wall().date()) if not row.adopted)
    assert (open_.symbol, open_.index, open_.because) == ("BEAM", "meme", "meme-token")
    assert open_.counts == dt.date(2026, 4, 2)
    learned.later(days=7)
    await learned.fetch()
    (token,) = (token for token in learned.database.market.tokens() if token.symbol == "BEAM")
    assert token.themes == ("meme",)


def ranking(b: Bench, day: str) -> dict[str, tuple[Any, ...]]:
    """{symbol: (rank, price, cap, supply, volume)} of a day, the first first."""
    rows = b.database.connection.rows(
        """SELECT symbol, rank, price, market_cap, supply, volume_24h_usd FROM snapshots
           JOIN tokens ON id = token WHERE date = ? ORDER BY rank""",
        (day,),
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def all_rankings(b: Bench) -> list[Any]:
    return b.database.connection.rows("SELECT date, token, rank, market_cap FROM snapshots ORDER BY 1, 2")


def coingecko_past() -> frozenset[str]:
    from engine.sources.live.coingecko import SOURCE

    return SOURCE.past


def test_the_emulators_world_is_calm() -> None:
    """Ranks of the emulated coins do not change places by a wobble that a test would trip over."""
    world = World()
    ranks = [[coingecko._rank(world, id, day) for id in coingecko.COINS] for day in world.days()]
    assert all(sorted(rank) == list(range(1, len(coingecko.COINS) + 1)) for rank in ranks)
