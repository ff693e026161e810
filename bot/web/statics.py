"""The few files that never change while the program runs, each under a name that changes with its content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

FOREVER = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"


@dataclass(frozen=True, slots=True)
class Static:
    """One file: where it is served, what it holds, how long a browser may keep it."""

    path: str
    body: bytes
    media: str
    keep: str


def _named(name: str, media: str) -> Static:
    body = files("bot.web").joinpath("static", name).read_bytes()
    stem, _, ending = name.rpartition(".")
    return Static(f"/static/{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{ending}", body, media, FOREVER)


STATICS: Mapping[str, Static] = {
    "style": _named("style.css", "text/css"),
    "icon": _named("icon.svg", "image/svg+xml"),
    "robots": Static("/robots.txt", b"User-agent: *\nDisallow: /api/\nDisallow: /cards/\n", "text/plain", A_DAY),
}
