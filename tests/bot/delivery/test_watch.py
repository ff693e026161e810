"""The watch cries once when a state changes, on confirmed prices, merges what comes together, and forgets nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from emulators.virtual import START, VirtualTime

from bot import watching
from bot.posting import Posting
from bot.reply import Reply
from bot.settings import Settings
from bot.watch import MERGED_OVER, Alert, Known, Watched, step
from bot.watching import KNOWN, Watching, look_once, said, tokens_to_watch
from engine.errors import SourceUnavailable
from engine.model import Action, Candle, Decision, Holding, Token, TokenKind
from storage.chats import Chat
from storage.database import Database, open_database

T = TypeVar("T")
MINUTES = dt.timedelta(minutes=5)
COINS = ("AAVE", "CRV", "GMX", "LDO", "UNI")
TOKENS = (*(Watched(symbol, False, (100.0, 100.0, 100.0)) for symbol in COINS), Watched("USDC", True))
CALM = {**dict.fromkeys(COINS, 100.0), "USDC": 1.0}


@dataclass(frozen=True)
class Seen:
    symbol: str
    price: float | None
    confirmed: bool = True


def looks(confirmed: bool = True, **changes: float | None) -> list[Seen]:
    return [Seen(symbol, price, confirmed) for symbol, price in {**CALM, **changes}.items()]


def walk(*steps: list[Seen], known: Known | None = None, every: dt.timedelta = MINUTES) -> list[list[str]]:
    """What was cried at each look: `collapse:AAVE`, with ` over` where it passed."""
    known, told = known or Known(), []
    for k, seen in enumerate(steps):
        known, alerts = step(known, TOKENS, seen, START + k * every)
        told.append([f"{a.kind}:{a.subject}{' over' if a.over else ''}" for a in alerts])
    return told


STATES = {  # state: (entered at, still held at, left at)
    "collapse:AAVE": ({"AAVE": 59.0}, {"AAVE": 69.0}, {"AAVE": 71.0}),
    "peg:USDC": ({"USDC": 0.98}, {"USDC": 0.994}, {"USDC": 0.998}),
    "market:": (dict.fromkeys(COINS, 84.0), dict.fromkeys(COINS, 89.0), dict.fromkeys(COINS, 91.0)),
}


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_cried_once_when_entered_and_once_when_left(state: str) -> None:
    """Hysteresis: between the two bounds nothing changes, however often the price crosses the first."""
    into, between, out = (looks(**prices) for prices in STATES[state])
    told = walk(looks(), into, between, into, into, between, *[out] * 8)
    assert [cry for cries in told for cry in cries] == [state, f"{state} over"]
    assert told[1] == [state]
    assert walk(looks(), between, between) == [[], [], []]


@pytest.mark.parametrize("state", STATES)
def test_what_no_second_source_confirms_is_not_cried(state: str) -> None:
    into = STATES[state][0]
    assert walk(looks(), looks(False, **into), looks(**into)) == [[], [], [state]]


def test_a_fall_of_the_whole_market_is_no_collapse_of_one() -> None:
    assert walk(looks(**dict.fromkeys(COINS, 55.0))) == [["market:"]]


def test_a_slow_fall_over_three_days_is_a_collapse_too() -> None:
    slow = [replace(TOKENS[0], closes=(100.0, 80.0, 65.0)), *TOKENS[1:]]
    _, alerts = step(Known(), slow, looks(AAVE=58.0), START)
    assert [alert.text for alert in alerts] == ["AAVE fell 42 % since the close 3 days ago, far more than its peers."]


def test_a_price_that_stops_is_cried_after_an_hour() -> None:
    told = walk(*[looks(AAVE=None)] * 14, looks())
    assert [k for k, cries in enumerate(told) if cries] == [12]
    assert told[12] == ["stopped:AAVE"]


@pytest.mark.parametrize("price", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_price_that_is_none_is_treated_as_missing(price: float) -> None:
    """F25"""
    assert walk(looks(AAVE=price, USDC=price)) == [[]]


def test_when_our_own_sight_fails_nothing_is_said_of_tokens_and_admins_hear() -> None:
    """Stale feeds."""
    dark: list[Seen] = []
    told = walk(*[dark] * 40, looks(), looks())
    assert [cry for cries in told for cry in cries] == ["blind:", "blind: over"]
    assert told[6] == ["blind:"]


def test_alerts_of_one_half_hour_are_told_together_and_graver_ones_at_once() -> None:
    fallen = {"AAVE": 50.0}
    off = {**fallen, "USDC": 0.9}
    two = {**off, "CRV": 50.0}
    told = walk(looks(**fallen), looks(**off), looks(**two), *[looks(**two)] * 5)
    assert told == [["collapse:AAVE"], [], [], [], [], [], ["peg:USDC", "collapse:CRV"], []]
    crash = {**dict.fromkeys(COINS, 80.0), "AAVE": 40.0}
    assert walk(looks(**fallen), looks(**crash))[1] == ["market:"]


def test_what_came_and_went_before_anybody_heard_is_no_news() -> None:
    fallen = {"AAVE": 50.0}
    told = walk(looks(**fallen), looks(**fallen, USDC=0.98), *[looks(**fallen)] * 10)
    assert [cry for cries in told for cry in cries] == ["collapse:AAVE"]


def test_a_clock_that_jumps_back_silences_nothing() -> None:
    """F31"""
    known, _ = step(Known(), TOKENS, looks(AAVE=50.0), START)
    _, alerts = step(known, TOKENS, looks(AAVE=50.0, USDC=0.9), START - dt.timedelta(days=7))
    assert [alert.kind for alert in alerts] == ["peg"]


def test_whatever_prices_do_states_alternate() -> None:
    """A random walk of prices: each state is entered and left in turn, never twice the same."""
    chance, known, last = random.Random(20261126), Known(), dict[str, bool]()
    for k in range(3000):
        seen = [
            Seen(s, chance.choice([None, chance.uniform(30, 120) if s != "USDC" else chance.uniform(0.97, 1.03)]))
            if chance.random() < 0.3
            else Seen(s, price, chance.random() < 0.9)
            for s, price in CALM.items()
        ]
        before = known
        known, alerts = step(known, TOKENS, seen, START + k * MINUTES)
        for alert in alerts:
            key = f"{alert.kind}:{alert.subject}"
            assert last.get(key, True) != alert.over or (key in before.states) == alert.over
            last[key] = alert.over
        assert all((alert.kind, alert.subject) not in {(a.kind, a.subject) for a in known.pending} for alert in alerts)
    assert last


# with a database


@pytest.fixture
def database() -> Iterator[Database]:
    opened = open_database(":memory:")
    opened.market.put_tokens(Token(0, s, s.title(), TokenKind.COIN, ("defi",)) for s in COINS)
    opened.market.put_tokens([Token(0, "USDC", "USD Coin", TokenKind.STABLE)])
    for symbol, token in opened.market.token_ids().items():
        price = CALM[symbol]
        days = [(START.date() - dt.timedelta(days=k)).isoformat() for k in (3, 2, 1)]
        opened.market.put_candles(Candle(d, token, price, price, price, price, 1e6, "venue", False) for d in days)
    yield opened
    opened.close()


def decide(database: Database, *symbols: str, index: str = "defi", mode: str = "balanced") -> None:
    held = tuple(Holding(s, 0, 1 / len(symbols), Action.BUY_NEW, "", "", stable=s == "USDC") for s in symbols)
    decision = Decision(
        index, mode, START.date(), 0, None, held, (), 0.0, 0.0, 9, 1000.0, 1000.0, (), "3.0 x"
    )  # fmt: skip
    database.decisions.add("live", decision)


def told(database: Database) -> list[tuple[str, str, str]]:
    rows = database.connection.rows(
        """SELECT o.chat, n.push, b.reply FROM outbox o JOIN outbox_news n ON n.id = o.news
           JOIN outbox_bodies b ON b.id = o.body ORDER BY o.news, o.chat"""
    )
    return [(chat, push, Reply.from_json(reply).title) for chat, push, reply in rows]


def look(database: Database, now: dt.datetime, **changes: float | None) -> list[Alert]:
    post = Posting(now, admins=(("telegram", "7"),))
    return look_once(database, tokens_to_watch(database), looks(**changes), post)


def test_those_hear_whose_index_holds_it_and_those_who_watch_it(database: Database) -> None:
    decide(database, "AAVE", "USDC")
    decide(database, "UNI", index="ai")
    database.chats.put(Chat("telegram", "holder", indices=("defi",)))
    database.chats.put(Chat("telegram", "other mode", indices=("defi",), mode="aggressive"))
    database.chats.put(Chat("telegram", "other index", indices=("ai",)))
    database.chats.put(Chat("telegram", "watcher", watches=("AAVE",)))
    database.chats.put(Chat("telegram", "watcher of another", watches=("UNI",)))
    database.chats.put(Chat("telegram", "both", indices=("defi",), watches=("AAVE",)))
    database.chats.put(Chat("telegram", "wants none", indices=("defi",), danger=False))
    look(database, START, AAVE=50.0)
    assert sorted(told(database)) == [
        ("both", "danger", "Danger: AAVE"),
        ("holder", "danger", "Danger: AAVE"),
        ("watcher", "watched", "Danger: AAVE"),
    ]


def test_nothing_is_watched_before_the_first_live_decision(database: Database) -> None:
    database.chats.put(Chat("telegram", "1", watches=("AAVE",)))
    assert tokens_to_watch(database) == []
    decide(database, "UNI")
    assert watching.told_of(database) == {"UNI", "AAVE"}
    assert {token.symbol for token in tokens_to_watch(database)} == set(COINS)  # the others as their peers
    assert look(database, START, LDO=40.0, GMX=40.0) == []


def test_a_restart_repeats_nothing_and_what_was_known_is_stored_with_what_was_cried(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(database, "AAVE", "USDC")
    database.chats.put(Chat("telegram", "1", indices=("defi",)))
    with monkeypatch.context() as patched:
        patched.setattr(Posting, "alert", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look(database, START, AAVE=50.0)
    assert database.agenda.value(KNOWN) is None  # F2: neither known nor cried
    for k in range(20):
        look(database, START + k * MERGED_OVER, AAVE=50.0)
    assert told(database) == [("1", "danger", "Danger: AAVE")]


def test_a_clock_that_shows_a_minute_twice_hides_no_alert(database: Database) -> None:
    """F31: set back by an hour, it shows the minute of an earlier alert again."""
    decide(database, "AAVE", "USDC")
    decide(database, "UNI", index="ai")
    database.chats.put(Chat("telegram", "1", indices=("defi",)))
    database.chats.put(Chat("telegram", "2", indices=("ai",)))
    look(database, START, AAVE=50.0)
    look(database, START + dt.timedelta(minutes=40), AAVE=50.0, UNI=50.0)
    look(database, START, AAVE=50.0, UNI=50.0, USDC=0.9)
    heard = [(chat, title) for chat, _, title in told(database)]
    assert heard == [("1", "Danger: AAVE"), ("2", "Danger: UNI"), ("1", "Danger: USDC")]


def test_old_closes_are_no_measure_of_today(database: Database) -> None:
    """F24"""
    decide(database, "AAVE", "USDC")
    assert look(database, START + dt.timedelta(days=4), AAVE=50.0) == []


def test_admins_hear_that_the_watch_is_blind(database: Database) -> None:
    decide(database, "AAVE", "USDC")
    for k in range(9):
        look(database, START + k * MINUTES, **dict.fromkeys(CALM))
    assert told(database) == [("7", "admin", "For this bot's admins")]


def test_a_message_says_what_passed_as_all_clear_and_the_gravest_first() -> None:
    passed = Alert("peg", "USDC", "USDC is back at its dollar.", 1, over=True)
    crash = Alert("market", "", "The market falls.", 3)
    both, clear = said([passed, crash]), said([passed])
    assert both is not None and clear is not None
    assert (both.title, both.text[0]) == ("Danger: the market, USDC", "The market falls.")
    assert clear.title == "All clear: USDC"
    assert [button.command for button in clear.buttons] == ["/token usdc", "/settings mute 7", "/settings fewer"]
    assert said([]) is None


async def test_it_looks_every_five_minutes_and_survives_sources_that_fail(database: Database, tmp_path: Path) -> None:
    time, asked = VirtualTime(), []
    decide(database, "AAVE", "USDC")
    database.chats.put(Chat("telegram", "1", indices=("defi",)))
    stopping = asyncio.Event()

    async def prices(tokens: Any, now: dt.datetime) -> list[Seen]:
        asked.append(time.seconds)
        if len(asked) == 2:
            raise SourceUnavailable("nobody answers")
        if len(asked) == 5:
            stopping.set()
        return looks(AAVE=50.0 if len(asked) > 2 else 100.0)

    class Inline:
        async def do(self, work: Any) -> Any:
            return work(database)

    watch = Watching(Settings(database=tmp_path / "x.db"), Inline(), time.clock, prices, stopping)
    await time.run(watch.run())
    assert asked == [k * watching.EVERY for k in range(5)]
    assert told(database) == [("1", "danger", "Danger: AAVE")]
