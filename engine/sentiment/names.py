"""Finds which tokens a text speaks of: by name, ticker, cashtag or pair, doubtful words only in context, by the day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from engine.aliases import Spoken, ways_to_speak_of
from engine.model import Token
from engine.sentiment.manners import Manners, manners
from engine.sentiment.text import clean

Ways = tuple[Spoken, ...]
Trading = Callable[[str], bool]

STABLE_QUOTES = frozenset(("USDT", "USDC", "BUSD", "USD"))
QUOTES = (*sorted(STABLE_QUOTES, reverse=True), "EUR", "BTC", "ETH", "PERP")
MARKET_WORDS = 2  # a word of the market counts this close behind a ticker
TITLE_SHARE = 0.5  # with more of its words capitalised a text is a title, in which a capital says nothing

_LINK = re.compile(r"https?://\S+|\bwww\.\S+")
_WORD = re.compile(r"(?<![\w$])(\$?)(\w+)")
_NEXT = re.compile(r"\W*(\w[\w-]*)")
_RUN = re.compile(r"'s?(?: \w+){1,2}|(?: [A-Z]\w*){1,3}")  # what a name owns, or the longer name it begins
_LAST = re.compile(r"(\w[\w-]*)\W*$")
_JOIN = re.compile(r"(?:'s)?(?:,? and |, ?| ?/ ?| ?& ?| or | vs\.? | \| | )")
_PAIR = re.compile(rf"\w+?(?={'|'.join(QUOTES)}$)")
_BEHIND_PAIR = re.compile(rf"[/-](?:{'|'.join(QUOTES)})\b")
_BEFORE_PAIR = re.compile(r"\b[A-Z0-9]{2,10}/$")


class Hit(NamedTuple):
    """A place in a text that may speak of a token, in which ways; whether that is sure, or (`alone`) no neighbour in a
    list can make it so."""

    start: int
    end: int
    ways: Ways
    sure: bool
    alone: bool = False


@dataclass(frozen=True)
class Names:
    """Under which names (in lower case) and tickers tokens are spoken of; a foreign name leads to no token."""

    names: Mapping[str, Ways]
    tickers: Mapping[str, Ways]

    @classmethod
    def of(cls, tokens: Iterable[Token]) -> Names:
        """Gather every way to speak of the tokens, former names with their days."""
        names: dict[str, Ways] = dict.fromkeys(manners().foreign, ())
        tickers: dict[str, Ways] = {}
        for way in ways_to_speak_of(list(tokens)):
            text = way.text if way.is_ticker else _spoken(way.text)
            if text:
                table = tickers if way.is_ticker else names
                table[text] = (*table.get(text, ()), way)
        return cls(names, tickers)

    def find(self, text: str, day: dt.date | None = None, trading: Trading | None = None) -> set[str]:
        """Symbols of the tokens a text of that day speaks of; where one name may be several, those `trading` count.

        Without a day a former name means whatever it may mean that is nearest; without `trading`, all tokens count.
        A name that two tokens share even so belongs to neither.
        """
        text = _LINK.sub(" ", clean(text))
        hits = _confirmed(text, list(self._hits(text)))
        meant = (_meant(hit.ways, day, trading) for hit in hits if hit.sure)
        return {symbol for symbol in meant if symbol}

    def _hits(self, text: str) -> Iterator[Hit]:
        """Every name and ticker in a text, the longest where several begin at one word, from left to right."""
        low, rules = text.lower(), manners()
        shouted, title, end = text.upper() == text, _is_title(text), 0
        for match in _WORD.finditer(text):
            if match.start() < end:
                continue
            hit = self._cashtag(match) if match[1] else self._plain(text, low, match, shouted, title, rules)
            if hit:
                yield hit
                end = hit.end

    def _cashtag(self, match: re.Match[str]) -> Hit | None:
        ways = self.tickers.get(match[2].upper()) or self.tickers.get(match[2])
        return Hit(match.start(), match.end(), ways, True) if ways else None

    def _plain(
        self, text: str, low: str, match: re.Match[str], shouted: bool, title: bool, rules: Manners
    ) -> Hit | None:
        start, word = match.start(2), match[2]
        if word in STABLE_QUOTES and re.search(r"\w[/-]$", text[max(0, start - 2) : start]):
            return None  # SAND/USDT speaks of SAND
        name = next((n for n in self._by_first_word.get(low[start : match.end()], ()) if _stands(low, n, start)), "")
        ways = self.tickers.get(word, ())
        if name and (len(name) > len(word) or not ways):
            return self._name(text, start, name, title, rules)
        if ways:
            strict = word.lower() in rules.capitals or len(word) < 2
            doubtful = strict or len(word) < 3 or word.lower() in rules.ambiguous
            sure = _in_context(text, start, match.end(), strict, rules) if doubtful else True
            sure = sure or (not strict and not shouted and _is_traded(text, start, match.end(), rules))
            return Hit(start, match.end(), ways, sure, strict or shouted)
        pair = _PAIR.match(word)
        ways = self.tickers.get(pair[0], ()) if pair and len(pair[0]) > 2 else ()
        return Hit(start, match.end(), ways, True) if ways else None

    def _name(self, text: str, start: int, name: str, title: bool, rules: Manners) -> Hit | None:
        end = start + len(name)
        ways = self.names[name]
        if name in rules.capitalised and not all(word[0].isupper() for word in text[start:end].split()):
            return None
        if name not in rules.ambiguous:
            return Hit(start, end, ways, True)
        sure = (
            _in_context(text, start, end, False, rules)
            or _on_market(text, end, rules, counted=True)
            or (not title and _is_proper(text, start, end))
        )
        return Hit(start, end, ways, sure)

    @cached_property
    def _by_first_word(self) -> dict[str, tuple[str, ...]]:
        """Names by their first word, the longest first."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.names, key=lambda n: (-len(n), n)):
            if first := _WORD.match(name):
                found.setdefault(first[2], []).append(name)
        return {word: tuple(names) for word, names in found.items()}


