"""Loads lexicon.toml: what words and phrases mean where money is spoken of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass as checked

from engine.errors import BadConfiguration
from engine.tables import load_table

Role = Literal[
    "valence", "direction", "extreme", "subject", "undo", "justice", "criminal", "spoil", "negation", "hedge", "stop",
    "compare",
]  # fmt: skip
Term = tuple[str, ...]
TABLE = "lexicon.toml"


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Group:
    """Words and phrases that play one role with one weight; see the head of lexicon.toml."""

    id: str
    role: Role
    weight: Annotated[float, Field(ge=-4, le=4)]
    words: str = ""
    phrases: tuple[str, ...] = ()
    needs: Literal["", "number", "subject", "period"] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.terms:
            raise ValueError("has neither words nor phrases")
        for term in self.terms:
            if " ".join(term) != " ".join(term).lower():
                raise ValueError(f"{' '.join(term)!r} is not in lower case")
        if self.needs and self.role not in ("direction", "extreme"):
            raise ValueError("needs is for what moves")
        return self

    @property
    def terms(self) -> list[Term]:
        return [(word,) for word in self.words.split()] + [tuple(phrase.split()) for phrase in self.phrases]


class Sense(NamedTuple):
    """What a term does in one role."""

    weight: float
    needs: str = ""


Roles = Mapping[Role, Sense]
NO_ROLES: Roles = MappingProxyType({})


@dataclass(frozen=True)
class Lexicon:
    """What each term does, role by role; and all terms of more than one word by their first word, the longest first."""

    terms: Mapping[Term, Roles]
    phrases: Mapping[str, tuple[Term, ...]]

    @classmethod
    def of(cls, groups: Iterable[Group]) -> Lexicon:
        """Merge groups; BadConfiguration where a term stands twice in one role."""
        terms: dict[Term, dict[Role, Sense]] = {}
        complaints: list[str] = []
        for group in groups:
            for term in group.terms:
                known = terms.setdefault(term, {})
                if group.role in known:
                    complaints.append(f"[{group.id}] {' '.join(term)!r} stands as {group.role} already")
                known[group.role] = Sense(group.weight, group.needs)
        if complaints:
            raise BadConfiguration(f"{TABLE}: " + "; ".join(complaints) + ".")
        return cls(terms, _by_first_word(terms))

    def phrase_at(self, words: list[str], place: int) -> Term | None:
        """The longest phrase that begins with the word at that place."""
        known = self.phrases.get(words[place])
        if known is None:
            return None
        return next((phrase for phrase in known if tuple(words[place : place + len(phrase)]) == phrase), None)


@cache
def lexicon() -> Lexicon:
    """The lexicon of lexicon.toml."""
    return Lexicon.of(load_table(TABLE, Group).values())


def _by_first_word(terms: Iterable[Term]) -> dict[str, tuple[Term, ...]]:
    found: dict[str, list[Term]] = {}
    for term in sorted(terms, key=lambda t: (-len(t), t)):
        if len(term) > 1:
            found.setdefault(term[0], []).append(term)
    return {word: tuple(phrases) for word, phrases in found.items()}
