"""The emulator is as strict as Telegram: the real client gets the real errors from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from emulators.telegram import Telegram, refusing
from emulators.telegram_html import read_html
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter


@pytest.fixture
async def server() -> AsyncIterator[Telegram]:
    async with Telegram() as telegram:
        yield telegram


@pytest.fixture
async def bot(server: Telegram) -> AsyncIterator[Bot]:
    async with Bot(server.token, base_url=server.base_url) as bot:
        yield bot


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("a <b>b", 'Can\'t find end tag corresponding to start tag "b"'),
        ("é<script>x", 'Unsupported start tag "script" at byte offset 2'),
        ("<b><i>x</b>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<b", 'Unclosed start tag "b" at byte offset 0'),
    ],
)
async def test_bad_html_is_refused_in_telegrams_words(server: Telegram, bot: Bot, html: str, said: str) -> None:
    ann = server.person("Ann")
    ann.writes("hi")
    with pytest.raises(BadRequest) as caught:
        await bot.send_message(ann.id, html, parse_mode="HTML")
    assert caught.value.message.casefold() == f"can't parse entities: {said}".casefold()  # the client changes capitals
    assert server.messages(ann.private) == []


def test_entities_are_counted_in_utf_16_units() -> None:
    text, entities = read_html("🚀<b>a&amp;🚀</b> &nbsp; <i></i>")
    assert text == "🚀a&🚀 &nbsp; "
    assert [(e.type, e.offset, e.length) for e in entities] == [("bold", 2, 4)]


async def test_limits_are_those_of_telegram(server: Telegram, bot: Bot) -> None:
    ann = server.person("Ann")
    ann.writes("hi")
    await bot.send_message(ann.id, "<b>" + "🚀" * 2048 + "</b>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.send_message(ann.id, "🚀" * 2048 + "x")
    with pytest.raises(BadRequest, match="Message text is empty"):
        await bot.send_message(ann.id, " ")
    with pytest.raises(BadRequest, match="Button_data_invalid"):
        wide = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="y" * 65)]])
        await bot.send_message(ann.id, "x", reply_markup=wide)
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(ann.id, b"\x89PNG\r\n\x1a\n" + bytes(20), caption="x" * 1025)


async def test_chats_refuse_as_they_are_documented_to(server: Telegram, bot: Bot) -> None:
    ann, group = server.person("Ann"), server.group(kind="group")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(ann.id, "x")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(42, "x")
    ann.blocks_bot()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(ann.id, "x")
    group.upgrades(-100777)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(group.id, "x")
    assert moved.value.new_chat_id == -100777


async def test_updates_wait_for_their_offset_and_one_poller_ends_the_other(server: Telegram, bot: Bot) -> None:
    ann = server.person("Ann")
    ann.writes("one")
    ann.writes("two")
    first = await bot.get_updates(timeout=1)
    assert [u.message.text for u in first if u.message] == ["one", "two"]
    again = await bot.get_updates(offset=first[1].update_id, timeout=1)
    assert [u.message.text for u in again if u.message] == ["two"]
    server.webhook = {"url": "http://127.0.0.1:1/x"}
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()


async def test_a_flood_is_stopped_only_where_limits_are_enforced(server: Telegram, bot: Bot) -> None:
    group = server.group()
    for _ in range(21):
        await bot.send_message(group.id, "x")
    server.enforcing = True
    for _ in range(20):
        await bot.send_message(group.id, "x")
    with pytest.raises(RetryAfter):
        await bot.send_message(group.id, "x")


async def test_faults_reach_the_client_as_its_own_errors(server: Telegram, bot: Bot) -> None:
    ann: Any = server.person("Ann")
    ann.writes("hi")
    with server.failing(refusing(429, "Too Many Requests: retry after 7", retry_after=7), times=1):
        with pytest.raises(RetryAfter):
            await bot.send_message(ann.id, "x")
        await bot.send_message(ann.id, "x")
    server.revoke()
    with pytest.raises(InvalidToken):
        await bot.send_message(ann.id, "x")
