"""The watch cries once when a state changes, on confirmed prices, merges what comes together, and forgets nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from emulators.virtual import START, VirtualTime

from bot import watching
from bot.posting import Posting
from bot.reply import Reply
from bot.settings import Settings
from bot.watch import MERGED_OVER, Alert, Known, Outlook, Rung, Watched, feeds_step, step
from bot.watching import KNOWN, Watching, look_at_feeds, look_once, said, tokens_to_watch
from engine.errors import SourceUnavailable
from engine.model import Action, Candle, Decision, Holding, RiskStep, Token, TokenKind
from engine.sources.table import SOURCES
from storage.chats import Chat
from storage.database import Database, open_database
from storage.sources import Cursor

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
    volumes: Mapping[str, float] = field(default_factory=dict)


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
def test_a_state_is_cried_once_when_entered_and_again_once_it_had_been_left(state: str) -> None:
    """Hysteresis: between the two bounds nothing changes, however often the price crosses the first."""
    into, between, out = (looks(**prices) for prices in STATES[state])
    told = walk(looks(), into, between, into, into, between, *[out] * 8, into)
    assert [k for k, cries in enumerate(told) if cries] == [1, 14]
    assert told[1] == told[14] == [state]
    assert walk(looks(), between, between) == [[], [], []]


def test_that_something_has_passed_is_told_beside_what_has_not_and_is_no_message_of_its_own() -> None:
    off, fallen = {"USDC": 0.98}, {"AAVE": 50.0}
    half = dt.timedelta(minutes=30)
    assert walk(looks(**off), looks(), looks(**fallen), every=half) == [["peg:USDC"], [], ["collapse:AAVE"]]
    assert walk(looks(**off), looks(**fallen), every=half)[1] == ["collapse:AAVE", "peg:USDC over"]
    assert walk(looks(**off), looks(), looks(**fallen), *[looks(**fallen)] * 4)[6] == ["peg:USDC over", "collapse:AAVE"]


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


NORMAL, RAISED, HIGH, EXTREME = RiskStep


def rung(would: RiskStep, near: RiskStep | None = None, held: RiskStep = NORMAL) -> Outlook:
    return Outlook((Rung("defi", "balanced", held, would, near or would, 47.0),))


def walk_ladder(*outlooks: Outlook, every: dt.timedelta = MINUTES) -> list[list[str]]:
    known, told = Known(), []
    for k, outlook in enumerate(outlooks):
        known, alerts = step(known, TOKENS, looks(), START + k * every, outlook)
        told.append([f"{alert.subject} {alert.level}" for alert in alerts])
    return told


def test_a_step_of_the_ladder_is_cried_once_and_a_higher_one_at_once() -> None:
    told = walk_ladder(rung(RAISED), rung(NORMAL, RAISED), rung(RAISED), rung(NORMAL), rung(EXTREME), rung(HIGH))
    assert told == [["defi/balanced/raised 3"], [], [], [], ["defi/balanced/extreme 5"], []]
    [alert] = step(Known(), TOKENS, looks(), START, rung(RAISED))[1]
    assert alert.text == "risk would rise from normal to at least raised if the day closed now (47 of 100)."


def test_a_step_is_cried_again_on_another_day_only_once_the_score_had_left_it() -> None:
    """Hysteresis over days: the close answers a cry, and it is forgotten once a reading is not near it any more."""
    day, cry = dt.timedelta(days=1), ["defi/balanced/raised 3"]
    assert walk_ladder(rung(RAISED), rung(NORMAL, RAISED), rung(RAISED), every=day) == [cry, [], []]
    assert walk_ladder(rung(RAISED), rung(NORMAL), rung(RAISED), every=day) == [cry, [], cry]


def test_a_step_that_was_taken_is_no_news_and_the_next_one_is() -> None:
    told = walk_ladder(rung(RAISED), rung(RAISED, held=RAISED), rung(HIGH, held=RAISED), rung(RAISED, held=RAISED))
    assert told == [["defi/balanced/raised 3"], [], ["defi/balanced/high 4"], []]


def test_a_drought_needs_a_measured_volume_and_has_its_own_hysteresis() -> None:
    dry = Outlook((), frozenset({"AAVE"}), frozenset({"AAVE"}), frozenset({"AAVE"}))
    eased, unmeasured = replace(dry, dry=frozenset()), Outlook()
    over = replace(eased, nearly_dry=frozenset())
    known, told = Known(), []
    for k, outlook in enumerate((eased, dry, dry, eased, unmeasured, over, over)):
        known, alerts = step(known, TOKENS, looks(), START + k * MERGED_OVER, outlook)
        told.append([f"{alert.kind} {alert.level}{' over' if alert.over else ''}" for alert in alerts])
    assert told == [[], ["drought 1"], [], [], [], [], []]
    assert known.states == {}
    assert step(Known(), TOKENS, looks(False), START, dry)[1] == []  # its price is not confirmed


def test_the_state_of_a_token_that_nobody_holds_any_more_is_forgotten_without_a_word() -> None:
    """Else its recovery would be cried weeks later, once it is bought again."""
    known, _ = step(Known(), TOKENS, looks(AAVE=50.0), START)
    sold = [replace(TOKENS[0], peer=True), *TOKENS[1:]]
    known, alerts = step(known, sold, looks(AAVE=50.0), START + MERGED_OVER)
    assert (known.states, alerts) == ({}, [])


def test_a_stale_source_is_told_once_and_once_when_it_is_not_any_more() -> None:
    known, told = Known(), []
    for stale in ({}, {"fred": "nothing new of vix since 2026-11-01"}, {"fred": "the same"}, {}, {}):
        known, alerts = feeds_step(known, stale, START)
        told.append([alert.text for alert in alerts])
    assert told == [
        [], ["fred is stale: nothing new of vix since 2026-11-01."], [], ["fred is up to date again."], [],
    ]  # fmt: skip


def test_whatever_prices_do_nothing_is_told_more_often_than_it_happened() -> None:
    """A random walk of prices: of each state no more is told than that it was entered, or left, since the last time."""
    chance, known = random.Random(20261126), Known()
    happened, told = Counter[tuple[str, bool]](), Counter[tuple[str, bool]]()
    for k in range(3000):
        seen = [
            Seen(s, chance.choice([None, chance.uniform(30, 120) if s != "USDC" else chance.uniform(0.97, 1.03)]))
            if chance.random() < 0.3
            else Seen(s, price, chance.random() < 0.9)
            for s, price in CALM.items()
        ]
        before = known
        known, alerts = step(known, TOKENS, seen, START + k * MINUTES)
        happened.update((key, key not in known.states) for key in before.states.keys() ^ known.states.keys())
        told.update((f"{alert.kind}:{alert.subject}", alert.over) for alert in alerts)
        assert all(told[cry] <= happened[cry] for cry in told)
        assert all((alert.kind, alert.subject) not in {(a.kind, a.subject) for a in known.pending} for alert in alerts)
        assert not alerts or not all(alert.over for alert in alerts)
    assert len(told) > len(CALM)


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
    for chat, (index, symbol) in enumerate((("defi", "AAVE"), ("ai", "UNI"), ("rwa", "USDC")), 1):
        decide(database, symbol, index=index)
        database.chats.put(Chat("telegram", str(chat), indices=(index,)))
    look(database, START, AAVE=50.0)
    look(database, START + dt.timedelta(minutes=40), AAVE=50.0, UNI=50.0)
    look(database, START, AAVE=50.0, UNI=50.0, USDC=0.9)
    heard = [(chat, title) for chat, _, title in told(database)]
    assert heard == [("1", "Danger: AAVE"), ("2", "Danger: UNI"), ("3", "Danger: USDC")]


def test_old_closes_are_no_measure_of_today(database: Database) -> None:
    """F24"""
    decide(database, "AAVE", "USDC")
    assert look(database, START + dt.timedelta(days=4), AAVE=50.0) == []


def test_admins_hear_that_the_watch_is_blind(database: Database) -> None:
    decide(database, "AAVE", "USDC")
    for k in range(9):
        look(database, START + k * MINUTES, **dict.fromkeys(CALM))
    assert told(database) == [("7", "admin", "For this bot's admins")]


def test_admins_hear_of_a_stale_source_once_and_chats_do_not(database: Database) -> None:
    decide(database, "AAVE", "USDC")
    database.chats.put(Chat("telegram", "1", indices=("defi",)))
    database.market.set_provenance("live", "yes")
    database.sources.put_cursors(
        [Cursor("vix", "", "2026-11-01", "fred", "2026-01-01T00:00:00+00:00", "2026-11-23T00:20:00+00:00")]
    )
    for k in range(3):
        look_at_feeds(database, SOURCES, Posting(START + k * MINUTES, admins=(("telegram", "7"),)))
    assert told(database) == [("7", "admin", "For this bot's admins")]
    assert look(database, START + 3 * MINUTES) == []  # and what prices do is told as before
    database.sources.put_cursors([Cursor("vix", "", "2026-11-20", "fred", "2026-01-01T00:00:00+00:00", None)])
    [alert] = look_at_feeds(database, SOURCES, Posting(START + 4 * MINUTES, admins=(("telegram", "7"),)))
    assert (alert.over, len(told(database))) == (True, 2)


def test_ladders_that_would_rise_alike_are_one_line_with_their_names() -> None:
    text = "risk would rise from normal to raised if the day closed now (47 of 100)."
    rises = [Alert("ladder", f"{index}/balanced/raised", text, 3) for index in ("defi", "ai")]
    other = Alert("ladder", "rwa/balanced/high", text.replace("raised", "high"), 4)
    reply = said([*rises, other, Alert("peg", "USDC", "USDC slips.", 2)])
    assert reply is not None
    assert reply.title == "Danger: risk, USDC"
    assert reply.text == (f"For RWA {other.text}", f"For DeFi and AI {text}", "USDC slips.")
    assert [button.command for button in reply.buttons][:2] == ["/token usdc", "/risk"]


def test_a_message_is_titled_by_what_lasts_the_gravest_first_and_says_what_has_passed() -> None:
    passed = Alert("peg", "USDC", "USDC is back at its dollar.", 1, over=True)
    crash, fallen = Alert("market", "", "The market falls.", 3), Alert("collapse", "AAVE", "AAVE fell.", 2)
    reply = said([passed, fallen, crash])
    assert reply is not None
    assert (reply.title, reply.text) == ("Danger: the market, AAVE", (crash.text, fallen.text, passed.text))
    assert [button.command for button in reply.buttons] == [
        "/token aave", "/risk", "/settings mute 7", "/settings fewer",
    ]  # fmt: skip
    assert said([passed]) is None
    assert said([]) is None


def test_who_is_concerned_by_nothing_that_lasts_is_told_nothing(database: Database) -> None:
    decide(database, "AAVE", "USDC")
    decide(database, "UNI", index="ai")
    for chat, index in (("holder", "defi"), ("other", "ai")):
        database.chats.put(Chat("telegram", chat, indices=(index,)))
    look(database, START, AAVE=50.0)
    look(database, START + MERGED_OVER, AAVE=50.0, USDC=0.9)
    look(database, START + 2 * MERGED_OVER, UNI=50.0)
    assert told(database) == [
        ("holder", "danger", "Danger: AAVE"), ("other", "danger", "Danger: UNI"),
    ]  # fmt: skip


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
