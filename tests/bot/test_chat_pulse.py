"""The pulse of a chat: who is counted, what is kept, and what the chat is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from bot.chat_pulse import Listener, chat_pulse, subjects
from engine.model import Token, TokenKind
from engine.sentiment import Names
from storage.chats import Chat
from storage.database import Database, open_database
from storage.pulse import MESSAGES, Pulse

NOON = dt.datetime(2026, 3, 18, 12, tzinfo=dt.UTC)
NAMED = (("AAVE", "Aave"), ("BTC", "Bitcoin"), ("ETH", "Ethereum"), ("NEAR", "NEAR Protocol"))
HERE = ("telegram", "-1")


@pytest.fixture
def database() -> Iterator[Database]:
    opened = open_database(":memory:")
    opened.market.put_tokens([Token(0, symbol, name, TokenKind.COIN) for symbol, name in NAMED])
    opened.chats.put(Chat(*HERE, place="group", pulse=True))
    yield opened
    opened.close()


def listening(database: Database) -> Listener:
    """A listener for the chats that are on in the database."""
    return Listener(database, lambda platform, chat: database.chats.get(platform, chat).pulse)


def weeks(database: Database) -> list[Pulse]:
    return database.pulse.weeks(*HERE, NOON.date())


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("gm", set()),
        ("AAVE aave $aave Aave!!!", {"AAVE"}),
        ("sold my bitcoin for ETH", {"BTC", "ETH"}),
        ("we are near the top", set()),
        ("is $NEAR the one?", {"NEAR"}),
        ("", set()),
        ("x" * 100_000, set()),
    ],
)
def test_a_message_speaks_of_a_token_once(text: str, meant: set[str]) -> None:
    names = Names.of([Token(i, symbol, name, TokenKind.COIN) for i, (symbol, name) in enumerate(NAMED)])
    assert subjects(text, names, NOON.date()) == meant


def test_messages_are_counted_and_nothing_of_them_is_kept(database: Database) -> None:
    listener = listening(database)
    for text in ("AAVE to the moon, says Alice", "bitcoin and AAVE", "gm Alice"):
        listener.hear(*HERE, text, NOON)
    assert weeks(database) == []
    listener.flush()
    listener.flush()
    assert weeks(database) == [Pulse(MESSAGES, 3, 0), Pulse("AAVE", 2, 0), Pulse("BTC", 1, 0)]
    assert "Alice" not in "\n".join(database.connection.raw.conn.iterdump())


def test_a_chat_that_did_not_switch_it_on_is_not_heard(database: Database) -> None:
    listener = listening(database)
    listener.hear("telegram", "-2", "AAVE", NOON)
    listener.hear("discord", "-1", "AAVE", NOON)
    listener.flush()
    assert database.connection.rows("SELECT * FROM chat_pulse") == []


def test_a_chat_that_switches_it_off_or_is_forgotten_loses_what_was_just_heard(database: Database) -> None:
    listener = listening(database)
    listener.hear(*HERE, "AAVE", NOON)
    database.chats.forget(*HERE)
    listener.flush()
    assert weeks(database) == []


def test_a_day_is_a_day_of_utc_wherever_the_chat_is(database: Database) -> None:
    listener = listening(database)
    tokyo = dt.timezone(dt.timedelta(hours=9))
    listener.hear(*HERE, "AAVE", dt.datetime(2026, 3, 19, 1, tzinfo=tokyo))
    listener.flush()
    assert database.connection.rows("SELECT DISTINCT day FROM chat_pulse") == [("2026-03-18",)]


def test_a_token_that_comes_tomorrow_is_heard_of_tomorrow(database: Database) -> None:
    listener = listening(database)
    listener.hear(*HERE, "WIFHAT rises", NOON)
    database.market.put_tokens([Token(0, "WIFHAT", "Wifhat", TokenKind.COIN)])
    listener.hear(*HERE, "WIFHAT rises", NOON + dt.timedelta(days=1))
    listener.flush()
    rows = database.connection.rows("SELECT day, count FROM chat_pulse WHERE subject = 'WIFHAT'")
    assert rows == [("2026-03-19", 1)]


def test_the_week_is_shown_beside_the_one_before(database: Database) -> None:
    today = NOON.date()
    database.pulse.add(*HERE, today, {MESSAGES: 1204, "AAVE": 41, "ETH": 7, "BTC": 5})
    database.pulse.add(*HERE, today - dt.timedelta(days=9), {MESSAGES: 980, "AAVE": 12, "ETH": 1, "BTC": 4})
    reply = chat_pulse(database, *HERE, today, on=True)
    assert reply.text == (
        "1,204 messages this week, 980 last week.",
        "This chat spoke 41 times of AAVE this week, 12 last week. Twice as often as last week or more: ETH.",
    )
    assert reply.table is not None
    assert reply.table.rows == (("AAVE", "41", "12"), ("ETH", "7", "1"), ("BTC", "5", "4"))
    assert reply.ok and any("no message is kept" in line for line in reply.note)


def test_of_many_tokens_ten_are_shown(database: Database) -> None:
    database.pulse.add(*HERE, NOON.date(), {f"T{i}": 100 - i for i in range(30)})
    table = chat_pulse(database, *HERE, NOON.date(), on=True).table
    assert table is not None and [row[0] for row in table.rows] == [f"T{i}" for i in range(10)]


def test_a_quiet_chat_and_one_without_a_pulse_are_told_so(database: Database) -> None:
    quiet = chat_pulse(database, *HERE, NOON.date(), on=True)
    assert quiet.text == ("0 messages this week, 0 last week.", "No token has been spoken of in two weeks.")
    assert quiet.table is None and quiet.ok
    off = chat_pulse(database, "telegram", "-2", NOON.date(), on=False)
    assert not off.ok and "admins switch it on" in off.text[0]
