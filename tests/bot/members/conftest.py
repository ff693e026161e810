"""A desk on a real database without a market, a clock that can be turned, and people in private and in groups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.dispatch import Request, dispatch
from bot.office import DatabaseDesk
from bot.reply import Reply
from engine.model import Token, TokenKind
from storage.chats import Chat
from storage.database import Database, open_database

TOKENS = (
    *(Token(0, f"TOK{n}", f"Token number {n}", TokenKind.COIN, ("defi",)) for n in range(30)),
    Token(0, "AAVE", "Aave", TokenKind.COIN, ("defi",)),
    Token(0, "USDC", "USD Coin", TokenKind.STABLE),
)
ALICE = Request("", "telegram", "42", "42")
GROUP = Request("", "telegram", "-100", "42", place="group", title="The Group", is_chat_admin=True)


@dataclass
class Club:
    """One installation: `say` is Alice in private, `group` an admin of a group; a test changes what it is about."""

    database: Database
    now: dt.datetime = field(default_factory=lambda: dt.datetime(2023, 11, 14, 9, 30, tzinfo=dt.UTC))

    def __post_init__(self) -> None:
        self.desk = DatabaseDesk(self.database, lambda: self.now)

    def ask(self, request: Request, text: str, **changes: object) -> Reply:
        return dispatch(self.desk, replace(request, text=text, **changes))  # type: ignore[arg-type]

    def say(self, text: str, **changes: object) -> Reply:
        return self.ask(ALICE, text, **changes)

    def group(self, text: str, **changes: object) -> Reply:
        return self.ask(GROUP, text, **changes)

    def member(self, text: str, **changes: object) -> Reply:
        """Somebody of the group who is no admin of it."""
        return self.ask(replace(GROUP, user="7", is_chat_admin=False), text, **changes)

    def chat(self, chat: str = "42") -> Chat:
        return self.database.chats.get("telegram", chat)

    def all_rows(self) -> list[tuple[object, ...]]:
        """All that members and admins may write, waiting codes aside."""
        tables = ("chats", "subscriptions", "watches", "identities", "audit", "bot_admins", "claim_codes", "journal")
        return [(name, *row) for name in tables for row in self.database.connection.rows(f"SELECT * FROM {name}")]


@pytest.fixture(scope="session")
def club_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a database that knows tokens and nothing else, made once."""
    path = tmp_path_factory.mktemp("club") / "crier.db"
    database = open_database(path)
    database.market.put_tokens(TOKENS)
    database.connection.row("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path.read_bytes()


@pytest.fixture
def club(club_bytes: bytes, tmp_path: Path) -> Iterator[Club]:
    path = tmp_path / "crier.db"
    path.write_bytes(club_bytes)
    database = open_database(path)
    yield Club(database)
    database.close()