def mentions(text: str, names: Names, day: dt.date | None = None) -> set[str]:
    """Find the tokens a text of that day speaks of; a word such as NEAR counts only as $NEAR, (NEAR) or in context."""
    return names.find(text, day)


def _meant(ways: Ways, day: dt.date | None, trading: Trading | None) -> str | None:
    """The one token that is meant: of the ways that hold on that day the nearest, of those that trade."""
    holding = [way for way in ways if way.means_it_on(day)]
    if trading is not None and len(holding) > 1:
        holding = [way for way in holding if trading(way.symbol)] or holding
    nearest = min((way.rank for way in holding), default=0)
    symbols = {way.symbol for way in holding if way.rank == nearest}
    return symbols.pop() if len(symbols) == 1 else None


def _confirmed(text: str, hits: Sequence[Hit]) -> list[Hit]:
    """Make sure what a neighbour in a list, or another spelling of the same token, confirms."""
    found = list(hits)
    for order in (range(1, len(found)), range(len(found) - 2, -1, -1)):
        step = 1 if order.step < 0 else -1
        for place in order:
            hit, beside = found[place], found[place + step]
            between = text[min(hit.end, beside.end) : max(hit.start, beside.start)]
            if not hit.sure and not hit.alone and beside.sure and beside.ways and _JOIN.fullmatch(between):
                found[place] = hit._replace(sure=text[hit.start].isupper())
    spelled: dict[str, set[str]] = {}
    for hit in found:
        for way in hit.ways:
            spelled.setdefault(way.symbol, set()).add(text[hit.start : hit.end].lower())
    return [
        hit._replace(sure=hit.sure or any(len(spelled[way.symbol]) > 1 for way in hit.ways)) for hit in found
    ]  # fmt: skip


def _in_context(text: str, start: int, end: int, strict: bool, rules: Manners) -> bool:
    """True in brackets or as one side of a pair, and, unless strict, beside a word of the trade."""
    before, behind = text[max(0, start - 30) : start], text[end : end + 30]
    if (before[-1:], behind[:1]) in (("(", ")"), ("[", "]")) or _BEHIND_PAIR.match(behind):
        return True
    if strict:
        return False
    if _BEFORE_PAIR.search(before):
        return True
    near = {match[1].lower() for match in (_NEXT.match(behind.removeprefix("'s")), _LAST.search(before)) if match}
    named = _RUN.match(behind)
    return not rules.context.isdisjoint(near | set(named[0].lower().split() if named else ()))


def _is_traded(text: str, start: int, end: int, rules: Manners) -> bool:
    """True for a ticker that moves on a market, or that somebody lists, buys or sells."""
    preceding = _LAST.search(text[max(0, start - 20) : start])
    return _on_market(text, end, rules) or bool(preceding and preceding[1].lower() in rules.trades)


def _on_market(text: str, end: int, rules: Manners, counted: bool = False) -> bool:
    """True where a word of the market follows closely, `counted` with a number: "NEAR jumps", "Stacks rallies 40%"."""
    following = re.findall(r"\w+", text[end : end + 40])[: MARKET_WORDS + 2 * counted]
    spoken = any(word.lower() in rules.market for word in following[:MARKET_WORDS])
    return spoken and (not counted or any(word[0].isdigit() for word in following))


def _is_proper(text: str, start: int, end: int) -> bool:
    """True for a capital letter within a sentence, unless it is part of a longer proper name."""
    before, behind = text[:start].rstrip(), text[end:]
    inside = bool(before) and before[-1] not in ".:!?|-\"'"
    return inside and text[start].isupper() and not re.match(r" [A-Z]", behind)


def _is_title(text: str) -> bool:
    words = [word for word in text.split()[1:] if word[0].isalpha()]
    return sum(word[0].isupper() for word in words) > TITLE_SHARE * len(words)


def _stands(low: str, name: str, start: int) -> bool:
    """True where a name stands as whole words."""
    end = start + len(name)
    return low.startswith(name, start) and not (low[end : end + 1].isalnum() or low[end : end + 1] == "_")


def _spoken(name: str) -> str:
    """A name as people write it: without brackets and endings, at least three letters."""
    bare = " ".join(re.sub(r"\s*\(.*?\)", "", name).split())
    return bare.lower() if len(bare) > 2 else ""
