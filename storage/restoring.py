"""What a restored database must know of the one it replaces: who left, what was told already, which heads are lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.model import LEDGERS, Ledger
from storage.backup import reading
from storage.border import translated
from storage.database import Database
from storage.messages import stamp

# What was told, to nobody twice; codes that counted once.
TOLD = ("outbox_news", "outbox_bodies", "outbox", "claim_codes", "link_codes")
# What people chose, and who wants to be forgotten.
CHOSEN = ("chats", "subscriptions", "watches", "identities", "audit", "bot_admins", "chat_pulse", "links")
# Codes of previews: what was not confirmed before a restore is asked for anew.
DROPPED = ("confirmations",)
# What comes from the backup as it is: the market, the journals, and what follows from them. Nothing of it is personal.
BACKED_UP = (
    "tokens", "token_themes", "aliases", "source_ids", "proposals", "candles", "snapshots", "measures", "headlines",
    "provenance", "refusals", "refusal_counts", "cursors", "validators", "quarantine", "source_status", "source_hosts",
    "journal", "decisions", "settlements", "levels", "announcements", "signal_weeks", "predictions", "orders",
    "notices", "agenda", "sizes",
)  # fmt: skip
CRIED = ("watch",)  # notes of the agenda that are carried over all the same: what the watch cried, it cries once
CALLED_OFF = "waited when a backup was restored, and may have been sent"


@dataclass(frozen=True, slots=True)
class Lost:
    """What a ledger loses: how many entries, and the heads among them that were posted. None: nobody can know."""

    entries: int | None
    heads: tuple[str, ...] | None


def lost_entries(restored: Database, replaced: Path | None) -> dict[Ledger, Lost]:
    """By ledger what stands in the replaced journal and not in the restored one; unknown where none can be read."""
    if replaced is None:
        return {ledger: Lost(None, None) for ledger in LEDGERS}
    with translated(str(replaced)), reading(replaced) as link:
        return {
            ledger: _lost(
                {
                    hash_
                    for (hash_,) in restored.connection.rows("SELECT hash FROM journal WHERE ledger = ?", (ledger,))
                },
                [
                    hash_
                    for (hash_,) in link.execute("SELECT hash FROM journal WHERE ledger = ? ORDER BY seq", (ledger,))
                ],
                [
                    head
                    for (head,) in link.execute(
                        """SELECT head FROM announcements WHERE ledger = :ledger
                           UNION SELECT head FROM notices WHERE ledger = :ledger""",
                        {"ledger": ledger},
                    )
                ],
            )
            for ledger in LEDGERS
        }


def _lost(kept: set[str], chain: Sequence[str], posted: Iterable[str]) -> Lost:
    order = {hash_: place for place, hash_ in enumerate(chain)}
    heads = sorted(set(posted) - kept - {"0" * 64}, key=lambda head: (order.get(head, len(order)), head))
    return Lost(len(set(chain) - kept), tuple(heads))


def carry_over(restored: Database, replaced: Path, people: bool) -> None:
    """Take over from the replaced database what was told, and with `people` what they chose; inside `atomic()`.

    What is still waiting there goes on waiting; what only waits in the backup was settled since.
    """
    link = restored.connection
    link.execute("PRAGMA defer_foreign_keys = ON")
    known = {name for (name,) in link.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    with translated(str(replaced)), reading(replaced) as old:
        for table in reversed(_present(known, people)):
            link.execute(f"DELETE FROM {table}")
        for table in _present(known, people):
            columns = [row[1] for row in link.rows(f"PRAGMA table_info({table})")]
            names, marks = ", ".join(columns), ", ".join("?" * len(columns))
            for row in old.execute(f"SELECT {names} FROM {table}"):
                link.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)
        for name in CRIED:
            link.execute("DELETE FROM agenda WHERE name = ?", (name,))
            for row in old.execute("SELECT name, value, at FROM agenda WHERE name = ?", (name,)):
                link.execute("INSERT INTO agenda (name, value, at) VALUES (?, ?, ?)", row)


def _present(known: set[str], people: bool) -> list[str]:
    return [table for table in (*TOLD, *(CHOSEN if people else ())) if table in known]


def call_off(restored: Database, told: Mapping[str, str], now: dt.datetime) -> int:
    """Bury all that waits, and let no chat be told any of the news `told` (name -> kind) again; inside `atomic()`.

    For a database whose predecessor cannot be read, so that nobody knows what was sent. Returns how many waited.
    """
    link = restored.connection
    waited = link.execute(
        "UPDATE outbox SET state = 'dead', owner = '', reason = ?, settled = ? WHERE state = 'waiting'",
        (CALLED_OFF, stamp(now)),
    ).rowcount
    for name, push in told.items():
        link.execute(
            """INSERT INTO outbox_news (name, push, level, queued, expires) VALUES (?, ?, 0, ?, ?)
               ON CONFLICT (name) DO NOTHING""",
            (name, push, stamp(now), stamp(now)),
        )
        values = (name,)
        link.execute(
            """INSERT INTO outbox_bodies (news, reply, checksum) SELECT id, '', '' FROM outbox_news WHERE name = ?
               ON CONFLICT (news, checksum) DO NOTHING""",
            values,
        )
        link.execute(
            """INSERT INTO outbox (news, platform, chat, body, urgent, next_at, state, reason, settled)
               SELECT n.id, c.platform, c.chat, b.id, 0, ?, 'dead', ?, ? FROM chats c
               JOIN outbox_news n ON n.name = ? JOIN outbox_bodies b ON b.news = n.id AND b.checksum = '' WHERE TRUE
               ON CONFLICT (news, platform, chat) DO NOTHING""",
            (stamp(now), CALLED_OFF, stamp(now), name),
        )
    return waited


def drop_codes(restored: Database) -> None:
    """Let no preview from before the restore be confirmed; inside `atomic()`."""
    for table in DROPPED:
        restored.connection.execute(f"DELETE FROM {table}")


def note_restored(restored: Database, lost: Mapping[Ledger, Lost], date: dt.date) -> None:
    """Append to each journal that has or had entries which head it was restored from and what is lost."""
    for ledger in LEDGERS:
        last, gone = restored.journal.last(ledger), lost[ledger]
        if last is None and not gone.entries:
            continue
        body = {
            "restored_from": last.hash if last else None,
            "entries": last.seq if last else 0,
            "lost_entries": gone.entries,
            "lost_heads": gone.heads,
        }
        restored.journal.append(ledger, "restored", date, body)
