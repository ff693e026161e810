"""What is said to be stored is what the tables hold, and forgetting leaves none of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot.commands.privacy import stored
from bot.texts import PRIVACY, PRIVACY_COLUMNS

PERSONAL = {"platform", "chat", "user"}  # columns that name a chat or a person


def tables(club: Any) -> dict[str, list[str]]:
    raw = club.database.connection.raw
    return {name: [column.name for column in raw[name].columns] for name in raw.table_names()}


def test_every_table_that_names_a_chat_or_a_person_is_told_of_and_no_other(club: Any) -> None:
    personal = {name for name, columns in tables(club).items() if PERSONAL & set(columns)}
    assert personal == set(PRIVACY)
    said = " ".join(club.say("/privacy").lines())
    assert all(sentence in said for sentence in stored())


def test_every_column_of_a_chat_is_told_of_and_no_other(club: Any) -> None:
    assert set(tables(club)["chats"]) == set(PRIVACY_COLUMNS)
    said = " ".join(club.say("/privacy").lines())
    assert all(words in said for words in PRIVACY_COLUMNS.values())


def bytes_of(club: Any) -> bytes:
    from pathlib import Path

    path = Path(club.database.path)
    log = path.with_name(f"{path.name}-wal")
    return path.read_bytes() + (log.read_bytes() if log.exists() else b"")


def live(club: Any) -> None:
    """Leave a trace wherever one can be left."""
    club.say("/subscribe all")
    club.say("/settings role 123454321")
    club.say("/watch aave")
    club.database.pulse.add("telegram", "42", club.now.date(), {"": 3, "AAVE": 2})
    club.say(f"/claim {club.database.admins.new_code(club.now)}", user="8675309")
    confirm = club.say("/announce all hello to everybody", user="8675309", is_bot_admin=True).buttons[0].command
    club.say(confirm, user="8675309", is_bot_admin=True)


def test_forgetting_in_private_deletes_the_chat_and_the_person_once_confirmed(club: Any) -> None:
    live(club)
    assert b"8675309" in bytes_of(club) and b"123454321" in bytes_of(club)
    preview = club.say("/forget", user="8675309")
    assert len(preview.text) == 2 and club.database.chats.knows("telegram", "42")
    assert club.say(preview.buttons[0].command, user="8675309").text == (
        "All that this chat chose is deleted.",
        "All that was stored of you is deleted.",
    )
    for name, columns in tables(club).items():
        rows = club.database.connection.rows(f"SELECT * FROM {name}")
        values = [dict(zip(columns, row, strict=True)) for row in rows]
        assert not [v for v in values if v.get("chat") == "42" or v.get("user") == "8675309"], name
    left = bytes_of(club)
    assert b"8675309" not in left and b"123454321" not in left
    assert club.database.verify(club.desk.ledger).ok
    assert "(forgotten)" in " ".join(club.say("/audit who", user="1", is_bot_admin=True).lines())


def test_where_nothing_is_stored_forgetting_says_so(club: Any) -> None:
    for text in ("/forget", "/forget me", "/forget chat"):
        reply = club.say(text)
        assert reply.ok and "nothing to delete" in reply.text[0] and not reply.buttons


@pytest.mark.parametrize("whose", ["", "chat"])
def test_a_group_is_forgotten_by_its_admins_alone_and_they_stay_known(whose: str, club: Any) -> None:
    club.group("/subscribe defi")
    club.database.admins.claim(club.database.admins.new_code(club.now), "telegram", "42", club.now)
    assert not club.member("/forget chat").ok
    confirm = club.group(f"/forget {whose}").buttons[0].command
    assert not club.group(confirm, is_chat_admin=False).ok, "who is an admin no more cannot confirm"
    assert club.group(confirm).ok
    assert not club.database.chats.knows("telegram", "-100")
    assert club.database.admins.has("telegram", "42")


def test_a_member_of_a_group_forgets_only_themselves_and_in_private(club: Any) -> None:
    club.group("/subscribe defi")
    club.database.admins.claim(club.database.admins.new_code(club.now), "telegram", "7", club.now)
    for text in ("/forget", "/forget me"):
        reply = club.member(text)
        assert reply.private and "in private" in reply.lines()[0] and not reply.buttons
    own = {"chat": "7", "place": "private"}
    assert club.member(club.member("/forget", **own).buttons[0].command, **own).ok
    assert club.database.chats.knows("telegram", "-100") and not club.database.admins.has("telegram", "7")


def test_forgetting_waits_for_its_own_confirmation(club: Any) -> None:
    live(club)
    confirm = club.say("/forget").buttons[0].command
    assert not club.say(confirm, user="43").ok
    club.now += dt.timedelta(minutes=10)
    assert "has expired" in club.say(confirm).lines()[0]
    assert club.database.chats.knows("telegram", "42")
