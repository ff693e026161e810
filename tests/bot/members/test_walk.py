"""Every command, by everybody, with good, missing, wrong and hostile words: one answer that can be sent."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pytest

from bot.command import ADMINS, Command, Who
from bot.commands import COMMANDS
from bot.reply import Reply

LONGEST_LINE, LONGEST_REPLY, LONGEST_REFUSAL = 1400, 3900, 420
HOSTILE = (
    "_*[<&", "`${jndi:x}`", "[click](http://a.b)", "<script>alert(1)</script>", "x" * 5000, "defi " * 1000, "9" * 5000,
    "مؤشر \u202e אבג", "👨‍👩‍👧🚀", "'; DROP TABLE chats; --", "1 OR 1=1", "{0.__class__} %s %n", "\ud800",
    "a\x00\x1b[31mb\r\nc", "in:-100", "in:'--", "@everyone", "$", "=", "/", "@@bot", "\u200b\u200d", "-1", "٣", "NaN",
    "on on on", "../..",
)  # fmt: skip
ROLES: dict[str, dict[str, Any]] = {
    "in private": {"chat": "42", "place": "private", "is_chat_admin": True},
    "a member": {"is_chat_admin": False, "user": "7"},
    "an admin of the chat": {},
    "an anonymous admin": {"anonymous": True, "user": "-100"},
    "an admin of the bot": {"is_bot_admin": True},
}
each_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())


def plain_texts(command: Command) -> list[str]:
    """Without a word, as in the example, with a wrong word, with too many, with itself."""
    start, example = f"/{command.name}", command.example
    wrong = " ".join([start, *example.split()[1:-1], "nonsense"])
    return [start, example, wrong, f"{example} and too much", f"{start} {start}"]


def hostile_texts(command: Command) -> list[str]:
    """Hostile words in every place of a command."""
    start, two = f"/{command.name}", " ".join(command.example.split()[:2])
    return [text for h in HOSTILE for text in (f"{start} {h}", f"{two} {h}", f"{start}{h}")]


def check(reply: Reply, text: str) -> None:
    lines = reply.lines()
    assert lines, text
    assert "Something went wrong" not in lines[0], text
    assert max(map(len, lines)) <= LONGEST_LINE and sum(map(len, lines)) <= LONGEST_REPLY, text
    assert all("\x1b" not in line and "\u202e" not in line and "\x00" not in line for line in lines), text
    assert all(len(b.command.encode()) <= 64 and len(b.label) <= 60 for b in reply.buttons), text
    assert Reply.from_json(reply.to_json()) == reply
    if not reply.ok and not reply.title:  # a refusal; a titled answer says more, like a journal's verdict
        assert len(lines) == 1 and len(lines[0]) <= LONGEST_REFUSAL and lines[0][-1] in ".?", (text, lines)


@each_command
def test_every_command_answers_whoever_writes_whatever(
    command: Command, club: Any, caplog: pytest.LogCaptureFixture
) -> None:
    tables = club.database.connection.row("SELECT COUNT(*) FROM sqlite_master")
    asked = [(text, role) for text in plain_texts(command) for role in ROLES]
    asked += zip(hostile_texts(command), cycle(ROLES), strict=False)  # 81 texts and 5 roles: each word meets several
    for text, role in asked:
        check(club.group(text, **ROLES[role]), text)
    assert not caplog.records
    assert club.database.connection.row("SELECT COUNT(*) FROM sqlite_master") == tables
    assert club.database.journal.count(club.desk.ledger) == 0, "nothing is journalled without a confirmation"


@each_command
def test_a_command_whose_answer_depends_on_who_asks_says_that_it_weighs_rights(command: Command, club: Any) -> None:
    """Platforms remember who is an admin for a while, and ask again for these."""
    club.group("/subscribe all")
    for text in (f"/{command.name}", command.example, f"/{command.name} defi"):
        answers = [club.group(text, **ROLES[role] | {"user": "7"}) for role in ("a member", "an admin of the chat")]
        if answers[0] != answers[1]:
            assert command.needs_rights, text


def test_the_commands_that_weigh_rights_are_these() -> None:
    weighing = "start subscribe unsubscribe settings watch forget confirm mode claim audit"
    assert {name for name, command in COMMANDS.items() if command.weighs_rights} == set(weighing.split())


@pytest.mark.parametrize("command", [c for c in COMMANDS.values() if c.who is Who.BOT_ADMIN], ids=lambda c: c.name)
@pytest.mark.parametrize("role", [role for role in ROLES if role != "an admin of the bot"])
def test_what_is_for_bot_admins_is_refused_to_everybody_else_however_it_is_written(
    command: Command, role: str, club: Any
) -> None:
    for text in plain_texts(command):
        reply = club.group(text, **ROLES[role])
        assert (reply.ok, reply.lines()) == (False, (f"/{command.name} is for {ADMINS[Who.BOT_ADMIN]} only.",))
    assert not club.all_rows() and not club.database.connection.rows("SELECT * FROM confirmations")


def deeds(club: Any) -> dict[str, str]:
    """One waiting code of each kind of deed, with what each confirms, asked for in private by Alice."""
    club.say("/subscribe defi")
    asked = {"mode": "/mode conservative", "announce": "/announce all hello there", "forget": "/forget chat"}
    return {kind: club.say(text, is_bot_admin=True).buttons[0].command for kind, text in asked.items()}


@pytest.mark.parametrize("kind", ["mode", "announce", "forget"])
@pytest.mark.parametrize(
    "stranger", [{"user": "43"}, {"chat": "-100", "place": "group"}, {"platform": "discord"}, {"anonymous": True}]
)
def test_another_persons_code_counts_for_nobody_else_nowhere_else(
    kind: str, stranger: dict[str, Any], club: Any
) -> None:
    confirm = deeds(club)[kind]
    before = club.all_rows()
    reply = club.say(confirm, **{"is_bot_admin": True, "is_chat_admin": True, **stranger})
    assert not reply.ok and "only for the admin who asked" in reply.lines()[0]
    assert club.all_rows() == before
    assert club.say(confirm, is_bot_admin=True).ok, "and it is not used up by them"


def test_a_forged_code_confirms_nothing(club: Any) -> None:
    waiting = deeds(club)
    before = club.all_rows()
    for code in ("", "K7QX9M2P", *HOSTILE, *(confirm.split()[1][:-1] for confirm in waiting.values())):
        assert not club.say(f"/confirm {code}", is_bot_admin=True).ok
    assert club.all_rows() == before
