"""Remembers what sources call our tokens, and whom they propose for which theme."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from engine.model import Proposal
from storage.connection import Connection, Table

WAITS = dt.timedelta(days=7)  # for which a proposal can be refused before it takes effect

_IDS = Table("source_ids", ("source", "id"), ("token",))


class Proposed(NamedTuple):
    """A proposal as it stands: who, for which theme, why, since when, and from which day on the token carries it."""

    symbol: str
    name: str
    theme: str
    source: str
    because: str
    proposed: str
    adopted: str | None


class UniverseStore:
    """Ids of sources by token, and proposals; a token carries a theme from the day its proposal is adopted."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def ids(self, source: str) -> dict[str, str]:
        """{the source's id: our symbol}."""
        sql = "SELECT i.id, t.symbol FROM source_ids i JOIN tokens t ON t.id = i.token WHERE i.source = ?"
        return dict(self._db.rows(sql, (source,)))

    def put_ids(self, source: str, ids: Mapping[str, str]) -> None:
        """Remember {its id: our symbol}; symbols must be there."""
        tokens = dict(self._db.rows("SELECT symbol, id FROM tokens"))
        self._db.put(_IDS, ((source, id, tokens[symbol]) for id, symbol in sorted(ids.items())))

    def propose(self, source: str, proposals: Iterable[Proposal], today: dt.date) -> None:
        """Remember whom a source counts to a theme that the token does not carry; the same again changes nothing."""
        with self._db.atomic():
            for symbol, theme, because in proposals:
                self._db.execute(
                    """INSERT INTO proposals (token, theme, source, because, proposed)
                       SELECT id, ?, ?, ?, ? FROM tokens t WHERE symbol = ?
                       AND NOT EXISTS (SELECT 1 FROM token_themes WHERE token = t.id AND theme = ?)
                       ON CONFLICT DO NOTHING""",
                    (theme, source, because, today.isoformat(), symbol, theme),
                )

    def proposals(self) -> list[Proposed]:
        """Every proposal ever made, the newest first."""
        rows = self._db.rows(
            """SELECT t.symbol, t.name, p.theme, p.source, p.because, p.proposed, p.adopted
               FROM proposals p JOIN tokens t ON t.id = p.token ORDER BY p.proposed DESC, p.theme, t.symbol"""
        )
        return [Proposed._make(row) for row in rows]

    def adopt(self, today: dt.date, refused: Collection[tuple[str, str]] = ()) -> list[Proposed]:
        """Let every proposal take effect that has waited long enough and is not `refused` ((symbol, theme)).

        A theme that nobody carries yet is filled at once: an empty index has nothing to protect.
        """
        with self._db.atomic():
            filled = {theme for (theme,) in self._db.rows("SELECT DISTINCT theme FROM token_themes")}
            due = [
                row
                for row in self.proposals()
                if row.adopted is None
                and (row.symbol, row.theme) not in refused
                and (row.theme not in filled or dt.date.fromisoformat(row.proposed) + WAITS <= today)
            ]
            for row in due:
                self._adopt(row, today)
        return due

    def _adopt(self, row: Proposed, today: dt.date) -> None:
        self._db.execute(
            """INSERT INTO token_themes (token, position, theme)
               SELECT id, COALESCE((SELECT MAX(position) + 1 FROM token_themes WHERE token = t.id), 0), ?
               FROM tokens t WHERE symbol = ?""",
            (row.theme, row.symbol),
        )
        self._db.execute(
            "UPDATE proposals SET adopted = ? WHERE theme = ? AND token = (SELECT id FROM tokens WHERE symbol = ?)",
            (today.isoformat(), row.theme, row.symbol),
        )
