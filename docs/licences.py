"""Writes into docs/security.md under which licences the pinned dependencies stand: `python docs/licences.py`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "security.md"
PART = re.compile(r"(<!-- licences -->\n).*?(<!-- end -->)", re.DOTALL)
# What a licence is called in metadata, and what it is; each lets anybody run, change and host what is under it.
# The LGPL and the MPL ask for more only of who passes on a changed copy of that one library.
ALLOWED = {
    r"\bLGPL|Lesser General": "LGPL-3.0",
    r"\bMPL|Mozilla": "MPL-2.0",
    r"Apache": "Apache-2.0",
    r"\bPSF|Python Software Foundation": "PSF-2.0",
    r"BSD": "BSD",
    r"\bMIT\b": "MIT",
    r"\bISC": "ISC",
    r"\bZlib": "Zlib",
    r"Public Domain|CC0": "public domain",
}
STRONG = re.compile(r"(?<!Lesser )General Public|(?<!L)GPL")
LONGEST = 100  # signs of a licence's name; a longer field is its whole text


def pinned() -> list[str]:
    """The names in requirements.txt."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    return [line.partition("==")[0] for line in lines if line and not line.startswith("#")]


def licences(name: str) -> str:
    """The licences of an installed dependency, as one text; ValueError where one is unknown or asks for too much."""
    told = metadata.metadata(name)
    classifiers = [line for line in told.get_all("Classifier") or () if line.startswith("License")]
    field = told.get("License") or ""
    said = told.get("License-Expression") or "; ".join([*classifiers, *([field] if len(field) < LONGEST else [])])
    found = sorted(title for pattern, title in ALLOWED.items() if re.search(pattern, said))
    if not found or STRONG.search(said):
        raise ValueError(f"{name} stands under {said or 'no licence that is named'!r}: may it be used here?")
    return ", ".join(found)


def rows(names: Iterable[str]) -> Iterator[str]:
    """One line of the table a licence, with all that stands under it."""
    under: dict[str, list[str]] = {}
    for name in names:
        under.setdefault(licences(name), []).append(name)
    for said in sorted(under):
        yield f"| {said} | {', '.join(under[said])} |"


if __name__ == "__main__":
    table = "\n".join(["", "| licence | of |", "|---|---|", *rows(pinned()), "", ""])
    text, times = PART.subn(lambda part: part[1] + table + part[2], PAGE.read_text("utf-8"))
    assert times == 1, "docs/security.md has no place for the table"
    PAGE.write_text(text, "utf-8")
