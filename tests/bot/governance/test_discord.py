"""Stories told by the real Discord client: a newcomer, a server and its managers, a bot's admin, and strangers."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from emulators.discord_bench import Bench, open_bench, start, stop

from bot.announce import announce
from bot.command import Who
from bot.commands import COMMANDS
from bot.drawings import levels_chart
from bot.platforms.discord import client
from bot.platforms.port import Address, Parcel
from engine.model import LevelPoint

HOSTILE = (
    "_*[<&`", "<script>x</script>", "x" * 300, "مؤشر \u202e אבג", "👨‍👩‍👧🚀", "'; DROP TABLE journal; --",
    "@everyone",
)  # fmt: skip


@pytest.fixture
async def bench(office: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(client, "GUILDS_WITHIN", 0.02)
    async with open_bench(office.desk) as bench:
        yield bench


@pytest.fixture
async def guild(bench: Any) -> Any:
    """A server with a channel for announcements, managed by its owner."""
    made = bench.server.guild()
    bench.server.news(made)
    bench.server.joins(made)
    await bench.server.until(lambda: bench.front.heard)
    return made


def weekly(office: Any, chat: int, **more: Any) -> Parcel:
    """The week's announcement as the outbox hands it over, with its chart."""
    info = next(info for info in office.desk.indices() if info.id == "defi")
    days = [dt.date(2023, 11, 1) + dt.timedelta(days=i) for i in range(12)]
    for index, drift in (("balanced", 0.01), ("passive", -0.01)):
        points = [LevelPoint(day, 1000 * (1 + drift * i), 1000.0) for i, day in enumerate(days)]
        office.database.decisions.put_levels("live", "defi", index, points)
    chart = levels_chart(office.desk, info, "balanced")
    said = replace(announce(office.desk, "defi", "balanced"), chart=chart)
    return Parcel("2023-W46", Address(str(chat)), said, **more)


async def test_a_newcomer_subscribes_gets_the_card_the_week_and_sets_everything_up(bench: Any, office: Any) -> None:
    server, ann = bench.server, bench.server.person("Ann")

    def chat() -> Any:
        return office.database.chats.get("discord", str(ann.dm.id))

    welcome = await server.answer(ann.runs("/start"))
    assert welcome.labels[0] == "One message a week" and "keys" in welcome.text
    assert "discord.com/oauth2/authorize" in welcome.button("Add to a group")["url"]
    card = await server.answer(ann.presses("Week and danger alerts", welcome))
    assert "DeFi" in card.text
    assert chat().indices and chat().title == ""
    receipt = await bench.platform.send(weekly(office, ann.dm.id))
    week = next(message for message in server.sent if str(message.id) == receipt.message)
    assert week.files and week.embed["title"].startswith("DeFi index, week 46")
    assert (await server.answer(ann.presses("Why", week))).text.startswith("Why DeFi")
    assert (await server.answer(ann.presses("Follow", week))).text.startswith("Follow DeFi with $1,000")
    panel = await server.answer(ann.runs("/settings"))
    ann.presses(next(label for label in panel.labels if label.startswith("Quiet")), panel)
    await server.until(lambda: panel.edits == 1)
    assert {"All settings", "Other…", "22:00 to 07:00"} <= set(panel.labels)
    form = ann.presses("Other…", panel)
    await server.until(lambda: form.modal)
    ann.fills_in(form, "21:30-06:00 Europe/Berlin")
    await server.until(lambda: chat().quiet_from == 21 * 60 + 30)
    assert chat().time_zone == "Europe/Berlin"
    await server.until(lambda: panel.edits == 2)
    ann.chooses("23:00 to 08:00", panel)
    await server.until(lambda: chat().quiet_from == 23 * 60)
    await server.answer(ann.runs("/watch AAVE"))
    assert chat().watches == ("AAVE",)


async def test_a_server_and_its_news_are_set_up_by_its_managers_alone(bench: Any, office: Any, guild: Any) -> None:
    server, chats, news = bench.server, office.database.chats, guild.channels[1]
    ann, eve = guild.owner, server.person("Eve")
    refusal = await server.answer(eve.runs("/subscribe defi", in_=news))
    assert "chosen by its admins" in refusal.text and refusal.ephemeral
    assert not chats.get("discord", str(news.id)).indices
    card = await server.answer(ann.runs("/subscribe defi", in_=news))
    assert card.ephemeral
    assert chats.get("discord", str(news.id)).indices == ("defi",)
    assert chats.get("discord", str(news.id)).place == "channel"
    role = guild.role("Readers")
    panel = await server.answer(ann.runs("/settings role", in_=news))
    ann.chooses_role(role, panel)
    await server.until(lambda: chats.get("discord", str(news.id)).role == str(role))
    await bench.platform.send(weekly(office, news.id, role=str(role)))
    post = server.messages(news)[-1]
    assert post.published and post.payload["content"] == f"<@&{role}>"
    assert post.payload["allowed_mentions"]["roles"] == [role] and not post.ephemeral


