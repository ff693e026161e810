"""Replies as embeds within Discord's limits, and the table of commands as slash commands within theirs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from emulators.discord_limits import check_commands, check_message
from hypothesis import given, settings as hypothesis, strategies as st

from bot import arguments
from bot.command import Command, Param, Who
from bot.commands import COMMANDS
from bot.platforms.chopping import units
from bot.platforms.columns import cells
from bot.platforms.discord import components, render, slash
from bot.platforms.discord.components import plan
from bot.platforms.discord.markup import JOINER, chopped, escaped
from bot.reply import BREAK, Button, Column, Reply, Table

HOSTILE = st.text(st.sampled_from("ab \n`*_~|>#-<@!&:[]()\\/.1🚀\u202eא"), max_size=3000)


def nowhere(url: str) -> str | None:
    return None


def as_messages(reply: Reply) -> list[dict[str, Any]]:
    """The messages as the client would send them."""
    rows = [
        {"type": 1, "components": [_component(part) for part in row]} for row in plan(reply, nowhere)
    ]  # fmt: skip
    made = render.pages(reply)
    return [
        {
            "embeds": [{"title": p.title, "description": p.words, "footer": {"text": p.footer}, "color": p.colour}],
            "components": rows if p is made[-1] else [],
        }
        for p in made
    ]


def _component(part: components.Part) -> dict[str, Any]:
    if part.kind == "menu":
        return {"type": 3, "custom_id": part.name, "options": [{"label": a, "value": b} for a, b in part.options]}
    return {"type": 2 if part.kind != "roles" else 6, "style": 2, "label": part.label, "custom_id": part.name}


@hypothesis(max_examples=40, deadline=None)
@given(title=HOSTILE, text=HOSTILE, cell=HOSTILE, note=HOSTILE, count=st.integers(0, 40))
def test_every_reply_keeps_every_limit(title: str, text: str, cell: str, note: str, count: int) -> None:
    table = Table((Column(""), Column("B")), ((cell[:80], "1"),) * count)
    buttons = tuple(Button(f"{i}{cell[:90]}", f"/watch {i}") for i in range(count))
    reply = Reply(title, (text, text), table, (text,), (note,), buttons=buttons, panel=count % 2 == 0)
    for message in as_messages(reply):
        check_message(message, {})


def test_every_command_answers_within_the_limits(book: Any) -> None:
    from bot.command import Request
    from bot.dispatch import dispatch

    for command in COMMANDS.values():
        reply = dispatch(book, Request(command.example, "discord", "1", "1", is_bot_admin=True))
        for message in as_messages(reply):
            check_message(message, {})


def test_nothing_becomes_a_mention_a_link_or_markup() -> None:
    """F20"""
    said = escaped("@everyone <@&5> <#1> https://x.io discord.gg/abc [a](b) **b** `c` ||d||")
    assert "@everyone" not in said and "<@" not in said.replace("\\<", "") and "https://" not in said
    assert "discord.gg/" not in said and said.count("\\*") == 4 and "\\[a\\]" in said
    assert escaped("# big\n> quoted\n- item\n1. one") == "\\# big\n\\> quoted\n\\- item\n\\1. one"
    assert escaped("-0.1 % since 15 Jun") == "-0.1\u00a0% since 15 Jun"


def test_a_block_of_equal_letters_cannot_be_ended_from_within() -> None:
    table = Table((Column("a"), Column("b")), (("```x", "`y`"),))
    assert render.pages(Reply(table=table))[0].words.count("```") == 2


def test_a_table_in_columns_fits_a_phone(book: Any) -> None:
    from bot.command import Request
    from bot.dispatch import dispatch

    reply = dispatch(book, Request("/index defi", "discord", "1", "1"))
    words = "\n".join(page.words for page in render.pages(reply))
    block = words.split("```")[1].strip("\n").split("\n")
    assert len(block) > 3 and max(map(cells, block)) <= 36


def test_a_wide_table_names_its_cells() -> None:
    table = Table((Column("Token"), Column("Why"), Column("Cost")), (("AAVE", "a long reason " * 4, "1 %"),))
    assert render.pages(Reply(table=table))[0].words.startswith("**AAVE**\nWhy a long reason")


def test_the_colour_says_where_it_points() -> None:
    def tones(*tones: Any) -> Reply:
        return Reply(table=Table((Column("a"),), (("x",),) * len(tones), tones))

    assert render.colour(tones("good", "good", "bad")) == render.GOOD
    assert render.colour(tones("bad", "plain")) == render.BAD
    assert render.colour(tones("strong", "good")) == render.STRONG
    assert render.colour(Reply(tone="strong")) == render.STRONG
    assert render.colour(tones("plain")) == render.colour(Reply()) == render.CALM
    assert render.colour(Reply(ok=False)) == render.SORRY


def test_parts_are_cut_between_blocks_and_lose_nothing() -> None:
    reply = Reply("T", tuple(f"line {i} " + "word " * 60 for i in range(40)), note=("end",))
    pages = render.pages(reply)
    assert len(pages) > 2 and [bool(p.title) for p in pages] == [True] + [False] * (len(pages) - 1)
    words = "\n".join(page.words for page in pages)
    assert all(f"line {i} " in words for i in range(40)) and pages[-1].footer == "end"
    assert "".join(chopped("ab " * 3000, 500)).replace(" ", "") == "ab" * 3000
    assert units("🚀") == 2 and JOINER not in escaped("plain words")


def test_a_break_parts_lines_and_nothing_else() -> None:
    reply = Reply("t", ("a", BREAK, "b", "c", BREAK), after=(BREAK, "d", BREAK, "e"))
    assert [page.words for page in render.pages(reply)] == ["a\n\nb\nc\n\nd\n\ne"]


def test_an_empty_reply_still_is_a_message() -> None:
    assert render.pages(Reply())[0].words == render.NOTHING


def test_buttons_carry_their_command_and_are_told_apart() -> None:
    rows = plan(Reply(buttons=(Button("A", "/why defi"), Button("B", "/why defi"), Button("", "/x" * 60))), nowhere)
    assert [part.name for part in rows[0]] == ["b0|/why defi", "b1|/why defi"]


def choices(book: Any) -> slash.Choices:
    return {param.kind: arguments.choices(param, book) for c in COMMANDS.values() for param in c.params}


def test_the_slash_commands_are_the_table_within_discords_limits(book: Any) -> None:
    made = slash.payload(choices(book))
    check_commands(made)
    group = next(command for command in made if command["name"] == slash.GROUP)
    names = {command["name"] for command in made} - {slash.GROUP} | {sub["name"] for sub in group["options"]}
    assert names == set(COMMANDS) and slash.GROUP not in COMMANDS
    assert {sub["name"] for sub in group["options"]} == {c.name for c in COMMANDS.values() if c.who > Who.MEMBER}
    assert group["default_member_permissions"] == "32"
    index = next(command for command in made if command["name"] == "index")
    assert [choice["value"] for choice in index["options"][0]["choices"]] == ["large", "defi", "ai", "meme", "rwa"]
    assert next(c for c in made if c["name"] == "token")["options"][0]["autocomplete"]


def test_a_new_command_is_a_new_slash_command(book: Any) -> None:
    new = replace(COMMANDS["status"], name="novel", params=(Param("how many", "a number", "number"),))
    made = slash.payload(choices(book), {**COMMANDS, "novel": new})
    assert slash.fingerprint(made) != slash.fingerprint(slash.payload(choices(book)))
    assert next(c for c in made if c["name"] == "novel")["options"][0]["name"] == "how-many"
    data = {"name": "novel", "options": [{"name": "how-many", "value": 3}]}
    assert slash.spoken(data, {"novel": new}) == "/novel 3"


@pytest.mark.parametrize(
    ("name", "given", "text"),
    [
        ("index", {"mode": "aggressive", "index": "defi"}, "/index defi aggressive"),
        ("follow", {"index": "defi", "dollars": 500.5}, "/follow defi 500.50"),
        ("token", {"token": "a\nb  c"}, "/token a b c"),
        ("nothing", {"x": 1}, "/nothing"),
    ],
)
def test_options_become_the_text_of_the_command(name: str, given: dict[str, Any], text: str) -> None:
    options = [{"name": key, "value": value} for key, value in given.items()]
    assert slash.spoken({"name": name, "options": options}) == text


def test_a_reason_is_never_taken_for_the_index_that_was_left_out(book: Any) -> None:
    data = {
        "name": "admin",
        "options": [{"type": 1, "name": "exclude", "options": [
            {"name": "token", "value": "AAVE"}, {"name": "reason", "value": "defi is thin"}]}],
    }  # fmt: skip
    assert slash.spoken(data) == "/exclude AAVE all defi is thin"


def test_a_command_without_parameters_takes_none() -> None:
    bare = Command("bare", "x", lambda request, desk, arguments: Reply(), "/bare")
    assert slash.payload({}, {"bare": bare})[0]["options"] == []
