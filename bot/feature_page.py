"""Writes docs/features.md: the catalogue as one table a family, with what was measured of each entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bot.catalogue import UNKNOWN, figures, finding
from bot.phrases import signed
from engine.appraisal.measured import findings
from engine.appraisal.overlap import SAME
from engine.features import CATALOGUE, FAMILIES, Feature

HEADER = ("name", "scope", "formula", "window", "unit", "source", "lag", "IC", "t", "weeks", "closest entry")
NOTABLE, CHANCE = 2, 0.0455  # |t| and how often chance alone goes beyond it
OPENING = """\
# Data points

{entries} entries in six families: {counts}.
Made by `crier features --markdown --out docs/features.md`; a test holds this page to the catalogue.

* **scope**: `token` and `chain` entries tell tokens apart, `market` ones say how the whole market stands.
* **window**: days looked back on; **lag**: days until the newest input is known, and none is used earlier.
* **IC**: rank correlation with the return from the fill to the close 7 days on, at the Mondays from {start} to
  {end} of a real market archive. Of token and chain entries: among the universe's tokens, the mean over weeks, and
  **t** over the weeks. Of market entries: over the weeks, with the universe's median return, and **t** after Newey and
  West. A token counts in the weeks at both ends of which it has a price: what died within a week is missing.
* **°**: shown and measured, and not read by the classifiers: together such entries made them no better.
* **closest entry**: the one of its scope whose ranks lie closest in those years, with their correlation. None exceeds
  {same}: of two entries beyond that, one would be padding.

No entry is left out for a poor IC, so the useless ones are here too. {beyond} of {known} measured stand beyond |t|
{notable}; by chance alone some {chance:.0f} would. Many are forms of one thing (volatility, recent returns), so there
are far fewer findings than entries, and what held in these years need not hold in others. {unmeasured} could not be
measured: fewer than 26 weeks, or fewer than five tokens in them. Figures only: the series behind them may not be passed
on. Anew:

    crier features --measure --archive path/to/archive --from {start} --to {end} --out engine/appraisal/measured.toml
"""
RIGHT = {"window", "lag", "IC", "t", "weeks"}


def markdown() -> str:
    """The whole page."""
    return "\n".join([*_opening(), *(line for family in FAMILIES for line in _family(family))]) + "\n"


def _opening() -> Iterable[str]:
    found, families = findings(), Counter(entry.family for entry in CATALOGUE.values())
    known = [t for t in (finding(entry).t for entry in CATALOGUE.values()) if t is not None]
    counts = ", ".join(f"{name} {families[name]}" for name in FAMILIES)
    beyond = sum(abs(t) > NOTABLE for t in known)
    yield OPENING.format(
        entries=len(CATALOGUE), counts=counts, start=found.start, end=found.end, same=SAME, known=len(known),
        beyond=beyond, notable=NOTABLE, chance=CHANCE * len(known), unmeasured=len(CATALOGUE) - len(known),
    ).rstrip("\n")  # fmt: skip


def _family(family: str) -> Iterable[str]:
    yield from ("", f"## {family[0].upper()}{family[1:]}", "")
    yield _row(HEADER)
    yield _row("---:" if title in RIGHT else "---" for title in HEADER)
    for entry in CATALOGUE.values():
        if entry.family == family:
            yield _row(_cells(entry))


def _cells(entry: Feature) -> Iterable[str]:
    found = finding(entry)
    near = UNKNOWN if found.closest is None else f"`{found.closest}` {signed(found.correlation or 0.0)}"
    named = (
        f"`{entry.name}`",
        entry.scope if entry.learned else f"{entry.scope} °",
        entry.formula.replace("|", "\\|"),
        str(entry.window),
        entry.unit,
        entry.source,
    )
    return (*named, str(entry.lag), *figures(entry), near)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
