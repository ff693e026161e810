"""A code makes one admin once; announcements live in the journal; a code in a chat's name is for whoever is of it."""

from __future__ import annotations

import datetime as dt

import pytest

from engine.errors import BadRequest, BrokenJournal
from storage.admins import VALID
from storage.audit import Identity
from storage.confirmations import LETTERS
from storage.database import Database
from storage.proclamations import Proclamation

NOW = dt.datetime(2024, 3, 4, 12, 30, tzinfo=dt.UTC)


def test_a_code_counts_once_however_it_is_typed(database: Database) -> None:
    code = database.admins.new_code(NOW)
    assert set(code) <= set(LETTERS)
    database.admins.claim(f" {code[:8].lower()}-{code[8:]} ", "telegram", "7", NOW)
    assert database.admins.has("telegram", "7")
    with pytest.raises(BadRequest, match="does not count"):
        database.admins.claim(code, "telegram", "8", NOW)
    assert database.admins.all() == [("telegram", "7")]


@pytest.mark.parametrize("code", ["", "-", "7", "'; --", "\u0131" * 16])
def test_what_is_no_code_makes_nobody_an_admin(code: str, database: Database) -> None:
    database.admins.new_code(NOW)
    with pytest.raises(BadRequest):
        database.admins.claim(code, "telegram", "7", NOW)
    assert not database.admins.all()


def test_a_code_is_valid_for_a_day_and_gone_with_the_next_one(database: Database) -> None:
    code = database.admins.new_code(NOW)
    with pytest.raises(BadRequest):
        database.admins.claim(code, "telegram", "7", NOW + VALID)
    database.admins.new_code(NOW + VALID + dt.timedelta(seconds=1))
    assert len(database.connection.rows("SELECT * FROM claim_codes")) == 1


def test_who_claims_twice_is_one_admin_and_rights_can_be_taken_away(database: Database) -> None:
    for _ in range(2):
        database.admins.claim(database.admins.new_code(NOW), "telegram", "7", NOW)
    assert database.admins.all() == [("telegram", "7")]
    assert database.admins.remove("telegram", "7")
    assert not database.admins.remove("telegram", "7")


def test_forgetting_a_person_takes_claimed_rights_away(database: Database) -> None:
    database.admins.claim(database.admins.new_code(NOW), "telegram", "7", NOW)
    assert database.audit.knows("telegram", "7")
    assert database.audit.forget("telegram", "7")
    assert not database.admins.has("telegram", "7") and not database.audit.knows("telegram", "7")


def said(database: Database, text: str) -> Proclamation:
    return Proclamation(database.proclamations.next_id(NOW.date()), None, text, "admin-7f3a", NOW)


def test_announcements_are_read_back_from_the_journal_in_their_order(database: Database) -> None:
    both = []
    for text in ("first", "_*[<& second"):
        both.append(said(database, text))
        database.proclamations.add("live", both[-1], "3.0 0")
    assert database.proclamations.all("live") == both
    assert [p.id for p in both] == ["2024-03-04/a1", "2024-03-04/a2"]
    assert database.proclamations.all("replay") == []
    assert database.verify("live").ok


def test_an_announcement_of_another_shape_is_named(database: Database) -> None:
    database.journal.append("live", "announcement", NOW.date(), {"text": 1})
    with pytest.raises(BrokenJournal, match="is no proclamation"):
        database.proclamations.all("live")


def test_a_code_kept_in_a_chats_name_is_for_anybody_of_that_chat_once(database: Database) -> None:
    code = database.confirmations.keep(Identity("telegram", "-100", ""), "the deed", NOW)
    for stranger in (Identity("telegram", "-200", "7"), Identity("discord", "-100", "7")):
        with pytest.raises(BadRequest, match="only for the admin who asked"):
            database.confirmations.redeem(code, stranger, NOW)
    assert database.confirmations.redeem(code, Identity("telegram", "-100", "7"), NOW) == "the deed"
    with pytest.raises(BadRequest, match="used already"):
        database.confirmations.redeem(code, Identity("telegram", "-100", "8"), NOW)
