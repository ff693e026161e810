"""Finds the number of each rule in the methodology, so that a receipt leads to the sentence behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from bot.words import RULES

PAGE = "methodology.md"
BARS = "2."  # who may be in an index: its bars bear names of their own, no holding's line carries them
NUMBERED = re.compile(r"^(\d+\.\d+) ", re.MULTILINE)


def page(name: str) -> str:
    """The Markdown of one of the documents that the site shows."""
    return files("bot.web").joinpath("pages", name).read_text("utf-8")


@cache
def rule_numbers() -> Mapping[str, str]:
    """{rule: number}; a rule is in the paragraph that names it first: `4.1 \\`bullish\\`: ...`."""
    found: dict[str, str] = {}
    parts = NUMBERED.split(page(PAGE))
    for number, text in zip(parts[1::2], parts[2::2], strict=True):
        if number.startswith(BARS):
            continue
        paragraph = text.split("\n\n")[0]
        for name in re.findall(r"`(\w+)`", paragraph):
            if name in RULES:
                found.setdefault(name, number)
    return found
