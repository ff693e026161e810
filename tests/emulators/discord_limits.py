"""What Discord takes in one message and one set of commands: every documented limit, with its own error for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NAME = re.compile(r"[-_a-z0-9]{1,32}")
CONTENT, EMBEDS, TOTAL = 2000, 10, 6000
TITLE, DESCRIPTION, FIELDS, FIELD_NAME, FIELD_VALUE, FOOTER, AUTHOR = 256, 4096, 25, 256, 1024, 2048, 256
ROWS, BUTTONS, OPTIONS, LABEL, CUSTOM_ID, OPTION = 5, 5, 25, 80, 100, 100
COMMANDS, CHOICES, CHOICE, DESCRIBED, WHOLE_COMMAND = 100, 25, 100, 100, 8000
LARGEST_FILE = 10 << 20
NONCE = 25
BUTTON, STRING_SELECT, TEXT_INPUT, LINK = 2, 3, 4, 5
SELECTS = (3, 5, 6, 7, 8)
SUBCOMMAND, GROUP = 1, 2


class DiscordError(Exception):
    """An error answer: HTTP status, Discord's own code, words."""

    def __init__(self, status: int, code: int, message: str, errors: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.errors = errors


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_message(message: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Raise what Discord answers to a message that it does not take."""
    complaints = [*_complaints(message, files)]
    if complaints:
        raise DiscordError(400, 50035, "Invalid Form Body", complaints)
    if not (message.get("content") or message.get("embeds") or files or message.get("components")):
        raise DiscordError(400, 50006, "Cannot send an empty message")


def _complaints(message: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    if units(message.get("content") or "") > CONTENT:
        yield "content"
    if units(str(message.get("nonce") or "")) > NONCE:
        yield "nonce"
    embeds = message.get("embeds") or []
    if len(embeds) > EMBEDS:
        yield "embeds"
    if sum(_weight(embed) for embed in embeds) > TOTAL:
        yield "embeds: 6000"
    for embed in embeds:
        yield from _embed(embed, files)
    yield from _components(message.get("components") or [])
    for name, content in files.items():
        if len(content) > LARGEST_FILE:
            yield f"file {name}"


def _weight(embed: Mapping[str, Any]) -> int:
    fields = embed.get("fields") or []
    texts = [
        embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text"),
        (embed.get("author") or {}).get("name"), *(f["name"] for f in fields), *(f["value"] for f in fields),
    ]  # fmt: skip
    return sum(units(text or "") for text in texts)


def _embed(embed: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    for name, most in (("title", TITLE), ("description", DESCRIPTION)):
        if units(embed.get(name) or "") > most:
            yield name
    if units((embed.get("footer") or {}).get("text") or "") > FOOTER:
        yield "footer"
    if units((embed.get("author") or {}).get("name") or "") > AUTHOR:
        yield "author"
    fields = embed.get("fields") or []
    if len(fields) > FIELDS:
        yield "fields"
    for field in fields:
        if not 0 < units(field["name"]) <= FIELD_NAME or not 0 < units(field["value"]) <= FIELD_VALUE:
            yield "field"
    url = (embed.get("image") or {}).get("url") or ""
    if url and not (url.removeprefix("attachment://") in files or url.startswith("https://")):
        yield f"image: {url} is no uploaded file"
    if not 0 <= int(embed.get("color") or 0) <= 0xFFFFFF:
        yield "color"


def _components(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if len(rows) > ROWS:
        yield "components: rows"
    seen: set[str] = set()
    for row in rows:
        inside = row.get("components") or []
        if row.get("type") != 1 or not inside:
            yield "components: no row"
        if (any(part["type"] in SELECTS for part in inside) and len(inside) > 1) or len(inside) > BUTTONS:
            yield "components: row is too full"
        for part in inside:
            yield from _component(part, seen)


def _component(part: Mapping[str, Any], seen: set[str]) -> Iterator[str]:
    if part["type"] == BUTTON and part.get("style") == LINK:
        if not str(part.get("url")).startswith(("https://", "http://", "discord://")) or "custom_id" in part:
            yield "button: url"
    else:
        name = part.get("custom_id") or ""
        if not 0 < units(name) <= CUSTOM_ID or name in seen:
            yield f"custom_id {name!r}"
        seen.add(name)
    if part["type"] == BUTTON and not 0 < units(part.get("label") or "") <= LABEL:
        yield "button: label"
    if part["type"] == STRING_SELECT:
        options = part.get("options") or []
        values = [option["value"] for option in options]
        if not 0 < len(options) <= OPTIONS or len(set(values)) < len(values):
            yield "select: options"
        if any(not 0 < units(option[key]) <= OPTION for option in options for key in ("label", "value")):
            yield "select: option"


def check_modal(modal: Mapping[str, Any]) -> None:
    """Raise what Discord answers to a form that it does not take."""
    inputs = [part for row in modal["components"] for part in row.get("components", [])]
    fine = (
        0 < units(modal["title"]) <= 45
        and 0 < units(modal["custom_id"]) <= CUSTOM_ID
        and 0 < len(inputs) <= 5
        and all(part["type"] == TEXT_INPUT and 0 < units(part["label"]) <= 45 for part in inputs)
        and all(units(part.get("placeholder") or "") <= 100 for part in inputs)
    )
    if not fine:
        raise DiscordError(400, 50035, "Invalid Form Body", ["modal"])


def check_commands(commands: Sequence[Mapping[str, Any]]) -> None:
    """Raise what Discord answers to a set of commands that it does not take."""
    names = [command.get("name") for command in commands]
    complaints = [] if len(names) <= COMMANDS and len(set(names)) == len(names) else ["names"]
    for command in commands:
        complaints += _command(command)
        if _letters(command) > WHOLE_COMMAND:
            complaints.append(f"{command['name']}: 8000 characters")
    if complaints:
        raise DiscordError(400, 50035, "Invalid Form Body", complaints)


def _command(command: Mapping[str, Any]) -> Iterator[str]:
    name, options = str(command.get("name")), command.get("options") or []
    if not NAME.fullmatch(name) or not 0 < units(command.get("description") or "") <= DESCRIBED:
        yield f"{name}: name or description"
    names = [option["name"] for option in options]
    if len(options) > OPTIONS or len(set(names)) < len(names):
        yield f"{name}: options"
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        yield f"{name}: required options come first"
    if len({option["type"] in (SUBCOMMAND, GROUP) for option in options}) > 1:
        yield f"{name}: subcommands stand alone"
    for option in options:
        yield from _command(option)
        choices = option.get("choices") or []
        if choices and option.get("autocomplete"):
            yield f"{name} {option['name']}: choices and autocomplete"
        if len(choices) > CHOICES or any(
            not 0 < units(str(c[k])) <= CHOICE for c in choices for k in ("name", "value")
        ):
            yield f"{name} {option['name']}: choices"


def _letters(command: Mapping[str, Any]) -> int:
    own = units(command["name"]) + units(command.get("description") or "")
    choices = sum(units(c["name"]) + units(str(c["value"])) for c in command.get("choices") or [])
    return own + choices + sum(_letters(option) for option in command.get("options") or [])
