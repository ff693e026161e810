"""The database's schema, step by step; append only: a step that was released is never edited."""

from __future__ import annotations

from functools import cache

import sqlite_utils
from sqlite_utils import Migrations

from storage.queue_by_news import REBUILD

MIGRATIONS = Migrations("crier")


@cache
def known() -> frozenset[str]:
    """Names of all the steps this program has."""
    empty = sqlite_utils.Database(memory=True)
    try:
        return frozenset(step.name for step in MIGRATIONS.pending(empty))
    finally:
        empty.close()


def _run(db: sqlite_utils.Database, *statements: str) -> None:
    for statement in statements:  # not executescript, which would commit the transaction around a step
        db.conn.execute(statement)


@MIGRATIONS()
def m001_market(db: sqlite_utils.Database) -> None:
    """What the market was: tokens under ids of their own, their names, and every outside row.

    Primary keys stand first and in their own order: in other tables WITHOUT ROWID the integrity check of SQLite 3.40
    reports NULLs that are not there.
    """
    _run(
        db,
        """CREATE TABLE tokens (
            id INTEGER PRIMARY KEY, symbol TEXT NOT NULL UNIQUE, name TEXT NOT NULL, kind TEXT NOT NULL
        )""",
        """CREATE TABLE token_themes (
            token INTEGER NOT NULL REFERENCES tokens (id), position INTEGER NOT NULL, theme TEXT NOT NULL,
            PRIMARY KEY (token, position)
        ) WITHOUT ROWID""",
        """CREATE TABLE aliases (
            alias TEXT NOT NULL, token INTEGER NOT NULL REFERENCES tokens (id), kind TEXT NOT NULL,
            multiplier REAL NOT NULL, PRIMARY KEY (alias, token)
        ) WITHOUT ROWID""",
        """CREATE TABLE candles (
            token INTEGER NOT NULL REFERENCES tokens (id), date TEXT NOT NULL, open REAL, high REAL, low REAL,
            close REAL NOT NULL, volume_usd REAL, source TEXT NOT NULL, range_estimated INTEGER NOT NULL,
            PRIMARY KEY (token, date)
        ) WITHOUT ROWID""",
        """CREATE TABLE snapshots (
            date TEXT NOT NULL, token INTEGER NOT NULL REFERENCES tokens (id), rank INTEGER NOT NULL,
            price REAL NOT NULL, market_cap REAL NOT NULL, supply REAL NOT NULL, volume_24h_usd REAL NOT NULL,
            PRIMARY KEY (date, token)
        ) WITHOUT ROWID""",
        """CREATE TABLE measures (
            metric TEXT NOT NULL, subject TEXT NOT NULL, source TEXT NOT NULL, date TEXT NOT NULL, known TEXT NOT NULL,
            value REAL NOT NULL, PRIMARY KEY (metric, subject, source, date, known)
        ) WITHOUT ROWID""",
        """CREATE TABLE headlines (
            published_at TEXT NOT NULL, source TEXT NOT NULL, subject TEXT NOT NULL, title TEXT NOT NULL,
            known TEXT NOT NULL, PRIMARY KEY (published_at, source, subject, title)
        ) WITHOUT ROWID""",
        "CREATE TABLE provenance (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE refusals (
            file TEXT NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL, excerpt TEXT NOT NULL,
            PRIMARY KEY (file, line)
        ) WITHOUT ROWID""",
        """CREATE TABLE refusal_counts (
            file TEXT NOT NULL, reason TEXT NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (file, reason)
        ) WITHOUT ROWID""",
    )


@MIGRATIONS()
def m002_journal(db: sqlite_utils.Database) -> None:
    """The chain of everything decided; a row once written is neither changed, deleted nor replaced."""
    _run(
        db,
        """CREATE TABLE journal (
            id INTEGER PRIMARY KEY, ledger TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, date TEXT NOT NULL,
            body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, UNIQUE (ledger, seq)
        )""",
        """CREATE TRIGGER journal_keeps_rows BEFORE DELETE ON journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
        """CREATE TRIGGER journal_keeps_values BEFORE UPDATE ON journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
        # INSERT OR REPLACE deletes without firing a delete trigger unless recursive_triggers is on
        """CREATE TRIGGER journal_refuses_replacement BEFORE INSERT ON journal
            WHEN EXISTS (SELECT 1 FROM journal WHERE id = NEW.id OR hash = NEW.hash
                         OR (ledger = NEW.ledger AND seq = NEW.seq))
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    )


