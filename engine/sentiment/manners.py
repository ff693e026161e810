"""Loads mentions.toml: which words need context before they count as a token, and what that context is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass as checked

from engine.errors import BadConfiguration
from engine.tables import load_table

TABLE = "mentions.toml"
KINDS = ("ambiguous", "capitals", "capitalised", "context", "market", "trades", "foreign")


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Entry:
    """Words and phrases that are treated alike."""

    id: Literal["ambiguous", "capitals", "capitalised", "context", "market", "trades", "foreign"]
    words: str = ""
    phrases: Annotated[tuple[str, ...], Field()] = ()

    @model_validator(mode="after")
    def _is_lower_case(self) -> Self:
        for term in (*self.words.split(), *self.phrases):
            if term != term.lower():
                raise ValueError(f"{term!r} is not in lower case")
        return self


@dataclass(frozen=True, slots=True)
class Manners:
    """The tables of mentions.toml, each a set of lower-case terms."""

    ambiguous: frozenset[str]
    capitals: frozenset[str]
    capitalised: frozenset[str]
    context: frozenset[str]
    market: frozenset[str]
    trades: frozenset[str]
    foreign: frozenset[str]

    @classmethod
    def of(cls, entries: Mapping[str, Entry]) -> Manners:
        """Gather the tables; BadConfiguration names those that are missing."""
        missing = [kind for kind in KINDS if kind not in entries]
        if missing:
            raise BadConfiguration(f"{TABLE}: there is no [{'], ['.join(missing)}].")
        return cls(*(frozenset((*entries[kind].words.split(), *entries[kind].phrases)) for kind in KINDS))


@cache
def manners() -> Manners:
    """The tables of mentions.toml."""
    return Manners.of(load_table(TABLE, Entry))
