"""Takes any of the engine's values apart into named leaves, so that two of them can be compared byte by byte."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

NAMES = ("symbol", "feature", "trigger", "name")  # by which of its fields a line of a list is called


class Leaf(NamedTuple):
    """Where a plain value stands: of which token (empty for none), in which field."""

    token: str
    field: str


def leaves(value: object) -> dict[Leaf, str]:
    """{leaf: exact text} of a dataclass and all it holds; numbers as Python would read them back, to the last bit.

    Lines of a list go by their symbol or name where they have one, so that one line more does not shift all others.
    An array beside a field `symbols` of the same length goes by these. TypeError for what the engine never makes.
    """
    return dict(_walk(value, Leaf("", "")))


def encoded(value: object) -> bytes:
    """The canonical bytes of a value: one line a leaf, in order."""
    return "\n".join(f"{leaf.token}\t{leaf.field}\t{text}" for leaf, text in sorted(leaves(value).items())).encode()


def _walk(value: object, at: Leaf) -> Iterator[tuple[Leaf, str]]:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if is_dataclass(value) and not isinstance(value, type):
        symbols = getattr(value, "symbols", ())
        for field in fields(value):
            yield from _field(getattr(value, field.name), _under(at, field.name), symbols)
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield from _walk(value[key], _under(at, str(key)))
    elif isinstance(value, list | tuple):
        yield _under(at, "length"), str(len(value))
        for position, (name, item) in enumerate(zip(_names(value), value, strict=True)):
            yield from _walk(item, _line(at, item, name or str(position)))
    else:
        yield at, _text(value)


def _field(value: object, at: Leaf, symbols: Sequence[str]) -> Iterator[tuple[Leaf, str]]:
    """A field of a dataclass; one with a line for each of its symbols is told token by token."""
    if isinstance(value, np.ndarray) and value.ndim and len(value) == len(symbols):
        for symbol, line in zip(symbols, value.tolist(), strict=True):
            yield from _walk(line, Leaf(symbol, at.field))
    else:
        yield from _walk(value, at)


def _under(at: Leaf, name: str) -> Leaf:
    return Leaf(at.token, f"{at.field}.{name}" if at.field else name)


def _line(at: Leaf, item: object, name: str) -> Leaf:
    if isinstance(getattr(item, "symbol", None), str):
        return Leaf(name, at.field)
    return Leaf(at.token, f"{at.field}[{name}]")


def _names(items: Sequence[object]) -> list[str]:
    """What each line is called, empty where it has no name; the second of a name gets a number."""
    seen: dict[str, int] = {}
    names = []
    for item in items:
        own = next((told for key in NAMES if isinstance(told := getattr(item, key, None), str)), "")
        seen[own] = seen.get(own, 0) + 1
        names.append(f"{own} ({seen[own]})" if own and seen[own] > 1 else own)
    return names


def _text(value: object) -> str:
    match value:
        case Enum():
            return _text(value.value)
        case float():
            return repr(float(value))
        case dt.date():
            return value.isoformat()
        case bool() | int() | str() | None:
            return repr(value)
    raise TypeError(f"the engine makes no {type(value).__name__}")