@MIGRATIONS()
def m003_decisions(db: sqlite_utils.Database) -> None:
    """Keys that find decisions and settlements in the journal, and what is derived from them."""
    key = """ledger TEXT NOT NULL, index_id TEXT NOT NULL, mode TEXT NOT NULL, week TEXT NOT NULL,
            sequence INTEGER NOT NULL"""
    _run(
        db,
        f"""CREATE TABLE decisions (
            {key}, date TEXT NOT NULL, entry INTEGER NOT NULL UNIQUE REFERENCES journal (id),
            PRIMARY KEY (ledger, index_id, mode, week, sequence)
        ) WITHOUT ROWID""",
        "CREATE INDEX decisions_by_date ON decisions (ledger, date)",
        f"""CREATE TABLE settlements (
            {key}, date TEXT NOT NULL, entry INTEGER NOT NULL UNIQUE REFERENCES journal (id),
            PRIMARY KEY (ledger, index_id, mode, week, sequence),
            FOREIGN KEY (ledger, index_id, mode, week, sequence)
                REFERENCES decisions (ledger, index_id, mode, week, sequence)
        ) WITHOUT ROWID""",
        """CREATE TABLE levels (
            ledger TEXT NOT NULL, index_id TEXT NOT NULL, mode TEXT NOT NULL, date TEXT NOT NULL, net REAL NOT NULL,
            gross REAL NOT NULL, turnover REAL NOT NULL, cost REAL NOT NULL, stablecoin_share REAL NOT NULL,
            PRIMARY KEY (ledger, index_id, mode, date)
        ) WITHOUT ROWID""",
        f"""CREATE TABLE announcements (
            {key}, reply TEXT NOT NULL, head TEXT NOT NULL, PRIMARY KEY (ledger, index_id, mode, week, sequence)
        ) WITHOUT ROWID""",
    )


@MIGRATIONS()
def m004_signals(db: sqlite_utils.Database) -> None:
    """Keys that find a week's signals in the journal, and the record of what was said and what came."""
    _run(
        db,
        """CREATE TABLE signal_weeks (
            ledger TEXT NOT NULL, date TEXT NOT NULL, entry INTEGER NOT NULL UNIQUE REFERENCES journal (id),
            PRIMARY KEY (ledger, date)
        ) WITHOUT ROWID""",
        """CREATE TABLE predictions (
            method TEXT NOT NULL, date TEXT NOT NULL, symbol TEXT NOT NULL,
            relative REAL NOT NULL, market REAL NOT NULL,
            bearish REAL NOT NULL, neutral REAL NOT NULL, bullish REAL NOT NULL,
            base_bearish REAL NOT NULL, base_neutral REAL NOT NULL, base_bullish REAL NOT NULL,
            conviction REAL NOT NULL, outcome TEXT, excess REAL, PRIMARY KEY (method, date, symbol)
        ) WITHOUT ROWID""",
    )


@MIGRATIONS()
def m005_chats(db: sqlite_utils.Database) -> None:
    """Which mode a chat follows."""
    _run(
        db,
        """CREATE TABLE chats (
            id INTEGER PRIMARY KEY, platform TEXT NOT NULL, chat TEXT NOT NULL, mode TEXT NOT NULL DEFAULT 'balanced',
            UNIQUE (platform, chat)
        )""",
    )


