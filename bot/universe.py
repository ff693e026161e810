"""Whom sources propose for a theme, how each proposal stands, and when it takes effect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.book import ProposedMember
from engine.orders import Orders
from engine.themes import themes
from storage.database import Database
from storage.universe import WAITS, Proposed


def proposals(database: Database, orders: Orders, today: dt.date) -> Sequence[ProposedMember]:
    """Every proposal, the newest first, with what the orders of admins say of it."""
    refused = _refused(orders, today)
    index_of = {theme.members: theme.id for theme in themes().values()}
    return tuple(
        _proposal(row, index_of[row.theme], refused.get((row.symbol, row.theme)))
        for row in database.universe.proposals()
        if row.theme in index_of
    )


def adopt_proposals(database: Database, orders: Orders, today: dt.date) -> Sequence[Proposed]:
    """Let proposals take effect that have waited their days and that no admin has refused."""
    return database.universe.adopt(today, _refused(orders, today).keys())


def _proposal(row: Proposed, index: str, refused: str | None) -> ProposedMember:
    proposed = dt.date.fromisoformat(row.proposed)
    counts = dt.date.fromisoformat(row.adopted) if row.adopted else proposed + WAITS
    return ProposedMember(row.symbol, row.name, index, row.because, proposed, counts, row.adopted is not None, refused)


def _refused(orders: Orders, today: dt.date) -> dict[tuple[str, str], str]:
    """{(symbol, theme): reason} of exclusions that count, or will tomorrow: an order given today is one already."""
    return {
        (symbol, theme.members): order.reason
        for theme in themes().values()
        for symbol, order in orders.excluded(theme.id, today + dt.timedelta(days=1)).items()
    }
