"""Gets and keeps the tokens that some services want instead of a key (OAuth 2.0, client credentials).

The key is written ID:SECRET and goes to the service's own token address and nowhere else (RFC 6749, 4.4). A token stays
in memory for as long as it is good for, and is told to nobody.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping

from engine.errors import SourceGarbled, SourceRefused
from engine.sources.answer import Answer
from engine.sources.http.address import host
from engine.sources.http.limits import Clock

FORM = {"grant_type": "client_credentials"}
MARGIN = 60.0  # seconds before its end at which a token counts as used up
LONGEST = 4096  # letters of a token

Post = Callable[[str, Mapping[str, str], Mapping[str, str]], Awaitable[Answer]]


class Tokens:
    """The tokens of one run, by the address they came from."""

    def __init__(self, clock: Clock, post: Post) -> None:
        self._clock = clock
        self._post = post
        self._kept: dict[str, tuple[str, float]] = {}

    async def token(self, url: str, key: str) -> str:
        """A token that is good now; SourceRefused where the key has the wrong form, SourceError where none is given."""
        token, until = self._kept.get(url, ("", 0.0))
        if not token or self._clock.monotonic() >= until:
            token, lasts = _read(await self._post(url, {"Authorization": _basic(url, key)}, FORM))
            self._kept[url] = (token, self._clock.monotonic() + lasts - MARGIN)
        return token


def _basic(url: str, key: str) -> str:
    ident, _, secret = key.partition(":")
    if not ident or not secret:
        raise SourceRefused(f"the key for {host(url)} must be written ID:SECRET.")
    return "Basic " + base64.b64encode(key.encode()).decode()


def _read(answer: Answer) -> tuple[str, float]:
    """Token and seconds it is good for."""
    raw = answer.json()
    token, lasts = (raw.get("access_token"), raw.get("expires_in")) if isinstance(raw, dict) else (None, None)
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not 0 < len(token) <= LONGEST:
        raise SourceGarbled(f"{answer.host} was asked for a token and sent something else.")
    return token, float(lasts) if isinstance(lasts, (int, float)) and not isinstance(lasts, bool) else 0.0