@MIGRATIONS()
def m006_governance(db: sqlite_utils.Database) -> None:
    """Bot admins' orders by their keys, who gave them (deletable), codes that wait for a confirmation, and notices."""
    _run(
        db,
        """CREATE TABLE orders (
            ledger TEXT NOT NULL, id TEXT NOT NULL, date TEXT NOT NULL,
            entry INTEGER NOT NULL UNIQUE REFERENCES journal (id), PRIMARY KEY (ledger, id)
        ) WITHOUT ROWID""",
        """CREATE TABLE identities (
            platform TEXT NOT NULL, user TEXT NOT NULL, pseudonym TEXT NOT NULL UNIQUE, PRIMARY KEY (platform, user)
        ) WITHOUT ROWID""",
        """CREATE TABLE audit (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, ledger TEXT NOT NULL, order_id TEXT NOT NULL,
            pseudonym TEXT NOT NULL, platform TEXT, chat TEXT, user TEXT
        )""",
        """CREATE TABLE confirmations (
            code TEXT NOT NULL, platform TEXT NOT NULL, chat TEXT NOT NULL, user TEXT NOT NULL, deed TEXT NOT NULL,
            expires TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (code)
        ) WITHOUT ROWID""",
        """CREATE TABLE notices (
            id INTEGER PRIMARY KEY, ledger TEXT NOT NULL, date TEXT NOT NULL, index_id TEXT NOT NULL,
            kind TEXT NOT NULL, reply TEXT NOT NULL, head TEXT NOT NULL
        )""",
    )


@MIGRATIONS()
def m007_record_by_horizon(db: sqlite_utils.Database) -> None:
    """The record holds every classifier's and head's own score, at two horizons; an older one is walked again."""
    _run(
        db,
        "DROP TABLE predictions",
        """CREATE TABLE predictions (
            method TEXT NOT NULL, horizon INTEGER NOT NULL, date TEXT NOT NULL, symbol TEXT NOT NULL,
            members TEXT NOT NULL, relative REAL NOT NULL, movement REAL NOT NULL, market REAL NOT NULL,
            market_base REAL NOT NULL, bearish REAL NOT NULL, neutral REAL NOT NULL, bullish REAL NOT NULL,
            base_bearish REAL NOT NULL, base_neutral REAL NOT NULL, base_bullish REAL NOT NULL,
            conviction REAL NOT NULL, outcome TEXT, excess REAL, PRIMARY KEY (method, horizon, date, symbol)
        ) WITHOUT ROWID""",
    )


@MIGRATIONS()
def m008_authors(db: sqlite_utils.Database) -> None:
    """Who wrote a headline, and whether it is a post; what was there before is news of unnamed authors."""
    _run(
        db,
        "ALTER TABLE headlines ADD COLUMN author TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE headlines ADD COLUMN social INTEGER NOT NULL DEFAULT 0",
    )


@MIGRATIONS()
def m009_live_sources(db: sqlite_utils.Database) -> None:
    """When each value was seen, how far every series is fetched, and what is known of the sources themselves.

    `observed` is NULL where a value came from an archive, which does not say when anybody saw it.
    """
    _run(
        db,
        *(f"ALTER TABLE {name} ADD COLUMN observed TEXT" for name in ("candles", "snapshots", "measures", "headlines")),
        """CREATE TABLE cursors (
            kind TEXT NOT NULL, subject TEXT NOT NULL, until TEXT, source TEXT NOT NULL, followed TEXT NOT NULL,
            checked TEXT, PRIMARY KEY (kind, subject)
        ) WITHOUT ROWID""",
        """CREATE TABLE validators (
            url TEXT NOT NULL, etag TEXT NOT NULL, modified TEXT NOT NULL, seen TEXT NOT NULL, PRIMARY KEY (url)
        ) WITHOUT ROWID""",
        """CREATE TABLE quarantine (
            kind TEXT NOT NULL, subject TEXT NOT NULL, date TEXT NOT NULL, source TEXT NOT NULL, reason TEXT NOT NULL,
            excerpt TEXT NOT NULL, seen TEXT NOT NULL, settled TEXT, PRIMARY KEY (kind, subject, date, source, reason)
        ) WITHOUT ROWID""",
        """CREATE TABLE source_status (
            source TEXT NOT NULL, asked TEXT NOT NULL, answered TEXT, error TEXT NOT NULL, error_at TEXT,
            notes TEXT NOT NULL, PRIMARY KEY (source)
        ) WITHOUT ROWID""",
        """CREATE TABLE source_hosts (
            origin TEXT NOT NULL, requests INTEGER NOT NULL, failures INTEGER NOT NULL, unchanged INTEGER NOT NULL,
            bytes INTEGER NOT NULL, quota INTEGER, last_success TEXT, last_error TEXT NOT NULL, last_error_at TEXT,
            paused_until TEXT, PRIMARY KEY (origin)
        ) WITHOUT ROWID""",
    )


