"""The daily job on a real file: what a trigger calls for, once, announced, in the right ledger, all or nothing."""

import datetime as dt
import json
import math
import random
import sys

import pytest

from bot.posting import Posting
from bot.rebuilding import with_levels
from bot.reply import Reply
from bot.weekly import run_day, run_week
from bot.weekly_store import METHOD, tracks
from engine.errors import BadRequest, NotEnoughData
from engine.method import stamp
from engine.model import (
    Action,
    Candle,
    Decision,
    MarketView,
    Odds,
    Order,
    Reason,
    Settlement,
    Signal,
    Snapshot,
    Token,
    TokenKind,
    WeekSignals,
    iso_week,
)
from engine.panel import build_panel
from engine.signals import grade
from engine.track import Track
from storage.chats import Chat
from storage.codec import Codec
from storage.connection import Connection
from storage.database import open_database

MONDAY = dt.date(2023, 11, 13)
DAY = dt.timedelta(days=1)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = (MONDAY + k * DAY for k in range(1, 7))
NEXT = MONDAY + 7 * DAY
BEFORE, AFTER = 200, 12  # days of market before the first Monday, and from it on
COINS = ("AAVE", "CRV", "GMX", "LDO", "MKR", "RUNE", "SNX", "UNI")
TOKENS = (
    *(Token(0, symbol, symbol.title(), TokenKind.COIN, ("defi",)) for symbol in COINS),
    Token(0, "BTC", "Bitcoin", TokenKind.COIN),
    Token(0, "USDC", "USD Coin", TokenKind.STABLE),
    Token(0, "DAI", "Dai", TokenKind.STABLE),
)
KEY = ("defi", "balanced")


def price(symbol, day):
    """A calm and rising walk for every coin, a dollar for a stablecoin; then AAVE collapses, LDO stops, USDC slips."""
    date = MONDAY + day * DAY
    if symbol in ("USDC", "DAI"):
        return 0.95 if symbol == "USDC" and date == FRIDAY else 1.0
    if symbol == "LDO" and TUESDAY <= date <= MONDAY + 8 * DAY:
        return None
    phase = sum(map(ord, symbol))
    calm = 20 * math.exp(0.003 * day + 0.02 * math.sin(day / (7 + phase % 5) + phase) + 0.02 * math.sin(day * phase))
    return 0.4 * calm if symbol == "AAVE" and date >= WEDNESDAY else calm


def fill_market(database):
    database.market.put_tokens(TOKENS)
    ids = database.market.token_ids()
    for symbol, token in ids.items():
        prices = {day: price(symbol, day) for day in range(-BEFORE, AFTER)}
        database.market.put_candles(
            Candle(str(MONDAY + day * DAY), token, p, p * 1.01, p * 0.99, p, 5e7, "venue", False)
            for day, p in prices.items()
            if p is not None
        )
    for day in range(-BEFORE, AFTER, 28):
        date = str(MONDAY + day * DAY)
        database.market.put_snapshots(
            Snapshot(date, token, rank, 20.0, 1e9 / rank, 5e7, 2e8) for rank, token in enumerate(ids.values(), 1)
        )


def said(symbol, lean):
    base = Odds(0.34, 0.32, 0.34)
    odds = Odds(base.bearish - lean, base.neutral, base.bullish + lean)
    return Signal(
        symbol, odds, base, lean, 2 * lean, grade(odds), (Reason("r", "price", 0.1, "calm"),), None, 50, 60, (), 0.06,
        20.0, 0.0, steady=2 * lean,
    )  # fmt: skip


SIGNALS = WeekSignals(
    MONDAY,
    MONDAY,
    MarketView(0.55, 0.52, ()),
    tuple(said(symbol, 0.08 - 0.01 * k) for k, symbol in enumerate(COINS)),
    method=stamp(),
)


