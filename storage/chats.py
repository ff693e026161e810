"""Remembers what each chat chose: its mode, its indices, what it is told, when, and how."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from storage.connection import Connection, Table
from storage.links import LinkStore
from storage.pulse import move_counts

Place = Literal["private", "group", "channel", "console"]
Push = Literal["weekly", "danger", "watched"]  # the kinds of messages that a chat may switch on and off

_KEY = ("platform", "chat")
# A chat's rows in the queue, by way of the news: their key begins with it, and nobody else's rows are read.
TOLD_TO = "news IN (SELECT id FROM outbox_news) AND platform = ? AND chat = ?"


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat and its choices; a new one follows no index.

    `chat` is the platform's own name for it, `thread` the topic in it that is told things ("" none). `mode` "" is the
    installation's default. `minimum` is the least strength (0 to 100) of a signal that a watched token's change is told
    for. Quiet hours run from `quiet_from` to `quiet_until`, minutes after midnight in `time_zone`, None for none;
    `danger_breaks_quiet` lets danger alerts through. `muted_until` ends a mute. `silenced` says why nothing is sent any
    more: the platform refused, or the bot was removed. `role` is what Discord pings. `added_by` is a pseudonym.
    """

    platform: str
    chat: str
    thread: str = ""
    place: Place = "private"
    title: str = ""
    mode: str = ""
    indices: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    weekly: bool = True
    danger: bool = True
    watched: bool = True
    minimum: int = 0
    time_zone: str = "UTC"
    language: str = "en"
    quiet_from: int | None = None
    quiet_until: int | None = None
    danger_breaks_quiet: bool = False
    silent: bool = False
    short: bool = False
    plain: bool = False
    pulse: bool = False
    role: str = ""
    muted_until: dt.datetime | None = None
    silenced: str = ""
    silenced_at: dt.datetime | None = None
    added_by: str = ""
    added_at: dt.datetime | None = None

    def wants(self, push: Push) -> bool:
        """Whether a kind of message is switched on here."""
        return bool(getattr(self, push))


_LISTS = ("indices", "watches")
_INSTANTS = ("muted_until", "silenced_at", "added_at")
_BOOLS = ("weekly", "danger", "watched", "danger_breaks_quiet", "silent", "short", "plain", "pulse")
_COLUMNS = tuple(field.name for field in fields(Chat) if field.name not in _LISTS)
# What is a chat's own even where it shares all its other choices with one that it is joined with.
_OWN = (
    "platform", "chat", "thread", "place", "title", "role", "pulse", "silenced", "silenced_at", "added_by", "added_at",
)  # fmt: skip
_CHATS = Table("chats", _KEY, tuple(name for name in _COLUMNS if name not in _KEY))


