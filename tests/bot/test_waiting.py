"""The live week where prices are late: some indices are decided, one waits, and is decided later or given up aloud."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator

import pytest

from bot import weekly
from bot.health import ready
from bot.posting import Posting
from bot.reply import Reply
from bot.telling import NO_CHANGE
from bot.weekly import is_decided, run_due, run_week
from engine.errors import TrainingFailed
from engine.model import Candle, Snapshot, Token, TokenKind
from engine.themes import themes
from storage.chats import Chat
from storage.database import Database, open_database

MONDAY = dt.date(2023, 11, 13)
DAY = dt.timedelta(days=1)
DEFI, AI = ("AAVE", "CRV", "LDO", "UNI"), ("FET", "GRT", "RNDR")
TOKENS = (
    *(Token(0, symbol, symbol.title(), TokenKind.COIN, ("defi",)) for symbol in DEFI),
    *(Token(0, symbol, symbol.title(), TokenKind.COIN, ("ai",)) for symbol in AI),
    Token(0, "BTC", "Bitcoin", TokenKind.COIN),
    Token(0, "USDC", "USD Coin", TokenKind.STABLE),
)
LATE = ("AAVE", "UNI")


def candle(token: int, symbol: str, day: dt.date) -> Candle:
    phase, k = sum(map(ord, symbol)), (day - MONDAY).days
    p = 1.0 if symbol == "USDC" else 20 * math.exp(0.002 * k + 0.05 * math.sin(k / (7 + phase % 5) + phase))
    return Candle(day.isoformat(), token, p, p * 1.01, p * 0.99, p, 5e7, "venue", False)


@pytest.fixture
def database() -> Iterator[Database]:
    """200 days of a small market; of two DeFi tokens the last day is missing."""
    made = open_database(":memory:")
    made.market.put_tokens(TOKENS)
    ids = made.market.token_ids()
    for symbol, token in ids.items():
        days = range(-200, -1 if symbol in LATE else 0)
        made.market.put_candles(candle(token, symbol, MONDAY + k * DAY) for k in days)
    for k in range(-196, 0, 28):
        date = (MONDAY + k * DAY).isoformat()
        made.market.put_snapshots(Snapshot(date, token, token, 20.0, 1e9, 5e7, 2e8) for token in ids.values())
    yield made
    made.close()


def at(hours: int, minutes: int = 0) -> dt.datetime:
    return dt.datetime(2023, 11, 13, hours, minutes, tzinfo=dt.UTC)


def decided(database: Database) -> set[str]:
    rows = database.connection.rows("SELECT DISTINCT index_id FROM decisions WHERE ledger = 'live'")
    return {row[0] for row in rows}


def queued(database: Database) -> set[tuple[str, str]]:
    """{(chat, news)} of all that is in the queue."""
    rows = database.connection.rows("SELECT o.chat, n.name FROM outbox o JOIN outbox_news n ON n.id = o.news")
    return {(row[0], row[1]) for row in rows}


def said(database: Database, chat: str) -> Reply:
    """The one message that is queued for a chat."""
    rows = database.connection.rows(
        "SELECT b.reply FROM outbox o JOIN outbox_bodies b ON b.id = o.body WHERE o.chat = ?", [chat]
    )
    (row,) = rows
    return Reply.from_json(row[0])


def arrive(database: Database) -> None:
    ids = database.market.token_ids()
    database.market.put_candles(candle(ids[symbol], symbol, MONDAY - DAY) for symbol in LATE)


def test_what_has_its_prices_is_decided_and_what_lacks_them_waits(database: Database) -> None:
    week = run_week(database, MONDAY, "live", now=at(0, 31))
    assert [ready.index for ready in week.waiting] == ["large", "defi"]
    assert decided(database) == themes().keys() - {"large", "defi"}
    assert {announced.index for announced in week.announcements} == themes().keys() - {"large", "defi"}
    assert not is_decided(database, "live", MONDAY)
    again = run_week(database, MONDAY, "live", now=at(1))
    assert (again.decisions, [ready.index for ready in again.waiting]) == ((), ["large", "defi"])


def test_it_is_decided_once_its_prices_are_there(database: Database) -> None:
    run_week(database, MONDAY, "live", now=at(0, 31))
    arrive(database)
    week = run_week(database, MONDAY, "live", now=at(2))
    assert {decision.index for decision in week.decisions} == {"large", "defi"}
    assert (week.waiting, is_decided(database, "live", MONDAY)) == ((), True)
    assert database.verify("live").ok
    assert run_week(database, MONDAY, "live", now=at(3)).already_decided


def test_at_noon_its_chats_are_told_once_why_nothing_changes(database: Database) -> None:
    run_week(database, MONDAY, "live", now=at(0, 31))
    week = run_week(database, MONDAY, "live", now=at(12))
    told = [notice for notice in database.notices.since("live") if notice.kind == NO_CHANGE]
    assert [notice.index for notice in told] == ["large", "defi"]
    said = json.loads(told[1].reply)
    assert said["title"] == "DeFi: no change this week"
    assert said["text"][0].startswith("No change this week: at 12:00 UTC fresh prices are known of only 50%")
    assert [notice.title for notice in week.notices] == ["Large caps: no change this week", "DeFi: no change this week"]
    assert is_decided(database, "live", MONDAY)
    arrive(database)
    assert run_week(database, MONDAY, "live", now=at(13)).already_decided
    assert len([n for n in database.notices.since("live") if n.kind == NO_CHANGE]) == 2


def test_what_still_waited_when_monday_ended_is_given_up_on_the_next_day(database: Database) -> None:
    """F33: down from the first announcement on; nothing is decided late, and who waited with it hears of the rest."""
    database.market.set_provenance("live", "yes")
    for number, indices in enumerate((("ai",), ("ai", "defi"), ("defi",))):
        database.chats.put(Chat("telegram", str(number), indices=indices))
    run_due(database, None, at(0, 31), post=Posting(at(0, 31)))
    assert queued(database) == {("0", "week/2023-W46")}
    tuesday = at(9) + DAY
    ids = database.market.token_ids()
    database.market.put_candles(candle(token, symbol, MONDAY) for symbol, token in ids.items())
    week = run_due(database, None, tuesday, post=Posting(tuesday))
    assert [notice.title for notice in week.notices] == ["Large caps: no change this week", "DeFi: no change this week"]
    assert week.ledger == "live" and {settled.index for settled in week.settlements} == {"ai", "meme", "rwa"}
    assert is_decided(database, "live", MONDAY) and decided(database) == {"ai", "meme", "rwa"}
    assert database.journal.head("replay") is None
    told = queued(database)
    assert told == {(chat, "week/2023-W46") for chat in "012"}
    both, alone = said(database, "1"), said(database, "2")
    assert both.title == "AI and DeFi, week 46 (balanced)"
    assert both.text[-1].startswith("DeFi: no change this week: its Monday ended before fresh prices were known.")
    assert alone.title == "DeFi: no change this week"
    assert alone.text[0] == "N" + both.text[-1].removeprefix("DeFi: n")
    assert len(both.note[-1].split(" · ")[-1].replace(" ", "")) == len(alone.note[0].replace(" ", "")) == 32
    run_due(database, None, tuesday, post=Posting(tuesday))
    assert queued(database) == told and database.verify("live").ok


def put_monday(database: Database, without: tuple[str, ...] = ()) -> None:
    ids = database.market.token_ids()
    found = {symbol: token for symbol, token in ids.items() if symbol not in without}
    database.market.put_candles(candle(token, symbol, MONDAY) for symbol, token in found.items())


@pytest.mark.rule("1.5")
def test_fills_wait_for_prices_that_a_source_owes_and_are_made_from_what_is_known_at_noon(database: Database) -> None:
    """Filled without the day's price a purchase never happens, and a sale is lost to the next week."""
    arrive(database)
    database.market.set_provenance("live", "yes")
    decisions = run_due(database, None, at(0, 31)).decisions
    assert set(LATE) & {trade.symbol for d in decisions if d.index == "defi" for trade in d.trades}
    put_monday(database, without=LATE)
    head = database.journal.head("live")
    week = run_due(database, None, at(0, 31) + DAY)
    assert [ready.index for ready in week.waiting] == ["large", "defi"]
    assert (week.settlements, week.head, database.journal.head("live")) == ((), head, head)
    with database.atomic():  # what became of it at noon is compared with what becomes of it when the prices come
        noon = run_due(database, None, at(12) + DAY, dry_run=True)
    put_monday(database)
    week = run_due(database, None, at(2) + DAY)
    lost, filled = ({f.status for s in w.settlements for f in s.fills if f.symbol in LATE} for w in (noon, week))
    assert (lost, filled, week.waiting) == ({"could not trade"}, {"filled"}, ())
    assert len(week.settlements) == len(decisions) and database.verify("live").ok


