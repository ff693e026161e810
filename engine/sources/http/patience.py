"""How long to wait before an answer is asked for again: what the host wants, or a jittered backoff.

`Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from random import Random

from engine.sources.http.limits import Limits

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})  # statuses that may pass
QUOTA_HEADERS = ("x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining")


def retry_after(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Seconds that the host wants us to wait; None where it says nothing that can be read.

    One without `Retry-After` that says no requests are left until an instant (X) or for so long (Reddit) wants that.
    """
    text = headers.get("Retry-After", "").strip()
    if not text and quota(headers) == 0:
        text = headers.get("X-Rate-Limit-Reset", headers.get("X-Ratelimit-Reset", "")).strip().split(".")[0]
        if text.isascii() and text.isdigit() and len(text) > 8:  # seconds since 1970
            return max(float(text[:12]) - now.timestamp(), 0.0)
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=dt.UTC)
    return max((date - now).total_seconds(), 0.0)


def backoff(attempt: int, asked: float | None, limits: Limits, random: Random) -> float:
    """Seconds before attempt number `attempt` + 1: never less than `asked`, spread so that many do not come at once."""
    ceiling = limits.backoff * 2.0 ** (attempt - 1)
    if asked is not None:
        return asked + random.uniform(0.0, 0.1 * asked + 0.1)
    return random.uniform(0.5, 1.0) * ceiling


def quota(headers: Mapping[str, str]) -> int | None:
    """Requests that the host says are left, where it says so."""
    for name in QUOTA_HEADERS:
        try:
            left = float(headers.get(name, ""))
        except ValueError:
            continue
        if math.isfinite(left) and left >= 0:
            return int(left)
    return None
