"""Bot admins by a one-time code alone, their words in public, and admins who speak in a chat's own name."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.book import DeadLetter, DeliveryState, Silenced
from bot.dispatch import Request, dispatch
from bot.office import ANNOUNCEMENT, DatabaseDesk
from bot.reply import Reply
from storage.admins import LENGTH

ANNOUNCE = "/announce all this bot moves to another server on Sunday"
ANONYMOUS = {"anonymous": True, "user": "1087968824", "is_chat_admin": True}


def test_a_code_makes_one_person_a_bot_admin_once(club: Any) -> None:
    code = club.database.admins.new_code(club.now)
    assert len(code) == LENGTH
    assert club.say(f"/claim {code[:4]}-{code[4:8].lower()} {code[8:]}").ok
    assert club.database.admins.all() == [("telegram", "42")]
    again = club.say(f"/claim {code}", user="43", chat="43")
    assert not again.ok and "does not count" in again.lines()[0]
    assert not club.database.admins.has("telegram", "43")
    assert not club.database.admins.has("discord", "42")


def test_the_operator_prints_a_code_that_counts_and_takes_the_rights_away_again(
    club: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crier(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["crier", *arguments, "--database", club.database.path])
        with pytest.raises(SystemExit) as stop:
            main()
        assert not stop.value.code
        return capsys.readouterr().out.strip()

    monkeypatch.chdir(Path(club.database.path).parent)
    club.now = dt.datetime.now(dt.UTC)
    assert club.say(f"/claim {crier('admin-code')}").ok
    assert club.database.admins.has("telegram", "42")
    assert "is forgotten" in crier("forget", "telegram", "42")
    assert not club.database.admins.has("telegram", "42")


def test_a_code_is_stored_as_a_hash_alone(club: Any) -> None:
    code = club.database.admins.new_code(club.now)
    everything = " ".join(club.database.connection.raw.conn.iterdump())
    assert "claim_codes" in everything and code not in everything


def test_a_code_expires_and_a_wrong_one_says_no_more_than_that(club: Any) -> None:
    code = club.database.admins.new_code(club.now)
    wrong = club.say("/claim ZZZZZZZZZZZZZZZZ").lines()
    club.now += dt.timedelta(days=1)
    assert club.say(f"/claim {code}").lines() == wrong
    assert not club.database.admins.all()


@pytest.mark.parametrize("request_changes", [{}, ANONYMOUS])
def test_a_code_written_in_a_group_is_not_used_up(request_changes: dict[str, Any], club: Any) -> None:
    code = club.database.admins.new_code(club.now)
    reply = club.group(f"/claim {code}", **request_changes)
    assert reply.private and "in private" in reply.lines()[0]
    assert club.say(f"/claim {code}").ok


def test_nothing_but_a_code_makes_a_bot_admin(club: Any) -> None:
    for text in ("/claim 42", "/claim", "/settings role 42", "/confirm 42", "/start claim"):
        club.group(text, is_bot_admin=True)
        club.say(text)
    assert not club.database.admins.all()


def test_an_announcement_goes_from_preview_to_the_chats_journal_and_audit(club: Any) -> None:
    admin = {"is_bot_admin": True, "user": "8675309"}
    preview = club.say(ANNOUNCE, **admin)
    assert "Nothing is done yet" in preview.title and "this bot moves to another server" in preview.text[1]
    ledger = club.desk.ledger
    assert not club.database.notices.since(ledger)
    said = club.say(preview.buttons[0].command, **admin)
    assert said.ok
    [notice] = club.database.notices.since(ledger)
    told = Reply.from_json(notice.reply)
    assert (notice.index, notice.kind) == ("", ANNOUNCEMENT)
    assert told.text == ("this bot moves to another server on Sunday",)
    entry = club.database.journal.last(ledger)
    body = json.loads(entry.body)
    assert (entry.kind, body["text"], notice.head) == ("announcement", told.text[0], entry.hash)
    assert body["by"].startswith("admin-") and body["by"] in told.note[0]
    assert body["by"] not in " ".join(said.lines()), "under the admin's own message it would tell whose it is"
    assert "8675309" not in entry.body + notice.reply
    assert club.database.verify(ledger).ok
    audited = " ".join(club.say("/audit").lines())
    assert f"by {body['by']}: this bot moves" in audited and "8675309" not in audited
    named = club.group("/audit who", is_bot_admin=True)
    assert "(telegram 8675309)" in " ".join(named.lines()) and named.private


def test_an_announcement_of_one_index_goes_to_its_chats(club: Any) -> None:
    preview = club.say("/announce defi the pool of AAVE is being watched", is_bot_admin=True)
    assert "follows DeFi" in preview.text[0]
    assert club.say(preview.buttons[0].command, is_bot_admin=True).ok
    [notice] = club.database.notices.since(club.desk.ledger)
    assert notice.index == "defi" and "DeFi" in Reply.from_json(notice.reply).title


@pytest.mark.parametrize("words", ["", " x", f" {'x' * 301}", " \u200d\u200d\u200d"])
def test_an_announcement_that_says_nothing_or_too_much_is_refused(words: str, club: Any) -> None:
    reply = club.say(f"/announce all{words}", is_bot_admin=True)
    assert not reply.ok and len(reply.lines()) == 1


@pytest.mark.parametrize("text", [ANNOUNCE, "/delivery", "/pause all prices look wrong", "/audit who"])
@pytest.mark.parametrize(
    "rights", [{}, {"is_chat_admin": True}, ANONYMOUS | {"is_bot_admin": True}], ids=["member", "admin", "anonymous"]
)
def test_what_is_for_bot_admins_is_for_nobody_else(text: str, rights: dict[str, Any], club: Any) -> None:
    reply = club.member(text, **rights)
    assert (reply.ok, len(reply.lines())) == (False, 1)
    assert "an admin of this bot only" in reply.lines()[0]
    assert not club.all_rows()


def test_an_announcement_is_confirmed_by_its_own_admin_in_time_who_still_is_one(club: Any) -> None:
    confirm = club.say(ANNOUNCE, is_bot_admin=True).buttons[0].command
    assert "no such code" in club.say("/confirm 22222222", is_bot_admin=True).lines()[0]
    assert "only for the admin who asked" in club.say(confirm, is_bot_admin=True, user="43").lines()[0]
    assert "only for the admin who asked" in club.group(confirm, is_bot_admin=True).lines()[0]
    assert "for an admin of this bot only" in club.say(confirm).lines()[0]
    club.now += dt.timedelta(minutes=10)
    assert "has expired" in club.say(confirm, is_bot_admin=True).lines()[0]
    assert not club.all_rows()


def test_an_anonymous_admin_changes_the_chat_once_one_of_its_admins_confirms(club: Any) -> None:
    """F38"""
    reply = club.group("/settings sound silent", **ANONYMOUS)
    assert not club.chat("-100").silent
    [button] = reply.buttons
    assert "in the chat's own name" in reply.text[0]
    assert not club.member(button.command).ok
    assert not club.group(button.command, chat="-200").ok
    assert not club.chat("-100").silent and not club.chat("-200").silent
    assert club.group(button.command, user="99", pressed=True).ok
    assert club.chat("-100").silent
    assert "used already" in club.group(button.command, user="99").lines()[0]


def test_an_anonymous_admins_code_expires(club: Any) -> None:
    confirm = club.group("/subscribe defi", **ANONYMOUS).buttons[0].command
    club.now += dt.timedelta(minutes=10)
    assert "has expired" in club.group(confirm).lines()[0]
    assert not club.chat("-100").indices


def test_an_anonymous_admin_may_confirm_by_writing_the_code_again_in_the_chats_name(club: Any) -> None:
    confirm = club.group("/subscribe defi", **ANONYMOUS).buttons[0].command
    assert club.group(confirm, **ANONYMOUS).ok
    assert club.chat("-100").indices == ("defi",)


def test_an_anonymous_admins_mode_is_confirmed_by_an_admin_of_the_chat(club: Any) -> None:
    confirm = club.group("/mode conservative", **ANONYMOUS).buttons[0].command
    assert not club.member(confirm).ok
    assert club.group(confirm, user="99").ok
    assert club.chat("-100").mode == "conservative"


def test_words_in_a_chats_name_are_never_a_bot_admins(club: Any) -> None:
    """F38"""
    reply = club.group(ANNOUNCE, **ANONYMOUS, is_bot_admin=True)
    assert not reply.ok
    confirm = club.group("/settings sound silent", **ANONYMOUS, is_bot_admin=True).buttons[0].command
    assert club.group(confirm, is_bot_admin=True).ok
    assert "in private" in club.group("/forget me", **ANONYMOUS).lines()[0]


def test_delivery_tells_what_waits_what_was_given_up_and_who_is_silenced(club: Any) -> None:
    state = DeliveryState(
        waiting=1234,
        oldest=club.now,
        maybe=2,
        dead=tuple(DeadLetter("telegram", f"message {n} is too long", club.now) for n in range(7)),
        silenced=(
            Silenced("telegram", "A", "blocked", club.now),
            Silenced("telegram", "B", "blocked", club.now),
            Silenced("discord", "C", "gone", None),
        ),
    )

    class Told(DatabaseDesk):
        def delivery(self) -> DeliveryState:
            return state

    desk = Told(club.database, lambda: club.now)
    reply = dispatch(desk, Request("/delivery", "telegram", "42", "42", is_bot_admin=True))
    assert reply.table.rows[0] == ("Messages that wait", "1,234")
    said = " ".join(reply.lines())
    assert "Given up: telegram, Tue 14 Nov 2023, 09:30 UTC: message 0 is too long" in said and "And 2 more." in said
    assert "Silenced on telegram: 2 chats, blocked" in said and "Silenced on discord: 1 chat, gone" in said


def test_delivery_without_a_service_still_knows_the_silenced_chats(club: Any) -> None:
    club.database.chats.silence("telegram", "43", "blocked by its person", club.now)
    assert "Silenced on telegram: 1 chat, blocked by its person" in " ".join(
        club.say("/delivery", is_bot_admin=True).lines()
    )
