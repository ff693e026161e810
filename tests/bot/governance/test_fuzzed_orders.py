"""Whatever anybody writes, presses or links to, with whatever rights: one answer, and what is stored stays sound."""

from __future__ import annotations

import base64
import copy
import datetime as dt
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fuzz.replayed import TEXTS, edits, reshape
from hypothesis import given, strategies as st
from telegram import Bot, Update

from bot.commands import COMMANDS
from bot.dispatch import Request, dispatch
from bot.office import DatabaseDesk
from bot.platforms.discord.components import filled_in, pressed
from bot.platforms.telegram.heard import chatter, heard, is_forged
from bot.platforms.telegram.links import asked_by, only_reads
from bot.platforms.telegram.updates import Once
from bot.reply import Reply
from storage.database import Database, open_database

ROLES = ("member", "chat admin", "bot admin")
NEAR = (
    "defi", "ai", "all", "AAVE", "=AAVE", "$btc", "balanced", "aggressive", "0", "-1", "7", "1e9", "1,000.50", "$5",
    "none", "on", "off", "yes", "exclude", "include", "pause", "resume", "until", "2026-11-30", "9999-12-31",
    "22:00-07:00", "25:61", "UTC+99", "Europe/Berlin", "../../etc", "ABCDEFGH", "telegram:1", "because", "4f9c" * 8,
    "<@&1>", "mute", "quiet", "zone", "role",
)  # fmt: skip
words = st.one_of(st.sampled_from(NEAR), st.sampled_from(NEAR), st.sampled_from(TEXTS), st.text(max_size=12))
commands = st.builds(
    lambda name, rest: " ".join([f"/{name}", *rest]), st.sampled_from(sorted(COMMANDS)), st.lists(words, max_size=5)
)


class Undone(Exception):
    """Takes an example's transaction back."""


