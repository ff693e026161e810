"""Loads the outlets: feeds, subreddits, channels and searches from which headlines and posts are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass as checked

from engine.errors import BadConfiguration
from engine.observed import CENTRAL_BANK, ECONOMY
from engine.sources.http.address import origin
from engine.tables import load_table

Kind = Literal["crypto", "central bank", "economy", "reddit", "telegram", "x"]
FEEDS: tuple[Kind, ...] = ("crypto", CENTRAL_BANK, ECONOMY)
NEEDS = {"reddit": "name", "telegram": "name", "x": "query"}  # a feed needs a url
NAMES = {"reddit": r"[A-Za-z0-9_]{2,21}", "telegram": r"[A-Za-z][A-Za-z0-9_]{3,31}"}
LONGEST_QUERY = 512  # of a recent search on the cheaper plans
MOST = 60  # outlets of a list: they are asked every hour
TABLE = "outlets.toml"


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Outlet:
    """One place where texts are read; see the head of outlets.toml."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    kind: Kind
    title: Annotated[str, Field(min_length=1, max_length=80)]
    url: Annotated[str, Field(max_length=500)] = ""
    name: str = ""
    query: Annotated[str, Field(max_length=LONGEST_QUERY)] = ""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        needed = NEEDS.get(self.kind, "url")
        given = [field for field in ("url", "name", "query") if getattr(self, field)]
        if given != [needed]:
            raise ValueError(f"an outlet of kind {self.kind} has {needed}, and no other address")
        if self.url and not _is_plain_address(self.url):
            raise ValueError("url must be an https address without a password: https://www.example.com/feed")
        if self.name and not re.fullmatch(NAMES[self.kind], self.name):
            raise ValueError(
                f"{self.name!r} cannot be the name of a {self.kind} outlet: write it without @, r/ or links"
            )
        return self

    @property
    def origin(self) -> str:
        """Scheme and host of a feed."""
        return origin(self.url)


def _is_plain_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment


@cache
def default_outlets() -> Mapping[str, Outlet]:
    """The outlets that come with the program."""
    return read_outlets(resources.files("engine.sources").joinpath(TABLE).read_text("utf-8"))


def read_outlets(text: str, name: str = TABLE) -> Mapping[str, Outlet]:
    """Read a list of outlets, by id; BadConfiguration names the entry and what is wrong with it."""
    try:
        found = load_table(name, Outlet, text)
    except ValueError as error:  # thousands of digits, which Python refuses to read
        raise BadConfiguration(f"{name} is not valid TOML: a number in it is too long.") from error
    if not 0 < len(found) <= MOST:
        raise BadConfiguration(f"{name} has {len(found)} outlets: a list has 1 to {MOST} of them.")
    return found


def of_kind(outlets: Mapping[str, Outlet], *kinds: Kind) -> dict[str, Outlet]:
    """The outlets of some kinds, by id."""
    return {name: outlet for name, outlet in outlets.items() if outlet.kind in kinds}


def origins(outlets: Mapping[str, Outlet]) -> Iterator[tuple[str, str]]:
    """Every host that feeds are on, once, with the path of its first feed."""
    seen: set[str] = set()
    for outlet in outlets.values():
        if outlet.origin not in seen:
            seen.add(outlet.origin)
            parts = urlsplit(outlet.url)
            yield outlet.origin, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
