"""The one table of commands holds every file of the folder, and every entry is complete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import bot.commands
from bot.arguments import choices
from bot.command import Command
from bot.commands import COMMANDS
from bot.dispatch import Request, dispatch

FILES = [path.stem for path in Path(bot.commands.__file__).parent.glob("*.py") if path.stem != "__init__"]
EXPECTED = (
    "start help indices index token signals why track history risk watch subscribe unsubscribe settings follow verify "
    "explain about privacy forget status mode rebalance pause resume exclude include announce audit delivery claim"
)
MENU = ["help", "index", "risk", "settings", "token", "track", "watch", "why"]
FILLED = {
    "index": "defi",
    "token": "aave",
    "dollars": "500",
    "scope": "all",
    "text": "because",
}  # a word that every required parameter of a kind takes

each_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())


def test_every_file_of_the_folder_is_a_command_of_its_name() -> None:
    assert sorted(COMMANDS) == sorted(FILES)
    assert all(name == command.name for name, command in COMMANDS.items())


def test_every_promised_command_is_there() -> None:
    assert set(EXPECTED.split()) <= set(COMMANDS)


def test_the_menu_shows_eight_and_help_keeps_the_rest_for_more(book: Any) -> None:
    assert sorted(name for name, command in COMMANDS.items() if command.menu) == MENU
    reply = dispatch(book, Request("/help", "test", "c", "u"))
    assert sorted(row[0].split()[0].strip("/") for row in reply.table.rows) == MENU
    assert "/help more" in [button.command for button in reply.buttons]


@each_command
def test_every_entry_fits_the_menus_of_the_chat_services(command: Command) -> None:
    assert command.name.isascii() and command.name.islower() and len(command.name) <= 32
    assert 3 <= len(command.help) <= 100
    assert all(param.name.isascii() and param.name.islower() and len(param.name) <= 32 for param in command.params)
    assert all(len(param.help) <= 100 for param in command.params)


@each_command
def test_every_example_is_of_its_own_command(command: Command) -> None:
    assert command.example.split()[0] == f"/{command.name}"


@each_command
def test_required_parameters_come_first_but_for_a_text_that_takes_the_rest(command: Command) -> None:
    params = command.params[:-1] if command.params and command.params[-1].kind == "text" else command.params
    required = [param.required for param in params]
    assert required == sorted(required, reverse=True)


@each_command
def test_help_tells_of_every_command_and_its_parameters(command: Command, book: Any) -> None:
    page = "/help" if command.menu else "/help more"
    everything = " ".join(dispatch(book, Request(page, "test", "c", "u", is_bot_admin=True)).lines())
    assert f"/{command.name}" in everything and command.help in everything
    one = " ".join(dispatch(book, Request(f"/help {command.name}", "test", "c", "u", is_bot_admin=True)).lines())
    assert command.example in one
    assert all(param.name in one for param in command.params)


@each_command
def test_no_reply_carries_markup_of_its_own(command: Command, book: Any) -> None:
    for line in dispatch(book, Request(command.example, "test", "c", "u")).lines():
        assert not any(mark in line for mark in ("**", "__", "</", "[/", "```"))


@each_command
def test_every_closed_parameter_works_with_every_choice(command: Command, book: Any) -> None:
    for param in command.params:
        for _, value in choices(param, book):
            words = [value if p is param else FILLED[p.kind] for p in command.params if p is param or p.required]
            reply = dispatch(book, Request(f"/{command.name} {' '.join(words)}", "test", "c", "u"))
            refused = ("no decision", "an admin of this bot only", "nothing to delete")
            assert reply.ok or any(words in reply.lines()[0] for words in refused), value
