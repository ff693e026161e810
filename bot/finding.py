"""What an examination finds: one check, whether it passed, and one sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it passed, and one sentence."""

    check: str
    ok: bool
    says: str
