"""A Reply becomes messages that Telegram takes and a phone can show, whatever is in it."""

from __future__ import annotations

from typing import Any

import pytest
from emulators.telegram_html import read_html, units
from hypothesis import given, strategies as st

from bot.command import Request
from bot.commands import COMMANDS
from bot.dispatch import dispatch
from bot.phrases import clean
from bot.platforms.columns import cells
from bot.platforms.telegram import menus, render
from bot.platforms.telegram.html import JOINER, chopped, escaped, visible
from bot.platforms.telegram.keyboard import keyboard
from bot.platforms.telegram.links import Links, asked_by, only_reads
from bot.reply import BREAK, Button, Column, Reply, Table

LINKS = Links("CrierBot")
HARD = st.text(st.sampled_from("ab c<>&\"'@./:_*[`$%1\n\u202e\u200d\u0301漢🚀é"), max_size=40)
words = st.one_of(HARD, st.text(max_size=20), HARD.map(lambda text: text * 150))


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    columns = draw(st.integers(1, 4))
    rows = draw(st.lists(st.tuples(*[words] * columns), max_size=6))
    table = Table(tuple(Column(draw(HARD)) for _ in range(columns)), tuple(rows))
    lines = st.lists(words, max_size=3).map(tuple)
    return Reply(draw(words), draw(lines), draw(st.sampled_from([None, table])), draw(lines), draw(lines))


@given(reply=replies())
def test_every_reply_is_taken_whole_in_parts_that_fit(reply: Reply) -> None:
    """F20"""
    messages = render.messages(reply)
    assert messages
    read = [read_html(message)[0] for message in messages]
    assert all(0 < units(message) <= 4096 for message in messages)
    letters = "".join("".join(read).split()).replace(JOINER, "")
    for line in (reply.title, *reply.text, *reply.after, *reply.note):
        assert "".join(clean(line).split()) in letters


def test_a_break_parts_lines_and_nothing_else() -> None:
    reply = Reply("t", ("a", BREAK, "b", "c", BREAK), after=(BREAK, "d", BREAK, "e"))
    assert render.messages(reply) == ["<b>t</b>\n\na\n\nb\nc\n\nd\n\ne"]
    assert render.messages(Reply("t", ("a", "\u202e", "b"))) == ["<b>t</b>\n\na\nb"]


@given(text=st.text(max_size=400), most=st.integers(20, 200))
def test_a_chopped_text_loses_nothing_but_spaces(text: str, most: int) -> None:
    pieces = chopped(text, most)
    assert all(units(escaped(piece)) <= most for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        "see evil.com",
        "https://evil.example/x",
        "@somebody",
        "mail me@evil.com",
        "CHANGELOG.md",
        "tg://resolve?x",
        "a.Bc",
    ],
)
def test_nothing_in_a_text_becomes_a_link(text: str) -> None:
    """F20"""
    assert JOINER in escaped(text)
    assert escaped(text).replace(JOINER, "") == text


def test_numbers_and_sentences_stay_as_they_are() -> None:
    assert escaped("$1,000 is 3.1, at 12:30. Yes") == "$1,000 is 3.1, at 12:30. Yes"
    assert escaped("+3.1 % today") == "+3.1\u00a0% today"


def test_the_index_screen_is_columns_a_phone_can_show(book: Any) -> None:
    message = render.messages(dispatch(book, Request("/index defi", "telegram", "1", "1")))[0]
    block = message.split("<pre>")[1].split("</pre>")[0].split("\n")
    assert block[0].split() == ["Token", "Weight", "Action", "Grade"]
    assert block[1] == "AAVE     20 %  hold      B+"
    assert block[3] == "GMX      14 %  buy, new  B     ▲"
    assert max(map(cells, block)) <= 36


def test_a_table_too_wide_for_a_phone_names_each_cell_on_lines() -> None:
    table = Table(
        (Column("Week"), Column("In"), Column("Out"), Column("Risk")),
        (("2023-W46", "GMX, LDO, AAVE, RUNE", "", "raised & high"),),
    )
    reply = Reply(table=table)
    assert render.messages(reply) == ["<b>2023-W46</b>\nIn GMX, LDO, AAVE, RUNE · Risk raised &amp; high"]


def test_commands_in_a_list_can_be_tapped() -> None:
    table = Table((Column("Command"), Column("Answer")), (("/index INDEX [MODE]", "One index this week, in words"),))
    assert render.messages(Reply(table=table)) == ["/index INDEX [MODE]: One index this week, in words"]


def test_wide_letters_take_two_cells_and_marks_none() -> None:
    assert (cells("漢字"), cells("e\u0301"), cells("ab")) == (4, 1, 2)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_rendered_with_buttons_telegram_takes(name: str, book: Any, empty_book: Any) -> None:
    for shelf in (book, empty_book):
        for text in (COMMANDS[name].example, f"/{name}", f"/{name} beam", f"/{name} _*[<&`"):
            reply = dispatch(shelf, Request(text, "telegram", "1", "1"))
            for message in render.messages(reply):
                assert units(read_html(message)[0]) <= 4096
            rows = keyboard(reply.buttons, LINKS)
            for button in [b for row in rows.inline_keyboard for b in row] if rows else []:
                data = button.callback_data
                assert (isinstance(data, str) and len(data.encode()) <= 64) or str(button.url).startswith("https://")


def test_a_command_too_long_for_a_button_can_be_copied_and_a_longer_one_is_left_out() -> None:
    rows = keyboard((Button("a", "/x " + "y" * 100), Button("b", "/x " + "y" * 300), Button("c", "/x")), LINKS)
    assert rows is not None
    made = [button for row in rows.inline_keyboard for button in row]
    assert [button.text for button in made] == ["a", "c"]
    assert made[0].copy_text is not None and made[0].copy_text.text.startswith("/x yyy")


def test_buttons_stand_in_rows_that_a_thumb_can_read() -> None:
    rows = keyboard(
        tuple(Button(label, "/x") for label in ("Why", "Chart", "Signals", "Follow", "A rather long one")), LINKS
    )
    assert rows is not None
    assert [[b.text for b in row] for row in rows.inline_keyboard] == [
        ["Why", "Chart", "Signals", "Follow"], ["A rather long one"]
    ]  # fmt: skip


@given(text=st.text(max_size=60))
def test_no_start_parameter_leads_to_anything_but_reading(text: str) -> None:
    asked = asked_by(text)
    assert asked is None or only_reads(asked)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_link_asks_only_what_changes_nothing(name: str) -> None:
    link = LINKS.asking(f"/{name} x")
    writes = name in {"mode", "confirm", "exclude", "include", "rebalance", "pause", "resume", "audit"}
    assert writes <= (link is None)
    if link:
        assert asked_by(link.split("start=")[1]) == f"/{name} x"


def test_menus_fit_what_telegram_takes() -> None:
    for _, who in menus.SCOPES:
        for command in menus.menu(who):
            assert 1 <= len(command.command) <= 32 and 1 <= len(command.description) <= 256


def test_visible_is_what_is_read() -> None:
    assert visible("<b>a &amp; b</b> &lt;i&gt;") == "a & b <i>"