@MIGRATIONS()
def m010_chat_choices(db: sqlite_utils.Database) -> None:
    """What each chat chose beside its mode: its indices and watched tokens, what it is told, when and how."""
    _run(
        db,
        "ALTER TABLE chats RENAME TO chats_by_mode",
        """CREATE TABLE chats (
            id INTEGER PRIMARY KEY, platform TEXT NOT NULL, chat TEXT NOT NULL, thread TEXT NOT NULL DEFAULT '',
            place TEXT NOT NULL DEFAULT 'private', title TEXT NOT NULL DEFAULT '', mode TEXT NOT NULL DEFAULT '',
            weekly INTEGER NOT NULL DEFAULT 1, danger INTEGER NOT NULL DEFAULT 1, watched INTEGER NOT NULL DEFAULT 1,
            minimum INTEGER NOT NULL DEFAULT 0, time_zone TEXT NOT NULL DEFAULT 'UTC',
            language TEXT NOT NULL DEFAULT 'en', quiet_from INTEGER, quiet_until INTEGER,
            danger_breaks_quiet INTEGER NOT NULL DEFAULT 0, silent INTEGER NOT NULL DEFAULT 0,
            short INTEGER NOT NULL DEFAULT 0, plain INTEGER NOT NULL DEFAULT 0, pulse INTEGER NOT NULL DEFAULT 0,
            role TEXT NOT NULL DEFAULT '', muted_until TEXT, silenced TEXT NOT NULL DEFAULT '', silenced_at TEXT,
            added_by TEXT NOT NULL DEFAULT '', added_at TEXT, UNIQUE (platform, chat)
        )""",
        "INSERT INTO chats (id, platform, chat, mode) SELECT id, platform, chat, mode FROM chats_by_mode",
        "DROP TABLE chats_by_mode",
        """CREATE TABLE subscriptions (
            platform TEXT NOT NULL, chat TEXT NOT NULL, index_id TEXT NOT NULL, position INTEGER NOT NULL,
            PRIMARY KEY (platform, chat, index_id)
        ) WITHOUT ROWID""",
        """CREATE TABLE watches (
            platform TEXT NOT NULL, chat TEXT NOT NULL, symbol TEXT NOT NULL, position INTEGER NOT NULL,
            PRIMARY KEY (platform, chat, symbol)
        ) WITHOUT ROWID""",
    )


