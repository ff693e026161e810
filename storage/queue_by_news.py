"""Step 17 of the schema: the queue of a database from before is carried over into tables ordered by news.

Its key had begun with the chat, so that each broadcast touched every page of all that was told in ninety days.
"""

from __future__ import annotations


def _stamp(column: str) -> str:
    """SQL that turns an instant in text into milliseconds since 1970; NULL stays NULL."""
    return f"CAST(ROUND((julianday({column}) - 2440587.5) * 86400000) AS INTEGER)"


REBUILD = (
    "DROP INDEX outbox_due",
    "DROP INDEX outbox_settled",
    "ALTER TABLE outbox RENAME TO outbox_in_text",
    "ALTER TABLE outbox_bodies RENAME TO outbox_bodies_in_text",
    "ALTER TABLE outbox_news RENAME TO outbox_news_in_text",
    """CREATE TABLE outbox_news (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, push TEXT NOT NULL, level INTEGER NOT NULL,
        queued INTEGER NOT NULL, expires INTEGER NOT NULL
    )""",
    """CREATE TABLE outbox_bodies (
        id INTEGER PRIMARY KEY, news INTEGER NOT NULL REFERENCES outbox_news (id), reply TEXT NOT NULL,
        checksum TEXT NOT NULL, UNIQUE (news, checksum)
    )""",
    # `body` is not declared to refer to a text: that would be looked for in all rows whenever one is deleted
    """CREATE TABLE outbox (
        news INTEGER NOT NULL REFERENCES outbox_news (id), platform TEXT NOT NULL, chat TEXT NOT NULL,
        body INTEGER NOT NULL, urgent INTEGER NOT NULL, next_at INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting', owner TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0,
        maybe INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',
        settled INTEGER, PRIMARY KEY (news, platform, chat)
    ) WITHOUT ROWID""",
    f"""INSERT INTO outbox_news SELECT id, name, push, level, {_stamp("queued")}, {_stamp("expires")}
        FROM outbox_news_in_text""",
    "INSERT INTO outbox_bodies SELECT id, news, reply, checksum FROM outbox_bodies_in_text",
    f"""INSERT INTO outbox SELECT news, platform, chat, body, urgent, {_stamp("next_at")}, state, owner, attempts,
        maybe, reason, message, {_stamp("settled")} FROM outbox_in_text ORDER BY news, platform, chat""",
    "DROP TABLE outbox_in_text",
    "DROP TABLE outbox_bodies_in_text",
    "DROP TABLE outbox_news_in_text",
    # Only what waits is in the index of what is due, only what is settled in that of what was told.
    "CREATE INDEX outbox_due ON outbox (platform, urgent, next_at) WHERE state = 'waiting'",
    "CREATE INDEX outbox_settled ON outbox (platform, state, settled) WHERE settled IS NOT NULL",
    "CREATE INDEX outbox_maybe ON outbox (platform, settled) WHERE maybe > 0",
)
