"""Every cry gets its answer: the day's close decides by the written rules, and chats are told what became of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from emulators.watched import DAY, MONDAY, Days, World

from benchmarks.alerts import Seen
from bot import cries, digest
from bot.command import Request
from bot.cries import Cry, said
from bot.digest import Answer, Issue
from bot.dispatch import dispatch
from bot.foresight import EVE, Foresight
from bot.reply import Reply
from bot.shelf import DatabaseBook
from engine.method import stamp
from engine.model import Order, RiskStep
from storage.chats import Chat

KEY = ("defi", "balanced")
NEXT = 7  # the next Monday, in days from the first
Make = Callable[..., World]


@pytest.fixture
def make_world() -> Iterator[Make]:
    made: list[World] = []

    def make(prices: Days | None = None, volumes: Days | None = None, chats: tuple[Chat, ...] = ()) -> World:
        made.append(World(prices, volumes))
        for chat in chats or (Chat("telegram", "1", indices=("defi",)),):
            made[-1].database.chats.put(chat)
        return made[-1]

    yield make
    for world in made:
        world.database.close()


def changes(world: World) -> list[Reply]:
    return [told.reply for told in world.told() if told.name.startswith("change/")]


def cried(world: World) -> list[tuple[str, bool]]:
    return [(f"{cry.kind}:{cry.subject}", cry.held) for cry in cries.read(world.database)]


def week(world: World, chat: str = "1") -> Reply:
    return [told.reply for told in world.told() if told.name.startswith("week/") and told.chat == chat][-1]


HELD = "The fall of AAVE, cried on Wed 25 Nov at 14:05 UTC, held to the close."
PASSED = "The fall of AAVE, cried on Wed 25 Nov at 14:05 UTC, was over by the close: nothing was traded for it."


def test_the_change_that_the_close_decides_says_what_was_cried_and_held(make_world: Make) -> None:
    world = make_world({"AAVE": {2: 0.5}})
    world.until(2)
    assert [alert.kind for alert in world.look(AAVE=0.5)] == ["collapse"]
    assert changes(world) == []  # spot prices never trade
    world.morning()
    [change] = changes(world)
    assert change.text[0].startswith("AAVE fell 5")
    assert change.after[0] == HELD
    assert cries.read(world.database)[0].decided == (
        "large/balanced", "large/aggressive", "defi/balanced", "defi/aggressive",
    )  # fmt: skip


def test_what_had_passed_by_the_close_trades_nothing_and_is_told_with_the_next_week(make_world: Make) -> None:
    world = make_world(chats=(Chat("telegram", "1", indices=("defi",)), Chat("telegram", "2", watches=("AAVE",))))
    world.until(2)
    world.look(AAVE=0.5)
    world.look(at=dt.time(18))
    world.until(NEXT)
    assert changes(world) == []
    assert PASSED in week(world).after
    assert PASSED in week(world, "2").text  # who only watches the token
    assert week(world, "2").title.startswith("Your watched tokens")


def test_risk_says_at_once_what_was_cried_and_what_became_of_it(make_world: Make) -> None:
    world = make_world({"AAVE": {2: 0.5}})
    world.until(2)
    world.look(AAVE=0.5)

    def asked(text: str, hour: int = 15) -> str:
        now = dt.datetime.combine(world.today, dt.time(hour), dt.UTC)
        request = Request(text, "console", "console", "console", "")
        return " ".join(dispatch(DatabaseBook(world.database, now), request).lines())  # type: ignore[arg-type]

    waits = "The fall of AAVE, cried on Wed 25 Nov at 14:05 UTC, waits for the close at 00:00 UTC."
    assert waits in asked("/risk defi")
    assert waits in asked("/risk")
    assert "cried" not in asked("/risk ai")
    world.morning()
    assert HELD in asked("/risk defi")
    assert "no rule called for a trade" not in asked("/risk")
    world.until(NEXT + 3)
    assert "cried" not in asked("/risk defi")


def test_what_held_and_moved_nothing_says_so(make_world: Make) -> None:
    """A fall of the market is no trigger of its own; a ladder that stands where it stood moves nothing."""
    world = make_world({"*": {2: 0.8}})
    world.until(2)
    assert {alert.kind for alert in world.look(every=0.8)} == {"market", "ladder"}
    world.morning()
    answered = {cry.kind: cry for cry in cries.read(world.database) if "defi/balanced" in cry.tracks}
    assert answered["market"].held and answered["ladder"].held
    decided = world.database.decisions.latest("live", *KEY)
    assert decided is not None and decided.decision.risk is not None
    assert decided.decision.risk.step is RiskStep.EXTREME
    [change] = changes(world)
    said = "cried on Wed 25 Nov at 14:05 UTC, held to the close."
    assert [line for line in change.after if "cried" in line] == [
        f"The step of risk to high, {said}", f"The fall of the market, {said}",
    ]  # fmt: skip
    alone = replace(answered["market"], decided=())
    assert cries.said(alone, "defi/balanced").endswith("held to the close; no rule called for a trade.")


def test_the_step_that_would_be_taken_is_cried_once_and_forgotten_when_taken(make_world: Make) -> None:
    world = make_world({"*": {2: 0.8}})
    world.until(2)
    first = world.look(every=0.8)
    again = [world.look(dt.time(14 + k), every=0.8 if k % 2 else 1.0) for k in range(1, 9)]
    told = [alert for alerts in (first, *again) for alert in alerts if alert.kind == "ladder"]
    assert len(told) == len({alert.subject for alert in told}) == 6  # two indices with members, three modes
    assert {alert.level for alert in told} == {4, 5}
    world.morning()
    world.look(dt.time(1), every=1.0)
    assert not any(key.startswith("ladder:") for key in _states(world))
    assert not any(alert.kind == "ladder" for alert in world.look(dt.time(2), every=1.0))


def test_a_step_that_the_close_did_not_take_may_be_cried_again_the_next_day(make_world: Make) -> None:
    world = make_world()
    world.until(2)
    assert any(alert.kind == "ladder" for alert in world.look(every=0.8))
    world.morning()
    assert not any(alert.kind == "ladder" for alert in world.look(dt.time(9)))
    assert any(alert.kind == "ladder" for alert in world.look(every=0.8))


def test_the_ladder_is_not_read_before_the_days_job_ran_nor_of_a_paused_index(make_world: Make) -> None:
    world = make_world()
    world.until(2)
    text = world.database.agenda.value(EVE)
    assert text is not None
    world.database.agenda.note(EVE, text.replace("2026-11-25", "2026-11-24"), dt.datetime(2026, 11, 25, tzinfo=dt.UTC))
    assert {alert.kind for alert in world.look(every=0.8)} == {"market"}
    world.database.agenda.note(EVE, text, dt.datetime(2026, 11, 25, tzinfo=dt.UTC))
    given = dt.datetime.combine(world.today, dt.time(1), dt.UTC)
    pause = Order("2026-11-25/1", "pause", None, None, "audit", "admin-7", given, world.today + DAY)
    world.database.orders.add("live", pause, stamp())
    assert not any(alert.kind == "ladder" for alert in world.look(dt.time(15), every=0.8))


def test_a_drought_is_cried_on_all_venues_together_and_sold_by_its_close(make_world: Make) -> None:
    dried = dict.fromkeys((0, 1, 2), 0.05)
    world = make_world(volumes={"UNI": dried})
    world.until(2)
    assert world.look(volumes={"UNI": 0.2}) == []
    [alert] = world.look(dt.time(15), volumes={"UNI": 0.05})
    assert alert.text == "UNI has hardly been traded for three days: under 10 % of its usual volume."
    assert world.look(dt.time(16), volumes={"UNI": 0.15}) == []  # hysteresis: until it trades twice as much
    world.morning()
    [change] = changes(world)
    assert "The drought of UNI, cried on Wed 25 Nov at 15:00 UTC, held to the close." in change.after


def test_a_drought_of_one_venue_whose_trade_has_moved_to_another_is_not_cried(make_world: Make) -> None:
    world = make_world(volumes={"UNI": dict.fromkeys((0, 1), 0.05)})
    world.until(2)
    foresight, held = Foresight(), frozenset({"UNI"})
    now = dt.datetime.combine(world.today, dt.time(14), dt.UTC)

    def outlook(**volumes: float) -> Any:
        price = float(world.panel.close[world.panel.row(world.today) - 1, world.panel.column("UNI") or 0])
        seen = [Seen("UNI", price, {name.replace("_", " "): usd for name, usd in volumes.items()})]
        return foresight.outlook(world.database, seen, held, now)

    assert outlook(venue_0=2e6).dry == held
    assert (outlook(venue_0=2e6, other=9e6).dry, outlook(venue_0=2e6, other=9e6).nearly_dry) == (frozenset(), held)
    assert outlook(other=2e6).measured == frozenset()


def test_a_drought_that_is_over_is_told_as_over_by_the_close(make_world: Make) -> None:
    world = make_world(volumes={"UNI": dict.fromkeys((0, 1), 0.05)})
    world.until(2)
    world.look(volumes={"UNI": 0.05})
    assert [world.look(dt.time(at), volumes={"UNI": 0.3}) for at in (15, 16)] == [[], []]
    assert _states(world) == []
    world.morning()
    assert cried(world) == [("drought:UNI", False)]


def test_the_change_that_answers_a_cry_is_told_beside_the_weeks_alerts(make_world: Make) -> None:
    """A graver alert went before it, which kept the cry back: no reason to keep back what is sold for it."""
    world = make_world({"AAVE": {2: 0.5}})
    world.until(1)
    world.look(every=0.8)
    world.until(2)
    world.look(AAVE=0.5)
    world.morning()
    assert [told.name.partition("/")[0] for told in world.told()] == ["week", "watch", "change"]
    assert changes(world)[0].after[0] == HELD


def test_a_second_run_of_the_day_answers_the_same(make_world: Make) -> None:
    world = make_world({"AAVE": {2: 0.5}})
    world.until(2)
    world.look(AAVE=0.5)
    world.morning()
    before = cries.read(world.database)
    cries.close_day(world.database, world.panel.until(world.today), world.market, ())
    assert cries.read(world.database) == before
    assert world.database.agenda.value("cries") is not None


def test_a_cry_of_this_day_waits_for_its_own_close(make_world: Make) -> None:
    world = make_world()
    world.until(2)
    world.look(dt.time(0, 30), AAVE=0.5)
    cries.close_day(world.database, world.panel.until(world.today), world.market, ())
    assert cries.read(world.database)[0].closed == ""


def test_a_day_without_a_job_leaves_the_answer_to_the_next_close(make_world: Make) -> None:
    world = make_world()
    world.until(2)
    world.look(AAVE=0.5)
    cries.close_day(world.database, world.panel.until(world.today + 2 * DAY), world.market, ())
    [line] = cries.lines(world.database, *KEY, MONDAY)
    assert line == PASSED.replace("the close", "the close of 26 Nov")


def test_an_old_backup_answers_nothing_of_its_own_days(make_world: Make) -> None:
    world = make_world()
    world.until(1)
    world.look(AAVE=0.5)
    cries.close_day(world.database, world.panel.until(world.today + 5 * DAY), world.market, ())
    assert cries.read(world.database)[0].closed == ""
    world.look(dt.time(15), CRV=0.5)
    cries.close_day(world.database, world.panel.until(world.today + DAY), world.market, ())
    assert {cry.closed for cry in cries.read(world.database)} == {world.today.isoformat()}


def test_what_is_older_than_two_weeks_is_forgotten(make_world: Make) -> None:
    world = make_world()
    world.until(1)
    old = Cry("market", "", "2026-11-01T10:00+00:00", None, ("defi/balanced",), "2026-11-01")
    cries._write(world.database, [old], dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    world.look(AAVE=0.5)
    assert cried(world) == [("collapse:AAVE", False)]


@pytest.mark.parametrize("kind", cries.NOUNS)
def test_every_kind_has_words(kind: Any) -> None:
    subject = "defi/balanced/raised" if kind == "ladder" else "" if kind == "market" else "USDC"
    line = said(Cry(kind, subject, "2026-11-25T14:05+00:00", 1.0, (), "2026-11-25", True), "")
    assert line.endswith(", cried on Wed 25 Nov at 14:05 UTC, held to the close; no rule called for a trade.")
    assert kind in cries.TRIGGERS


def test_indices_that_fared_differently_are_named_and_long_lists_end(make_world: Make) -> None:
    class Titled:
        def __init__(self, index: str, title: str) -> None:
            self.index, self.brief = index, type("Brief", (), {"title": title})

    items: Any = [Titled("defi", "DeFi"), Titled("ai", "AI"), Titled("rwa", "RWA")]
    said = {"defi": "B.", "ai": "A.", "rwa": "B."}
    mixed = tuple(Answer("x", index, "balanced", "", text) for index, text in said.items())
    chat = Chat("telegram", "1", indices=("defi", "ai", "rwa"))
    assert digest._answered(chat, "balanced", Issue("", "", (), answers=mixed), items) == ("DeFi and RWA: B.", "AI: A.")
    many = tuple(Answer(str(k), "ai", "balanced", "", f"{k}.") for k in range(6))
    lines = digest._answered(chat, "balanced", Issue("", "", (), answers=many), items)
    assert lines == ("2.", "3.", "4.", "5.", "And 2 more that was cried: /risk.")
    assert digest._answered(chat, "aggressive", Issue("", "", (), answers=many), items) == ()


def _states(world: World) -> list[str]:
    text = world.database.agenda.value("watch")
    return list(json.loads(text or "{}")["states"])
