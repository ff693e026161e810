"""Checks the journal for the command line: every chain of a database, an exported file, or one posted head."""

from __future__ import annotations

from pathlib import Path

from bot.book import Verdict
from bot.rebuilding import with_levels
from bot.services import open_services
from bot.settings import Settings
from bot.shelf import verdict
from storage.journal import find_head_in_file, verify_file
from storage.journal_file import read_file


def verify_journal(settings: Settings, head: str | None, journal: Path | None) -> Verdict:
    """Recompute both chains (or an export's) and their levels; with `head`, say which entry it is the head of."""
    if journal is not None:
        chain = with_levels(verify_file(journal), read_file(journal))
        return verdict(chain, find_head_in_file(journal, head) if head is not None else None)
    with open_services(settings) as services:
        return services.book.verify(head)