@pytest.fixture(scope="module")
def decided_bytes(tmp_path_factory):
    """A database whose week of MONDAY is decided in both ledgers, unfilled as it is on that day; made once."""
    path = tmp_path_factory.mktemp("days") / "crier.db"
    database = open_database(path)
    fill_market(database)
    panel = build_panel(database.market, MONDAY)
    for ledger in ("live", "replay"):
        database.signals.add(ledger, SIGNALS)
        for key in tracks():
            database.decisions.add(ledger, Track(*key).decide(panel, SIGNALS))
    database.connection.row("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path.read_bytes()


@pytest.fixture
def make_database(decided_bytes, tmp_path):
    """A factory of copies."""
    opened = []

    def make():
        path = tmp_path / f"crier-{len(opened)}.db"
        path.write_bytes(decided_bytes)
        opened.append(open_database(path))
        return opened[-1]

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def database(make_database):
    return make_database()


def dump(database):
    return list(database.connection.raw.conn.iterdump())


def run_days(database, last, ledger="live", first=TUESDAY):
    return [run_day(database, first + k * DAY, ledger) for k in range((last - first).days + 1)]


def between(database, key=KEY, ledger="live"):
    """Stored decisions between weeks of one track, oldest first."""
    found = [stored.decision for stored in database.decisions.history(ledger, *key, 50)]
    return [decision for decision in reversed(found) if decision.sequence]


def told(decisions):
    return [(d.date, d.sequence, [cause.key for cause in d.causes]) for d in decisions]


STORY = [(THURSDAY, 1, ["collapse:AAVE", "stopped:LDO"]), (SATURDAY, 2, ["peg_loss:USDC"])]


def order(kind, effective, symbol=None, index="defi", number=1):
    given = dt.datetime.combine(effective - DAY, dt.time(9), dt.UTC)
    return Order(f"{effective}/{number}", kind, index, symbol, "its pool was drained", "admin-7", given, effective)


def give(database, *orders, ledger="live"):
    for one in orders:
        database.orders.add(ledger, one, stamp())


def close(a, b):
    """Whether two journal bodies say the same but for the rounding of their numbers."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(close(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(close, a, b))
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) if isinstance(a, float) else a == b


def sound(database, ledger="live"):
    """Chain, keys, announced heads and levels all hold."""
    verdict = with_levels(database.verify(ledger), database.journal.entries(ledger))
    assert verdict.ok, verdict.message
    return verdict


def test_the_days_between_two_mondays_answer_what_happens(database):
    weeks = run_days(database, SUNDAY)
    assert told(between(database)) == STORY
    assert [d.date for week in weeks for d in week.decisions if (d.index, d.mode) == KEY] == [THURSDAY, SATURDAY]
    assert "rebuilt" in sound(database).message
    assert [len(week.settlements) for week in weeks][:2] == [len(tracks()), 0]  # Monday's fills are known on Tuesday


@pytest.mark.parametrize("key", [KEY, ("defi", "aggressive"), ("large", "conservative"), ("defi", "passive")])
def test_the_database_walks_as_a_track_in_memory_does(database, key):
    """Day by day, through the journal and back: the same decisions, settlements and levels."""
    run_days(database, SUNDAY)
    track = Track(*key)
    for date in (MONDAY + k * DAY for k in range(7)):
        panel = build_panel(database.market, date)
        track.reach(panel, date)
        track.decide(panel, SIGNALS)
    stored = list(reversed(database.decisions.history("live", *key, 50)))
    assert len(stored) == len(track.decisions)
    decisions, settlements = Codec(Decision), Codec(Settlement)
    for found, made in zip(stored, track.decisions, strict=True):
        assert close(decisions.dump(found.decision), decisions.dump(made))
    filled = [found.settlement for found in stored if found.settlement]
    assert len(filled) == len(track.settlements)
    for found, made in zip(filled, track.settlements, strict=True):
        assert close(settlements.dump(found), settlements.dump(made))
    points = {point.date: point.net for point in database.decisions.levels("live", *key)}
    assert all(points[point.date] == pytest.approx(point.net, rel=1e-9) for point in track.levels)


def test_a_second_run_of_a_day_changes_nothing(database):
    for date in (TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY):
        run_day(database, date, "live")
        before = dump(database)
        again = run_day(database, date, "live")
        assert (again.decisions, again.settlements, again.announcements) == ((), (), ())
        assert dump(database) == before


def test_a_decision_between_weeks_is_announced_once_with_a_head_of_the_journal(database):
    weeks = run_days(database, SATURDAY)
    cried = [a for week in weeks for a in week.announcements if (a.index, a.mode) == KEY]
    assert len(cried) == 2
    for number, reply in enumerate(cried, 1):
        stored = database.decisions.announcement("live", *KEY, iso_week(MONDAY), number)
        assert Reply.from_json(stored.reply) == reply.reply
        entry = database.journal.find_head(stored.head)
        assert entry is not None
        shown = " ".join(reply.reply.note)
        assert " ".join(stored.head[k : k + 4] for k in range(0, 32, 4)) in shown
    first, second = (" ".join(a.reply.lines()) for a in cried)
    assert "AAVE fell" in first and "cannot be sold" in first
    assert "USDC closed at $0.950" in second
    sound(database)


def test_an_alert_tells_the_level_of_its_eve(database):
    """Not that of the last fill, which may lie days back."""
    run_days(database, SUNDAY)
    alert = between(database)[-1]
    eve = alert.date - dt.timedelta(days=1)
    levels = {point.date: point.net for point in database.decisions.levels("live", *KEY)}
    said = database.decisions.announcement("live", *KEY, alert.week, alert.sequence)
    assert f"is now ${levels[eve]:,.0f}" in " ".join(Reply.from_json(said.reply).lines())


def test_comparators_are_neither_moved_nor_announced_between_weeks(database):
    weeks = run_days(database, SUNDAY)
    assert {d.mode for week in weeks for d in week.decisions} == {"conservative", "balanced", "aggressive"}
    assert {a.mode for week in weeks for a in week.announcements} <= {"conservative", "balanced", "aggressive"}


@pytest.mark.parametrize("jump", [False, True], ids=["day by day", "at once"])
def test_a_replay_walks_the_days_that_no_run_has_walked(make_database, jump):
    """Whichever days are asked for, the journal comes out the same to the byte."""
    plain, database = make_database(), make_database()
    run_days(plain, SUNDAY, "replay")
    if jump:
        week = run_day(database, SUNDAY, "replay")
        assert told([d for d in week.decisions if (d.index, d.mode) == KEY]) == STORY
    else:
        for date in (WEDNESDAY, FRIDAY, SUNDAY):
            run_day(database, date, "replay")
    assert told(between(database, ledger="replay")) == STORY
    assert database.journal.head("replay") == plain.journal.head("replay")
    sound(database, "replay")


def test_the_next_week_walks_the_days_before_it_in_the_replay_and_makes_none_up_in_live(make_database):
    daily, jumped = make_database(), make_database()
    run_days(daily, SUNDAY, "replay")
    week = run_week(daily, NEXT, "replay")
    caught_up = run_week(jumped, NEXT, "replay")
    assert caught_up.head == week.head
    assert told(between(jumped, ledger="replay")) == STORY
    said_of = [(a.index, a.mode) for a in caught_up.announcements]
    assert said_of.count(KEY) == 3
    sound(jumped, "replay")
    live = run_week(make_database(), NEXT, "live")
    assert {d.sequence for d in live.decisions} == {0}
    assert {d.date for d in live.decisions} == {NEXT}


def test_in_live_a_day_that_was_missed_is_not_made_up_but_its_cause_may_still_stand(database):
    """The job was down until Saturday: the fall is still to be seen over three days, and Saturday it is answered."""
    run_day(database, SATURDAY, "live")
    assert told(between(database)) == [(SATURDAY, 1, ["collapse:AAVE", "stopped:LDO"])]
    sound(database)


def test_what_returns_is_sold_at_its_first_price_in_the_week_after(database):
    run_days(database, SUNDAY)
    run_week(database, NEXT, "live")
    run_days(database, NEXT + 3 * DAY, first=NEXT + DAY)
    last = between(database)[-1]
    assert told([last]) == [(NEXT + 3 * DAY, 1, ["resumed:LDO"])]
    [sold] = [line for line in last.holdings if line.action is Action.SELL and not line.stable]
    assert (sold.symbol, sold.rule) == ("LDO", "resumed")
    sound(database)


@pytest.mark.parametrize(
    "date, word",
    [
        (NEXT + DAY, f"decide {NEXT} first"),
        (MONDAY - DAY, f"the live ledger already reaches {MONDAY}"),
        (MONDAY + 300 * DAY, "is not decided in the live ledger"),
    ],
)
def test_a_day_of_a_week_that_is_not_decided_is_refused(database, date, word):
    before = dump(database)
    with pytest.raises(BadRequest, match=word) as refused:
        run_day(database, date, "live")
    assert str(refused.value).count(".") == 1
    assert dump(database) == before


def test_a_day_before_the_ledgers_newest_decision_is_refused(database):
    run_days(database, THURSDAY)
    before = dump(database)
    with pytest.raises(BadRequest, match=f"already reaches {THURSDAY}"):
        run_day(database, WEDNESDAY, "live")
    assert dump(database) == before


def test_a_day_whose_eve_is_not_known_yet_is_refused(database):
    link = database.connection.raw.conn
    link.execute("DELETE FROM candles WHERE date >= ?", (str(TUESDAY),))
    with pytest.raises(NotEnoughData, match=f"needs {TUESDAY}"):
        run_day(database, WEDNESDAY, "live")


def test_a_dry_day_decides_and_stores_nothing(database):
    run_days(database, WEDNESDAY)
    before = dump(database)
    week = run_day(database, THURSDAY, "live", dry_run=True)
    assert told([d for d in week.decisions if (d.index, d.mode) == KEY]) == STORY[:1]
    assert week.announcements
    assert dump(database) == before


def test_a_dry_week_decides_and_stores_nothing_of_the_days_before_it_either(database):
    before = dump(database)
    week = run_week(database, NEXT, "replay", dry_run=True)
    assert told([d for d in week.decisions if (d.index, d.mode) == KEY]) == [*STORY, (NEXT, 0, [])]
    assert dump(database) == before


@pytest.mark.parametrize("run, date", [(run_day, SATURDAY), (run_week, NEXT)], ids=["day", "week"])
@pytest.mark.parametrize("step", ["add", "settle", "put_levels", "put_announcement"])
def test_a_run_is_stored_all_or_nothing(make_database, monkeypatch, step, run, date):
    """F3: wherever the power goes, and the next run gives the same bytes."""
    plain, database = make_database(), make_database()
    before = dump(database)
    store = getattr(type(database.decisions), step)
    calls = []

    def fail(*arguments):
        calls.append(step)
        if len(calls) == 8:  # in the middle of it
            raise RuntimeError("the power went")
        return store(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(type(database.decisions), step, fail)
        with pytest.raises(RuntimeError):
            run(database, date, "replay")
    assert dump(database) == before
    assert run(database, date, "replay").head == run(plain, date, "replay").head


@pytest.mark.rule("9.2", "8.3")
def test_an_exclusion_is_sold_at_the_next_midnight(database):
    give(database, order("exclude", WEDNESDAY, "MKR"))
    run_day(database, TUESDAY, "live")
    assert between(database) == []
    run_day(database, WEDNESDAY, "live")
    [sold] = between(database)
    assert told([sold]) == [(WEDNESDAY, 1, ["exclusion:MKR"])]
    assert [(h.symbol, h.rule) for h in sold.holdings if h.action is Action.SELL] == [("MKR", "excluded")]
    assert told(between(database, ("large", "balanced"))) == []  # the order was for DeFi
    sound(database)


@pytest.mark.rule("9.2")
def test_a_paused_index_makes_no_decision_between_weeks_and_trades_nothing_on_monday(database):
    give(database, order("pause", WEDNESDAY), order("rebalance", FRIDAY))
    run_days(database, SUNDAY)
    assert between(database) == []
    assert between(database, ("large", "balanced"))
    weekly = [d for d in run_week(database, NEXT, "live").decisions if (d.index, d.mode) == KEY]
    assert [(d.trades, d.notes) for d in weekly] == [((), ("No trades: paused by an admin: its pool was drained.",))]
    sound(database)


@pytest.mark.rule("8.2")
def test_an_ordered_rebalance_runs_the_line_of_every_mode(database):
    give(database, order("rebalance", TUESDAY))
    week = run_day(database, TUESDAY, "live")
    assert {(d.index, d.mode) for d in week.decisions} == {
        ("defi", m) for m in ("conservative", "balanced", "aggressive")
    }
    assert all([cause.trigger for cause in d.causes] == ["order"] for d in week.decisions)
    assert all("admin-7" in " ".join(a.reply.lines()) for a in week.announcements)


@pytest.mark.rule("8.2")
def test_a_rebalance_ordered_for_a_monday_is_a_cause_of_the_weekly_decision(database):
    give(database, order("rebalance", NEXT))
    run_days(database, SUNDAY)
    weekly = {d.mode: d for d in run_week(database, NEXT, "live").decisions if d.index == "defi"}
    assert [cause.trigger for cause in weekly["balanced"].causes] == ["order"]
    assert (weekly["balanced"].sequence, weekly["naive"].causes) == (0, ())


def test_orders_of_the_replay_do_not_count_less_for_being_caught_up(database):
    give(database, order("exclude", WEDNESDAY, "MKR"), ledger="replay")
    run_week(database, NEXT, "replay")
    assert told(between(database, ledger="replay"))[0] == (WEDNESDAY, 1, ["exclusion:MKR"])


@pytest.fixture
def new_method(monkeypatch):
    """Change the method, as an upgrade does: every module that stamps says the new one."""

    def change(to="2.1 00ff00ff00ff00ff"):
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] in ("engine", "bot", "storage") and getattr(module, "stamp", None) is stamp:
                monkeypatch.setattr(module, "stamp", lambda: to)
        return to

    return change


def kinds(database, ledger="live"):
    return [(entry.kind, entry.date) for entry in database.journal.entries(ledger)]


@pytest.mark.rule("1.4")
def test_the_first_decision_by_a_new_method_is_preceded_by_its_notice(database, new_method):
    """A day on which nothing is decided announces nothing, so it has nothing to precede."""
    run_day(database, TUESDAY, "live")
    old, new = stamp(), new_method()
    assert run_day(database, WEDNESDAY, "live").notices == ()
    week = run_day(database, THURSDAY, "live")
    made = kinds(database)[len(tracks()) * 2 + 1 :]
    assert made[0] == (METHOD, THURSDAY)
    assert {kind for kind, _ in made[1:]} == {"decision"}
    entry = next(entry for entry in database.journal.entries("live") if entry.kind == METHOD)
    assert json.loads(entry.body) == {"from": old, "to": new, "method": new}
    [notice] = database.notices.since("live")
    assert (notice.index, notice.kind, notice.date, notice.head) == ("", METHOD, THURSDAY, entry.hash)
    assert (Reply.from_json(notice.reply),) == week.notices
    assert "2.1" in week.notices[0].title
    assert {d.method for d in week.decisions} == {new}
    sound(database)


@pytest.mark.rule("1.4")
def test_a_change_of_method_is_told_once_and_before_what_a_replay_catches_up(database, new_method):
    new = new_method()
    week = run_week(database, NEXT, "replay")
    assert len(week.notices) == len(database.notices.since("replay")) == 1
    decided = [kind for kind, date in kinds(database, "replay") if date > MONDAY or kind == METHOD]
    assert decided.count(METHOD) == 1
    assert decided.index(METHOD) < decided.index("decision")
    assert {d.method for d in week.decisions} == {new}
    assert run_day(database, NEXT + 3 * DAY, "replay").notices == ()
    sound(database, "replay")


def test_without_a_change_of_method_nothing_is_told(database):
    assert run_week(database, NEXT, "replay").notices == ()
    assert METHOD not in {kind for kind, _ in kinds(database, "replay")}


@pytest.mark.rule("1.4")
def test_every_entry_of_the_journal_carries_the_method(database, new_method):
    give(database, order("exclude", WEDNESDAY, "MKR"))
    run_days(database, WEDNESDAY)
    old, new = stamp(), new_method()
    run_days(database, SUNDAY, first=THURSDAY)
    run_week(database, NEXT, "live")
    entries = list(database.journal.entries("live"))
    assert {entry.kind for entry in entries} == {"signals", "decision", "settlement", "order", METHOD}
    carried = [(entry.kind, json.loads(entry.body)["method"]) for entry in entries]
    assert {method for _, method in carried} == {old, new}
    assert {method for kind, method in carried if kind == "signals"} == {old, new}


def subscribed(database):
    """Three chats: two follow DeFi, one of them in a mode of its own; one follows what nothing happens in."""
    for chat, mode, index in (("1", "", "defi"), ("2", "aggressive", "defi"), ("3", "", "rwa")):
        database.chats.put(Chat("telegram", chat, mode=mode, indices=(index,)))
    return database


def queued(database):
    rows = database.connection.rows(
        """SELECT n.name, n.level, o.chat, b.reply FROM outbox o
           JOIN outbox_news n ON n.id = o.news JOIN outbox_bodies b ON b.id = o.body ORDER BY o.news, o.chat"""
    )
    return [(name, level, chat, Reply.from_json(reply)) for name, level, chat, reply in rows]


def test_what_is_decided_live_is_queued_for_the_chats_it_concerns(make_database):
    """A run without chats and one with queue differ in nothing but the queue; a replay queues nothing."""
    database, replayed = subscribed(make_database()), subscribed(make_database())
    for date in (TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY):
        now = dt.datetime.combine(date, dt.time(0, 40), dt.UTC)
        for _ in range(2):  # F7: the second finds nothing to tell
            run_day(database, date, "live", post=Posting(now))
        run_day(replayed, date, "replay", post=Posting(now))
    told_of = [(name, chat) for name, _, chat, _ in queued(database)]
    # RWA has no members here, so its chat holds the stablecoin that slips on Friday
    assert told_of == [*((f"change/{THURSDAY}/2", c) for c in "12"), *((f"change/{SATURDAY}/2", c) for c in "123")]
    titles = [reply.title for *_, reply in queued(database)]
    assert ["balanced" in titles[0], "aggressive" in titles[1]] == [True, True]
    assert queued(replayed) == []


def test_a_day_and_its_messages_are_stored_both_or_neither(make_database, monkeypatch):
    """F2: the process dies at the n-th statement of the day, for many n; the next run is as an undisturbed one."""
    plain, database = subscribed(make_database()), subscribed(make_database())
    post = Posting(dt.datetime.combine(THURSDAY, dt.time(0, 40), dt.UTC))
    for each in (plain, database):
        run_days(each, WEDNESDAY)
    execute, put, before, statements = Connection.execute, Connection.put, dump(database), 0

    def dying(original, stop_at):
        def run(*arguments):
            nonlocal statements
            statements += 1
            if statements == stop_at:
                raise KeyboardInterrupt  # nothing of ours catches it
            return original(*arguments)

        return run

    def run(each, stop_at=0):
        nonlocal statements
        statements = 0
        with monkeypatch.context() as patched:
            patched.setattr(Connection, "execute", dying(execute, stop_at))
            patched.setattr(Connection, "put", dying(put, stop_at))
            run_day(each, THURSDAY, "live", post=post)

    run(plain)
    of = statements
    for n in sorted(random.Random(20261126).sample(range(1, of + 1), 5)):
        with pytest.raises(KeyboardInterrupt):
            run(database, n)
        assert dump(database) == before, f"stopped at statement {n} of {of}"
    run(database)
    assert dump(database) == dump(plain)
    assert len(queued(database)) == 2