@pytest.fixture(scope="module")
def database(decided_bytes: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A decided week that no example changes."""
    path = tmp_path_factory.mktemp("fuzzed") / "crier.db"
    path.write_bytes(decided_bytes)
    opened = open_database(path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def telegram() -> Bot:
    """The client library's reader of updates; it asks nobody."""
    return Bot("1:x")


def say(database: Database, text: str, role: str, place: Any = "group") -> Reply:
    now = dt.datetime(2023, 11, 14, 9, 30, tzinfo=dt.UTC)
    rights = {"is_bot_admin": role == "bot admin", "is_chat_admin": role == "chat admin"}
    desk = DatabaseDesk(database, lambda: now)
    return dispatch(desk, Request(text, "telegram", "-100", "7", place=place, **rights))


@given(
    said=st.lists(
        st.tuples(commands, st.sampled_from(ROLES), st.sampled_from(("group", "private"))), min_size=1, max_size=3
    )
)
def test_any_words_of_anybody_get_an_answer_and_leave_a_sound_record(
    said: list[tuple[str, str, str]], database: Database
) -> None:
    with pytest.raises(Undone), database.atomic():
        for text, role, place in said:
            reply = say(database, text, role, place)
            assert "Something went wrong" not in " ".join(reply.lines()), text
            assert Reply.from_json(reply.to_json()) == reply
            if reply.buttons:  # and whatever the first button confirms
                done = say(database, reply.buttons[0].command, role, place) if reply.buttons[0].command else reply
                assert "Something went wrong" not in " ".join(done.lines()), (text, reply.buttons[0].command)
        database.verify("live").check()
        database.verify("replay").check()
        assert database.connection.rows("PRAGMA foreign_key_check") == []
        for (title,) in database.connection.rows("SELECT title FROM chats"):
            assert title.isprintable() or not title
        raise Undone


@given(code=st.one_of(st.text(max_size=20), st.sampled_from(TEXTS)), word=st.sampled_from(("claim", "confirm", "link")))
def test_a_guessed_code_changes_nothing(code: str, word: str, database: Database) -> None:
    with pytest.raises(Undone), database.atomic():
        tables = ("bot_admins", "links", "journal", "orders", "chats", "audit")
        before = [database.connection.rows(f"SELECT * FROM {table}") for table in tables]
        say(database, f"/{word} {code}", "chat admin", "private")
        assert [database.connection.rows(f"SELECT * FROM {table}") for table in tables] == before
        raise Undone


@given(
    payload=st.one_of(
        st.text(max_size=80),
        st.one_of(commands, st.text(max_size=30)).map(
            lambda text: "c-" + base64.urlsafe_b64encode(text.encode("utf-8", "replace")).decode().rstrip("=")
        ),
        st.binary(max_size=40).map(lambda raw: "c-" + base64.urlsafe_b64encode(raw).decode()),
    )
)
def test_a_link_into_the_private_chat_asks_what_changes_nothing_or_is_none(payload: str) -> None:
    asked = asked_by(payload)
    assert asked is None or only_reads(asked)


USER = {"id": 7, "is_bot": False, "first_name": "A"}
GROUP = {"id": -100, "type": "supergroup", "title": "DeFi club"}
MESSAGE = {
    "message_id": 5, "date": 1700000000, "chat": GROUP, "from": USER, "text": "/index@Crier defi",
    "message_thread_id": 3, "is_topic_message": True, "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
    "reply_markup": {"inline_keyboard": [[{"text": "Why", "callback_data": "/why defi"}]]},
}  # fmt: skip
UPDATES: tuple[dict[str, Any], ...] = (
    {"update_id": 1, "message": MESSAGE},
    {"update_id": 2, "message": MESSAGE | {"chat": {"id": 7, "type": "private"}, "text": "/start c-L2luZGV4IGRlZmk"}},
    {"update_id": 3, "channel_post": MESSAGE | {"chat": {"id": -5, "type": "channel", "title": "C"}}},
    {"update_id": 4, "callback_query": {
        "id": "9", "from": USER, "chat_instance": "x", "data": "/why defi", "message": MESSAGE}},
    {"update_id": 5, "inline_query": {"id": "8", "from": USER, "query": "aave", "offset": ""}},
    {"update_id": 6, "my_chat_member": {
        "chat": GROUP, "from": USER, "date": 1700000000,
        "old_chat_member": {"user": USER, "status": "left"}, "new_chat_member": {"user": USER, "status": "member"}}},
)  # fmt: skip


@given(data=st.data())
def test_no_update_stops_the_line_whatever_is_in_it(data: st.DataObject, telegram: Bot) -> None:
    raw = copy.deepcopy(data.draw(st.sampled_from(UPDATES)))
    raw = reshape(raw, data.draw(edits(raw)))
    taken: list[object] = []

    def take(update: Update) -> None:
        said = heard(update, "Crier")
        taken.append(said or chatter(update))
        if said is not None and said.query is not None:
            is_forged(said.query)

    once = Once(telegram, take)
    log = logging.getLogger("bot.platforms.telegram.updates")
    log.disabled = True
    try:
        id_ = once.hand_on(raw)
        assert once.hand_on(raw) == id_
    finally:
        log.disabled = False
    assert id_ is None or id_ == raw["update_id"]
    assert len(taken) <= 1


NAMES = ("b0|/why defi", "menu0.0", "form|/settings mute", "roles|/settings role", "")
parts = st.dictionaries(st.sampled_from(("components", "component", "value")), words, max_size=2)
component = st.fixed_dictionaries(
    {},
    optional={
        "custom_id": st.sampled_from(NAMES) | words,
        "values": st.lists(words | st.integers(), max_size=3) | st.none(),
        "components": st.lists(parts, max_size=2) | st.none(),
    },
)
SHOWN = SimpleNamespace(
    components=[
        SimpleNamespace(
            children=[
                SimpleNamespace(custom_id="b0|/why defi"),
                SimpleNamespace(custom_id="menu0.0", options=[SimpleNamespace(value="/mode defi balanced")]),
                SimpleNamespace(custom_id="form|/settings mute"),
                SimpleNamespace(custom_id="roles|/settings role"),
            ]
        )
    ]
)


@given(data=component, with_message=st.booleans())
def test_a_press_says_what_stands_under_its_message_or_nothing(data: dict[str, Any], with_message: bool) -> None:
    interaction: Any = SimpleNamespace(data=data, message=SHOWN if with_message else None)
    found, filled = pressed(interaction), filled_in(interaction)
    if not with_message or str(data.get("custom_id", "")) not in {c.custom_id for c in SHOWN.components[0].children}:
        assert found is None and filled is None
    if found is not None:
        assert found.command.startswith("/")
        assert not found.command.startswith("/mode") or found.command == "/mode defi balanced"


def test_an_update_that_cannot_be_handled_is_passed_over_and_the_next_is_taken(
    telegram: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    taken: list[int] = []

    def take(update: Update) -> None:
        if update.update_id == 1:
            raise AttributeError("nobody foresaw this")
        taken.append(update.update_id)

    once = Once(telegram, take)
    with caplog.at_level(logging.WARNING):
        assert [once.hand_on(copy.deepcopy(update)) for update in UPDATES[:2]] == [1, 2]
    assert taken == [2]
    assert "could not be read (AttributeError)" in caplog.text
