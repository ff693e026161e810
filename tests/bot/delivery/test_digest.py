"""What a chat is sent follows its choices: one message for its indices, its mode and tokens, at its hours, no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot import digest
from bot.announce import announce
from bot.brief import brief, level_of, moves, turns
from bot.digest import Issue, Item
from bot.monthly import Month, Past
from bot.posting import Posting
from bot.reply import BREAK, Reply
from engine.model import Cause, RiskStep
from storage.chats import Chat
from storage.database import Database, open_database
from storage.outbox import News

NOW = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
HEAD = "4f9c 02d7"
CHAT = Chat("telegram", "1", indices=("defi",))


@pytest.fixture
def issue(book: Any) -> Issue:
    items = tuple(
        Item(index, mode, announce(book, index, mode), brief(book, index, mode))
        for index in ("large", "defi", "ai")
        for mode in ("balanced", "aggressive")
    )
    return Issue("week 46", HEAD, items, turns(book))


@pytest.fixture
def database() -> Iterator[Database]:
    opened = open_database(":memory:")
    yield opened
    opened.close()


def weekly(chat: Chat, issue: Issue, mode: str = "balanced") -> Reply:
    reply = digest.weekly(chat, mode, issue)
    assert reply is not None
    return reply


def commands(reply: Reply) -> list[str]:
    return [button.command for button in reply.buttons]


def test_one_index_is_told_whole_with_its_own_buttons(issue: Issue) -> None:
    reply, announced = weekly(replace(CHAT, watched=False), issue), issue.items[2].reply
    assert (reply.title, reply.table, reply.note) == (announced.title, announced.table, announced.note)
    assert commands(reply) == [*commands(announced), "/settings mute 7", "/settings fewer"]


def test_several_indices_are_one_message_in_the_chats_order_and_mode(issue: Issue) -> None:
    reply = weekly(replace(CHAT, indices=("ai", "meme", "large")), issue, "aggressive")
    assert reply.title == "AI and Large caps, week 46 (aggressive)"
    assert [line.split(":")[0] for line in reply.text if line.startswith(("AI:", "Large caps:"))] == [
        "AI",
        "Large caps",
    ]
    assert commands(reply) == ["/index ai", "/index large", "/settings mute 7", "/settings fewer"]
    assert reply.note[-1] == issue.items[-1].reply.note[-1]  # the journal's head
    assert reply.table is None


def test_short_is_three_lines_an_index(issue: Issue) -> None:
    reply = weekly(replace(CHAT, short=True, watched=False), issue)
    assert (
        reply.text
        == (
            "DeFi: $1,000 on 2 Jan is now $1,112. Just holding: $950.",
            "This week +3.9 %, holding +3.6 %. Risk: raised.",
            "Bought GMX; bought more RUNE; trimmed XVS; sold LDO. Stablecoins 15 %.",
        )
        or len(reply.text) == 3
    )
    assert "trimmed XVS; sold LDO. Stablecoins 15 %." in reply.text[-1]


def test_a_week_without_trades_says_so_in_three_lines(book: Any, make: Any) -> None:
    kept = tuple(replace(line, from_weight=line.weight) for line in make.HOLDINGS if line.weight)
    shelf = book.decisions["defi", "balanced"]
    shelf[0] = replace(shelf[0], decision=make.decision(holdings=kept))
    said = brief(book, "defi", "balanced")
    assert moves(shelf[0].decision) == ""
    assert len(said.lines) == 3
    assert said.lines[-1] == "No trades this week."


def test_every_weekly_post_shows_the_journals_head(issue: Issue) -> None:
    for chat in (CHAT, replace(CHAT, short=True), replace(CHAT, indices=("ai", "defi"))):
        assert len(weekly(chat, issue).note[-1].split(" · ")[-1].replace(" ", "")) == 32
    assert weekly(Chat("telegram", "1", watches=("LDO",)), issue).note == (HEAD,)


def test_watched_tokens_whose_call_changed_stand_below_the_strongest_first(issue: Issue) -> None:
    chat = replace(CHAT, watches=("LDO", "AAVE", "BTC", "SHIB"))
    told = weekly(chat, issue).after[len(issue.items[2].reply.after) :]
    assert told == (
        BREAK,
        "LDO: bearish now (was bullish), strength -0.36.",
        "AAVE: bullish now (was bearish), strength +0.30.",
    )
    assert weekly(replace(chat, minimum=33), issue).after[-1].startswith("LDO")
    assert weekly(replace(chat, watched=False), issue).after == issue.items[2].reply.after
    alone = weekly(replace(chat, indices=()), issue)
    assert alone.title == "Your watched tokens, week 46"
    assert digest.weekly(replace(chat, indices=(), minimum=99), "balanced", issue) is None
    assert digest.weekly(replace(chat, weekly=False, watches=()), "balanced", issue) is None


LOST = Past(Month(dt.date(2026, 10, 1)), "DeFi", dt.date(2026, 3, 2), -0.04, 0.02, 0.081, None)
WON = replace(LOST, title="AI", change=0.05, ahead=0.11)


@pytest.fixture
def month_end(issue: Issue) -> Issue:
    """The first week after a month: of Large caps nothing is known in it."""
    months = {"defi": LOST, "ai": WON}
    return replace(issue, items=tuple(replace(item, month=months.get(item.index)) for item in issue.items))


@pytest.mark.parametrize("short", [False, True])
def test_the_month_stands_in_the_weekly_message_above_the_watched_tokens(
    issue: Issue, month_end: Issue, short: bool
) -> None:
    chat = replace(CHAT, short=short, watches=("LDO",))
    before, after = weekly(chat, issue), weekly(chat, month_end)
    added = (
        "October 2026: lost 4.0 %, just holding won 2.0 %: 6.0 points behind; since 2 Mar 2026: 8.1 points ahead.",
        "The worst call: none lost. Every holding ended no lower than it began.",
    )
    above, below = before.after[:-1], before.after[-1]
    assert after == replace(before, after=(*above, *added, BREAK, below))


def test_several_indices_share_one_heading_and_one_worst_call(month_end: Issue) -> None:
    said = weekly(replace(CHAT, indices=("large", "defi", "ai"), watched=False), month_end).after
    assert said[0] == "October 2026: 1 of 2 indices won."
    assert [line.split(",")[0] for line in said[1:3]] == ["DeFi lost 4.0 %", "AI won 5.0 %"]
    assert len(said) == 4
    assert weekly(replace(CHAT, indices=("large",), watched=False), month_end).after == month_end.items[0].reply.after


def test_a_chat_waits_until_all_its_indices_are_done_with(issue: Issue) -> None:
    """One message a week, also where an index waits for its prices."""
    waits = replace(issue, awaited=frozenset({"ai"}))
    assert digest.weekly(replace(CHAT, indices=("defi", "ai")), "balanced", waits) is None
    assert digest.weekly(CHAT, "balanced", waits) is not None


def test_a_newcomer_has_words_explained(issue: Issue) -> None:
    assert any(line.startswith("Index: ") for line in weekly(replace(CHAT, plain=True), issue).after)


def test_the_first_week_turns_no_call(book: Any) -> None:
    book.before = None
    assert turns(book) == ()


@pytest.mark.parametrize(
    "causes, level",
    [((), 0), (("drought",), 1), (("drought", "collapse"), 2), (("step_up",), 5), (("step_up", "collapse"), 5)],
)
def test_an_alert_is_as_grave_as_its_gravest_cause(make: Any, causes: tuple[str, ...], level: int) -> None:
    decision = make.decision(risk=replace(make.RISK, step=RiskStep.EXTREME))
    caused = tuple(Cause(name, "X", "it happened") for name in causes)
    assert level_of(replace(decision, sequence=int(bool(causes)), causes=caused)) == level


@pytest.mark.parametrize(
    "level, told, may",
    [
        (1, (0, 0), True),
        (1, (1, 1), True),
        (1, (2, 1), False),
        (2, (2, 1), True),
        (2, (5, 2), False),
        (5, (9, 4), True),
    ],
)
def test_two_alerts_a_week_and_any_that_is_graver_than_all_before(level: int, told: tuple[int, int], may: bool) -> None:
    assert digest.may_alert(level, told, digest.ALERTS_A_WEEK) == may


def test_one_cry_a_week_so_that_the_other_alert_is_for_what_is_decided() -> None:
    told = [
        digest.may_alert(level, before, digest.CRIES_A_WEEK)
        for level, before in ((2, (0, 0)), (2, (1, 2)), (3, (1, 2)))
    ]
    assert told == [True, False, True]
    assert digest.CRIES_A_WEEK < digest.ALERTS_A_WEEK


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


@pytest.mark.parametrize(
    "zone, hours, now, end",
    [
        ("UTC", (22, 7), "2026-11-23T23:30+00:00", "2026-11-24T07:00+00:00"),
        ("UTC", (22, 7), "2026-11-23T03:00+00:00", "2026-11-23T07:00+00:00"),
        ("UTC", (22, 7), "2026-11-23T07:00+00:00", None),
        ("UTC", (9, 17), "2026-11-23T09:00+00:00", "2026-11-23T17:00+00:00"),
        ("Asia/Tokyo", (22, 7), "2026-11-23T15:00+00:00", "2026-11-23T22:00+00:00"),
        # F32: the clocks of New York go forward in this night, and back in that one
        ("America/New_York", (22, 7), "2026-03-08T04:00+00:00", "2026-03-08T11:00+00:00"),
        ("America/New_York", (22, 7), "2026-11-01T03:00+00:00", "2026-11-01T12:00+00:00"),
        ("Mars/Olympus", (22, 7), "2026-11-23T23:30+00:00", "2026-11-24T07:00+00:00"),
        ("UTC", (7, 7), "2026-11-23T07:00+00:00", None),
    ],
)
def test_quiet_hours_end_by_the_chats_own_clock(zone: str, hours: tuple[int, int], now: str, end: str | None) -> None:
    """F32"""
    chat = replace(CHAT, time_zone=zone, quiet_from=60 * hours[0], quiet_until=60 * hours[1])
    assert digest.quiet_until(chat, at(now)) == (at(end) if end else None)


@pytest.mark.parametrize(
    "now, end",
    [
        ("2026-11-01T05:10+00:00", "2026-11-01T05:30+00:00"),  # 01:10, for the first time
        ("2026-11-01T05:40+00:00", None),
        ("2026-11-01T06:10+00:00", "2026-11-01T06:30+00:00"),  # and for the second
    ],
)
def test_quiet_hours_that_end_in_an_hour_that_comes_twice_end_later_than_now(now: str, end: str | None) -> None:
    """F32: an end that has passed would be tried again and again until the hour is over."""
    chat = replace(CHAT, time_zone="America/New_York", quiet_from=22 * 60, quiet_until=90)
    assert digest.quiet_until(chat, at(now)) == (at(end) if end else None)


def test_quiet_hours_defer_and_danger_breaks_them_where_the_chat_said_so() -> None:
    quiet = replace(CHAT, quiet_from=0, quiet_until=360)
    chats = [quiet, replace(quiet, chat="2", danger_breaks_quiet=True)]
    after = {}
    for push in ("weekly", "danger"):
        news = News("n", push, NOW + dt.timedelta(days=1))  # type: ignore[arg-type]
        (letter,) = digest.letters(chats, news, lambda chat: Reply(text=("x",)), NOW)
        after[push] = [when for _, _, when in letter.to]
    six = NOW.replace(hour=6)
    assert after == {"weekly": [six, six], "danger": [six, None]}


def test_chats_of_the_same_choices_share_one_text(issue: Issue) -> None:
    chats = [replace(CHAT, chat=str(k), title=str(k), short=k % 2 == 0) for k in range(10)]
    made: list[Chat] = []

    def compose(chat: Chat) -> Reply | None:
        made.append(chat)
        return digest.weekly(chat, "balanced", issue)

    found = digest.letters(chats, News("n", "weekly", NOW + dt.timedelta(days=1)), compose, NOW)
    assert [len(letter.to) for letter in found] == [5, 5]
    assert len(made) == 2


LEFT_OUT: dict[str, Callable[[Chat], Chat]] = {
    "muted": lambda c: replace(c, muted_until=NOW + dt.timedelta(days=7)),
    "silenced": lambda c: replace(c, silenced="blocked"),
    "switched off": lambda c: replace(c, weekly=False),
    "follows nothing": lambda c: replace(c, indices=()),
}


@pytest.mark.parametrize("why", LEFT_OUT)
def test_who_wants_nothing_is_left_out(why: str, issue: Issue) -> None:
    news = News("n", "weekly", NOW + dt.timedelta(days=1))
    assert digest.letters([LEFT_OUT[why](CHAT)], news, lambda chat: digest.weekly(chat, "balanced", issue), NOW) == []


def waiting(database: Database) -> list[tuple[str, str]]:
    return database.connection.rows(
        "SELECT n.name, o.chat FROM outbox o JOIN outbox_news n ON n.id = o.news ORDER BY o.chat, n.name"
    )


def test_a_week_is_queued_once_a_chat_in_the_mode_it_follows(database: Database, issue: Issue) -> None:
    """F7"""
    for chat in ("1", "2"):
        database.chats.put(replace(CHAT, chat=chat, mode="aggressive" if chat == "2" else ""))
    post = Posting(NOW)
    assert [post.week(database, "live", "2026-W48", issue) for _ in range(3)] == [2, 0, 0]
    assert post.week(database, "replay", "2026-W47", issue) == 0
    titles = [Reply.from_json(text).title for (text,) in database.connection.rows("SELECT reply FROM outbox_bodies")]
    assert sorted(titles) == ["DeFi index, week 46 (aggressive)", "DeFi index, week 46 (balanced)"]


def test_a_chat_without_the_weekly_message_still_hears_of_its_tokens(database: Database, issue: Issue) -> None:
    database.chats.put(replace(CHAT, weekly=False, watches=("LDO",)))
    assert Posting(NOW).week(database, "live", "2026-W48", issue) == 1
    assert waiting(database) == [("watched/2026-W48", "1")]


def test_alerts_of_a_week_stop_at_two_unless_they_grow_graver(database: Database, issue: Issue) -> None:
    database.chats.put(CHAT)
    day = dt.timedelta(days=1)

    def cry(k: int, level: int) -> int:
        items = tuple(replace(item, brief=replace(item.brief, level=level)) for item in issue.items)
        return Posting(NOW + k * day).day(database, "live", (NOW + k * day).date(), replace(issue, items=items))

    assert [cry(1, 1), cry(2, 1), cry(3, 1), cry(4, 2), cry(5, 2), cry(6, 5)] == [1, 1, 0, 1, 0, 1]
    assert cry(14, 1) == 1


def test_a_notice_goes_to_those_who_follow_its_index(database: Database) -> None:
    database.chats.put(CHAT)
    database.chats.put(replace(CHAT, chat="2", indices=("ai",)))
    said = Reply(text=("paused",)).to_json()
    post = Posting(NOW)
    assert post.notice(database, database.notices.add("live", NOW.date(), "ai", "order", said)) == 1
    assert post.notice(database, database.notices.add("live", NOW.date(), "", "method", said)) == 2


def test_admins_are_warned_once_a_key_on_every_platform_but_the_broken_one(database: Database) -> None:
    post = Posting(NOW, admins=(("telegram", "7"), ("discord", "8")))
    assert [post.warn(database, "locked/telegram", "It broke.", but="telegram") for _ in range(3)] == [1, 0, 0]
    assert waiting(database) == [("admin/locked/telegram", "8")]
    assert Posting(NOW).warn(database, "other", "It broke.") == 0
