"""Turns figures into plain JSON: dataclasses into dicts, numbers to six digits, what is infinite into null."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Figures = dict[str, object]


def fields_of(figures: DataclassInstance) -> Figures:
    """Every field of a dataclass, and of those inside it."""
    return {key: plain(value) for key, value in asdict(figures).items()}


def maybe(figures: DataclassInstance | None) -> Figures | None:
    """The same, None where there is nothing to say."""
    return fields_of(figures) if figures is not None else None


def plain(value: object) -> object:
    """Floats to six digits, infinities to None, dates to text, through dicts and lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) + 0.0 if abs(value) != float("inf") else None
    return value.isoformat() if isinstance(value, dt.date) else value
