"""Orders, who gave them, codes and notices: each in its own table, and no person in the journal."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import BadRequest, BrokenJournal
from engine.model import Order
from storage.audit import Identity
from storage.confirmations import KEPT, LETTERS, VALID
from storage.database import Database, open_database

NOW = dt.datetime(2023, 11, 13, 9, 30, tzinfo=dt.UTC)
ANNA = Identity("telegram", "-100", "anna-4711")
BERT = Identity("telegram", "-100", "bert-4712")


def order(**changes: object) -> Order:
    given = Order(
        "2023-11-14/1", "exclude", "defi", "AAVE", "its pool was drained", "admin-7f3a", NOW, dt.date(2023, 11, 14)
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def test_an_order_comes_back_as_it_was_journalled(database: Database) -> None:
    first, second = order(), order(id="2023-11-14/2", kind="pause", index=None, symbol=None)
    assert database.orders.next_id(first.effective) == first.id
    entry = database.orders.add("live", first, "2.0 abcd")
    assert database.orders.next_id(first.effective) == second.id
    database.orders.add("live", second, "2.0 abcd")
    assert database.orders.all("live") == [first, second]
    assert database.orders.all("replay") == []
    assert (entry.kind, entry.date) == ("order", first.effective)
    assert '"method":"2.0 abcd"' in entry.body
    assert database.journal.verify("live").ok


def test_both_ledgers_share_the_numbers_of_orders(database: Database) -> None:
    """An order given before the first live decision counts in the live ledger too, and is no other one's twin."""
    database.orders.add("replay", order(), "2.0 abcd")
    assert database.orders.next_id(order().effective) == "2023-11-14/2"


def test_a_key_that_leads_to_another_entry_is_a_broken_journal(database: Database) -> None:
    database.orders.add("live", order(), "2.0 abcd")
    database.connection.raw.conn.execute("UPDATE orders SET id = 'another'")
    with pytest.raises(BrokenJournal, match="points at another entry"):
        database.orders.all("live")


def test_a_person_keeps_one_pseudonym_and_nobody_shares_it(database: Database) -> None:
    names = {database.audit.pseudonym("telegram", f"user {i}") for i in range(50)}
    assert len(names) == 50
    assert database.audit.pseudonym("telegram", "user 7") in names
    assert database.audit.pseudonym("discord", "user 7") not in names


@pytest.mark.rule("9.3")
def test_a_pseudonym_is_never_given_twice_even_after_it_was_forgotten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda size: "ab" * size)
    first = database.audit.pseudonym("telegram", "anna")
    database.audit.add("live", order(by=first), Identity("telegram", "-100", "anna"), NOW)
    assert database.audit.forget("telegram", "anna")
    assert (first, database.audit.pseudonym("telegram", "anna")) == ("admin-abab", "admin-ababab")


@pytest.mark.rule("9.3")
def test_forgetting_leaves_the_pseudonym_and_no_trace_of_the_person_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "crier.db"
    database = open_database(path)
    name = database.audit.pseudonym(ANNA.platform, ANNA.user)
    database.orders.add("live", order(by=name), "2.0 abcd")
    database.audit.add("live", order(by=name), ANNA, NOW)
    database.confirmations.keep(ANNA, "{}", NOW)
    assert database.audit.identities() == {"2023-11-14/1": ANNA}
    assert ANNA.user.encode() in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert database.audit.forget(ANNA.platform, ANNA.user)
    assert not database.audit.forget(ANNA.platform, ANNA.user)
    assert database.audit.identities() == {}
    assert database.connection.rows("SELECT pseudonym, platform, chat, user FROM audit") == [(name, None, None, None)]
    assert database.orders.all("live")[0].by == name
    assert ANNA.user.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    database.close()


def test_forgetting_one_person_leaves_the_others(database: Database) -> None:
    for number, person in enumerate((ANNA, BERT, Identity("discord", "7", ANNA.user)), 1):
        name = database.audit.pseudonym(person.platform, person.user)
        database.audit.add("live", order(id=str(number), by=name), person, NOW)
    database.audit.forget(ANNA.platform, ANNA.user)
    assert list(database.audit.identities()) == ["2", "3"]


@pytest.mark.rule("9.2")
def test_a_code_counts_once_for_whom_and_where_it_was_asked(database: Database) -> None:
    code = database.confirmations.keep(ANNA, "the deed", NOW)
    assert len(code) == 8 and set(code) <= set(LETTERS)
    for stranger in (BERT, ANNA._replace(chat="-200"), ANNA._replace(platform="discord")):
        with pytest.raises(BadRequest, match="only for the admin who asked"):
            database.confirmations.redeem(code, stranger, NOW)
    assert database.confirmations.redeem(f" {code.lower()} ", ANNA, NOW) == "the deed"
    with pytest.raises(BadRequest, match="used already"):
        database.confirmations.redeem(code, ANNA, NOW)
    with pytest.raises(BadRequest, match="no such code"):
        database.confirmations.redeem("ZZZZZZZZ", ANNA, NOW)


@pytest.mark.rule("9.2")
def test_a_code_is_valid_for_ten_minutes(database: Database) -> None:
    early, late = (database.confirmations.keep(ANNA, "the deed", NOW) for _ in range(2))
    assert database.confirmations.redeem(early, ANNA, NOW + VALID - dt.timedelta(seconds=1))
    with pytest.raises(BadRequest, match="has expired"):
        database.confirmations.redeem(late, ANNA, NOW + VALID)


def test_old_codes_are_cleared_away_and_young_ones_are_not(database: Database) -> None:
    for age in (dt.timedelta(), KEPT, KEPT + 2 * VALID):
        database.confirmations.keep(ANNA, "the deed", NOW + age)
    assert database.connection.row("SELECT COUNT(*) FROM confirmations") == (2,)


def test_every_code_is_another(database: Database) -> None:
    codes = {database.confirmations.keep(ANNA, "the deed", NOW) for _ in range(200)}
    assert len(codes) == 200


def test_notices_come_back_in_order_with_the_head_of_their_moment(database: Database) -> None:
    first = database.notices.add("live", NOW.date(), "", "method", "{}")
    database.orders.add("live", order(), "2.0 abcd")
    second = database.notices.add("live", NOW.date(), "defi", "order", '{"title":"x"}')
    database.notices.add("replay", NOW.date(), "defi", "order", "{}")
    assert database.notices.since("live") == [first, second]
    assert database.notices.since("live", first.id) == [second]
    assert (first.head, second.head) == ("0" * 64, database.journal.head("live"))
