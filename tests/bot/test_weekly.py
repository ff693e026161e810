"""The weekly job on a real file: all or nothing, once, deterministic, in the right ledger."""

import datetime as dt
import shutil
from dataclasses import replace

import pytest

from bot.demo import END, held, mondays, store_observations
from bot.reply import Reply
from bot.shelf import DatabaseBook, next_decision
from bot.weekly import Week, ledger_for, run_week
from engine.errors import BadRequest
from engine.model import PASSIVE, Action, iso_week
from engine.modes import DEFAULT_MODE, modes
from engine.sources.simulated import SimulatedMarket
from engine.themes import themes
from storage.database import open_database

LAST = mondays()[-1]


@pytest.fixture
def database(demo_database, tmp_path):
    copy = tmp_path / "copy.db"
    shutil.copy(demo_database, copy)
    opened = open_database(copy)
    yield opened
    opened.close()


def forget_last_week(database):
    """Take the newest week out of the keys and the journal, as if the job had not run yet."""
    link = database.connection.raw.conn
    for (trigger,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        link.execute(f'DROP TRIGGER "{trigger}"')
    link.execute("PRAGMA foreign_keys = OFF")
    first = link.execute("SELECT MIN(entry) FROM signal_weeks WHERE date = ?", (LAST.isoformat(),)).fetchone()[0]
    start = link.execute("SELECT MIN(entry) FROM settlements WHERE date = ?", (mondays()[-2].isoformat(),)).fetchone()[
        0
    ]
    for table in ("decisions", "settlements", "signal_weeks"):
        link.execute(f"DELETE FROM {table} WHERE entry >= ?", (min(first, start),))
    link.execute("DELETE FROM journal WHERE id >= ?", (min(first, start),))


def test_every_index_is_decided_in_every_mode_with_its_twin(database):
    for index in themes():
        for mode in (*modes(), PASSIVE):
            stored = database.decisions.latest("replay", index, mode)
            assert stored is not None
            assert sum(h.weight for h in stored.decision.holdings) == pytest.approx(1, abs=1e-9)
            if mode != PASSIVE:
                assert stored.decision.date == LAST
                assert stored.settlement is None  # its own close has not been seen yet


def test_the_week_before_has_been_settled_and_the_level_runs_on_daily(database):
    before = database.decisions.latest("replay", "defi", DEFAULT_MODE, before=LAST)
    assert before.settlement is not None
    days = [p.date for p in database.decisions.levels("replay", "defi", DEFAULT_MODE)]
    assert days == [mondays()[0] + dt.timedelta(days=k) for k in range((LAST - mondays()[0]).days)]


def test_a_second_run_finds_the_week_decided(database):
    head = database.journal.head("replay")
    again = run_week(database, LAST, "replay")
    assert again.already_decided
    assert database.journal.head("replay") == head


def test_a_run_after_a_crash_gives_the_same_head(database):
    """F2, F3: the week is stored all or nothing, and computing it again gives the same bytes."""
    head = database.journal.head("replay")
    forget_last_week(database)
    assert database.journal.head("replay") != head
    assert run_week(database, LAST, "replay").head == head


def test_a_week_before_the_ledgers_newest_is_refused(database):
    """A ledger is one history: an earlier week would begin a second one in the same level."""
    head = database.journal.head("replay")
    with pytest.raises(BadRequest, match=f"already reaches {LAST}"):
        run_week(database, mondays()[0] - dt.timedelta(weeks=4), "replay")
    assert database.journal.head("replay") == head


def test_a_known_outcome_is_never_forgotten(database):
    known = next(line for line in database.signals.predictions() if line.outcome is not None)
    database.signals.put_predictions([replace(known, outcome=None, excess=None)])
    assert known in database.signals.predictions()


SPOILS = {
    "the tail is cut off": ("DELETE FROM journal WHERE seq > 60", "cut short"),
    "a key is deleted": ("DELETE FROM decisions WHERE index_id = 'defi' AND mode = 'balanced'", "was deleted"),
    "a level is doubled": ("UPDATE levels SET net = net * 2", "was changed"),
    "an announced head is another": ("UPDATE announcements SET head = 'ab' || substr(head, 3)", "announced from"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_what_is_derived_is_held_against_the_journal(database, name):
    """F40: the chain alone would hold in each of these."""
    statement, word = SPOILS[name]
    link = database.connection.raw.conn
    for (trigger,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        link.execute(f'DROP TRIGGER "{trigger}"')
    link.execute("PRAGMA foreign_keys = OFF")
    assert database.verify("replay").ok
    link.execute(statement)
    verdict = database.verify("replay")
    assert database.journal.verify("replay").ok
    assert not verdict.ok
    assert word in verdict.message


def test_the_announcement_is_stored_as_a_reply_with_the_journals_head(database):
    for index in themes():
        stored = database.decisions.announcement("replay", index, DEFAULT_MODE, iso_week(LAST))
        shown = Reply.from_json(stored.reply).note[-1].replace(" ", "")[-32:]
        assert stored.head.startswith(shown)
        assert stored.head == database.journal.head("replay")  # it pins down every entry of the week


def test_another_seed_makes_another_market_and_other_decisions(demo_database, tmp_path):
    other = open_database(tmp_path / "other.db")
    store_observations(other, SimulatedMarket(seed=12, end=END, years=1))
    run_week(other, LAST, "replay")
    ours = open_database(demo_database)
    held = [
        {h.symbol for h in db.decisions.latest("replay", "defi", DEFAULT_MODE).decision.holdings}
        for db in (ours, other)
    ]
    heads = [db.journal.head("replay") for db in (ours, other)]
    for db in (ours, other):
        db.close()
    assert held[0] != held[1]
    assert heads[0] != heads[1]


def test_something_happens_in_the_demo(database):
    """Tokens enter; a newcomer follows and profits are taken; the market falls, and risk is cut before Monday comes."""
    weeks = database.decisions.history("replay", "defi", DEFAULT_MODE, 9)
    last, between, middle, first = (stored.decision for stored in weeks)
    assert [d.sequence for d in (first, middle, between, last)] == [0, 0, 1, 0]
    assert len(bought(first)) >= 4
    assert bought(middle)
    assert [h.symbol for h in middle.holdings if h.rule == "profit"]
    assert [cause.trigger for cause in between.causes] == ["step_up"]
    assert not bought(between)
    assert between.risk.step != middle.risk.step
    assert between.stablecoin_share >= middle.stablecoin_share + 0.20
    assert last.stablecoin_share >= middle.stablecoin_share + 0.20


def bought(decision):
    return [h.symbol for h in decision.holdings if h.action is Action.BUY_NEW and not h.stable]


def test_the_demo_cries_the_alert_before_the_week_it_led_to(database):
    heads, titles = [], []
    for week, sequence in ((iso_week(mondays()[-2]), 1), (iso_week(LAST), 0)):
        stored = database.decisions.announcement("replay", "defi", DEFAULT_MODE, week, sequence)
        titles.append(Reply.from_json(stored.reply).title)
        heads.append(database.journal.find_head(stored.head).seq)
    assert ["change 1" in title for title in titles] == [True, False]
    assert heads == sorted(heads)


def test_the_demo_asks_about_the_largest_holding_of_the_newest_decision(database):
    last, between = (s.decision for s in database.decisions.history("replay", "defi", DEFAULT_MODE, 2))
    largest = max((h for h in last.holdings if not h.stable), key=lambda h: h.weight)
    assert held(Week(LAST, "replay", False, None, (between, last))) == largest.symbol.lower()


@pytest.mark.parametrize(
    "hours, live, ledger",
    [(0, True, "live"), (23.9, True, "live"), (24, True, "replay"), (-1, True, "replay"), (1, False, "replay")],
)
def test_only_timely_decisions_from_live_sources_are_live(hours, live, ledger):
    instant = dt.datetime(2026, 6, 29, tzinfo=dt.UTC)
    assert ledger_for(instant.date(), instant + dt.timedelta(hours=hours), live) == ledger


def test_the_book_shows_no_price_that_came_after_a_replayed_week(database):
    book = DatabaseBook(database, dt.datetime(2026, 7, 1, tzinfo=dt.UTC))
    assert database.market.span()[1] == END - dt.timedelta(days=1)
    assert book.closes("BTC", 5)[-1][0] == LAST - dt.timedelta(days=1)


@pytest.mark.parametrize(
    "now, then",
    [("2026-06-28T23:59", "2026-06-29"), ("2026-06-29T00:00", "2026-07-06"), ("2026-12-31T10:00", "2027-01-04")],
)
def test_the_next_decision_is_the_next_monday_at_midnight(now, then):
    """F32: year ends included, in UTC."""
    at = next_decision(dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC))
    assert at == dt.datetime.combine(dt.date.fromisoformat(then), dt.time(), dt.UTC)