class ChatStore:
    """Chats by platform and the platform's own name for them."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._links = LinkStore(connection)

    def get(self, platform: str, chat: str) -> Chat:
        """Return a chat as it stands, with the defaults where it never chose anything."""
        found = self._some("WHERE platform = ? AND chat = ?", (platform, chat))
        return found[0] if found else Chat(platform, chat)

    def knows(self, platform: str, chat: str) -> bool:
        """Whether anything is stored of a chat."""
        return bool(self._db.row("SELECT 1 FROM chats WHERE platform = ? AND chat = ?", (platform, chat)))

    def all(self) -> list[Chat]:
        """Every chat, in the order in which they came."""
        return self._some("", ())

    def put(self, chat: Chat) -> None:
        """Store a chat as it is, all of its choices; a chat that is joined with it has the same from then on."""
        with self._db.atomic():
            self._put(chat)
            for platform, name in self._links.partners(chat.platform, chat.chat):
                other = self.get(platform, name)
                own: dict[str, Any] = {field: getattr(other, field) for field in _OWN}
                self._put(replace(chat, **own))

    def _put(self, chat: Chat) -> None:
        values = tuple(_stored(getattr(chat, name)) for name in (*_CHATS.key, *_CHATS.values))
        key = (chat.platform, chat.chat)
        with self._db.atomic():
            self._db.put(_CHATS, [values])
            for table, column, entries in (
                ("subscriptions", "index_id", chat.indices),
                ("watches", "symbol", chat.watches),
            ):
                self._db.execute(f"DELETE FROM {table} WHERE platform = ? AND chat = ?", key)
                for position, entry in enumerate(dict.fromkeys(entries)):
                    self._db.execute(
                        f"INSERT INTO {table} (platform, chat, {column}, position) VALUES (?, ?, ?, ?)",
                        (*key, entry, position),
                    )

    def mode(self, platform: str, chat: str) -> str | None:
        """Return the mode a chat chose, None where it never did."""
        row = self._db.row("SELECT mode FROM chats WHERE platform = ? AND chat = ?", (platform, chat))
        return (str(row[0]) or None) if row else None

    def set_mode(self, platform: str, chat: str, mode: str) -> None:
        """Let a chat follow `mode` from now on."""
        self.put(replace(self.get(platform, chat), mode=mode))

    def silence(self, platform: str, chat: str, why: str, now: dt.datetime) -> None:
        """Send nothing to a chat any more; its choices stay for when it comes back."""
        self.put(replace(self.get(platform, chat), silenced=why, silenced_at=now))

    def move(self, platform: str, old: str, new: str) -> None:
        """Follow a chat to its new name; what the new name chose already gives way."""
        with self._db.atomic():
            if self.knows(platform, old):
                moved = replace(self.get(platform, old), chat=new)
                move_counts(self._db, platform, old, new)
                self._links.move(platform, old, new)
                self.forget(platform, old)
                self.put(moved)

    def forget(self, platform: str, chat: str) -> bool:
        """Delete all that is stored of a chat, its choices, its pulse and what waits for it; False where nothing was
        chosen."""
        known = self.knows(platform, chat)
        with self._db.atomic():
            self._links.forget(platform, chat)
            for table in ("subscriptions", "watches", "chat_pulse", "chats"):
                self._db.execute(f"DELETE FROM {table} WHERE platform = ? AND chat = ?", (platform, chat))
            self._db.execute(f"DELETE FROM outbox WHERE {TOLD_TO}", (platform, chat))
        return known

    def added_by(self, pseudonym: str) -> int:
        """How many chats a person has added."""
        row = self._db.row("SELECT COUNT(*) FROM chats WHERE added_by = ?", (pseudonym,))
        return int(row[0]) if row else 0

    def _some(self, where: str, values: Sequence[object]) -> list[Chat]:
        rows = self._db.rows(f"SELECT {', '.join(_COLUMNS)} FROM chats {where} ORDER BY id", tuple(values))
        if not rows:
            return []
        indices = self._entries("subscriptions", "index_id", where, values)
        watches = self._entries("watches", "symbol", where, values)
        return [_chat(row, indices, watches) for row in rows]

    def _entries(
        self, table: str, column: str, where: str, values: Sequence[object]
    ) -> dict[tuple[str, str], tuple[str, ...]]:
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        rows = self._db.rows(f"SELECT platform, chat, {column} FROM {table} {where} ORDER BY position", tuple(values))
        for platform, chat, entry in rows:
            found[platform, chat] = (*found.get((platform, chat), ()), str(entry))
        return found


def _chat(
    row: Sequence[object],
    indices: dict[tuple[str, str], tuple[str, ...]],
    watches: dict[tuple[str, str], tuple[str, ...]],
) -> Chat:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _INSTANTS:
        values[name] = dt.datetime.fromisoformat(str(values[name])) if values[name] else None
    for name in _BOOLS:
        values[name] = bool(values[name])
    key = (str(values["platform"]), str(values["chat"]))
    return Chat(indices=indices.get(key, ()), watches=watches.get(key, ()), **values)  # type: ignore[arg-type]


def _stored(value: object) -> object:
    """Instants as text that sorts by time; everything else as it is."""
    return value.astimezone(dt.UTC).isoformat(timespec="seconds") if isinstance(value, dt.datetime) else value
