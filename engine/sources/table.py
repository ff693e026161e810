"""Which source feeds what, and who stands in for whom: gathered from the folder `live`, where each file is a source."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from engine.sources import live
from engine.sources.outlets import Outlet, default_outlets
from engine.sources.port import HEADLINES, Family, Source

MODULES = tuple(
    importlib.import_module(f"{live.__name__}.{found.name}") for found in pkgutil.iter_modules(live.__path__)
)
FAMILIES = get_args(Family)


def sources(outlets: Mapping[str, Outlet]) -> dict[str, Source]:
    """Every source by id, family by family, with those that have something to read among some outlets."""
    found = sorted(_gathered(outlets), key=lambda source: (FAMILIES.index(source.family), source.id))
    return {source.id: source for source in found}


def _gathered(outlets: Mapping[str, Outlet]) -> Iterator[Source]:
    for module in MODULES:
        if not hasattr(module, "source"):
            yield module.SOURCE
        elif (reading := module.source(outlets)).subjects:  # it reads the outlets that it is given
            yield reading


SOURCES = sources(default_outlets())


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of series, and the sources asked for it in this order: the next for what the one before lacks.

    Nobody stands in for a newsroom or a place of talk: each has a route of its own.
    """

    kind: str
    sources: tuple[str, ...]


def routes(table: Mapping[str, Source]) -> Iterator[Route]:
    """The way to every kind of series that some sources feed; those that only stand in for others come last."""
    for kind in dict.fromkeys(kind for source in table.values() for kind in source.feeds):
        feeding = [source for source in table.values() if kind in source.feeds]
        if kind == HEADLINES:
            yield from (Route(kind, (source.id,)) for source in feeding)
        else:
            yield Route(kind, tuple(s.id for s in sorted(feeding, key=lambda source: kind in source.stands_in)))


ROUTES = tuple(routes(SOURCES))
