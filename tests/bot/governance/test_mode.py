"""A chat's admins choose its mode, knowing what it would change; every command of that chat then follows it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from bot.desk import Person
from bot.dispatch import Request, dispatch
from bot.office import DatabaseDesk
from bot.platforms.columns import columns
from engine.model import LevelPoint
from engine.modes import modes
from engine.themes import themes

ADMIN = {"role": "chat admin"}


def put_levels(office: Any, mode: str, start: dt.date, drift: float) -> None:
    points = [LevelPoint(start + dt.timedelta(days=i), 1000 * (1 + drift * i), 1000.0) for i in range(10)]
    office.database.decisions.put_levels("live", "defi", mode, points)


def test_the_modes_stand_side_by_side_since_the_same_day(office: Any) -> None:
    put_levels(office, "conservative", dt.date(2023, 11, 13), 0.0)
    put_levels(office, "balanced", dt.date(2023, 11, 14), 0.01)
    put_levels(office, "aggressive", dt.date(2023, 11, 13), -0.02)
    reply = office.say("/mode defi", role="member")
    assert "this chat follows balanced" in reply.title
    assert reply.text == ("What $1,000 became since 14 Nov 2023, after costs:",)
    assert [column.title for column in reply.table.columns] == ["Mode", "Now", "Fell", "Stable"]
    names, levels, falls, stablecoins = zip(*reply.table.rows, strict=True)
    assert names == ("conservative", "balanced", "aggressive")
    assert levels == ("$1,000", "$1,090", "$820")
    assert falls == ("none", "none", "-18 %")
    assert all(cell.endswith(" %") for cell in stablecoins)
    assert columns(reply.table) is not None, "it fits a phone"


def test_the_modes_differ_by_the_numbers_of_their_table(office: Any) -> None:
    said = " ".join(office.say("/mode meme").lines())
    rules = list(modes().values())
    for step in ("normal", "raised", "high", "extreme"):
        shares = " / ".join(f"{100 * getattr(mode.stablecoins, step):.0f}" for mode in rules)
        assert f"{step} {shares} %" in said
    scaled = " / ".join(f"{125 * mode.token_cap:.0f}" for mode in rules)
    assert f"Most of one token: {scaled} %" in said


def test_all_indices_are_shown_where_none_is_named(office: Any) -> None:
    put_levels(office, "conservative", dt.date(2023, 11, 13), 0.0)
    put_levels(office, "balanced", dt.date(2023, 11, 13), 0.01)
    table = office.say("/mode").table
    assert [row[0] for row in table.rows] == [theme.title for theme in themes().values()]
    assert ("DeFi", "$1,000", "$1,090", "not yet") in table.rows
    assert office.say("/mode all").table == table


def test_before_the_first_level_there_is_nothing_to_set_side_by_side(empty_office: Any) -> None:
    for text in ("/mode", "/mode defi", "/mode conservative"):
        assert empty_office.say(text, **ADMIN).table is None


@pytest.mark.rule("9.1")
def test_a_preview_compares_both_modes_and_changes_nothing(office: Any) -> None:
    put_levels(office, "conservative", dt.date(2023, 11, 13), -0.02)
    put_levels(office, "balanced", dt.date(2023, 11, 13), 0.01)
    before = office.everything()
    reply = office.say("/mode conservative", **ADMIN)
    assert [column.title for column in reply.table.columns] == ["Index", "Balanced", "Conservative"]
    assert ("DeFi", "$1,090", "$820") in reply.table.rows
    assert any(
        re.match(r"DeFi: in stablecoins \d+ % .*; worst fall -18 % instead of none", line) for line in reply.after
    )
    assert columns(reply.table) is not None, "it fits a phone"
    assert [button.label for button in reply.buttons] == ["Confirm"]
    assert office.everything() == before


@pytest.mark.rule("9.1")
def test_only_the_confirmation_changes_the_mode_and_shows_the_cards_in_it(office: Any) -> None:
    before = office.database.journal.count("live")
    reply = office.do("/mode conservative", **ADMIN)
    assert reply.title == "This chat now follows the conservative mode"
    assert any(line.startswith("DeFi index, week 46 (conservative): ") for line in reply.text)
    assert "(conservative)" in office.say("/index defi", role="member").title
    assert "(aggressive)" in office.say("/index defi aggressive", role="member").title
    assert "(balanced)" in office.say("/index defi", chat="another-chat", role="member").title
    assert office.database.journal.count("live") == before  # a chat's own choice is no matter of the journal


@pytest.mark.rule("9.1")
def test_a_member_sees_what_would_change_and_gets_no_code(office: Any) -> None:
    reply = office.say("/mode conservative", role="member")
    assert reply.note == ("Changing it is for an admin of this chat only.",)
    assert not reply.buttons
    assert office.database.connection.rows("SELECT * FROM confirmations") == []


@pytest.mark.parametrize("role", ["chat admin", "bot admin"])
def test_an_admin_who_is_one_no_more_cannot_confirm(role: str, office: Any) -> None:
    confirm = office.preview("/mode conservative", role=role)
    assert not office.say(confirm, role="member").ok
    assert "(balanced)" in office.say("/index defi").title
    assert office.say(confirm, role=role).ok


def test_a_mode_confirmed_twice_says_that_nothing_was_changed(office: Any) -> None:
    first, second = (office.preview("/mode conservative", **ADMIN) for _ in range(2))
    assert office.say(first, **ADMIN).ok
    late = office.say(second, **ADMIN)
    assert (late.ok, late.lines()) == (
        False,
        ("This chat follows the conservative mode already, nothing was changed.",),
    )


def test_the_mode_that_is_followed_shows_all_of_them(office: Any) -> None:
    assert office.say("/mode balanced", **ADMIN) == office.say("/mode", **ADMIN)


def test_a_mode_can_be_chosen_before_the_first_decision(empty_office: Any) -> None:
    reply = empty_office.do("/mode conservative", **ADMIN)
    assert "next decision comes on Mon 20 Nov 2023" in reply.text[0]
    assert empty_office.desk.followed(Person("test", "chat-of-seven-hills", "u")) == "conservative"


def test_a_chat_without_a_choice_follows_the_setting_and_a_vanished_mode_is_not_followed(office: Any) -> None:
    desk = DatabaseDesk(office.database, lambda: office.now, "aggressive")
    assert "(aggressive)" in dispatch(desk, Request("/index defi", "test", "quiet", "u")).title
    office.database.chats.set_mode("test", "quiet", "reckless")
    assert "(aggressive)" in dispatch(desk, Request("/index defi", "test", "quiet", "u")).title
    assert "(balanced)" in dispatch(desk, Request("/index defi", "test", "quiet", "u", mode="balanced")).title
