"""The real client against the emulator: who is answered, where, how, and who is left alone."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from emulators.telegram import refusing

from bot.command import Request
from bot.dispatch import dispatch
from bot.manners import BURST, Manners
from bot.platforms.telegram.quota import Quota
from bot.reply import Button, ChartSpec, Column, Reply, Table

PANEL = Reply(
    title="Settings", text=("Weekly: on",), buttons=(Button("Weekly off", "/settings weekly off"),), panel=True
)
CHANGED = Reply(
    title="Settings", text=("Weekly: off",), buttons=(Button("Weekly on", "/settings weekly on"),), panel=True
)


async def test_a_command_in_private_is_answered_with_buttons_and_no_preview(bench: Any) -> None:
    ann = bench.server.person("Ann")
    ann.writes("/why defi")
    message = await bench.server.answer(ann.private)
    assert message.text.startswith("Why DeFi")
    assert message.entities[0].type == "bold"
    assert not message.preview
    assert message.reply_to is None
    request = bench.requests[0]
    assert (request.platform, request.place, request.chat, request.user) == (
        "telegram",
        "private",
    ) + (str(ann.id),) * 2
    assert request.is_chat_admin and not request.is_bot_admin


async def test_bare_text_in_private_is_handed_on_as_it_is(bench: Any) -> None:
    ann = bench.server.person("Ann")
    ann.writes("$AAVE")
    await bench.server.answer(ann.private)
    assert bench.requests[0].text == "$AAVE"


async def test_chatter_other_bots_and_commands_for_other_bots_are_left_alone(bench: Any) -> None:
    server, group = bench.server, bench.server.group()
    ann, robot = server.person("Ann"), server.person("Robot", is_bot=True)
    ann.writes("what about aave?", to=group)
    ann.writes("/index@OtherBot defi", to=group)
    ann.writes("/ban him", to=group)
    ann.writes("/start hello", to=group)
    robot.writes("/index defi", to=group)
    robot.writes("/index defi")
    ann.writes("/index defi", to=group, via_bot=server.me())
    channel = server.channel()
    channel.posts("/index defi")
    ann.edits(3, "/index defi")
    ann.writes("/index@crierbot defi", to=group)
    await server.answer(group)
    await bench.settled()
    assert [r.text for r in bench.requests] == ["/index defi"]
    assert [m.chat for m in server.sent] == [group.id]
    assert bench.front.heard == [("overheard", "telegram", str(group.id), "what about aave?")]


async def test_an_answer_in_a_group_answers_its_question_in_its_topic(bench: Any) -> None:
    group = bench.server.group(is_forum=True)
    ann = bench.server.person("Ann")
    asked = ann.writes("/status", to=group, thread=7)
    message = await bench.server.answer(group)
    assert (message.reply_to, message.thread) == (asked, 7)
    assert (bench.requests[0].thread, bench.requests[0].place, bench.requests[0].title) == ("7", "group", "DeFi club")


async def test_rights_in_a_group_are_those_telegram_tells_of(bench: Any) -> None:
    server, group = bench.server, bench.server.group()
    ann, bob, eve = (server.person(name) for name in ("Ann", "Bob", "Eve"))
    group.adds(ann, "creator")
    group.adds(bob, "administrator")
    group.adds(eve)
    bench.front.bot_admins.add(str(eve.id))
    for person in (ann, bob, eve, server.person("Stranger")):
        person.writes("/status", to=group)
    await server.answer(group, 4)
    rights = {r.user: (r.is_chat_admin, r.is_bot_admin) for r in bench.requests}
    assert list(rights.values()) == [(True, False), (True, False), (False, True), (False, False)]


@pytest.mark.parametrize("command", ["/confirm AAAAAAAA", "/stop@CrierBot"])
async def test_who_is_no_admin_any_more_is_none_at_the_next_admin_command(command: str, bench: Any) -> None:
    server, group = bench.server, bench.server.group()
    ann = server.person("Ann")
    group.adds(ann, "administrator")
    ann.writes("/status", to=group)
    await server.answer(group, 1)
    group.adds(ann, "member")
    ann.writes(command, to=group)
    await server.answer(group, 2)
    assert [r.is_chat_admin for r in bench.requests] == [True, False]


@pytest.mark.parametrize(("standing", "manages"), [("administrator", True), ("creator", True), ("member", False)])
async def test_who_names_another_chat_in_private_manages_it_only_as_its_admin(
    standing: str, manages: bool, bench: Any
) -> None:
    server, group = bench.server, bench.server.group()
    ann = server.person("Ann")
    group.adds(ann, standing)
    ann.writes(f"/settings quiet off in:{group.id}")
    ann.writes("/settings in:-100999999999")
    await server.answer(ann, 2)
    asked = {request.text.split(" in:")[1]: request for request in bench.requests}
    assert asked[str(group.id)].manages == (str(group.id) if manages else "")
    assert asked["-100999999999"].manages == ""
    assert asked[str(group.id)].chat == str(ann.id), "the answer comes where it was asked"


async def test_in_a_group_nobody_manages_another_chat(bench: Any) -> None:
    server, group, other = bench.server, bench.server.group(), bench.server.group()
    ann = server.person("Ann")
    for chat in (group, other):
        chat.adds(ann, "administrator")
    ann.writes(f"/settings in:{other.id}", to=group)
    await server.answer(group)
    assert bench.requests[0].manages == ""


async def test_an_anonymous_admin_is_one_of_the_chat_and_never_of_the_bot(bench: Any) -> None:
    """F38"""
    group = bench.server.group()
    bench.front.bot_admins |= {str(group.id), "1087968824"}
    group.writes_anonymously("/status")
    await bench.server.answer(group)
    request = bench.requests[0]
    assert (request.is_chat_admin, request.is_bot_admin, request.anonymous) == (True, False, True)
    assert request.user == str(group.id)


async def test_a_panel_takes_the_place_of_the_message_whose_button_asked_for_it(bench: Any) -> None:
    bench.script |= {"/settings": PANEL, "/settings weekly off": CHANGED}
    ann = bench.server.person("Ann")
    ann.writes("/settings")
    await bench.server.answer(ann.private)
    query = ann.presses("Weekly off")
    panel = await bench.server.until(lambda: [m for m in bench.server.sent if m.edits])
    assert panel[0].text == "Settings\n\nWeekly: off"
    assert panel[0].labels == ["Weekly on"]
    assert query in bench.server.answered
    assert len(bench.server.sent) == 1
    assert bench.requests[-1].pressed


async def test_a_panel_that_stays_as_it_was_is_no_error(bench: Any) -> None:
    bench.script |= {"/settings": PANEL, "/settings weekly off": PANEL}
    ann = bench.server.person("Ann")
    ann.writes("/settings")
    await bench.server.answer(ann.private)
    query = ann.presses("Weekly off")
    await bench.server.until(lambda: query in bench.server.answered)
    await bench.settled()
    assert len(bench.server.sent) == 1


async def test_a_repeated_tap_is_answered_once(bench: Any) -> None:
    server, group = bench.server, bench.server.group()
    ann, bob = server.person("Ann"), server.person("Bob")
    ann.writes("/index defi", to=group)
    await server.answer(group)
    queries = [person.presses("Why", in_=group) for person in (ann, ann, ann)]
    await server.until(lambda: all(q in server.answered for q in queries))
    later = bob.presses("Why", in_=group)
    await server.until(lambda: later in server.answered)
    await bench.settled()
    assert len([r for r in bench.requests if r.pressed]) == 1
    assert len([m for m in server.sent if m.text.startswith("Why DeFi")]) == 1
    assert "Answered" in server.answered[later]["text"]


async def test_a_button_that_many_press_at_once_is_answered_once(opened: Any, book: Any) -> None:
    async def slow(request: Request) -> Reply:
        await asyncio.sleep(0.05)
        return dispatch(book, request)

    async with opened(answer=slow) as bench:
        server, group = bench.server, bench.server.group()
        people = [server.person(f"P{i}") for i in range(12)]
        people[0].writes("/index defi", to=group)
        await server.answer(group)
        queries = [person.presses("Why", in_=group) for person in people]
        await server.until(lambda: all(q in server.answered for q in queries))
        await bench.settled()
        assert len([m for m in server.sent if m.text.startswith("Why DeFi")]) == 1
        assert len([q for q in queries if "Answered" in server.answered[q].get("text", "")]) == 11


async def test_a_press_whose_answer_could_not_be_sent_may_be_repeated(bench: Any) -> None:
    server, group = bench.server, bench.server.group()
    ann, bob = server.person("Ann"), server.person("Bob")
    ann.writes("/index defi", to=group)
    await server.answer(group)
    with server.failing(refusing(400, "Bad Request: BUTTON_DATA_INVALID"), where="sendMessage"):
        first = ann.presses("Why", in_=group)
        await server.until(lambda: first in server.answered)
        await bench.settled()
    again = {"text": "Answered"}
    while "Answered" in again.get("text", ""):  # until the refusal has come back
        query = bob.presses("Why", in_=group)
        again = await server.until(lambda: server.answered.get(query))  # noqa: B023
    assert (await server.answer(group, 2)).text.startswith("Why DeFi")


async def test_a_forged_callback_does_nothing(bench: Any) -> None:
    ann = bench.server.person("Ann")
    ann.writes("/status")
    message = await bench.server.answer(ann.private)
    query = ann.forges("/confirm AAAAAAAA", message)
    await bench.server.until(lambda: query in bench.server.answered)
    assert [r.text for r in bench.requests] == ["/status"]
    assert "no longer there" in bench.server.answered[query]["text"]


async def test_what_is_for_one_person_stays_out_of_the_group(bench: Any) -> None:
    secret = Reply(title="Your watches", text=("AAVE",), private=True)
    bench.script["/watch"] = secret
    server, group = bench.server, bench.server.group()
    ann, bob = server.person("Ann"), server.person("Bob")
    ann.writes("/help")
    await server.answer(ann.private)
    for person in (ann, bob):
        person.writes("/watch@CrierBot", to=group)
    hint = await server.answer(group)
    await server.answer(ann.private, 2)
    assert server.messages(ann.private)[1].text == "Your watches\n\nAAVE"
    assert "AAVE" not in hint.text
    assert bob.presses("Open a chat", in_=group) == "https://t.me/CrierBot"
    assert len(server.messages(group)) == 1


async def test_a_short_private_answer_to_a_press_is_a_toast(bench: Any) -> None:
    bench.script |= {
        "/x": Reply(title="x", buttons=(Button("Do", "/y"),)),
        "/y": Reply(text=("Only you.",), private=True),
    }
    server, group = bench.server, bench.server.group()
    ann = server.person("Ann")
    ann.writes("/x@CrierBot", to=group)
    await server.answer(group)
    query = ann.presses("Do", in_=group)
    await server.until(lambda: query in server.answered)
    assert (server.answered[query]["text"], server.answered[query]["show_alert"]) == ("Only you.", True)
    assert len(server.sent) == 1


async def test_a_chart_is_a_photo_with_the_words_as_its_caption(bench: Any) -> None:
    ann = bench.server.person("Ann")
    ann.writes("/token aave")
    message = await bench.server.answer(ann.private)
    assert message.photo and message.text.startswith("AAVE, Aave")
    assert message.labels == ["Why", "Signals"]
    assert bench.drawn[0].kind == "price"
    assert len(bench.server.sent) == 1


async def test_a_text_too_long_for_a_caption_comes_before_its_chart(bench: Any) -> None:
    day = bench.drawn
    chart = ChartSpec("levels", "DeFi & <co>", (), ())
    bench.script["/long"] = Reply(title="Long", text=("word " * 400,), chart=chart, buttons=(Button("Help", "/help"),))
    ann = bench.server.person("Ann")
    ann.writes("/long")
    below = await bench.server.answer(ann.private, 2)
    first = bench.server.messages(ann.private)[0]
    assert (first.labels, bool(first.photo)) == (["Help"], False)
    assert (below.labels, bool(below.photo), below.text, below.silent) == ([], True, "DeFi & <co>", True)
    assert day == [chart]


async def test_a_slow_answer_shows_that_somebody_types(opened: Any) -> None:
    typed = asyncio.Event()

    async def slow(request: Request) -> Reply:
        await typed.wait()
        return Reply(text=("done",))

    async with opened(answer=slow) as bench:
        ann = bench.server.person("Ann")
        ann.writes("/index defi")
        await bench.server.until(lambda: bench.server.actions)
        typed.set()
        await bench.server.answer(ann.private)
        assert bench.server.actions == [(ann.id, "typing")]


async def test_being_added_opens_settings_in_private_and_posts_nothing(bench: Any) -> None:
    bench.front.greeting = PANEL
    server, group, channel = bench.server, bench.server.group("Club"), bench.server.channel("News")
    ann, bob = server.person("Ann"), server.person("Bob")
    ann.writes("/help")
    await server.answer(ann.private)
    ann.adds_bot(group)
    await server.answer(ann.private, 2)
    bob.adds_bot(channel, "administrator")  # never wrote to the bot: nothing can be said
    ann.removes_bot(group)
    ann.blocks_bot()
    await server.until(lambda: len(bench.front.heard) == 4)
    assert bench.front.heard == [
        ("admitted", "telegram", str(group.id), "group", "Club", str(ann.id)),
        ("admitted", "telegram", str(channel.id), "channel", "News", str(bob.id)),
        ("removed", "telegram", str(group.id), "the bot was removed"),
        ("removed", "telegram", str(ann.id), "the bot was blocked"),
    ]
    assert [m.chat for m in server.sent] == [ann.id, ann.id]


async def test_a_group_that_becomes_a_supergroup_is_followed(bench: Any) -> None:
    """F18"""
    group = bench.server.group(kind="group")
    grown = group.upgrades(-1009000000001)
    await bench.server.until(lambda: len(bench.front.heard) == 2)
    assert set(bench.front.heard) == {("moved", "telegram", str(group.id), str(grown.id))}


async def test_an_answer_follows_a_group_that_moves_meanwhile(bench: Any) -> None:
    server, group, ann = bench.server, bench.server.group(kind="group"), bench.server.person("Ann")
    ann.writes("/status", to=group)
    group.moved_to = -1009000000002
    grown = server.room(-1009000000002, "supergroup", "Club")
    await server.answer(grown)
    assert bench.front.heard == [("moved", "telegram", str(group.id), str(grown.id))]


async def test_a_channel_is_answered_where_it_calls_by_name_with_links_into_private(bench: Any) -> None:
    server, channel, ann = bench.server, bench.server.channel(), bench.server.person("Ann")
    channel.posts("/index@CrierBot defi")
    message = await server.answer(channel)
    assert bench.requests[0].is_chat_admin and bench.requests[0].anonymous
    assert all("callback_data" not in button for row in message.keyboard for button in row)
    ann.follows(ann.presses("Why", in_=channel))
    answer = await server.answer(ann.private)
    assert answer.text.startswith("Why DeFi")


async def test_a_deep_link_asks_but_never_changes_anything(bench: Any) -> None:
    from bot.platforms.telegram.links import Links, asked_by

    links = Links("CrierBot")
    assert links.asking("/mode aggressive") is None
    assert links.asking("/confirm AAAAAAAA") is None
    assert asked_by("c-" + "L2NvbmZpcm0gQUFBQUFBQUE") is None  # /confirm AAAAAAAA
    assert asked_by("c-%%%") is None
    assert asked_by("c-_w") is None
    ann = bench.server.person("Ann")
    ann.writes("/start c-L2NvbmZpcm0gQUFBQUFBQUE")
    await bench.server.answer(ann.private)
    assert bench.requests[0].text == "/start c-L2NvbmZpcm0gQUFBQUFBQUE"


async def test_invitations_and_own_addresses_are_the_only_links(opened: Any) -> None:
    buttons = (
        Button("Group", url="crier:add-to-group"), Button("Channel", url="crier:add-to-channel"),
        Button("Feed", url="https://crier.example/feed"), Button("Bad", url="https://evil.example/x"),
        Button("Worse", url="http://crier.example/feed"), Button("Mine", url="https://t.me/CrierBot?start=x"),
        Button("Not mine", url="https://t.me/OtherBot"),
    )  # fmt: skip
    async with opened(hosts=["crier.example"]) as bench:
        bench.script["/x"] = Reply(title="See https://evil.example and @evil", buttons=buttons)
        ann = bench.server.person("Ann")
        ann.writes("/x")
        message = await bench.server.answer(ann.private)
    urls = {button["text"]: button["url"] for row in message.keyboard for button in row}
    assert urls == {
        "Group": "https://t.me/CrierBot?startgroup",
        "Channel": "https://t.me/CrierBot?startchannel&admin=post_messages",
        "Feed": "https://crier.example/feed",
        "Mine": "https://t.me/CrierBot?start=x",
    }
    assert "https://" not in message.text and "@evil" not in message.text


async def test_an_inline_query_finds_tokens_with_their_cards(bench: Any) -> None:
    ann = bench.server.person("Ann")
    first, second = ann.asks_inline("a"), ann.asks_inline("aa")
    results = await bench.server.until(lambda: bench.server.inline_answers.get(second))
    assert [r["title"] for r in results] == ["AAVE, Aave"]
    assert results[0]["input_message_content"]["message_text"].startswith("<b>AAVE, Aave</b>")
    assert first not in bench.server.inline_answers
    hostile = ann.asks_inline("xvs")
    assert await bench.server.until(lambda: bench.server.inline_answers.get(hostile))
    asked = [fields for method, fields, _ in bench.server.received if method.casefold() == "answerinlinequery"]
    assert all(fields["is_personal"] is True for fields in asked), "a card is in the mode that this person follows"


async def test_who_types_slowly_sees_cards_at_every_letter_and_may_still_ask(opened: Any, book: Any) -> None:
    manners = Manners(time.monotonic)

    async def polite(request: Request) -> Reply:
        return manners.attend(request, lambda asked: dispatch(book, asked))

    async with opened(answer=polite) as bench:
        symbols = ("AAVE", "RUNE", "GMX", "LDO")
        bench.front.tokens = tuple((symbol, f"a {symbol}") for symbol in symbols)
        ann = bench.server.person("Ann")
        for typed in ("a", "a ", "a  "):
            query = ann.asks_inline(typed)
            results = await bench.server.until(lambda: bench.server.inline_answers.get(query))  # noqa: B023
            assert len(results) == 4
            for result in results:
                assert result["input_message_content"]["message_text"].startswith(f"<b>{result['id'][2:]}")
        ann.writes("/status")
        assert "Slow down" not in (await bench.server.answer(ann.private)).text


async def test_who_types_without_end_is_shown_nothing_and_nothing_is_kept_for_others(opened: Any, book: Any) -> None:
    manners = Manners(lambda: 0.0)

    async def polite(request: Request) -> Reply:
        return manners.attend(request, lambda asked: dispatch(book, asked))

    async with opened(answer=polite) as bench:
        ann, bob = bench.server.person("Ann"), bench.server.person("Bob")
        for _ in range(BURST):
            query = ann.asks_inline("aa")
            assert await bench.server.until(lambda: bench.server.inline_answers.get(query))  # noqa: B023
        beyond, of_bob = ann.asks_inline("aa"), bob.asks_inline("aa")
        assert await bench.server.until(lambda: bench.server.inline_answers.get(of_bob))
        await bench.settled()
        assert beyond not in bench.server.inline_answers


async def test_menus_are_set_per_scope_from_the_table(bench: Any) -> None:
    menus = bench.server.commands
    assert set(menus) == {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
    names = [command["command"] for command in menus["all_private_chats"]]
    assert names[:5] == ["index", "token", "why", "track", "risk"]
    assert "confirm" not in names and "exclude" not in {c["command"] for c in menus["all_chat_administrators"]}


async def test_an_empty_reply_says_nothing(bench: Any) -> None:
    bench.script |= {"/x": Reply(title="x", buttons=(Button("Do", "/y"),)), "/y": Reply(), "/z": Reply()}
    ann = bench.server.person("Ann")
    ann.writes("/x")
    ann.writes("/z")
    await bench.server.answer(ann.private)
    query = ann.presses("Do")
    await bench.server.until(lambda: query in bench.server.answered)
    await bench.settled()
    assert len(bench.server.sent) == 1


async def test_one_persons_messages_are_answered_in_order(bench: Any) -> None:
    ann = bench.server.person("Ann")
    for name in ("large", "defi", "ai", "rwa"):
        ann.writes(f"/risk {name}")
    await bench.server.answer(ann.private, 4)
    assert [r.text for r in bench.requests] == [f"/risk {name}" for name in ("large", "defi", "ai", "rwa")]
    heads = [message.text.split(":")[0] for message in bench.server.messages(ann.private)]
    assert len(set(heads)) == 4


async def test_a_flood_of_one_person_is_cut(opened: Any) -> None:
    async def slow(request: Request) -> Reply:
        await asyncio.sleep(0.02)
        return Reply(text=("done",))

    async with opened(answer=slow) as bench:
        ann = bench.server.person("Ann")
        for _ in range(60):
            ann.writes("/status")
        await bench.server.answer(ann.private, 10)
        await bench.settled(0.2)
        assert len(bench.server.sent) < 40


@pytest.mark.parametrize(
    "text", ["_*[<&`", "<script>x</script>", "x" * 5000, "\u202eאבג", "👨‍👩‍👧🚀", "'; DROP TABLE x; --"]
)
async def test_hostile_words_are_answered(text: str, bench: Any) -> None:
    ann = bench.server.person("Ann")
    ann.writes(text)
    ann.writes(f"/token {text}")
    await bench.server.answer(ann.private, 2)


async def test_a_wide_table_of_hostile_cells_arrives_in_parts(bench: Any) -> None:
    cell = "<b>&_*[`\u202e🚀" * 9
    table = Table((Column("A"), Column("B")), tuple((cell, cell) for _ in range(200)))
    bench.script["/x"] = Reply(title=cell * 80, text=(cell * 300,), table=table, note=("the end",))
    ann = bench.server.person("Ann")
    ann.writes("/x")
    await bench.server.until(lambda: bench.server.sent and bench.server.sent[-1].text.endswith("the end"), 10)
    assert len(bench.server.sent) > 5


async def test_a_refusal_that_cannot_be_told_in_private_is_told_in_the_group(bench: Any) -> None:
    bench.script["/watch aave"] = Reply(text=("Only admins choose here.",), ok=False, private=True)
    server, group, eve = bench.server, bench.server.group(), bench.server.person("Eve")
    eve.writes("/watch@CrierBot aave", to=group)
    assert (await server.answer(group)).text == "Only admins choose here."


async def test_a_typo_of_a_command_is_answered_in_a_group_and_a_strangers_command_is_not(bench: Any) -> None:
    server, group, ann = bench.server, bench.server.group(), bench.server.person("Ann")
    ann.writes("/kick him", to=group)
    ann.writes("/idnex defi", to=group)
    assert "Did you mean /index" in (await server.answer(group)).text
    assert [r.text for r in bench.requests] == ["/idnex defi"]
    assert bench.requests[0].title == "DeFi club"


async def test_a_persons_name_is_nobodys_business(bench: Any) -> None:
    ann = bench.server.person("Ann")
    ann.writes("/status")
    await bench.server.answer(ann.private)
    assert bench.requests[0].title == ""


async def test_a_button_of_an_old_message_still_asks_and_changes_nothing(bench: Any) -> None:
    bench.script["/x"] = Reply(title="x", buttons=(Button("Why", "/why defi"), Button("Do", "/confirm AAAAAAAA")))
    server, ann = bench.server, bench.server.person("Ann")
    ann.writes("/x")
    message = await server.answer(ann.private)
    query = ann.presses_old("Do", message)
    await server.until(lambda: query in server.answered)
    assert "no longer there" in server.answered[query]["text"]
    ann.presses_old("Why", message)
    assert (await server.answer(ann.private, 2)).text.startswith("Why DeFi")


async def test_a_group_that_asks_too_much_costs_nobody_else_the_bot(bench: Any) -> None:
    bench.server.enforcing = True
    # A button makes every first answer ask what kind of chat it is for, so that many are on their way at once.
    bench.script["/status"] = Reply(title="Status", buttons=(Button("Why", "/why defi"),))
    server, group = bench.server, bench.server.group()
    people = [server.person(f"P{i}") for i in range(30)]
    for person in people:
        person.writes("/status", to=group)
    await server.answer(group, 18)
    people[0].writes("/status")
    await server.answer(people[0].private)
    await bench.settled()
    assert len(server.messages(group)) == 18


async def test_long_answers_and_changed_panels_count_with_all_that_they_send(bench: Any) -> None:
    bench.server.enforcing = True
    bench.script["/status"] = Reply(title="Long", text=("word " * 1500,))
    bench.script |= {"/settings": PANEL, "/settings weekly off": PANEL}
    server, group = bench.server, bench.server.group()
    ann = server.person("Ann")
    ann.writes("/settings", to=group)
    await server.answer(group)
    for number in range(30):
        server.person(f"P{number}").writes("/status", to=group)
    for number in range(30):
        server.person(f"Q{number}").presses("Weekly off", in_=group)
    await server.answer(group, 10)
    ann.writes("/help")
    await server.answer(ann.private)
    await bench.settled()
    assert bench.platform._pause.left == 0, "Telegram never asked for patience"


def test_a_message_of_several_parts_is_booked_whole() -> None:
    now = [0.0]
    quota = Quota(lambda: now[0])
    for _ in range(16):
        quota.spend(-5)
        now[0] += 1
    assert (quota.book(-5, 2), quota.book(-5, 2)) == (0.0, 45.0)
    now[0] = 61.5
    assert (quota.book(-5, 2), quota.book(-5, 1)) == (0.0, 0.5)
    assert quota.book(-6, 40) == 0.0, "what is longer than any quota goes where nothing else does"


def test_a_groups_quota_comes_back_with_time() -> None:
    now = [0.0]
    quota = Quota(lambda: now[0])
    for _ in range(18):
        assert quota.wait(-5) == 0
        quota.spend(-5)
        quota.spend(7)
        now[0] += 1
    assert (quota.wait(-5), quota.wait(7), quota.wait(-6)) == (42.0, 0.0, 0.0)
    now[0] = 60.5
    assert quota.wait(-5) == 0
