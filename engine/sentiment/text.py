"""Makes a stranger's text safe to read: nothing invisible, nothing beyond any headline's length, one kind of quote."""

from __future__ import annotations

import re

LONGEST = 2000  # characters read of one text; headlines have 70, posts 280

# Controls, zero-width and direction marks, and the private area from which scoring.py takes its own marks. The dotted
# capital I is the one letter that lower case makes longer, which would shift every position behind it.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufe0f\ufeff\ue000-\uf8ff]+")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "İ": "I"})


def clean(text: str) -> str:
    """Strip what is invisible and what is too long, make quotes, dashes and blanks plain."""
    return " ".join(_INVISIBLE.sub(" ", text[:LONGEST]).translate(_PLAIN).split())
