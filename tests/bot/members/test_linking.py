"""A chat on Telegram and one on Discord become one panel and one mode, once admins of both sides agreed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bot.dispatch import Request
from bot.reply import Reply

SERVER = Request("", "discord", "900", "77", place="group", title="Club #general", is_chat_admin=True)


def there(club: Any, text: str, **changes: Any) -> Reply:
    return club.ask(replace(SERVER, **changes), text)


def code_of(reply: Reply) -> str:
    return reply.buttons[0].command.split()[1]


def linked(club: Any) -> str:
    """Link the group of Telegram with the channel of Discord; returns the code."""
    code = code_of(club.group("/link"))
    assert there(club, f"/link {code}").ok
    assert club.group(f"/link {code} yes").title == "Linked"
    return code


def choices(club: Any, platform: str, chat: str) -> Any:
    return club.database.chats.get(platform, chat)


def test_a_link_is_confirmed_by_an_admin_on_both_sides_and_shows_who_asks(club: Any) -> None:
    club.group("/subscribe defi")
    there(club, "/subscribe ai")
    begun = club.group("/link")
    code = code_of(begun)
    assert f"/link {code}" in begun.text[0]
    assert "Nobody has written the code" in club.group(f"/link {code} yes", pressed=True).text[0]
    assert "an admin of “The Group” on Telegram" in there(club, f"/link {code.lower()}").text[0]
    assert choices(club, "discord", "900").indices == ("ai",)
    preview = club.group(f"/link {code}", pressed=True)
    assert "“Club #general” on Discord" in preview.text[0] and preview.panel
    assert club.group(preview.buttons[0].command, pressed=True).title == "Linked"
    assert choices(club, "discord", "900").indices == choices(club, "telegram", "-100").indices == ("defi",)


def test_a_change_on_either_side_counts_for_both_and_what_is_a_chats_own_stays(club: Any) -> None:
    linked(club)
    club.group("/settings quiet 22:00-07:00 Europe/Berlin")
    there(club, "/settings role 12345")
    there(club, "/settings sound silent")
    there(club, "/watch aave")
    telegram, discord = choices(club, "telegram", "-100"), choices(club, "discord", "900")
    assert (telegram.silent, discord.silent) == (True, True)
    assert (telegram.quiet_from, discord.time_zone) == (22 * 60, "Europe/Berlin")
    assert telegram.watches == discord.watches == ("AAVE",)
    assert (telegram.role, discord.role, telegram.title, discord.title) == ("", "12345", "The Group", "Club #general")
    club.database.chats.set_mode("discord", "900", "aggressive")
    assert club.database.chats.mode("telegram", "-100") == "aggressive"
    club.database.chats.silence("discord", "900", "gone", club.now)
    assert (choices(club, "telegram", "-100").silenced, choices(club, "discord", "900").silenced) == ("", "gone")


def test_a_code_counts_for_ten_minutes_and_once(club: Any) -> None:
    code = code_of(club.group("/link"))
    club.now += dt.timedelta(minutes=10)
    assert "no such code" in there(club, f"/link {code}").text[0]
    code = linked(club)
    assert "no such code" in there(club, f"/link {code}", chat="901").text[0]
    newer = code_of(club.group("/link", chat="-200"))
    assert code_of(club.group("/link", chat="-200")) != newer
    assert "no such code" in there(club, f"/link {newer}", chat="901").text[0]


def test_a_code_alone_joins_nothing(club: Any) -> None:
    """A stranger who saw the code can ask, in a server of their own, and not confirm."""
    club.group("/subscribe defi")
    code = code_of(club.group("/link"))
    stranger: dict[str, Any] = {"chat": "666", "user": "13", "title": "Trap"}
    assert there(club, f"/link {code}", **stranger).ok
    assert "asks" not in there(club, f"/link {code} yes", **stranger).text[0]
    assert choices(club, "discord", "666").indices == () and not club.database.links.partners("telegram", "-100")
    assert "“Trap” on Discord" in club.group(f"/link {code}").text[0]
    assert "Another chat wrote that code first" in there(club, f"/link {code}").text[0]


@pytest.mark.parametrize("text", ["/link", "/link ABCDEFGH", "/unlink"])
def test_only_admins_link_and_unlink(club: Any, text: str) -> None:
    before = club.all_rows()
    assert not club.member(text).ok and not there(club, text, is_chat_admin=False).ok
    assert club.all_rows() == before


def test_two_chats_of_one_platform_are_not_joined(club: Any) -> None:
    code = code_of(club.group("/link"))
    assert "on Telegram too" in club.group(f"/link {code}", chat="-200").text[0]


def test_a_linked_chat_is_linked_once_and_says_with_whom(club: Any) -> None:
    linked(club)
    assert "“Club #general” on Discord" in club.group("/link").text[0]
    other = code_of(club.group("/link", chat="-200"))
    assert "/unlink first" in there(club, f"/link {other}").text[0]


def test_unlinked_chats_keep_what_they_shared_and_go_their_own_ways(club: Any) -> None:
    assert not there(club, "/unlink").ok
    club.group("/subscribe defi")
    linked(club)
    assert "“The Group” on Telegram" in there(club, "/unlink").text[0]
    there(club, "/subscribe ai")
    assert choices(club, "discord", "900").indices == ("defi", "ai")
    assert choices(club, "telegram", "-100").indices == ("defi",)


def test_a_link_follows_a_chat_that_moves_and_ends_with_one_that_is_forgotten(club: Any) -> None:
    linked(club)
    club.database.chats.move("telegram", "-100", "-1001")
    there(club, "/subscribe rwa")
    assert choices(club, "telegram", "-1001").indices == ("rwa",)
    club.database.chats.forget("telegram", "-1001")
    assert club.database.links.partners("discord", "900") == []
    assert choices(club, "discord", "900").indices == ("rwa",)


def test_forgetting_a_chat_takes_its_waiting_codes_along(club: Any) -> None:
    first, second = code_of(club.group("/link")), code_of(club.group("/link", chat="-200"))
    there(club, f"/link {second}")
    club.database.chats.forget("telegram", "-100")
    club.database.chats.forget("discord", "900")
    assert club.database.links.offered(first, club.now) is None
    assert club.database.links.offered(second, club.now) is None
