"""The real client against the emulator: who is answered, where, how, and for whose eyes."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from bot.command import Request
from bot.platforms.discord import inbox
from bot.reply import Button, ChartSpec, Column, Reply, Table

PANEL = Reply(
    title="Settings", text=("Weekly: on",), buttons=(Button("Weekly off", "/settings weekly off"),), panel=True
)
CHANGED = Reply(
    title="Settings", text=("Weekly: off",), buttons=(Button("Weekly on", "/settings weekly on"),), panel=True
)


async def test_a_command_in_private_is_answered_with_an_embed_and_buttons(bench: Any) -> None:
    ann = bench.server.person("Ann")
    message = await bench.server.answer(ann.runs("/why defi"))
    assert message.embed["title"].startswith("Why DeFi")
    assert not message.ephemeral and message.labels
    request = bench.requests[0]
    assert (request.text, request.platform, request.place, request.chat, request.user) == (
        "/why defi", "discord", "private", str(ann.dm.id), str(ann.id),
    )  # fmt: skip
    assert request.is_chat_admin and not request.is_bot_admin


async def test_managers_of_a_server_are_its_admins_and_nobody_else(bench: Any) -> None:
    guild = bench.server.guild()
    bench.server.joins(guild)
    ann, eve = guild.owner, bench.server.person("Eve")
    bench.front.bot_admins.add(str(eve.id))
    for person in (ann, eve, bench.server.person("Bob")):
        await bench.server.answer(person.runs("/status", in_=guild.general))
    assert [(r.is_chat_admin, r.is_bot_admin) for r in bench.requests] == [(True, False), (False, True), (False, False)]
    request = bench.requests[0]
    assert (request.place, request.chat, request.title) == ("group", str(guild.general.id), "DeFi club #general")


async def test_a_thread_and_an_announcement_channel_are_chats_of_their_own(bench: Any) -> None:
    guild = bench.server.guild()
    thread, news = guild.thread("talk", guild.general), bench.server.news(guild)
    bench.server.joins(guild)
    for room in (thread, news):
        await bench.server.answer(guild.owner.runs("/status", in_=room))
    assert [(r.chat, r.place, r.thread) for r in bench.requests] == [
        (str(thread.id), "group", ""), (str(news.id), "channel", ""),
    ]  # fmt: skip


async def test_commands_of_admins_stand_under_a_group_and_are_shown_to_managers_alone(bench: Any) -> None:
    guild, eve = bench.server.guild(), bench.server.person("Eve")
    bench.server.joins(guild)
    assert guild.owner.sees("exclude", guild) and not eve.sees("exclude", guild) and eve.sees("index", guild)
    message = await bench.server.answer(guild.owner.runs("/exclude AAVE reason=too thin", in_=guild.general))
    assert bench.requests[0].text == "/exclude AAVE all too thin"
    assert "admin of this bot" in message.text and message.ephemeral


async def test_a_stranger_who_forges_a_command_of_admins_is_refused(bench: Any) -> None:
    guild, eve = bench.server.guild(), bench.server.person("Eve")
    bench.server.joins(guild)
    for person, text in ((eve, "/pause defi reason=x"), (guild.owner, "/pause defi reason=x")):
        message = await bench.server.answer(person.runs(text, in_=guild.general, unseen=True))
        assert "is for an admin of this" in message.text and message.ephemeral


async def test_a_manager_who_speaks_of_their_channel_in_private_is_known_to_manage_it(bench: Any) -> None:
    guild, eve = bench.server.guild(), bench.server.person("Eve")
    bench.server.joins(guild)
    text = f"/watch in:{guild.general.id}"
    for person in (guild.owner, eve):
        button = Reply(title="x", buttons=(Button("There", text),))
        bench.script |= {"/status": button, text: Reply(title="y")}
        shown = await bench.server.answer(person.runs("/status"))
        await bench.server.answer(person.presses("There", shown))
    assert [r.manages for r in bench.requests if r.pressed] == [str(guild.general.id), ""]


async def test_what_is_for_one_person_is_seen_by_them_alone(bench: Any) -> None:
    bench.script["/status"] = Reply(title="Your watches", text=("AAVE",), private=True)
    guild = bench.server.guild()
    bench.server.joins(guild)
    quiet = await bench.server.answer(guild.owner.runs("/status", in_=guild.general))
    loud = await bench.server.answer(guild.owner.runs("/help", in_=guild.general))
    assert (quiet.ephemeral, loud.ephemeral) == (True, False)


async def test_a_press_in_a_server_is_answered_to_its_author_alone(bench: Any) -> None:
    guild = bench.server.guild()
    bench.server.joins(guild)
    shown = await bench.server.answer(guild.owner.runs("/index defi", in_=guild.general))
    eve = bench.server.person("Eve")
    answer = await bench.server.answer(eve.presses("Why", shown))
    assert answer.ephemeral and answer.embed["title"].startswith("Why DeFi")
    assert bench.requests[-1].pressed and not bench.requests[-1].is_chat_admin


async def test_a_panel_takes_the_place_of_the_message_whose_button_asked_for_it(bench: Any) -> None:
    bench.script |= {"/status": PANEL, "/settings weekly off": CHANGED}
    ann = bench.server.person("Ann")
    shown = await bench.server.answer(ann.runs("/status"))
    ann.presses("Weekly off", shown)
    await bench.server.until(lambda: shown.edits)
    assert shown.text == "Settings\n\nWeekly: off" and shown.labels == ["Weekly on"]
    assert len(bench.server.sent) == 1


async def test_a_button_works_after_a_restart(bench: Any, begin: Any, end: Any) -> None:
    ann = bench.server.person("Ann")
    shown = await bench.server.answer(ann.runs("/index defi"))
    await end(bench)
    await begin(bench)
    answer = await bench.server.answer(ann.presses("Why", shown))
    assert answer.embed["title"].startswith("Why DeFi")


@pytest.mark.parametrize("forged", ["b0|/confirm AAAAAAAA", "form|/settings zone", "roles|/mode", "x", "|", "menu0.0"])
async def test_a_forged_component_does_nothing(bench: Any, forged: str) -> None:
    ann = bench.server.person("Ann")
    shown = await bench.server.answer(ann.runs("/status"))
    answer = await bench.server.answer(ann.forges(forged, shown))
    assert "no longer there" in answer.text
    assert [r.text for r in bench.requests] == ["/status"]


async def test_many_of_one_kind_become_a_menu_and_a_choice_counts_only_from_it(bench: Any) -> None:
    zones = tuple(Button(f"Zone {i}", f"/settings zone Z{i}") for i in range(30))
    bench.script["/status"] = Reply(title="Time zone", buttons=(*zones, Button("Back", "/help")), panel=True)
    bench.script["/settings zone Z27"] = CHANGED
    ann = bench.server.person("Ann")
    shown = await bench.server.answer(ann.runs("/status"))
    menus = [part for part in shown.parts if part.get("options")]
    assert [len(menu["options"]) for menu in menus] == [25, 5]
    assert {"Back", "Other…"} <= set(shown.labels)
    forged = await bench.server.answer(ann.forges(menus[1]["custom_id"], shown, values=["/settings zone Z1"]))
    assert "no longer there" in forged.text
    ann.chooses("Zone 27", shown)
    await bench.server.until(lambda: shown.edits)
    assert shown.text == "Settings\n\nWeekly: off"


async def test_a_form_completes_a_setting_and_changes_its_panel(bench: Any) -> None:
    offers = (Button("22 to 7", "/settings quiet 22:00-07:00"), Button("Off", "/settings quiet off"))
    bench.script["/status"] = Reply(title="Quiet hours", buttons=offers, panel=True)
    bench.script["/settings quiet 23-6 Europe/Berlin"] = CHANGED
    ann = bench.server.person("Ann")
    shown = await bench.server.answer(ann.runs("/status"))
    form = ann.presses("Other…", shown)
    await bench.server.until(lambda: form.modal)
    ann.fills_in(form, " 23-6\nEurope/Berlin ")
    await bench.server.until(lambda: shown.edits)
    assert bench.requests[-1].text == "/settings quiet 23-6 Europe/Berlin" and bench.requests[-1].pressed


async def test_a_role_is_chosen_from_discords_own_menu(bench: Any) -> None:
    bench.script["/status"] = Reply(title="Role", buttons=(Button("None", "/settings role none"),), panel=True)
    guild = bench.server.guild()
    role = guild.role("Readers")
    bench.server.joins(guild)
    bench.script[f"/settings role {role}"] = CHANGED
    shown = await bench.server.answer(guild.owner.runs("/status", in_=guild.general))
    guild.owner.chooses_role(role, shown)
    await bench.server.until(lambda: shown.edits)


async def test_a_chart_is_a_file_in_the_embed(bench: Any) -> None:
    message = await bench.server.answer(bench.server.person("Ann").runs("/token AAVE"))
    assert message.embed["image"]["url"] == "attachment://chart.png"
    assert list(message.files) == ["chart.png"] and message.embed["title"].startswith("AAVE, Aave")
    assert bench.drawn[0].kind == "price"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "PATIENT", 0.05)


@pytest.mark.usefixtures("impatient")
async def test_a_slow_answer_is_deferred_and_still_arrives_with_its_chart(opened: Any) -> None:
    too_late = asyncio.Event()

    async def slow(request: Request) -> Reply:
        await too_late.wait()
        return Reply(title="done", text=("word " * 2000,), chart=ChartSpec("levels", "DeFi", (), ()))

    async with opened(answer=slow) as bench:
        asked = bench.server.person("Ann").runs("/index defi")
        await bench.server.until(lambda: asked.deferred)
        asked.at -= bench.server.deadline
        too_late.set()
        last = await bench.server.answer(asked, 3)
        assert asked.deferred and last.files
        assert asked.answered[0].text.startswith("done")


@pytest.mark.usefixtures("impatient")
async def test_a_slow_private_answer_to_a_public_command_is_not_shown_to_all(opened: Any) -> None:
    async def slow(request: Request) -> Reply:
        await asyncio.sleep(0.2)
        return Reply(text=("for you",), private=True)

    async with opened(answer=slow) as bench:
        guild = bench.server.guild()
        bench.server.joins(guild)
        asked = guild.owner.runs("/status", in_=guild.general)
        await bench.server.until(lambda: any("for you" in m.text for m in asked.answered))
        assert [(m.text, m.ephemeral) for m in asked.answered] == [("for you", True)]


@pytest.mark.usefixtures("impatient")
async def test_a_slow_panel_still_takes_its_message_place(opened: Any) -> None:
    async def slow(request: Request) -> Reply:
        if request.pressed:
            await asyncio.sleep(0.2)
        return CHANGED if request.pressed else PANEL

    async with opened(answer=slow) as bench:
        ann = bench.server.person("Ann")
        shown = await bench.server.answer(ann.runs("/status"))
        ann.presses("Weekly off", shown)
        await bench.server.until(lambda: shown.edits)
        assert shown.text.endswith("Weekly: off") and len(bench.server.sent) == 1


async def test_an_answer_that_comes_too_late_breaks_nothing(
    bench: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench.server.deadline = 0.0
    ann = bench.server.person("Ann")
    ann.runs("/status")
    await bench.server.until(lambda: bench.requests)
    await bench.settled(0.2)
    bench.server.deadline = 3.0
    await bench.server.answer(ann.runs("/help"))
    assert "ERROR" not in caplog.text and len(bench.server.sent) == 1


async def test_no_interaction_times_out_while_a_thread_burns_the_processor(bench: Any) -> None:
    until = time.monotonic() + 1.0

    def burn() -> None:
        while time.monotonic() < until:
            sum(i * i for i in range(10_000))

    thread = threading.Thread(target=burn)
    thread.start()
    bench.server.deadline = 3.0
    ann = bench.server.person("Ann")
    asked = [ann.runs(f"/index {name}") for name in ("large", "defi", "ai", "rwa") * 2]
    for one in asked:
        await bench.server.answer(one)
    await asyncio.to_thread(thread.join)
    assert all(one.callback for one in asked)


async def test_what_is_typed_is_completed(bench: Any) -> None:
    ann = bench.server.person("Ann")
    assert await ann.types("/token aa", "token") == ["AAVE, Aave"]
    assert await ann.types("/token shib", "token") == ["SHIB, Shiba Inu"]
    assert "defi" in await ann.types("/why de", "subject")
    assert "index" in await ann.types("/help ind", "command")
    assert await ann.types("/explain zzzz", "word") == []


async def test_an_empty_reply_ends_the_wait_and_says_nothing(bench: Any) -> None:
    bench.script |= {"/status": Reply(title="x", buttons=(Button("Do", "/y"),)), "/y": Reply(), "/help": Reply()}
    guild = bench.server.guild()
    bench.server.joins(guild)
    shown = await bench.server.answer(guild.owner.runs("/status", in_=guild.general))
    press = guild.owner.presses("Do", shown)
    await bench.server.until(lambda: press.callback)
    word = await bench.server.answer(guild.owner.runs("/help", in_=guild.general))
    assert word.ephemeral and "already" in word.text
    assert not press.answered


async def test_being_added_tells_the_owner_in_private_and_posts_nothing(bench: Any) -> None:
    bench.front.greeting = PANEL
    owner = bench.server.person("Olga")
    guild = bench.server.guild("Club", owner)
    bench.server.joins(guild)
    await bench.server.until(lambda: bench.server.messages(owner.dm))
    assert bench.front.heard == [
        ("admitted", "discord", str(guild.general.id), "group", "Club #general", str(owner.id))
    ]
    assert [m.channel for m in bench.server.sent] == [owner.dm.id]


async def test_an_owner_who_takes_no_messages_is_left_alone(bench: Any) -> None:
    bench.front.greeting = PANEL
    guild = bench.server.guild("Club")
    guild.owner.takes_messages = False
    guild.owner.dm.refusal = (403, 50007, "Cannot send messages to this user")
    bench.server.joins(guild)
    await bench.server.until(lambda: bench.front.heard)
    await bench.server.answer(bench.server.person("Ann").runs("/help"))


async def test_channels_that_go_are_told(bench: Any) -> None:
    guild = bench.server.guild()
    news = bench.server.news(guild)
    bench.server.joins(guild)
    await bench.server.until(lambda: bench.front.heard)
    bench.front.heard.clear()
    bench.server.deletes(news)
    guild.owner.removes_bot(guild)
    await bench.server.until(lambda: len(bench.front.heard) == 2)
    assert bench.front.heard == [
        ("removed", "discord", str(news.id), "the channel was deleted"),
        ("removed", "discord", str(guild.general.id), "the bot was removed"),
    ]


async def test_invitations_and_own_addresses_are_the_only_links(opened: Any) -> None:
    buttons = (
        Button("Server", url="crier:add-to-group"), Button("Channel", url="crier:add-to-channel"),
        Button("Feed", url="https://crier.example/feed"), Button("Bad", url="https://evil.example/x"),
    )  # fmt: skip
    async with opened(hosts=["crier.example"]) as bench:
        bench.script["/status"] = Reply(title="See https://evil.example, @everyone, <@1> [x](y)", buttons=buttons)
        message = await bench.server.answer(bench.server.person("Ann").runs("/status"))
    urls = {part["label"]: part["url"] for part in message.parts}
    assert set(urls) == {"Server", "Feed"} and "client_id=4242" in urls["Server"]
    assert "https://" not in message.text and "@everyone" not in message.text


@pytest.mark.parametrize(
    "text", ["_*[<&`", "<script>x</script>", "x" * 500, "\u202eאבג", "👨‍👩‍👧🚀", "'; DROP TABLE x; --", "@everyone"]
)
async def test_hostile_words_are_answered(text: str, bench: Any) -> None:
    await bench.server.answer(bench.server.person("Ann").runs(f"/token token={text}"))


async def test_a_wide_table_of_hostile_cells_arrives_in_parts(bench: Any) -> None:
    cell = "<b>&_*[`\u202e🚀" * 9
    table = Table((Column("A"), Column("B")), tuple((cell, cell) for _ in range(60)))
    bench.script["/status"] = Reply(title=cell * 80, text=(cell * 100,), table=table, note=("the end",))
    asked = bench.server.person("Ann").runs("/status")
    await bench.server.until(lambda: asked.answered and asked.answered[-1].text.endswith("the end"), 10)
    assert len(asked.answered) > 3