@MIGRATIONS()
def m011_outbox(db: sqlite_utils.Database) -> None:
    """What is to be sent: news, each body once with its checksum, one row a chat; and what the service remembers.

    A claimed row is due again when its lease ends: `next_at` says both.
    """
    _run(
        db,
        """CREATE TABLE outbox_news (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, push TEXT NOT NULL, level INTEGER NOT NULL,
            queued TEXT NOT NULL, expires TEXT NOT NULL
        )""",
        """CREATE TABLE outbox_bodies (
            id INTEGER PRIMARY KEY, news INTEGER NOT NULL REFERENCES outbox_news (id), reply TEXT NOT NULL,
            checksum TEXT NOT NULL, UNIQUE (news, checksum)
        )""",
        """CREATE TABLE outbox (
            id INTEGER PRIMARY KEY, platform TEXT NOT NULL, chat TEXT NOT NULL,
            news INTEGER NOT NULL REFERENCES outbox_news (id), body INTEGER NOT NULL REFERENCES outbox_bodies (id),
            urgent INTEGER NOT NULL, next_at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
            owner TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0, maybe INTEGER NOT NULL DEFAULT 0,
            reason TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', settled TEXT,
            UNIQUE (platform, chat, news)
        )""",
        "CREATE INDEX outbox_due ON outbox (platform, urgent, next_at) WHERE state = 'waiting'",
        "CREATE INDEX outbox_settled ON outbox (state, settled) WHERE state != 'waiting'",
        """CREATE TABLE agenda (
            name TEXT NOT NULL, value TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (name)
        ) WITHOUT ROWID""",
        "CREATE TABLE sizes (date TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (date)) WITHOUT ROWID",
    )


@MIGRATIONS()
def m012_admins(db: sqlite_utils.Database) -> None:
    """Who became a bot admin by a one-time code, and the codes themselves, of which only a hash is kept."""
    _run(
        db,
        """CREATE TABLE bot_admins (
            platform TEXT NOT NULL, user TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (platform, user)
        ) WITHOUT ROWID""",
        """CREATE TABLE claim_codes (
            hash TEXT NOT NULL, expires TEXT NOT NULL, PRIMARY KEY (hash)
        ) WITHOUT ROWID""",
    )


@MIGRATIONS()
def m013_universe(db: sqlite_utils.Database) -> None:
    """What sources call tokens, and whom they propose for a theme, which counts from the day it is adopted."""
    _run(
        db,
        """CREATE TABLE source_ids (
            source TEXT NOT NULL, id TEXT NOT NULL, token INTEGER NOT NULL REFERENCES tokens (id),
            PRIMARY KEY (source, id)
        ) WITHOUT ROWID""",
        """CREATE TABLE proposals (
            token INTEGER NOT NULL REFERENCES tokens (id), theme TEXT NOT NULL, source TEXT NOT NULL,
            because TEXT NOT NULL, proposed TEXT NOT NULL, adopted TEXT, PRIMARY KEY (token, theme)
        ) WITHOUT ROWID""",
    )


@MIGRATIONS()
def m014_chat_pulse(db: sqlite_utils.Database) -> None:
    """How often a chat that wants it wrote (subject empty) and spoke of a token, by day: counts, never a text."""
    _run(
        db,
        """CREATE TABLE chat_pulse (
            platform TEXT NOT NULL, chat TEXT NOT NULL, day TEXT NOT NULL, subject TEXT NOT NULL,
            count INTEGER NOT NULL, PRIMARY KEY (platform, chat, day, subject)
        ) WITHOUT ROWID""",
    )


@MIGRATIONS()
def m016_links(db: sqlite_utils.Database) -> None:
    """Which chats are joined with one on another platform, and the codes of those that are about to be."""
    _run(
        db,
        """CREATE TABLE links (
            platform TEXT NOT NULL, chat TEXT NOT NULL, link INTEGER NOT NULL, PRIMARY KEY (platform, chat)
        ) WITHOUT ROWID""",
        """CREATE TABLE link_codes (
            code TEXT NOT NULL, platform TEXT NOT NULL, chat TEXT NOT NULL, title TEXT NOT NULL, expires TEXT NOT NULL,
            other_platform TEXT NOT NULL DEFAULT '', other_chat TEXT NOT NULL DEFAULT '',
            other_title TEXT NOT NULL DEFAULT '', PRIMARY KEY (code)
        ) WITHOUT ROWID""",
    )


@MIGRATIONS()
def m017_queue_by_news(db: sqlite_utils.Database) -> None:
    """The queue in one tree by news, instants in milliseconds since 1970: a broadcast is added at its end."""
    _run(db, *REBUILD)
