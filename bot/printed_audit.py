"""Tells of an audit: the days history was cut at, how much was compared, each difference by date, token and field."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console

from bot.plain import plain
from engine.audit import Audit, Checked, Difference


def print_audit(audit: Audit, console: Console) -> None:
    """One line a cut, one line a difference, one sentence at the end."""
    lines = [*(_cut(checked) for checked in audit.cuts), *(_told(d) for d in audit.differences), _verdict(audit)]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _cut(checked: Checked) -> str:
    signals = "" if checked.cut == checked.monday else f", signals of {checked.monday}"
    found = len(checked.differences)
    return (
        f"cut at {checked.cut}{signals}: {checked.tokens} tokens, {checked.decisions} decisions and settlements, "
        f"{checked.compared:,} bytes, {found or 'no'} difference{'' if found == 1 else 's'}"
    )


def _told(difference: Difference) -> str:
    token = f" {difference.token}" if difference.token else ""
    return (
        f"{difference.cut} {difference.what}{token} {difference.field}: "
        f"{difference.walked} in the walk, {difference.cut_off} without a future"
    )


def _verdict(audit: Audit) -> str:
    days = f"{len(audit.cuts)} random {'day' if len(audit.cuts) == 1 else 'days'} (seed {audit.seed})"
    found = len(audit.differences)
    if not found:
        return f"0 differences over {days}: nothing that was said or decided there looked ahead."
    return f"{found:,} difference{'' if found == 1 else 's'} over {days}: something looked ahead."


def audit_to_dict(audit: Audit) -> dict[str, Any]:
    """The same for programs."""
    cuts = [{key: value for key, value in asdict(cut).items() if key != "differences"} for cut in audit.cuts]
    found = [asdict(difference) for difference in audit.differences]
    return {"seed": audit.seed, "cuts": plain(cuts), "differences": plain(found)}
