"""Slash commands made from the table of commands, and the text of a command that was run as one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.arguments import ALL, KINDS, MOST_NUMBER
from bot.command import Command, Kind, Param, Who
from bot.commands import COMMANDS
from bot.phrases import clean, clipped

GROUP = "admin"  # under which the commands of admins stand
GROUP_HELP = "For those who run this server or this bot"
MANAGE_GUILD = 1 << 5
SUBCOMMAND, STRING, INTEGER, NUMBER = 1, 3, 4, 10
IN_SERVERS, IN_PRIVATE = 0, 1
MOST_HELP = 100
LONGEST_VALUE = 300

Choices = Mapping[Kind, Sequence[tuple[str, str]]]


def payload(choices: Choices, commands: Mapping[str, Command] = COMMANDS) -> list[dict[str, Any]]:
    """All commands as Discord is told of them; `choices` are the closed lists of the kinds that have one."""
    members = [c for c in sorted(commands.values(), key=lambda c: c.name) if c.who is Who.MEMBER]
    admins = [c for c in sorted(commands.values(), key=lambda c: c.name) if c.who > Who.MEMBER]
    made = [_described(command, choices) | _where() for command in members]
    if admins:
        under = [_described(command, choices) | {"type": SUBCOMMAND} for command in admins]
        shown_to = {"default_member_permissions": str(MANAGE_GUILD)}
        made.append({"name": GROUP, "description": GROUP_HELP, "options": under} | shown_to | _where())
    return made


def fingerprint(commands: Sequence[Mapping[str, Any]]) -> str:
    """A digest of a set of commands, another where anything in it is."""
    return hashlib.sha256(json.dumps(commands, sort_keys=True, ensure_ascii=True).encode()).hexdigest()[:32]


def completes(param: Param) -> bool:
    """Whether what is typed for a parameter is completed on the way."""
    return param.kind == "command" or KINDS[param.kind].complete is not None


def spoken(data: Mapping[str, Any], commands: Mapping[str, Command] = COMMANDS) -> str:
    """The text of a slash command as a person would write it: `/index defi aggressive`."""
    name, options = called(data)
    given = {str(option["name"]): option.get("value") for option in options}
    command = commands.get(name)
    return " ".join([f"/{name}", *(_words(command, given) if command else ())])


def called(data: Mapping[str, Any]) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """The command's own name and its options, out of the group it may stand in."""
    name, options = str(data.get("name", "")), data.get("options") or []
    if name == GROUP and options and options[0].get("type") == SUBCOMMAND:
        return str(options[0]["name"]), options[0].get("options") or []
    return name, options


def typed(data: Mapping[str, Any], commands: Mapping[str, Command] = COMMANDS) -> tuple[Param, str] | None:
    """The parameter that somebody is typing, and what stands there so far."""
    name, options = called(data)
    command = commands.get(name)
    for option in options:
        if option.get("focused") and command is not None:
            param = next((p for p in command.params if _name(p) == option["name"]), None)
            return (param, str(option.get("value", ""))) if param else None
    return None


def _words(command: Command, given: Mapping[str, Any]) -> Iterable[str]:
    """The options in the table's order; a list of indices that was left out counts as all of them where a text
    follows, which else might be taken for it."""
    for position, param in enumerate(command.params):
        value = given.get(_name(param))
        if value is not None:
            yield _written(value)
        elif param.kind == "scope" and any(p.kind == "text" and _name(p) in given for p in command.params[position:]):
            yield ALL


def _written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return clipped(" ".join(clean(str(value)).split()), LONGEST_VALUE)


def _name(param: Param) -> str:
    return param.name.lower().replace(" ", "-")


def _where() -> dict[str, Any]:
    return {"contexts": [IN_SERVERS, IN_PRIVATE], "integration_types": [0]}


def _described(command: Command, choices: Choices) -> dict[str, Any]:
    # Discord wants what is required first; `spoken` brings the words back into the table's order.
    ordered = sorted(command.params, key=lambda param: not param.required)
    return {
        "name": command.name,
        "description": clipped(command.help, MOST_HELP),
        "options": [_option(param, choices) for param in ordered],
    }


def _option(param: Param, choices: Choices) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": _name(param),
        "description": clipped(param.help, MOST_HELP),
        "type": STRING,
        "required": param.required,
    }
    if param.kind == "number":
        return made | {"type": INTEGER, "min_value": 1, "max_value": MOST_NUMBER}
    if param.kind == "dollars":
        return made | {"type": NUMBER, "min_value": 0.01}
    if choices.get(param.kind):
        return made | {"choices": [{"name": label, "value": value} for label, value in choices[param.kind]]}
    return made | ({"autocomplete": True} if completes(param) else {})
