"""What a chat service says of a bot whose token it takes: its name, its invitations, what should be changed there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Introduced:
    """One bot on one service; `links` are (what it is for, address), none asks for more rights than it says."""

    platform: str
    name: str
    links: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()
