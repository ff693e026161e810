"""Knows the other names of tokens: tickers, full names, renames with their days, and venue symbols of many tokens."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import NamedTuple

from pydantic import TypeAdapter

from engine.model import Alias, Token


@dataclass(frozen=True, slots=True)
class _Rename:
    """`ratio` of the former make one of the current; `reused`: another token took the former ticker and names then."""

    former: str
    current: str
    since: date
    ratio: float = 1.0
    reused: bool = False
    former_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Table:
    multiples: dict[str, float]
    whole: dict[str, frozenset[str]]
    venue: dict[str, tuple[str, ...]]
    ticker: dict[str, str]
    name: dict[str, tuple[str, ...]]
    rename: tuple[_Rename, ...]


class Spoken(NamedTuple):
    """A way to speak of a token, and the days on which it means that token: from `since`, and before `until`.

    Where one text may mean several tokens, the lower `rank` is meant: 0 a token's own, 1 another's former one.
    """

    text: str
    symbol: str
    is_ticker: bool
    rank: int = 0
    since: date | None = None
    until: date | None = None

    def means_it_on(self, day: date | None) -> bool:
        """True on days that lie within; without a day, on any."""
        if day is None:
            return True
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


class VenueSymbol(NamedTuple):
    """The ticker inside a venue's symbol, and how many tokens one unit of the symbol is."""

    ticker: str
    multiplier: float


def parse_venue_symbol(text: str) -> VenueSymbol:
    """Take a venue's symbol apart: 1000SATS is 1000 SATS, 1MBABYDOGE a million, 1INCH just itself."""
    table = _table()
    if text.upper() in table.whole["tickers"]:
        return VenueSymbol(text, 1.0)
    for prefix in sorted(table.multiples, key=len, reverse=True):
        # the case of the prefix counts (kPEPE, but KAVA), and what follows must look like a ticker of its own
        if text.startswith(prefix) and re.fullmatch(r"[A-Z][A-Z0-9]+", text[len(prefix) :]):
            return VenueSymbol(text[len(prefix) :], table.multiples[prefix])
    return VenueSymbol(text, 1.0)


def aliases_for(tokens: Sequence[Token]) -> list[Alias]:
    """Collect every known name of `tokens`, each once per token; a name may belong to several of them."""
    symbols = {token.symbol for token in tokens}
    found: dict[tuple[str, str], Alias] = {}
    for alias in (*_own_names(tokens), *_tickers(symbols), *_renames(symbols), *_venues(symbols)):
        found.setdefault((alias.alias.casefold(), alias.symbol), alias)
    return list(found.values())


def ways_to_speak_of(tokens: Sequence[Token]) -> list[Spoken]:
    """Collect every ticker and name under which texts may speak of `tokens`, with the days on which each holds."""
    symbols = {token.symbol for token in tokens}
    return list(dict.fromkeys((*_own_ways(tokens, symbols), *_renamed_ways(symbols))))


def successors() -> dict[str, str]:
    """{former ticker: current one} of renamed tokens whose former ticker no other took over; one unit makes one."""
    return {rename.former: rename.current for rename in _table().rename if not rename.reused and rename.ratio == 1}


def _own_ways(tokens: Sequence[Token], symbols: set[str]) -> Iterator[Spoken]:
    """Symbols, tickers and names; one that another token bore before counts from the day it was taken over."""
    taken = {text: rename.since for rename in _table().rename if rename.reused for text in _former(rename)}
    for alias in (*_own_names(tokens), *_tickers(symbols)):
        rank = 0 if alias.kind == "name" or alias.alias == alias.symbol else 1
        yield Spoken(alias.alias, alias.symbol, alias.kind == "ticker", rank, taken.get(alias.alias))


def _renamed_ways(symbols: set[str]) -> Iterator[Spoken]:
    """Former tickers and names of a renamed token, and its current ticker where it stands under the former one."""
    for rename in _table().rename:
        if rename.current in symbols:
            rank, until = (0, rename.since) if rename.reused else (1, None)
            for text in _former(rename):
                yield Spoken(text, rename.current, text == rename.former, rank, None, until)
        elif rename.former in symbols:
            yield Spoken(rename.current, rename.former, True, 1, rename.since)


def _former(rename: _Rename) -> tuple[str, ...]:
    return (rename.former, *rename.former_names)


def _own_names(tokens: Sequence[Token]) -> Iterator[Alias]:
    for token in tokens:
        yield Alias(token.symbol, token.symbol, "ticker")
        ticker, _, suffix = token.symbol.partition("_")
        if suffix:
            yield Alias(ticker, token.symbol, "ticker")
        for name in (token.name, *_table().name.get(token.symbol, ())):
            if name:
                yield Alias(name, token.symbol, "name")


def _tickers(symbols: set[str]) -> Iterator[Alias]:
    for ticker, symbol in _table().ticker.items():
        if symbol in symbols:
            yield Alias(ticker, symbol, "ticker")


def _renames(symbols: set[str]) -> Iterator[Alias]:
    """Point a rename at whichever of its two symbols exists; where both do, the former also means the current."""
    for rename in _table().rename:
        if rename.current in symbols:
            yield Alias(rename.former, rename.current, "former", 1 / rename.ratio)
        elif rename.former in symbols:
            yield Alias(rename.current, rename.former, "ticker", rename.ratio)


def _venues(symbols: set[str]) -> Iterator[Alias]:
    for text in _table().venue["symbols"]:
        ticker, multiplier = parse_venue_symbol(text)
        if ticker in symbols and multiplier != 1:
            yield Alias(text, ticker, "venue", multiplier)


@cache
def _table() -> _Table:
    raw = tomllib.loads(resources.files("engine").joinpath("aliases.toml").read_text("utf-8"))
    return TypeAdapter(_Table).validate_python(raw)