def test_a_fit_that_fails_leaves_the_last_good_week_and_says_that_it_is_old(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F35: nothing new is published, what stands is called old, and the next try is as if there had been none."""
    arrive(database)
    database.market.set_provenance("live", "yes")
    run_week(database, MONDAY, "live", now=at(0, 31))
    head, monday = database.journal.head("live"), MONDAY + 7 * DAY
    ids = database.market.token_ids()
    for symbol, token in ids.items():
        database.market.put_candles(candle(token, symbol, MONDAY + k * DAY) for k in range(7))

    def fails(*arguments: object) -> None:
        raise TrainingFailed("the logistic regression did not converge: the last good signals stay.")

    with monkeypatch.context() as patch, pytest.raises(TrainingFailed):
        patch.setattr(weekly, "compute_week", fails)
        run_week(database, monday, "live", now=at(0, 31) + 7 * DAY)
    assert database.journal.head("live") == head
    assert database.signals.newest("live") == MONDAY
    late = {finding.check: finding for finding in ready(database, at(14) + 7 * DAY)}["deciding"]
    assert (late.ok, "is not decided, the last one is that of 13 Nov 2023" in late.says) == (False, True)
    week = run_week(database, monday, "live", now=at(15) + 7 * DAY)
    assert week.decisions and database.verify("live").ok


def test_a_dry_run_gives_nothing_up(database: Database) -> None:
    week = run_week(database, MONDAY, "live", dry_run=True, now=at(12))
    assert len(week.notices) == 2
    assert database.notices.since("live") == []
    assert decided(database) == set()


def test_the_replay_ledger_and_a_run_without_a_clock_take_what_there_is(database: Database) -> None:
    week = run_week(database, MONDAY, "live")
    assert week.waiting == ()
    assert decided(database) == themes().keys()
