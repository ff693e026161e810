"""What a route is: its path, its parameters as schemas that are also what reads them, and the function behind it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.web.door import Shelf
from engine.errors import BadRequest, UnknownIndex

Value = str | int
Asked = Mapping[str, Any]
Answer = Callable[[Shelf, Asked], object]


class NotHere(BadRequest):
    """What was asked for does not exist."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of a path or query; `schema` is JSON Schema, and nothing is accepted that it does not describe."""

    name: str
    place: Literal["path", "query"]
    about: str
    schema: Mapping[str, Any]

    def read(self, text: str) -> Value:
        """The value; BadRequest names what is expected, NotHere where a path leads nowhere."""
        try:
            return _read(text, self.schema)
        except ValueError as error:
            raise self._refusal(str(error)) from None

    def _refusal(self, why: str) -> BadRequest:
        if self.place == "path":
            return NotHere(f"There is no such {self.name}: it {why}.")
        return BadRequest(f"{self.name} {why}.")


def _read(text: str, schema: Mapping[str, Any]) -> Value:
    if schema["type"] == "integer":
        low, high = schema["minimum"], schema["maximum"]
        if not re.fullmatch(r"0|[1-9][0-9]{0,11}", text) or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)
    if schema.get("format") == "date":
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) or not _is_day(text):
            raise ValueError("must be a day like 2026-01-05")
        return text
    if "enum" in schema:
        if text not in schema["enum"]:
            raise ValueError(f"must be one of {', '.join(schema['enum'])}")
        return text
    if not re.fullmatch(schema["pattern"].removeprefix("^").removesuffix("$"), text, re.ASCII):
        raise ValueError(f"must be {schema['description']}")
    return text


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Route:
    """One entry of the API's table; `shape` is the type that `answer` gives, which makes JSON and schema alike."""

    path: str
    name: str
    summary: str
    shape: type
    answer: Answer
    parameters: tuple[Parameter, ...] = ()


def read_all(
    parameters: Sequence[Parameter], path: Mapping[str, str], query: Sequence[tuple[str, str]]
) -> dict[str, Value]:
    """Every parameter of a request, defaults filled in; BadRequest for one unknown, repeated or not as described."""
    known = {parameter.name: parameter for parameter in parameters}
    found: dict[str, Value] = {name: p.schema["default"] for name, p in known.items() if "default" in p.schema}
    given: set[str] = set()
    for name, text in [*path.items(), *query]:
        if name not in known or (known[name].place == "query") != (name not in path):
            raise BadRequest(f"There is no parameter {name[:40]!r} here; there are {', '.join(known) or 'none'}.")
        if name in given:
            raise BadRequest(f"{name} is given twice.")
        given.add(name)
        found[name] = known[name].read(text)
    return found


def is_missing(error: Exception) -> bool:
    """Whether an error says that what was asked for is not there, rather than that it was asked wrongly."""
    return isinstance(error, (NotHere, UnknownIndex))
