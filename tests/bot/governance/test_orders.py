"""Every order is for bot admins, previewed, confirmed once, public, and journalled under a pseudonym only."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import pytest

from bot.command import Command, Who
from bot.commands import COMMANDS
from bot.reply import Reply
from engine.errors import CannotWrite
from engine.method import stamp
from engine.model import OrderKind
from engine.orders import Orders
from engine.themes import themes
from storage.database import Database, open_database

EFFECTIVE = dt.date(2023, 11, 15)  # the next 00:00 UTC after the office's clock
ORDERS = [command for command in COMMANDS.values() if command.name in get_args(OrderKind)]
BEFORE = {  # what must stand before an order's example applies
    "include": "/exclude aave defi its pool was drained",
    "resume": "/pause defi prices look wrong",
}
HOSTILE = {
    "markup": "_*[<bold>&`",
    "mention": "@everyone [click](http://a.b)",
    "control": "bad\x00\x1b[31mred\x07\u202e",
    "lines": "one\ntwo\r\n\u2028three",
    "format": "{symbol} {where} %s",
    "sql": "'; DROP TABLE journal; --",
    "json": '{"by": "me"}\\',
    "surrogate": "half \ud800 a character",
    "right to left": "تم اختراق البروتوكول",
}

each_order = pytest.mark.parametrize("command", ORDERS, ids=lambda command: command.name)


def prepare(office: Any, command: Command) -> None:
    if command.name in BEFORE:
        office.do(BEFORE[command.name], user="another-admin")


def test_the_orders_are_these() -> None:
    assert {command.name for command in ORDERS} == {"exclude", "include", "rebalance", "pause", "resume"}
    others = {c.name for c in COMMANDS.values() if c.who is Who.BOT_ADMIN and c.about == "market"} - {
        c.name for c in ORDERS
    }
    assert others == {"universe"}, "which orders an exclusion: its own tests are in test_universe.py"


@pytest.mark.rule("9.2")
@each_order
@pytest.mark.parametrize("role", ["member", "chat admin"])
def test_an_order_is_refused_to_members_and_chat_admins(command: Command, role: str, office: Any) -> None:
    prepare(office, command)
    before = office.everything()
    reply = office.say(command.example, role=role)
    assert (reply.ok, reply.lines()) == (False, (f"/{command.name} is for an admin of this bot only.",))
    assert office.everything() == before
    assert not reply.buttons


@pytest.mark.rule("9.2")
@each_order
def test_a_preview_says_what_would_change_and_changes_nothing(command: Command, office: Any) -> None:
    prepare(office, command)
    before = office.everything()
    reply = office.say(command.example)
    assert reply.ok and reply.title.endswith("? Nothing is done yet")
    assert reply.table is not None
    assert [c.title for c in reply.table.columns] == ["Index", "Turnover", "Cost", "Stable"]
    assert len(reply.table.rows) == 1 and reply.table.rows[0][0] == "DeFi"
    said = " ".join(reply.lines())
    assert "Wed 15 Nov 2023, 00:00 UTC" in said
    assert all(mode in said for mode in ("balanced", "conservative", "aggressive"))
    [button] = reply.buttons
    assert button.label == "Confirm" and button.command in said
    assert office.everything() == before


@pytest.mark.rule("9.2", "9.3")
@each_order
def test_a_confirmed_order_is_journalled_announced_and_audited(command: Command, office: Any) -> None:
    prepare(office, command)
    seen = len(office.database.notices.since("live"))
    said = office.do(command.example)
    order = office.database.orders.all("live")[-1]
    assert (order.kind, order.index, order.effective) == (command.name, "defi", EFFECTIVE)
    assert order.given == office.now
    last = office.database.journal.last("live")
    body = json.loads(last.body)
    assert (last.kind, body["by"], body["reason"], body["method"]) == ("order", order.by, order.reason, stamp())
    [notice] = office.database.notices.since("live")[seen:]
    assert (notice.index, notice.kind, notice.date) == ("defi", "order", EFFECTIVE)
    assert notice.head == last.hash
    announced = Reply.from_json(notice.reply)
    assert replace(announced, note=announced.note[1:]) == said
    assert last.short in said.lines() and order.reason in " ".join(said.lines())
    assert order.by in " ".join(announced.lines())
    assert order.by not in " ".join(said.lines()), "under the admin's own message it would tell whose it is"


@pytest.mark.rule("9.3")
@each_order
def test_the_journal_and_the_announcement_know_no_person(command: Command, office: Any) -> None:
    prepare(office, command)
    office.do(command.example)
    public = [
        *(entry.body for entry in office.database.journal.entries("live")),
        *(notice.reply for notice in office.database.notices.since("live")),
        *office.say("/audit", role="member").lines(),
        *office.say("/audit").lines(),
    ]
    assert len(public) > 3
    assert not [text for text in public if "user-8675309" in text or "chat-of-seven-hills" in text]
    assert office.database.orders.all("live")[-1].by.startswith("admin-")


@each_order
def test_the_same_order_again_is_refused_before_and_at_the_confirmation(command: Command, office: Any) -> None:
    prepare(office, command)
    waiting = office.preview(command.example, user="another-admin")
    office.do(command.example)
    before = office.everything()
    again, late = office.say(command.example), office.say(waiting, user="another-admin")
    for reply in (again, late):
        assert not reply.ok
        assert len(reply.lines()) == 1 and "nothing was changed" in reply.lines()[0]
    assert office.everything() == before
    assert "used already" in office.say(waiting, user="another-admin").lines()[0]


@pytest.mark.rule("9.2")
@each_order
def test_an_order_needs_a_reason(command: Command, office: Any) -> None:
    prepare(office, command)
    words = command.example.split()[:3] if command.params[0].kind == "token" else command.example.split()[:2]
    before = office.everything()
    for reason in ("", " x", " \u200d\u200d\u200d\u200d", f" {'x' * 201}", f" {'long ' * 2000}"):
        reply = office.say(" ".join(words) + reason)
        assert not reply.ok
        assert len(reply.lines()) == 1 and "reason" in reply.lines()[0]
    assert office.everything() == before


@pytest.mark.parametrize("blank", ["\u3164" * 5, "\u2800" * 5, "-- --", "a."])
def test_a_reason_that_says_nothing_is_refused(blank: str, office: Any) -> None:
    reply = office.say(f"/exclude aave defi {blank}")
    assert not reply.ok
    assert "reason" in " ".join(reply.lines())


@pytest.mark.parametrize("reason", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_reason_is_one_clean_line_everywhere(reason: str, office: Any) -> None:
    said = office.do(f"/exclude aave defi {reason}")
    kept = office.database.orders.all("live")[-1].reason
    assert kept.isprintable() and 3 <= len(kept) <= 200
    assert f"Reason: {kept}" in said.text
    assert office.database.journal.verify("live").ok
    assert office.say("/audit").ok


@pytest.mark.rule("9.2")
def test_a_code_expires(office: Any) -> None:
    confirm = office.preview("/pause defi prices look wrong")
    before = office.everything()
    office.now += dt.timedelta(minutes=10)
    assert "has expired" in office.say(confirm).lines()[0]
    assert office.everything() == before


@pytest.mark.rule("9.2")
def test_a_code_is_for_the_one_who_asked_where_they_asked(office: Any) -> None:
    confirm = office.preview("/pause defi prices look wrong")
    before = office.everything()
    for person in ({"user": "another-admin"}, {"chat": "another-chat"}):
        assert "only for the admin who asked" in office.say(confirm, **person).lines()[0]
    assert office.everything() == before
    assert office.say(confirm).ok


@pytest.mark.parametrize("role", ["chat admin", "member"])
def test_who_lost_the_rights_since_cannot_confirm(role: str, office: Any) -> None:
    confirm = office.preview("/pause defi prices look wrong")
    before = office.everything()
    assert "only" in office.say(confirm, role=role).lines()[0]
    assert office.everything() == before


@pytest.mark.rule("9.2")
def test_confirming_after_midnight_counts_from_the_midnight_after(office: Any) -> None:
    office.now = dt.datetime(2023, 11, 14, 23, 58, tzinfo=dt.UTC)
    confirm = office.preview("/pause defi prices look wrong")
    office.now += dt.timedelta(minutes=4)
    assert "Thu 16 Nov 2023, 00:00 UTC" in " ".join(office.say(confirm).lines())


@pytest.mark.parametrize("store", ["orders", "audit", "notices"])
def test_an_act_that_fails_halfway_leaves_nothing_and_the_code_still_counts(
    store: str, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm = office.preview("/exclude aave defi its pool was drained")
    before = office.everything()
    with monkeypatch.context() as patched:

        def fail(*arguments: object) -> None:
            raise CannotWrite("the disk is full: free some space and try again.")

        patched.setattr(type(getattr(office.database, store)), "add", fail)
        assert office.say(confirm).lines() == ("the disk is full: free some space and try again.",)
    assert office.everything() == before
    assert office.say(confirm).ok


def both_at_once(path: str, act: Callable[[Database, int], None]) -> None:
    ready = threading.Barrier(2)

    def one(number: int) -> None:
        database = open_database(path)
        ready.wait(10)
        act(database, number)
        database.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


@pytest.mark.parametrize("same_code", [True, False])
def test_two_confirmations_at_once_make_one_order(same_code: bool, office: Any, make_office: Any) -> None:
    users = ("anna", "anna") if same_code else ("anna", "bert")
    codes = [office.preview("/exclude aave defi its pool was drained", user=user) for user in dict.fromkeys(users)]
    replies: list[Reply] = []

    def act(database: Database, number: int) -> None:
        replies.append(make_office(database).say(codes[number % len(codes)], user=users[number]))

    both_at_once(office.database.path, act)
    assert sorted(reply.ok for reply in replies) == [False, True]
    refused = next(reply for reply in replies if not reply.ok).lines()[0]
    assert ("used already" if same_code else "excluded there already") in refused
    assert len(office.database.orders.all("live")) == len(office.database.notices.since("live")) == 1
    assert office.database.journal.verify("live").ok


def test_an_exclusion_from_all_indices_is_lifted_in_one(office: Any) -> None:
    office.do("/exclude aave all its pool was drained")
    office.do("/include aave large it is held elsewhere")
    orders = Orders.of(office.database.orders.all("live"))
    assert "AAVE" in orders.excluded("defi", EFFECTIVE)
    assert "AAVE" not in orders.excluded("large", EFFECTIVE)
    assert "AAVE" not in orders.excluded("defi", EFFECTIVE - dt.timedelta(days=1))
    standing = office.say("/audit", role="member").text
    left = ", ".join(theme.title for theme in themes().values() if theme.id != "large")
    assert standing == (f"Excluded: AAVE from {left} since 15 Nov 2023 (its pool was drained)",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/exclude btc defi no reason at all", "BTC does not belong to the DeFi index"),
        ("/exclude usdc its peg is lost", "USDC is a stable token"),
        ("/include aave its pool was refilled", "All indices: AAVE is not excluded there"),
        ("/resume all prices are right", "All indices: trading is not paused"),
        ("/pause dfi prices look wrong", "There is no index called"),
        ("/exclude aavee defi its pool was drained", "There is no token called"),
        ("/confirm", "/confirm needs the code under a preview"),
        ("/confirm K7QX9M2P", "There is no such code"),
    ],
)
def test_what_cannot_be_ordered_is_refused_in_one_sentence(text: str, said: str, office: Any) -> None:
    before = office.everything()
    reply = office.say(text)
    assert not reply.ok and len(reply.lines()) == 1
    assert reply.lines()[0].startswith(said)
    assert office.everything() == before


@pytest.mark.rule("9.2")
def test_a_paused_index_takes_no_rebalance(office: Any) -> None:
    office.do("/pause defi prices look wrong")
    assert "trading is paused" in office.say("/rebalance defi a member was delisted").lines()[0]
    assert office.say("/rebalance all a member was delisted").ok


def test_the_audit_tells_all_but_names_and_names_to_bot_admins_who_ask(office: Any) -> None:
    assert office.say("/audit", role="member").text == ("Nothing is excluded or paused.",)
    office.do("/pause defi prices look wrong")
    told = " ".join(office.say("/audit", role="member").lines())
    assert "Paused: DeFi since 15 Nov 2023 (prices look wrong)" in told
    assert "user-8675309" not in told
    for role in ("member", "chat admin"):
        assert not office.say("/audit who", role=role).ok
    assert "(test user-8675309)" in " ".join(office.say("/audit who").lines())
    assert not office.say("/audit everything").ok


@pytest.mark.rule("9.3")
def test_who_is_forgotten_keeps_a_pseudonym_that_leads_nowhere(office: Any) -> None:
    office.do("/pause defi prices look wrong")
    by = office.database.orders.all("live")[0].by
    assert office.database.audit.forget("test", "user-8675309")
    told = " ".join(office.say("/audit who").lines())
    assert f"{by} (forgotten)" in told and "user-8675309" not in told
    office.do("/resume defi prices are right")
    assert office.database.orders.all("live")[1].by != by


def test_a_long_list_of_orders_shows_the_newest(office: Any) -> None:
    for number in range(10):
        office.do(f"/{'resume' if number % 2 else 'pause'} defi reason number {number}")
        office.now += dt.timedelta(days=1)
    reply = office.say("/audit")
    assert "reason number 9" in reply.after[0]
    assert reply.after[-1] == "And 2 older orders: in the journal."


def test_before_the_first_decision_an_order_can_be_given_and_says_that_nothing_is_held(empty_office: Any) -> None:
    reply = empty_office.say("/exclude aave its pool was drained")
    assert reply.table is None
    assert reply.after == ("There is no decision yet, so nothing is held that this could change.",)
    empty_office.do("/exclude aave its pool was drained")
    assert [order.symbol for order in empty_office.database.orders.all("replay")] == ["AAVE"]
