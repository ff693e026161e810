"""Asks a chat service who a token belongs to, and says in a sentence why nobody knows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from bot.platforms.introduced import Introduced
from bot.platforms.port import LockedOut
from bot.platforms.table import PLATFORMS
from engine.errors import CrierError


class Refused(CrierError):
    """The service does not take the token."""


class Unasked(CrierError):
    """The service could not be asked, so nobody knows."""


@contextmanager
def _unheard() -> Iterator[None]:
    """Without the log's own word on a refusal, which comes in a sentence: it speaks of the keys of sources."""

    def nothing(record: logging.LogRecord) -> bool:
        return False

    heard = logging.getLogger("engine.sources.http.client")
    heard.addFilter(nothing)
    try:
        yield
    finally:
        heard.removeFilter(nothing)


def introduce(platform: str, token: str, api: str) -> Introduced:
    """Who the token belongs to; Refused or Unasked, in a sentence without the token, where nobody says."""
    kind = PLATFORMS[platform]
    try:
        with _unheard():
            return asyncio.run(kind.introduce(token, api))
    except LockedOut as error:
        raise Refused(str(error)) from None
    except CrierError as error:
        raise Unasked(f"{kind.title} cannot be asked now: {str(error).rstrip('.')}.") from None
