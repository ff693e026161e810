"""The indices, one entry each in themes.toml; who is eligible for one of them says engine/eligibility.py."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass as checked

from engine.errors import UnknownIndex
from engine.tables import load_table

Share = Annotated[float, Field(gt=0, le=1)]


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Theme:
    """One index: who may be in it, how many, under which caps, and the passive twin it is held against.

    `categories` are CoinGecko's, whose tokens are proposed for the label `members`; without any only an archive or an
    admin makes members.
    """

    id: str
    title: Annotated[str, Field(min_length=1)]
    description: Annotated[str, Field(min_length=1)]
    members: Annotated[str, Field(min_length=1)]
    candidates: Annotated[int, Field(ge=1, le=200)]
    size: Annotated[int, Field(ge=1, le=50)]
    cap_scale: Annotated[float, Field(gt=0, le=5)]
    benchmark_size: Annotated[int, Field(ge=1, le=50)]
    benchmark_cap: Share
    categories: tuple[Annotated[str, Field(pattern=r"^[a-z0-9-]+$")], ...] = ()

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if self.candidates < self.size:
            raise ValueError("candidates must be at least size: an index chooses among them")
        return self


@cache
def themes() -> dict[str, Theme]:
    """Every index by id, in the order of themes.toml."""
    return dict(load_table("themes.toml", Theme))


def theme(index: str) -> Theme:
    """The index of that id; UnknownIndex names the ones there are."""
    try:
        return themes()[index]
    except KeyError:
        raise UnknownIndex(f"There is no index called {index!r}; there are {', '.join(themes())}.") from None
