"""The console shows a reply on any width, never obeys a name, and ends when asked to."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.commands import COMMANDS
from bot.dispatch import Request, dispatch
from bot.platforms.console import BARS, render, run_chat
from bot.reply import Button, Column, Reply, Table

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def console(width: int = 80, terminal: bool = False) -> Console:
    return Console(
        file=io.StringIO(), width=width, force_terminal=terminal, color_system="truecolor" if terminal else None
    )


def shown(reply: Reply, width: int = 80, terminal: bool = False) -> str:
    out = console(width, terminal)
    render(reply, out)
    file = out.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def talk(book: Any, lines: Iterable[str | BaseException], terminal: bool = False) -> str:
    out, waiting = console(terminal=terminal), iter(lines)

    def read(prompt: str) -> str:
        line = next(waiting, EOFError())
        if isinstance(line, BaseException):
            raise line
        return line

    run_chat(book, out, read)
    file = out.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_answer_stays_within_the_width(name: str, width: int, terminal: bool, shared_book: Any) -> None:
    reply = dispatch(shared_book, Request(COMMANDS[name].example, "console", "c", "u"))
    text = shown(reply, width, terminal)
    assert text.strip()
    whole = () if terminal else (reply.title, *reply.text, *reply.after, *reply.note)
    lines = [line for line in COLOURS.sub("", text).splitlines() if line not in whole]
    if not terminal:
        lines = [line for line in lines if not line.startswith("Next: ") and not set(line) & set(BARS)]
    assert max(map(cell_len, lines), default=0) <= width


def test_what_a_program_reads_is_never_broken_into_lines() -> None:
    head = "4f9c 02d7 6a1b 88e0 c3f5 19aa 7d42 e21a"
    line = f"The live journal holds: 60 entries, and its head, which stands in every announcement, is {head}."
    assert line in shown(Reply("Journal", (line,)), width=40).splitlines()


def test_every_word_of_a_reply_is_shown_once_in_order() -> None:
    reply = Reply("Title", ("first",), Table((Column("Head"),), (("cell",),)), ("after",), ("note",), None,
                  (Button("Press", "/press"),))  # fmt: skip
    text = shown(reply)
    places = [text.index(word) for word in ("Title", "first", "Head", "cell", "after", "note", "/press")]
    assert places == sorted(places)


@pytest.mark.parametrize("terminal", [True, False])
def test_names_are_never_read_as_markup_or_escape_codes(terminal: bool) -> None:
    name = "[bold]x[/bold] [link=http://a]b[/link] :smile: \x1b[2J\x07 \u202e[/]"
    reply = Reply(name, (name,), Table((Column(name),), ((name,),)), (name,), (name,), None, (Button(name, name),))
    text = shown(reply, 200, terminal)
    assert text.count("[bold]x[/bold] [link=http://a]b[/link] :smile: [2J") == 7
    assert "\x1b[2J" not in text
    assert "\x07" not in text
    assert "\u202e" not in text


def test_output_that_is_no_terminal_has_no_escape_codes(book: Any) -> None:
    text = shown(dispatch(book, Request("/index defi", "console", "c", "u")))
    assert "\x1b" not in text
    assert "╭" not in text


def test_colours_follow_the_action(book: Any) -> None:
    text = shown(dispatch(book, Request("/index defi", "console", "c", "u")), terminal=True)
    green = next(line for line in text.splitlines() if "buy more" in line)
    red = next(line for line in text.splitlines() if "trim" in line)
    assert "\x1b[32m" in green
    assert "\x1b[31m" in red


def test_an_encoding_without_bars_gets_no_bars(book: Any) -> None:
    raw = io.BytesIO()
    out = Console(file=io.TextIOWrapper(raw, encoding="ascii", errors="strict"), width=80)
    render(dispatch(book, Request("/index defi", "console", "c", "u")), out)
    out.file.flush()
    assert b"DeFi index" in raw.getvalue()


def test_a_chart_is_shown_as_a_row_of_bars_ending_at_its_last_value(book: Any) -> None:
    text = shown(dispatch(book, Request("/track defi", "console", "c", "u")))
    assert any(line.startswith("Just holding ▃") for line in text.splitlines())


@pytest.mark.parametrize("end", ["/quit", "quit", "/EXIT", EOFError(), KeyboardInterrupt()])
@pytest.mark.parametrize("terminal", [True, False])
def test_the_chat_answers_until_it_is_ended(end: str | BaseException, terminal: bool, book: Any) -> None:
    text = talk(book, ["/index defi", "", end, "/status"], terminal)
    assert "DeFi index" in text
    assert "Next decision" not in text
    assert ("Bye." in text) == terminal


def test_ctrl_c_during_an_answer_cancels_only_that_answer(book: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = book.decision
    calls = iter([KeyboardInterrupt()])

    def interrupted(index: str, mode: str) -> Any:
        for error in calls:
            raise error
        return real(index, mode)

    monkeypatch.setattr(book, "decision", interrupted)
    text = talk(book, ["/index defi", "/index rwa"], terminal=True)
    assert "Cancelled." in text
    assert "RWA index" in text


def test_the_chat_follows_the_mode_it_was_given(book: Any) -> None:
    out, lines = console(), iter(["/index defi", "/quit"])
    run_chat(book, out, lambda prompt: next(lines), mode="conservative")
    file = out.file
    assert isinstance(file, io.StringIO)
    assert "(conservative)" in file.getvalue()
