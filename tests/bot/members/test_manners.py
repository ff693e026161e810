"""The bot answers people who ask it something, each tap once, and nobody without end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import bot.manners
from bot.admission import MOST_CHATS, admit
from bot.command import Request
from bot.manners import BURST, SECONDS_EACH, SILENCE, TAP_SECONDS, Manners
from bot.reply import Reply
from bot.texts import SLOW_DOWN

PRIVATE = Request("/index defi", "telegram", "42", "42")
GROUP = replace(PRIVATE, chat="-100", place="group")
DONE = Reply(title="done")


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def manners(clock: Clock) -> Manners:
    return Manners(clock)


def ask(manners: Manners, request: Request, **changes: Any) -> Reply:
    return manners.attend(replace(request, **changes), lambda request: DONE)


def test_who_asks_too_much_is_told_once_and_then_nothing_until_they_slow_down(manners: Manners, clock: Clock) -> None:
    replies = [ask(manners, PRIVATE, text=f"/token tok{n}") for n in range(BURST + 3)]
    assert replies[:BURST] == [DONE] * BURST
    assert replies[BURST].text == (SLOW_DOWN,) and replies[BURST].private
    assert replies[BURST + 1 :] == [SILENCE] * 2
    clock.seconds += SECONDS_EACH
    assert ask(manners, PRIVATE, text="/index ai") == DONE
    assert ask(manners, PRIVATE, text="/index rwa").text == (SLOW_DOWN,)
    clock.seconds += BURST * SECONDS_EACH * 5
    assert [ask(manners, PRIVATE, text=f"/token tok{n}") for n in range(BURST)] == [DONE] * BURST


def test_one_persons_pace_is_nobody_elses_and_follows_them_into_every_chat(manners: Manners) -> None:
    for n in range(BURST):
        ask(manners, PRIVATE, text=f"/token tok{n}")
    assert ask(manners, GROUP, text="/index defi") != DONE
    assert ask(manners, GROUP, user="43") == DONE
    assert ask(manners, PRIVATE, platform="discord", text="/index ai") == DONE


def test_a_repeated_tap_is_answered_once_and_costs_nothing(manners: Manners, clock: Clock) -> None:
    assert ask(manners, PRIVATE, pressed=True) == DONE
    for _ in range(BURST * 2):
        clock.seconds += 0.01
        assert ask(manners, PRIVATE, pressed=True, text="/INDEX  defi") == SILENCE
    assert ask(manners, PRIVATE, text="/index ai") == DONE
    assert ask(manners, GROUP) == DONE, "the same words in another chat are another question"
    clock.seconds += TAP_SECONDS
    assert ask(manners, GROUP) == DONE


def test_an_edited_message_is_not_answered_twice(manners: Manners, clock: Clock) -> None:
    assert ask(manners, PRIVATE, message="7") == DONE
    clock.seconds += 60
    assert ask(manners, PRIVATE, message="7", text="/index ai") == SILENCE
    assert ask(manners, PRIVATE, message="8", text="/index ai") == DONE
    assert ask(manners, PRIVATE, message="7", text="/why ai", pressed=True) == DONE, "its buttons still count"
    assert ask(manners, GROUP, message="7", text="/risk") == DONE, "another chat has a message of that number too"


def test_chatter_that_is_edited_into_a_command_is_answered(manners: Manners) -> None:
    assert ask(manners, GROUP, message="7", text="what about defi?") == SILENCE
    assert ask(manners, GROUP, message="7") == DONE


@pytest.mark.parametrize(
    "text", ["hello", "$AAVE", "index defi", "aave", "", "what / why", "/p btc", "/", "/ban @spam"]
)
@pytest.mark.parametrize("place", ["group", "channel"])
def test_chatter_and_other_bots_commands_are_not_answered(text: str, place: str, manners: Manners) -> None:
    assert ask(manners, GROUP, text=text, place=place) == SILENCE


@pytest.mark.parametrize("text", ["/index defi", "/INDEX", "/help@CrierBot", "/idnex defi", "/settings in:-100"])
def test_commands_and_their_typos_are_answered_in_a_group(text: str, manners: Manners) -> None:
    assert ask(manners, GROUP, text=text) == DONE


@pytest.mark.parametrize("text", ["hello", "aave", "$AAVE", "/p btc"])
def test_everything_is_answered_in_private(text: str, manners: Manners) -> None:
    assert ask(manners, PRIVATE, text=text) == DONE


def test_other_bots_are_ignored_everywhere(manners: Manners) -> None:
    assert ask(manners, PRIVATE, from_bot=True) == ask(manners, GROUP, from_bot=True) == SILENCE


def test_admins_in_a_chats_name_share_one_pace_a_chat(manners: Manners) -> None:
    for n in range(BURST):
        assert ask(manners, GROUP, anonymous=True, user=f"{n}", text=f"/token tok{n}") == DONE
    assert ask(manners, GROUP, anonymous=True, user="99") != DONE
    assert ask(manners, GROUP, anonymous=True, chat="-200") == DONE


def test_a_crowd_is_not_remembered_for_ever(manners: Manners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.manners, "MOST_PEOPLE", 50)
    monkeypatch.setattr(bot.manners, "MOST_MESSAGES", 60)
    for n in range(200):
        assert ask(manners, PRIVATE, user=str(n), message=str(n)) == DONE
    assert (len(manners._people), len(manners._answered)) == (50, 60)
    assert ask(manners, PRIVATE, user="199", message="199") == SILENCE, "the newest are the ones remembered"


def test_a_clock_that_stands_still_or_turns_back_gives_nothing_away(manners: Manners, clock: Clock) -> None:
    for n in range(BURST):
        ask(manners, PRIVATE, text=f"/token tok{n}")
    clock.seconds -= 3600
    assert ask(manners, PRIVATE, text="/risk").text == (SLOW_DOWN,)


def test_silence_says_nothing() -> None:
    assert SILENCE.lines() == () and SILENCE.is_silence and not DONE.is_silence


def test_being_added_stores_the_chat_and_opens_its_settings_for_who_added_it(club: Any) -> None:
    reply = admit(club.desk, "telegram", "-100", "channel", "The _*[<& Channel", "42")
    assert "The _*[<& Channel" in reply.text[0]
    assert all(button.command.endswith(" in:-100") for button in reply.buttons)
    chat = club.chat("-100")
    assert (chat.place, chat.title, chat.indices, chat.added_at) == ("channel", "The _*[<& Channel", (), club.now)
    assert chat.added_by.startswith("admin-")
    assert club.say(reply.buttons[1].command, manages="-100").ok
    assert club.chat("-100").indices and club.chat("-100").added_by == chat.added_by


def test_a_chat_that_comes_back_keeps_what_it_chose(club: Any) -> None:
    club.group("/subscribe defi")
    club.database.chats.silence("telegram", "-100", "removed", club.now)
    admit(club.desk, "telegram", "-100", "group", "New name", "42")
    assert (club.chat("-100").indices, club.chat("-100").title, club.chat("-100").silenced) == (
        ("defi",),
        "New name",
        "",
    )


def test_one_person_adds_the_bot_to_so_many_chats_and_no_more(club: Any) -> None:
    for n in range(MOST_CHATS):
        assert admit(club.desk, "telegram", f"-{n}", "group", f"Group {n}", "42").ok
    assert admit(club.desk, "telegram", "-3", "group", "Group 3", "42").ok, "a chat of theirs may come back"
    refused = admit(club.desk, "telegram", "-999", "group", "One more", "42")
    assert not refused.ok and "One more" in refused.text[0]
    assert not club.database.chats.knows("telegram", "-999")
    assert admit(club.desk, "telegram", "-999", "group", "One more", "43").ok
