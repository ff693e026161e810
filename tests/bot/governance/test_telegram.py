"""Stories told by the real Telegram client: a newcomer, a group and its admins, a bot's admin, and strangers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from emulators.telegram_bench import Bench, open_bench

from bot.announce import announce
from bot.command import Who
from bot.commands import COMMANDS
from bot.drawings import levels_chart
from bot.platforms.port import Address, Parcel
from engine.model import LevelPoint

HOSTILE = (
    "_*[<&`",
    "<script>alert(1)</script>",
    "x" * 3000,
    "مؤشر \u202e אבג",
    "👨‍👩‍👧🚀",
    "'; DROP TABLE journal; --",
)


@pytest.fixture
async def bench(office: Any) -> AsyncIterator[Bench]:
    async with open_bench(office.desk) as bench:
        yield bench


def weekly(office: Any, chat: int) -> Parcel:
    """The week's announcement as the outbox hands it over, with its chart."""
    info = next(info for info in office.desk.indices() if info.id == "defi")
    for index, drift in (("balanced", 0.01), ("passive", -0.01)):
        points = [LevelPoint(day, 1000 * (1 + drift * i), 1000.0) for i, day in enumerate(_days())]
        office.database.decisions.put_levels("live", "defi", index, points)
    chart = levels_chart(office.desk, info, "balanced")
    assert chart is not None
    said = replace(announce(office.desk, "defi", "balanced"), chart=chart)
    return Parcel("2023-W46", Address(str(chat)), said)


def _days() -> list[Any]:
    import datetime as dt

    return [dt.date(2023, 11, 1) + dt.timedelta(days=i) for i in range(12)]


async def test_a_newcomer_subscribes_gets_the_card_the_week_and_sets_everything_up(bench: Any, office: Any) -> None:
    server, chats = bench.server, office.database.chats
    ann = server.person("Ann")
    ann.writes("/start")
    welcome = await server.answer(ann.private)
    assert welcome.labels[:4] == [
        "One message a week",
        "Week and danger alerts",
        "Everything",
        "Explain it like I'm new",
    ]
    assert "keys" in welcome.text
    assert ann.presses("Add to a group") == "https://t.me/CrierBot?startgroup"
    assert ann.presses("Add to a channel") == "https://t.me/CrierBot?startchannel&admin=post_messages"
    ann.presses("Week and danger alerts")
    card = await server.answer(ann.private, 2)
    assert "DeFi" in card.text
    assert chats.get("telegram", str(ann.id)).indices
    assert chats.get("telegram", str(ann.id)).title == ""
    receipt = await bench.platform.send(weekly(office, ann.id))
    week = server.messages(ann.private)[2]
    assert receipt.message == str(week.id)
    assert week.photo and week.text.startswith("DeFi index, week 46")
    ann.presses("Why", message=week)
    assert (await server.answer(ann.private, 4)).text.startswith("Why DeFi")
    ann.presses("Follow", message=week)
    assert (await server.answer(ann.private, 5)).text.startswith("Follow DeFi with $1,000")
    ann.writes("/settings")
    panel = await server.answer(ann.private, 6)
    quiet = next(label for label in panel.labels if label.startswith("Quiet"))
    ann.presses(quiet)
    await server.until(lambda: panel.edits == 1)
    assert "All settings" in panel.labels
    ann.writes("/settings quiet 22:00-07:00 Europe/Berlin")
    await server.until(lambda: chats.get("telegram", str(ann.id)).quiet_from == 22 * 60)
    assert chats.get("telegram", str(ann.id)).time_zone == "Europe/Berlin"
    ann.writes("/watch aave")
    await server.until(lambda: chats.get("telegram", str(ann.id)).watches == ("AAVE",))


async def test_a_group_and_a_channel_are_set_up_by_their_admins_alone(bench: Any, office: Any) -> None:
    server, chats = bench.server, office.database.chats
    group, channel = server.group(is_forum=True), server.channel()
    ann, eve = server.person("Ann"), server.person("Eve")
    for room in (group, channel):
        room.adds(ann, "administrator")
    eve.writes("/subscribe defi", to=group)
    refusal = await server.answer(group)
    assert "chosen by its admins" in refusal.text
    ann.writes("/subscribe defi", to=group, thread=7)
    card = await server.answer(group, 2)
    assert card.thread == 7
    assert chats.get("telegram", str(group.id)).indices == ("defi",)
    assert chats.get("telegram", str(group.id)).thread == "7"
    eve.writes(f"/subscribe defi in:{channel.id}")
    assert "could not see that you are an admin" in (await server.answer(eve.private)).text
    ann.writes(f"/subscribe defi in:{channel.id}")
    told = await server.answer(ann.private)
    assert "Subscribed" in told.text
    assert chats.get("telegram", str(channel.id)).indices == ("defi",)
    assert server.messages(channel) == []
    await bench.platform.send(weekly(office, channel.id))
    post = server.messages(channel)[0]
    assert post.labels and all("url" in button for row in post.keyboard for button in row)


