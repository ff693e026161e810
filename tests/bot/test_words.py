"""Every term that chat uses has an entry in the glossary."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot import words
from bot.commands import COMMANDS
from bot.dispatch import Request, dispatch
from engine.measures import KINDS
from engine.model import Action, Call, RiskStep
from engine.modes import modes
from engine.risk import COMPONENTS

FIELD_TERMS = re.compile(
    r"\b(base rates?|odds|hit rate|interval|log loss|rank correlation|backtest|journal|head|turnover|cost|grade|"
    r"strength|drawdown|worst fall|just holding|stablecoins?|data points?|signals?|calls?|method|simulated|"
    r"risk|step|score|live|weights?|skill|volatility|benchmark|conviction|abstention|rule|ahead|behind|announcement|"
    r"pseudonym|pulse|mute|quiet hours|plain words|danger alerts?|watched tokens|weekly message|time zone|topic|role)\b"
)
PLAIN_TITLES = {
    "",
    "Command",
    "Answer",
    "After it",
    "What",
    "State",
    "Reading",
    "Since",
    "$1,000 is",
    "This week",
    "Now",
}


def replies(book: Any) -> list[Any]:
    texts = [text for c in COMMANDS.values() for text in (c.example, f"/{c.name}") if c.name != "explain"]
    return [dispatch(book, Request(text, "test", "c", "u")) for text in texts]


def terms_of_the_engine() -> list[str]:
    measured = {kind.family for kind in KINDS.values()}
    enums = [member.value for enum in (Action, Call, RiskStep) for member in enum]
    families = ["price", "volume & liquidity", "technical", *measured]
    return [*enums, *modes(), *families, *(component.name for component in COMPONENTS)]


@pytest.mark.parametrize("term", terms_of_the_engine())
def test_every_term_of_the_engine_is_explained(term: str) -> None:
    assert words.find(term), f"/explain knows nothing of {term!r}"


def test_every_column_title_is_explained(book: Any) -> None:
    titles = {column.title for reply in replies(book) if reply.table for column in reply.table.columns}
    assert {"Token", "Weight", "Action", "Grade", "Strength", "Part"} <= titles
    unexplained = {title for title in titles - PLAIN_TITLES if not words.find(title)}
    assert not unexplained


def test_every_field_term_in_a_reply_is_explained(book: Any) -> None:
    spoken = " ".join(line.casefold() for reply in replies(book) for line in reply.lines())
    used = set(FIELD_TERMS.findall(spoken))
    assert {"odds", "base rates", "log loss", "turnover", "just holding"} & used
    assert not {term for term in used if not words.find(term)}


def test_every_alias_leads_to_an_entry_and_hides_none() -> None:
    assert set(words.ALIASES.values()) <= set(words.WORDS)
    assert not set(words.ALIASES) & set(words.WORDS)


def test_every_entry_is_found_by_its_own_name_and_short_enough_for_a_phone() -> None:
    assert all(words.find(name) == name for name in words.WORDS)
    assert all(20 <= len(text) <= 300 or name == "abstention" for name, text in words.WORDS.items())
    assert all(text.endswith(".") for text in words.WORDS.values())
    assert all(len(f"/explain {name}".encode()) <= 64 for name in words.names())


def test_an_unknown_rule_is_still_said_in_words() -> None:
    assert words.rule_in_words("peg_lost") == "peg lost"


def test_an_unknown_word_is_not_found() -> None:
    assert words.find("moon") is None
