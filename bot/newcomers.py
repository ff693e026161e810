"""Explains a reply to somebody new: the few words of it that matter most, each in a sentence below it."""

from __future__ import annotations

import re
from dataclasses import replace

from bot import words
from bot.phrases import capital
from bot.reply import BREAK, Reply

# From what a newcomer stumbles over first to what they may well ask for.
TAUGHT = (
    "index", "just holding", "stablecoins", "grade", "strength", "odds", "no call", "bullish", "bearish", "risk",
    "hold", "trim", "weight", "fill", "cost", "drawdown", "hit rate", "backtest", "mode", "turnover", "head", "journal",
)  # fmt: skip
UNTAUGHT = frozenset({"explain", "help", "privacy", "about", "forget", "claim", "confirm"})  # they do without
MOST = 3  # words explained under one answer


def with_plain_words(reply: Reply) -> Reply:
    """The reply with its first few terms explained; one that refuses, or explains already, stays as it is."""
    if not reply.ok or reply.panel:
        return reply
    titles = [column.title for column in reply.table.columns] if reply.table else []
    spoken = " ".join([*reply.lines(), *titles]).casefold()
    said = tuple(f"{capital(term)}: {first_sentence(words.WORDS[term])}" for term in TAUGHT if _stands_in(term, spoken))
    told = tuple(line for line in said if line not in reply.lines())[:MOST]
    apart = (BREAK,) if reply.after and told else ()
    return replace(reply, after=(*reply.after, *apart, *told))


def first_sentence(text: str) -> str:
    """Up to the first stop that ends a sentence."""
    return re.split(r"(?<=\.)\s+(?=[A-Z“])", text, maxsplit=1)[0]


def _stands_in(term: str, spoken: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(term)}(?![\w-])", spoken) is not None
