"""Says from which day on a value that was seen today counts as known."""

from __future__ import annotations

import datetime as dt

Key = tuple[str, str]  # kind and subject of a series


def first_known(usual: str, today: dt.date, followed: dt.date) -> str:
    """The day from whose end on a value seen for the first time counts as known."""
    if usual < followed.isoformat():
        return usual  # history from before anybody here looked: the usual delay is the best that is known
    return max(usual, (today - dt.timedelta(days=1)).isoformat())