async def test_a_manager_changes_the_mode_and_nobody_else_can(bench: Any, office: Any, guild: Any) -> None:
    server, ann, eve = bench.server, guild.owner, bench.server.person("Eve")
    refusal = await server.answer(eve.runs("/mode mode=aggressive", in_=guild.general))
    assert "for an admin of this chat only" in refusal.text and not refusal.labels
    preview = await server.answer(ann.runs("/mode mode=aggressive", in_=guild.general))
    assert "Confirm" in preview.labels and preview.ephemeral
    refused = await server.answer(eve.presses("Confirm", preview))
    assert "only for the admin who asked" in refused.text
    assert office.database.chats.mode("discord", str(guild.general.id)) is None
    await server.answer(ann.presses("Confirm", preview))
    assert office.database.chats.mode("discord", str(guild.general.id)) == "aggressive"
    shown = await server.answer(eve.runs("/index defi", in_=guild.general))
    assert "(aggressive)" in shown.text and not shown.ephemeral


async def test_who_manages_no_more_cannot_confirm_what_he_asked_for(bench: Any, office: Any, guild: Any) -> None:
    server, ann = bench.server, guild.owner
    preview = await server.answer(ann.runs("/mode mode=aggressive", in_=guild.general))
    guild.managers.clear()
    refused = await server.answer(ann.presses("Confirm", preview))
    assert "admin of this chat" in refused.text
    assert office.database.chats.mode("discord", str(guild.general.id)) is None


async def test_a_bots_admin_previews_restarts_confirms_and_it_is_audited(bench: Any, office: Any) -> None:
    server, boss = bench.server, bench.server.person("Boss")
    bench.front.bot_admins.add(str(boss.id))
    preview = await server.answer(boss.runs("/exclude AAVE reason=its pool was drained index=defi"))
    await stop(bench)
    await start(bench)
    await server.answer(boss.presses("Confirm", preview))
    assert [(order.symbol, order.index) for order in office.desk.orders().given] == [("AAVE", "defi")]
    told = await server.answer(server.person("Stranger").runs("/audit"))
    assert "its pool was drained" in told.text and str(boss.id) not in told.text
    again = await server.answer(boss.presses("Confirm", preview))
    assert "used already" in again.text and len(office.desk.orders().given) == 1


async def test_a_stranger_is_refused_every_order_by_words_by_buttons_and_by_forgery(
    bench: Any, office: Any, guild: Any
) -> None:
    server, boss, eve = bench.server, bench.server.person("Boss"), bench.server.person("Eve")
    bench.front.bot_admins.add(str(boss.id))
    before = office.everything()
    for command in COMMANDS.values():
        if command.who is Who.BOT_ADMIN:
            words = command.example.split()
            given = [f"{param.name}={word}" for param, word in zip(command.params, words[1:], strict=False)]
            for room in (None, guild.general):
                asked = eve.runs(" ".join([words[0], *given]), in_=room, unseen=True)
                refusal = await server.answer(asked)
                assert "for an admin of this bot only" in refusal.text
    guild.managers.add(eve.id)
    preview = await server.answer(boss.runs("/pause defi reason=prices", in_=guild.general, unseen=True))
    await server.answer(eve.presses("Confirm", preview))
    code = preview.button("Confirm")["custom_id"]
    forged = await server.answer(eve.forges(code, await server.answer(eve.runs("/status"))))
    assert "no longer there" in forged.text
    await server.answer(eve.runs(f"/confirm {code.split()[-1]}", in_=guild.general, unseen=True))
    assert not office.desk.orders().given and office.everything() == before


async def test_every_command_with_hostile_words_is_answered_in_messages_discord_takes(bench: Any) -> None:
    server, boss = bench.server, bench.server.person("Boss")
    bench.front.bot_admins.add(str(boss.id))
    fixed = {"index": "defi", "scope": "defi", "dollars": "5", "number": "5", "mode": "balanced"}
    for name, command in COMMANDS.items():
        required = [f"{p.name}={fixed[p.kind]}" for p in command.params if p.required and p.kind in fixed]
        free = [param for param in command.params if param.kind in ("text", "token", "subject", "word", "command")]
        for words in HOSTILE if free else HOSTILE[:1]:
            given = [*required, *(f"{param.name}={words}" for param in free)]
            await server.answer(boss.runs(" ".join([f"/{name}", *given])))
