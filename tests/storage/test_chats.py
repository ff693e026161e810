"""A chat's choices are kept whole, move with the chat, and go when they are to be forgotten."""

import datetime as dt
from dataclasses import fields, replace

import pytest

from storage.chats import Chat
from storage.database import Database

NOW = dt.datetime(2024, 3, 4, 12, 30, tzinfo=dt.UTC)
FULL = Chat(
    platform="telegram",
    chat="-100",
    thread="7",
    place="group",
    title="_*[<& the Group",
    mode="aggressive",
    indices=("rwa", "defi"),
    watches=("LDO", "AAVE"),
    weekly=False,
    danger=False,
    watched=False,
    minimum=60,
    time_zone="Asia/Tokyo",
    language="de",
    quiet_from=1320,
    quiet_until=420,
    danger_breaks_quiet=True,
    silent=True,
    short=True,
    plain=True,
    pulse=True,
    role="42",
    muted_until=NOW,
    silenced="blocked",
    silenced_at=NOW,
    added_by="quiet-otter",
    added_at=NOW,
)


def test_a_chat_follows_the_mode_it_chose_last(database: Database) -> None:
    assert database.chats.mode("telegram", "-100") is None
    database.chats.set_mode("telegram", "-100", "conservative")
    database.chats.set_mode("telegram", "-100", "aggressive")
    assert database.chats.mode("telegram", "-100") == "aggressive"
    assert database.chats.mode("discord", "-100") is None


def test_the_example_differs_from_the_defaults_in_every_choice() -> None:
    plain = Chat("telegram", "-100")
    same = {field.name for field in fields(Chat) if getattr(FULL, field.name) == getattr(plain, field.name)}
    assert same == {"platform", "chat"}


def test_every_choice_is_kept(database: Database) -> None:
    database.chats.put(FULL)
    assert database.chats.get("telegram", "-100") == FULL
    changed = replace(FULL, indices=("defi",), watches=(), quiet_from=None, muted_until=None)
    database.chats.put(changed)
    assert database.chats.all() == [changed]


def test_an_unknown_chat_has_the_defaults_and_is_not_stored_by_being_asked_for(database: Database) -> None:
    assert database.chats.get("discord", "9") == Chat("discord", "9")
    assert not database.chats.knows("discord", "9")
    assert database.chats.all() == []


def test_a_silenced_chat_keeps_its_choices(database: Database) -> None:
    database.chats.put(replace(FULL, silenced="", silenced_at=None))
    database.chats.silence("telegram", "-100", "blocked", NOW)
    assert database.chats.get("telegram", "-100") == FULL


def test_a_chat_is_followed_to_its_new_name(database: Database) -> None:
    database.chats.put(FULL)
    database.chats.put(Chat("telegram", "-200", indices=("ai",)))
    database.chats.move("telegram", "-100", "-200")
    assert database.chats.all() == [replace(FULL, chat="-200")]
    database.chats.move("telegram", "-100", "-300")
    assert database.chats.all() == [replace(FULL, chat="-200")]


@pytest.mark.parametrize("other", [("discord", "-100"), ("telegram", "-101")])
def test_a_forgotten_chat_leaves_nothing_and_the_others_alone(database: Database, other: tuple[str, str]) -> None:
    database.chats.put(FULL)
    kept = replace(FULL, platform=other[0], chat=other[1])
    database.chats.put(kept)
    assert database.chats.forget("telegram", "-100")
    assert not database.chats.forget("telegram", "-100")
    assert database.chats.all() == [kept]
    for table in ("chats", "subscriptions", "watches"):
        assert {row[0] for row in database.connection.rows(f"SELECT chat FROM {table}")} == {other[1]}


def test_chats_that_a_person_added_are_counted(database: Database) -> None:
    database.chats.put(FULL)
    database.chats.put(replace(FULL, chat="-5"))
    assert database.chats.added_by("quiet-otter") == 2
    assert database.chats.added_by("loud-otter") == 0
