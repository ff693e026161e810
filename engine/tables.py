"""Reads a TOML table of entries into frozen records, and names the entry and the bound when one is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from engine.errors import BadConfiguration

Entry = TypeVar("Entry")


def load_table(name: str, kind: type[Entry], text: str | None = None) -> Mapping[str, Entry]:
    """Read `engine/NAME` (or `text`) as {id: Entry}; BadConfiguration says which entry breaks which bound."""
    source = resources.files("engine").joinpath(name).read_text("utf-8") if text is None else text
    try:
        raw = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration(f"{name} is not valid TOML: {error}.") from error
    adapter = TypeAdapter(kind)
    entries: dict[str, Entry] = {}
    complaints: list[str] = []
    for key, fields in raw.items():
        try:
            entries[key] = adapter.validate_python({"id": key, **(fields if isinstance(fields, dict) else {})})
        except ValidationError as error:
            complaints += [_complaint(key, dict(problem)) for problem in error.errors()]
    if complaints:
        raise BadConfiguration(f"{name}: " + "; ".join(complaints) + ".")
    return entries


def _complaint(key: str, problem: Mapping[str, object]) -> str:
    location = problem.get("loc")
    where = ".".join(str(part) for part in location) if isinstance(location, tuple) else ""
    message = str(problem.get("msg", "is wrong")).removeprefix("Value error, ")
    return f"[{key}] {where}: {message[:1].lower()}{message[1:]}".replace(" :", ":")
