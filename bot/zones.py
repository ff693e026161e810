"""Finds a time zone by what a person writes: its name, its city, or an offset like UTC+2."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from functools import cache

from bot.arguments import nearest
from bot.phrases import clipped, listed
from engine.errors import BadRequest

COMMON = ("UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo")
OFFSET = re.compile(r"(?:utc|gmt)?([+-])(\d{1,2})(?::?00)?", re.ASCII)
FURTHEST = {"+": 14, "-": 12}  # hours ahead of UTC and behind it


def zone(name: str) -> dt.tzinfo:
    """The time zone of a stored name; UTC for one that this machine does not know."""
    try:
        return dt.UTC if name == "UTC" else zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC


def find_zone(text: str) -> str:
    """The name of the zone that a person means; BadRequest with the nearest ones where there is none."""
    wanted = "_".join(text.casefold().split())
    if wanted in ("utc", "gmt", "z"):
        return "UTC"
    if (offset := OFFSET.fullmatch(wanted)) and int(offset[2]) <= FURTHEST[offset[1]]:
        # The sign of these names is turned round: Etc/GMT-2 is two hours ahead of UTC.
        return f"Etc/GMT{'-' if offset[1] == '+' else '+'}{int(offset[2])}" if int(offset[2]) else "UTC"
    if wanted in _by_name():
        return _by_name()[wanted]
    near = [_by_name()[name] for name in nearest(wanted, _by_name())]
    hint = f"Did you mean {listed(dict.fromkeys(near), 'or')}?" if near else "Write it like Europe/Berlin or UTC+2."
    raise BadRequest(f"There is no time zone called “{clipped(text)}”. {hint}")


@cache
def _by_name() -> dict[str, str]:
    """{name or city in small letters: the zone}; the shorter name wins where a city has several."""
    names = sorted(zoneinfo.available_timezones(), key=lambda name: (name.startswith("Etc/"), len(name), name))
    by_name: dict[str, str] = {}
    for name in names:
        by_name.setdefault(name.rpartition("/")[2].casefold(), name)
    return by_name | {name.casefold(): name for name in names}
