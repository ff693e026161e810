"""The live sources of an installation: the table, with the operator's own outlets where there is such a list."""

from __future__ import annotations

from bot.settings import Settings
from engine.errors import BadConfiguration
from engine.sources.outlets import read_outlets
from engine.sources.port import Source
from engine.sources.table import SOURCES, sources


def sources_of(settings: Settings) -> dict[str, Source]:
    """Every source by id; BadConfiguration where the operator's list cannot be read."""
    path = settings.outlets
    if path is None:
        return dict(SOURCES)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = "is no text in UTF-8" if isinstance(error, UnicodeDecodeError) else "cannot be read"
        raise BadConfiguration(f"CRIER_OUTLETS: {path} {why}: name a list of outlets like outlets.toml.") from None
    return sources(read_outlets(text, path.name))
