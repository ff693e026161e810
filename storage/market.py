"""Keeps the market's history and serves it as the observations a panel is built from."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from engine.errors import StorageError
from engine.model import Alias, Candle, Headline, Measure, Snapshot, Token, TokenKind
from storage.connection import Connection, Table, Written

SIMULATED = "simulated"  # provenance key: set to "yes" in a database that holds an invented market

_ALIASES = Table("aliases", ("alias", "token"), ("kind", "multiplier"))
_PROVENANCE = Table("provenance", ("key",), ("value",))
_REFUSALS = Table("refusals", ("file", "line"), ("reason", "excerpt"))
_REFUSAL_COUNTS = Table("refusal_counts", ("file", "reason"), ("rows",))

_SEEN = ("observed",)  # the instant a live source brought it; NULL from an archive
_CANDLES = Table(
    "candles",
    ("date", "token"),
    ("open", "high", "low", "close", "volume_usd", "source", "range_estimated"),
    stamps=_SEEN,
)
_SNAPSHOTS = Table(
    "snapshots", ("date", "token"), ("rank", "price", "market_cap", "supply", "volume_24h_usd"), stamps=_SEEN
)
_MEASURES = Table("measures", ("metric", "subject", "date", "source", "known"), ("value",), stamps=_SEEN)
_HEADLINES = Table(
    "headlines", ("published_at", "source", "subject", "title"), ("known", "author", "social"), stamps=_SEEN
)


class MarketStore:
    """Tokens, their names, and all that was observed; implements `engine.panel.Observations`.

    Every `put_` is an upsert in one transaction: putting the same rows again changes nothing, and says so.
    """

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    # what a panel asks

    def tokens(self) -> Sequence[Token]:
        return list(self._db.recall(("tokens", "token_themes"), "tokens", self._read_tokens))

    def _read_tokens(self) -> tuple[Token, ...]:
        themes: dict[int, list[str]] = {}
        for token, theme in self._db.stream("SELECT token, theme FROM token_themes ORDER BY token, position"):
            themes.setdefault(token, []).append(theme)
        return tuple(
            Token(token, symbol, name, TokenKind(kind), tuple(themes.get(token, ())))
            for token, symbol, name, kind in self._db.rows("SELECT id, symbol, name, kind FROM tokens ORDER BY symbol")
        )

    def candles(self, before: dt.date) -> Iterator[Candle]:
        rows = self._db.stream(f"SELECT {', '.join(Candle._fields)} FROM candles WHERE date < ?", (before.isoformat(),))
        return (Candle._make((*values, estimated == 1)) for *values, estimated in rows)

    def snapshots(self, before: dt.date) -> Iterator[Snapshot]:
        sql = f"SELECT {', '.join(Snapshot._fields)} FROM snapshots WHERE date < ?"
        return map(Snapshot._make, self._db.stream(sql, (before.isoformat(),)))

    def measures(self, before: dt.date, metrics: Collection[str]) -> Iterator[Measure]:
        """Values known before that day; a metric nobody asks for is not read."""
        sql = f"SELECT {', '.join(Measure._fields)} FROM measures WHERE metric = ? AND known < ?"
        for metric in sorted(metrics):
            yield from map(Measure._make, self._db.stream(sql, (metric, before.isoformat())))

    def headlines(self, before: dt.date) -> Iterator[Headline]:
        """Headlines known before that day, in order of knowledge."""
        fields = ", ".join(Headline._fields)
        sql = f"SELECT {fields} FROM headlines WHERE known < ? ORDER BY known, {fields}"
        rows = self._db.stream(sql, (before.isoformat(),))
        return (Headline._make((*values, social == 1)) for *values, social in rows)

    def is_simulated(self) -> bool:
        return self.provenance(SIMULATED) == "yes"

    # what importers and sources bring

    def put_tokens(self, tokens: Iterable[Token]) -> Written:
        """Add or change tokens by symbol; ids are given here, those of `tokens` are not looked at."""
        standing = {token.symbol: token for token in self.tokens()}
        written = Written()
        with self._db.atomic():
            for token in tokens:
                old = standing.get(token.symbol)
                if old and (old.name, old.kind, old.themes) == (token.name, token.kind, token.themes):
                    written += Written(same=1)
                    continue
                self._put_token(token)
                written += Written(changed=1) if old else Written(new=1)
        return written

    def token_ids(self) -> dict[str, int]:
        """Ids by symbol, for those who bring rows about tokens."""
        return dict(self._db.rows("SELECT symbol, id FROM tokens"))

    def put_aliases(self, aliases: Iterable[Alias]) -> Written:
        """Add or change other names; StorageError where one speaks of a token that is not here."""
        ids, found = self.token_ids(), list(aliases)
        strangers = [alias for alias in found if alias.symbol not in ids]
        if strangers:
            raise StorageError(
                f"{strangers[0].alias} names {strangers[0].symbol}, which is not here: put tokens first."
            )
        return self._db.put(_ALIASES, ((a.alias, ids[a.symbol], a.kind, a.multiplier) for a in found))

    def put_candles(self, candles: Iterable[Candle], observed: str | None = None) -> Written:
        return self._db.put(_CANDLES, ((*candle, observed) for candle in candles))

    def put_snapshots(self, snapshots: Iterable[Snapshot], observed: str | None = None) -> Written:
        return self._db.put(_SNAPSHOTS, ((*snapshot, observed) for snapshot in snapshots))

    def replace_rankings(self, rankings: Iterable[Snapshot], days: Iterable[str], observed: str) -> Written:
        """Put whole rankings for `days`: a token that one does not hold any more is taken out of it."""
        found = list(rankings)
        kept = {(row.date, row.token) for row in found}
        with self._db.atomic():
            for day in days:
                for (token,) in self._db.rows("SELECT token FROM snapshots WHERE date = ?", (day,)):
                    if (day, token) not in kept:
                        self._db.execute("DELETE FROM snapshots WHERE date = ? AND token = ?", (day, token))
            return self.put_snapshots(found, observed)

    def put_measures(self, measures: Iterable[Measure], observed: str | None = None) -> Written:
        rows = ((m.metric, m.subject, m.date, m.source, m.known, m.value, observed) for m in measures)
        return self._db.put(_MEASURES, rows)

    def put_headlines(self, headlines: Iterable[Headline], observed: str | None = None) -> Written:
        return self._db.put(_HEADLINES, ((*headline, observed) for headline in headlines))

    def put_refusals(self, file: str, counts: Mapping[str, int], examples: Iterable[tuple[int, str, str]]) -> Written:
        """Remember what was refused of one file, instead of what was remembered before: counts by reason, and examples
        as (line, reason, excerpt)."""
        rows = [(file, *example) for example in examples]
        with self._db.atomic():
            for standing, column, kept in (
                ("refusals", "line", {row[1] for row in rows}),
                ("refusal_counts", "reason", set(counts)),
            ):
                for (key,) in self._db.rows(f"SELECT {column} FROM {standing} WHERE file = ?", (file,)):
                    if key not in kept:
                        self._db.execute(f"DELETE FROM {standing} WHERE file = ? AND {column} = ?", (file, key))
            self._db.put(_REFUSAL_COUNTS, ((file, reason, count) for reason, count in sorted(counts.items())))
            return self._db.put(_REFUSALS, rows)

    def refusal_counts(self) -> dict[tuple[str, str], int]:
        """Rows refused at the last import, by (file, reason)."""
        return {(file, reason): n for file, reason, n in self._db.rows("SELECT file, reason, rows FROM refusal_counts")}

    # what people and the status ask

    def find(self, text: str) -> list[Token]:
        """Tokens that answer to a symbol, ticker or name, in any case, with or without $; several are ambiguous.

        The token whose canonical symbol it is comes first, then tickers, former names, venue symbols and full names.
        """
        name = text.strip().removeprefix("$").strip()
        rows = self._db.rows(
            """SELECT token, MIN(place) FROM (
                SELECT id AS token, CASE symbol WHEN :name THEN 0 ELSE 1 END AS place
                    FROM tokens WHERE symbol = :name COLLATE NOCASE
                UNION ALL
                SELECT token, CASE kind WHEN 'ticker' THEN 2 WHEN 'former' THEN 3 WHEN 'venue' THEN 4 ELSE 5 END
                    FROM aliases WHERE alias = :name COLLATE NOCASE
            ) JOIN tokens ON id = token GROUP BY token ORDER BY MIN(place), symbol""",
            {"name": name},
        )
        by_id = {token.id: token for token in self.tokens()} if rows else {}
        return [by_id[token] for token, _ in rows]

    def all_names(self) -> list[str]:
        """Every name a token answers to, for suggestions."""
        sql = "SELECT symbol FROM tokens UNION SELECT alias FROM aliases ORDER BY 1"
        return [name for (name,) in self._db.recall(("tokens", "aliases"), sql, lambda: self._db.rows(sql))]

    def span(self) -> tuple[dt.date, dt.date] | None:
        """First and last day with a candle, None where there is none."""
        sql = """SELECT MIN(first), MAX(last) FROM (SELECT
                (SELECT MIN(date) FROM candles WHERE token = id) AS first,
                (SELECT MAX(date) FROM candles WHERE token = id) AS last FROM tokens)"""
        row = self._db.recall(("tokens", "candles"), sql, lambda: self._db.row(sql))
        if row is None or row[0] is None:
            return None
        return dt.date.fromisoformat(row[0]), dt.date.fromisoformat(row[1])

    def last_candles(self) -> dict[str, dt.date]:
        """Day of each token's latest candle, by symbol; a token without one is left out."""
        rows = self._db.rows(
            "SELECT symbol, (SELECT MAX(date) FROM candles WHERE token = id) FROM tokens ORDER BY symbol"
        )
        return {symbol: dt.date.fromisoformat(day) for symbol, day in rows if day}

    def closes(self, token: int, days: int, before: dt.date | None = None) -> list[tuple[dt.date, float]]:
        """The last `days` closes of one token (of those before `before`), oldest first; days without a candle are
        absent."""
        sql = "SELECT date, close FROM candles WHERE token = ? AND date < ? ORDER BY date DESC LIMIT ?"
        values = (token, before.isoformat() if before else "9999", days)
        rows = self._db.recall(("candles",), (sql, values), lambda: self._db.rows(sql, values))
        return [(dt.date.fromisoformat(day), close) for day, close in reversed(rows)]

    def days(self, tokens: Iterable[int], since: dt.date) -> Iterator[tuple[int, str, float, float | None, str]]:
        """(token, ISO day, close, volume in USD, its venue) of some tokens' candles from `since` on, in order."""
        return self._db.stream(
            """SELECT token, date, close, volume_usd, source FROM candles
               WHERE token IN (SELECT value FROM json_each(?)) AND date >= ? ORDER BY token, date""",
            (json.dumps(sorted(tokens)), since.isoformat()),
        )

    def counts(self) -> dict[str, int]:
        """Rows by table, for a status line: tokens, candles and so on."""
        names = ("tokens", "candles", "snapshots", "measures", "headlines")
        columns = ", ".join(f"(SELECT COUNT(*) FROM {name})" for name in names)
        sql = f"SELECT {columns}"
        return dict(zip(names, self._db.recall(names, sql, lambda: self._db.rows(sql))[0], strict=True))

    def provenance(self, key: str) -> str | None:
        """Return what is noted of where the data came from."""
        sql = "SELECT value FROM provenance WHERE key = ?"
        row = self._db.recall(("provenance",), (sql, key), lambda: self._db.row(sql, (key,)))
        return str(row[0]) if row else None

    def set_provenance(self, key: str, value: str) -> None:
        """Note where the data came from."""
        self._db.put(_PROVENANCE, [(key, value)])

    def _put_token(self, token: Token) -> None:
        self._db.execute(
            """INSERT INTO tokens (symbol, name, kind) VALUES (?, ?, ?)
               ON CONFLICT (symbol) DO UPDATE SET name = excluded.name, kind = excluded.kind""",
            (token.symbol, token.name, token.kind.value),
        )
        row = self._db.row("SELECT id FROM tokens WHERE symbol = ?", (token.symbol,))
        assert row is not None
        self._db.execute("DELETE FROM token_themes WHERE token = ?", row)
        for position, theme in enumerate(token.themes):
            self._db.execute("INSERT INTO token_themes VALUES (?, ?, ?)", (row[0], position, theme))
