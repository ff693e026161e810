"""How long a text is where chat services count, and a long one in pieces that fit once they are escaped."""

from __future__ import annotations

from collections.abc import Callable


def units(text: str) -> int:
    """The length of a text in UTF-16 units: what Telegram counts, and never less than what Discord does."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def chopped(text: str, most: int, escaped: Callable[[str], str]) -> list[str]:
    """Plain text in pieces of at most `most` units once `escaped`, cut at spaces where there are any."""
    pieces, left = [], text
    while units(escaped(left)) > most:
        size = _fitting(left, most, escaped)
        space = left.rfind(" ", size // 2, size)
        end = space if space > 0 else size
        pieces.append(left[:end])
        left = left[end:].lstrip(" ")
    return [*pieces, left] if left or not pieces else pieces


def _fitting(text: str, most: int, escaped: Callable[[str], str]) -> int:
    """How many characters of a text fit, found by halving."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if units(escaped(text[:middle])) <= most else (low, middle - 1)
    return low
