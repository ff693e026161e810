"""One table of commands, three platforms: the same facts in the same order everywhere, and the same next steps."""

from __future__ import annotations

import io
import re
import string
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from bot.command import Command, Who
from bot.commands import COMMANDS
from bot.desk import Desk
from bot.dispatch import Request, dispatch
from bot.platforms import console as on_console
from bot.platforms.columns import MARKS
from bot.platforms.discord import slash
from bot.platforms.discord.components import plan
from bot.platforms.discord.render import pages
from bot.platforms.telegram import render as on_telegram
from bot.platforms.telegram.html import visible
from bot.platforms.telegram.keyboard import keyboard
from bot.platforms.telegram.links import Links
from bot.platforms.telegram.menus import menu
from bot.reply import Reply

LINKS = Links("CrierBot")
JOINER = "\u2060"
NUMBER = re.compile(r"[-+]?\$?\d[\d,.:]*\d|\d")


def said_on_console(reply: Reply) -> str:
    sheet = Console(file=io.StringIO(), width=4000, force_terminal=False, color_system=None)
    on_console.render(replace(reply, buttons=(), chart=None), sheet)
    return sheet.file.getvalue()  # type: ignore[attr-defined]


def said_on_telegram(reply: Reply) -> str:
    return "\n".join(visible(message) for message in on_telegram.messages(reply))


def said_on_discord(reply: Reply) -> str:
    return "\n".join(f"{page.title}\n{bare(page.words)}\n{page.footer}" for page in pages(reply))


def bare(markdown: str) -> str:
    """What is read of markdown: no marks, nothing that escapes one."""
    shown = markdown.replace("```", "")
    shown = re.sub(r"(?<!\\)\*\*", "", shown)
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", shown)


SAID = {"console": said_on_console, "telegram": said_on_telegram, "discord": said_on_discord}


def next_on_console(reply: Reply) -> list[str]:
    """The commands after `Next:`; they stand two spaces apart."""
    sheet = Console(file=io.StringIO(), width=4000, force_terminal=False, color_system=None)
    on_console.render(Reply(title="x", buttons=reply.buttons), sheet)
    shown = sheet.file.getvalue()  # type: ignore[attr-defined]
    return shown.split("Next: ")[1].strip().split("  ") if "Next: " in shown else []


def next_on_telegram(reply: Reply) -> list[str]:
    rows = keyboard(reply.buttons, LINKS)
    shown = [button for row in (rows.inline_keyboard if rows else ()) for button in row]
    return [str(button.callback_data) for button in shown if not button.url]


def next_on_discord(reply: Reply) -> list[str]:
    found = []
    for row in plan(reply, lambda url: None):
        for part in row:
            found += [command for _, command in part.options]
            found += [part.name.split("|", 1)[1]] if part.kind == "button" else []
    return found


def facts(text: str) -> list[str]:
    """Numbers and names in their order: what a reader could act on; layout, punctuation and marks of tones are none."""
    text = text.replace(JOINER, "").replace("\u00a0", " ")
    for mark in filter(None, MARKS.values()):
        text = text.replace(f" {mark}", " ")
    words = [word.strip(string.punctuation + "“”·…") for word in text.split()]
    return [word for word in words if word and (NUMBER.search(word) or word.upper() == word or word[0].isupper())]


def in_order(wanted: list[str], shown: list[str]) -> list[str]:
    """What of `wanted` is missing in `shown`, or stands there in another order."""
    rest = iter(shown)
    return [word for word in wanted if not any(other == word for other in rest)][:5]


def asked(office: Any, command: Command, text: str) -> Reply:
    request = Request(text, "test", "1", "1", place="private", is_chat_admin=True, is_bot_admin=True)
    return dispatch(office.desk, request)


each_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())


@each_command
def test_every_platform_tells_the_same_facts_in_the_same_order(office: Any, command: Command) -> None:
    for text in (command.example, f"/{command.name}"):
        reply = asked(office, command, text)
        assert "Something went wrong" not in " ".join(reply.lines())
        wanted = facts("\n".join(reply.lines()))
        titles = set(facts(" ".join(column.title for column in reply.table.columns))) if reply.table else set()
        for platform, said in SAID.items():
            shown = facts(said(reply))
            assert not in_order(wanted, shown), f"{platform} leaves out or turns round what {text} says"
            assert set(shown) - titles <= set(wanted), f"{platform} says more than {text} does"


@each_command
def test_every_platform_offers_the_same_next_steps_in_the_same_order(office: Any, command: Command) -> None:
    for text in (command.example, f"/{command.name}"):
        reply = asked(office, command, text)
        wanted = [button.command for button in reply.buttons if button.command]
        assert next_on_telegram(reply) == next_on_discord(reply) == wanted, text
        assert next_on_console(replace(reply, buttons=tuple(b for b in reply.buttons if b.command))) == wanted


def test_what_differs_is_seen() -> None:
    assert facts("AAVE rose 12.5 %, now $1,000 · so ▲") == ["AAVE", "12.5", "1,000"]
    assert in_order(["A", "B"], ["B", "A"]) and in_order(["A"], []) and not in_order(["A", "B"], ["A", "x", "B"])


def test_a_new_command_appears_everywhere_from_its_one_entry(office: Any) -> None:
    def run(request: Request, desk: Desk, arguments: Any) -> Reply:
        return Reply(title="Novel", text=("42 is the answer.",))

    table = {**COMMANDS, "novel": Command("novel", "A new one", run, "/novel")}
    reply = dispatch(office.desk, Request("/novel", "test", "1", "1"), table)
    assert all("42 is the answer" in said(reply) for said in SAID.values())
    assert "novel" in {entry.command for entry in menu(Who.MEMBER, table)}
    assert "novel" in {entry["name"] for entry in slash.payload({}, table)}