async def test_an_anonymous_admins_choice_waits_for_an_admin_with_a_name(bench: Any, office: Any) -> None:
    """F38"""
    server, group = bench.server, bench.server.group()
    ann, eve = server.person("Ann"), server.person("Eve")
    group.adds(ann, "administrator")
    group.adds(eve)
    group.writes_anonymously("/subscribe defi")
    asked = await server.answer(group)
    assert "Nothing is done yet" in asked.text
    eve.presses("Confirm", in_=group)
    await server.answer(group, 2)
    assert not office.database.chats.get("telegram", str(group.id)).indices
    ann.presses("Confirm", in_=group, message=asked)
    await server.until(lambda: office.database.chats.get("telegram", str(group.id)).indices == ("defi",))


async def test_a_groups_admin_changes_its_mode_and_nobody_else_can(bench: Any, office: Any) -> None:
    server, group = bench.server, bench.server.group()
    ann, eve = server.person("Ann"), server.person("Eve")
    group.adds(ann, "administrator")
    group.adds(eve)
    eve.writes("/mode aggressive", to=group)
    refusal = await server.answer(group)
    assert "for an admin of this chat only" in refusal.text and not refusal.labels
    ann.writes("/mode aggressive", to=group)
    preview = await server.answer(group, 2)
    assert "Confirm" in preview.labels
    eve.presses("Confirm", in_=group)
    refused = await server.answer(group, 3)
    assert "only for the admin who asked" in refused.text
    assert office.database.chats.mode("telegram", str(group.id)) is None
    ann.presses("Confirm", in_=group)
    await server.until(lambda: office.database.chats.mode("telegram", str(group.id)) == "aggressive")
    ann.writes("/index defi", to=group)
    await server.until(lambda: any("(aggressive)" in m.text for m in server.messages(group)))


async def test_one_who_is_no_admin_any_more_cannot_confirm_what_he_asked_for(bench: Any, office: Any) -> None:
    server, group, ann = bench.server, bench.server.group(), bench.server.person("Ann")
    group.adds(ann, "administrator")
    ann.writes("/mode aggressive", to=group)
    await server.answer(group)
    group.adds(ann, "member")
    ann.presses("Confirm", in_=group)
    refused = await server.answer(group, 2)
    assert "admin of this chat" in refused.text
    assert office.database.chats.mode("telegram", str(group.id)) is None


async def test_a_bots_admin_previews_confirms_and_it_is_announced_and_audited(bench: Any, office: Any) -> None:
    server, boss = bench.server, bench.server.person("Boss")
    bench.front.bot_admins.add(str(boss.id))
    boss.writes("/exclude aave defi its pool was drained")
    preview = await server.answer(boss.private)
    assert "Confirm" in preview.labels
    boss.presses("Confirm")
    await server.answer(boss.private, 2)
    assert [order.symbol for order in office.desk.orders().given] == ["AAVE"]
    stranger = server.person("Stranger")
    stranger.writes("/audit")
    told = await server.answer(stranger.private)
    assert "its pool was drained" in told.text and str(boss.id) not in told.text
    tapped_again = boss.presses("Confirm")
    await server.until(lambda: tapped_again in server.answered)
    assert len(office.desk.orders().given) == 1
    assert len(server.messages(boss.private)) == 2


async def test_a_stranger_is_refused_every_order_by_words_by_buttons_and_by_forgery(bench: Any, office: Any) -> None:
    server = bench.server
    boss, eve = server.person("Boss"), server.person("Eve")
    bench.front.bot_admins.add(str(boss.id))
    before = office.everything()
    orders = [command for command in COMMANDS.values() if command.who is Who.BOT_ADMIN]
    for count, command in enumerate(orders, 1):
        eve.writes(command.example)
        refusal = await server.answer(eve.private, count)
        assert "for an admin of this bot only" in refusal.text
    group = server.group()
    group.adds(eve, "creator")
    boss.writes("/pause defi prices look wrong", to=group)
    preview = await server.answer(group)
    code = preview.button("Confirm")["callback_data"]
    eve.presses("Confirm", in_=group)
    await server.answer(group, 2)
    eve.forges(code, server.messages(eve.private)[0])
    eve.writes(code)
    last = await server.answer(eve.private, len(orders) + 1)
    assert not office.desk.orders().given
    assert "Done" not in last.text
    assert office.everything() == before


async def test_an_anonymous_admin_of_a_group_gives_the_bot_no_orders(bench: Any, office: Any) -> None:
    """F38"""
    group = bench.server.group()
    bench.front.bot_admins |= {str(group.id), "1087968824"}
    group.writes_anonymously("/pause defi prices look wrong")
    refusal = await bench.server.answer(group)
    assert "for an admin of this bot only" in refusal.text
    assert not office.desk.orders().given


async def test_every_command_with_hostile_words_is_answered_in_messages_telegram_takes(bench: Any) -> None:
    server = bench.server
    boss = server.person("Boss")
    bench.front.bot_admins.add(str(boss.id))
    for name in COMMANDS:
        before = len(server.messages(boss.private))
        for words in HOSTILE:
            boss.writes(f"/{name} {words}")
        await server.answer(boss.private, before + len(HOSTILE), seconds=20)
    refused = [method for method, *_ in server.received if method == "sendMessage"]
    assert len(refused) >= len(COMMANDS) * len(HOSTILE) // 2
