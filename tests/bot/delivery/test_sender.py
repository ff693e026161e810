"""Sending: at our own pace, every failure by its kind, nothing lost; an independent counter says what arrived."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest
from emulators.chats import ChatService
from emulators.virtual import START, VirtualTime

from bot import outbox, verdicts
from bot.outbox import Sender
from bot.pacing import Pace, Rates
from bot.platforms.port import (
    ChatClosed,
    ChatMoved,
    LockedOut,
    MaybeSent,
    NotSent,
    Parcel,
    Receipt,
    Refused,
    SlowDown,
)
from bot.reply import Reply
from engine.errors import CannotWrite
from storage.chats import Chat
from storage.database import Database, open_database
from storage.outbox import Letter, News, Outbox

T = TypeVar("T")
SEED = 20261126
RATES = Rates(28.4, 1.0, 18.0)
DAY = dt.timedelta(days=1)
BODY = Reply(title="week 48").to_json()


@dataclass
class Bench:
    """A sender on a database in memory, with the service it sends to; `store` works on the spot, in no thread."""

    database: Database
    time: VirtualTime = field(default_factory=VirtualTime)
    warned: list[tuple[str, str, str]] = field(default_factory=list)
    chats: int = 0

    def __post_init__(self) -> None:
        self.service = ChatService(now=self.time.monotonic, sleep=self.time.sleep)
        self.sender = self.another("me")

    def another(self, owner: str, service: ChatService | None = None) -> Sender:
        pace = Pace(RATES, self.time.monotonic)
        return Sender(service or self.service, self, pace, self.time.clock, self.warn, owner)

    async def do(self, work: Callable[[Database], T]) -> T:
        return work(self.database)

    async def warn(self, key: str, says: str, but: str) -> None:
        self.warned.append((key, says, but))

    def queue(self, chats: int, name: str = "week/2026-W48", level: int = 0, **choices: Any) -> list[str]:
        names = [str(k) for k in range(self.chats, self.chats + chats)]
        self.chats += chats
        for chat in names:
            self.database.chats.put(Chat("telegram", chat, **{"indices": ("defi",), **choices}))
        self.enqueue(names, name, level)
        return names

    def enqueue(self, names: list[str], name: str, level: int = 0) -> None:
        news = News(name, "danger" if level else "weekly", self.time.wall() + 3 * DAY, level)
        letter = Letter(BODY, [("telegram", chat, None) for chat in names])
        self.database.outbox.enqueue(news, [letter], self.time.wall())

    def waiting(self) -> int:
        (count,) = self.database.connection.row("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'")  # type: ignore[misc]
        return int(count)

    def states(self) -> dict[str, str]:
        return dict(self.database.connection.rows("SELECT chat, state FROM outbox"))

    def reasons(self) -> dict[str, str]:
        return {found.chat: found.reason for found in self.database.outbox.dead(1000)}

    async def _until(self, done: Callable[[], bool], limit: float) -> None:
        end = self.time.seconds + limit
        while not done():
            assert self.time.seconds < end, f"not done within {limit} s: {self.states()}"
            await self.time.sleep(0.25 if limit - (end - self.time.seconds) < 60 else 10.0)

    async def run(self, done: Callable[[], bool] | None = None, limit: float = 7200.0, sender: Any = None) -> None:
        """Send until nothing waits any more (or `done`), then stop."""
        at_work = sender or self.sender

        async def all_of_it() -> None:
            task = asyncio.ensure_future(at_work.run())
            await self._until(done or (lambda: not self.waiting()), limit)
            at_work.stop()
            await task

        await self.time.run(all_of_it())


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests in which hours pass: the empty queue is looked at less often."""
    monkeypatch.setattr(outbox, "LOOK", 20.0)


@pytest.fixture
def bench() -> Iterator[Bench]:
    database = open_database(":memory:")
    yield Bench(database)
    database.close()


async def test_a_broadcast_keeps_the_services_limits_without_being_told(bench: Bench) -> None:
    """F14: 0 x 429, at least 93 % of what is allowed, groups at their own pace beside it."""
    names = bench.queue(600)
    await bench.run()
    assert bench.service.refused == 0
    assert bench.service.counts() == dict.fromkeys(names, 1)
    first, last = bench.service.arrived[0][0], bench.service.arrived[-1][0]
    assert 599 / (last - first) >= 0.93 * bench.service.limit


async def test_a_group_has_its_own_pace_and_holds_up_nobody(bench: Bench) -> None:
    """F14: 20 a minute and group."""
    (group,) = bench.queue(1, name="news/0", place="group")
    bench.service.groups = frozenset({group})
    for k in range(1, 25):
        bench.enqueue([group], f"news/{k}")
    others = bench.queue(40, name="news/others")
    await bench.run()
    assert bench.service.refused == 0
    assert bench.service.counts() == {group: 25, **dict.fromkeys(others, 1)}
    assert max(at for at, chat, _ in bench.service.arrived if chat in others) < 3.0


async def test_a_message_that_waits_for_its_chat_is_not_claimed_before_its_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue counts milliseconds and the pace does not: a turn may fall within one."""
    claim, claimed = Outbox.claim, []

    def counted(*arguments: Any) -> list[Any]:
        found = claim(*arguments)
        claimed.extend(found)
        return found

    monkeypatch.setattr(Outbox, "claim", counted)
    monkeypatch.setattr(outbox, "LOOK", 0.9999)
    bench.time.seconds = 0.0007
    (chat,) = bench.queue(1)
    bench.enqueue([chat], "week/2026-W49")
    await bench.run()
    assert bench.service.counts() == {chat: 2}
    assert len(claimed) == 3


async def test_what_was_held_up_together_does_not_go_out_together(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F14: the database, or the whole machine, pauses now and then; what waited for it keeps the service's limit."""
    names = bench.queue(400)

    async def pausing(work: Callable[[Database], T]) -> T:
        if (over := bench.time.seconds % 3.0) > 1.8:
            await bench.time.sleep(3.0 - over)
        return work(bench.database)

    monkeypatch.setattr(bench, "do", pausing)
    await bench.run()
    assert bench.service.refused == 0
    assert bench.service.counts() == dict.fromkeys(names, 1)


async def test_an_urgent_alert_overtakes_the_digest(bench: Bench) -> None:
    bench.queue(300)

    def cry(service: ChatService, parcel: Parcel) -> None:
        if len(service.arrived) == 50:
            bench.queue(1, name="change/2026-11-25/5", level=5)

    bench.service.fault = cry
    await bench.run()
    told = [chat for _, chat, _ in bench.service.arrived]
    assert told.index("300") < 50 + 2 * outbox.IN_FLIGHT + 2


@pytest.mark.parametrize("share", [0.1, 1.0])
async def test_a_storm_of_429_is_waited_out_and_nobody_knocks_meanwhile(bench: Bench, share: float) -> None:
    """F13: waits at least as long as asked, no attempt inside the window, attempts bounded, all delivered."""
    chance, names = random.Random(SEED), bench.queue(60)
    windows: list[tuple[float, float]] = []
    storms = 8 if share == 1.0 else 6

    def storm(service: ChatService, parcel: Parcel) -> None:
        if len(windows) < storms and chance.random() < share:
            seconds = chance.uniform(1, 60)
            windows.append((service.now(), service.now() + seconds))
            raise SlowDown("flood", seconds)

    bench.service.fault = storm
    await bench.run()
    assert len(windows) == storms
    assert bench.service.counts() == dict.fromkeys(names, 1)
    for began, end in windows:
        late = [at for at, _ in bench.service.asked if began < at < end]
        assert len(late) <= outbox.IN_FLIGHT - 1  # what was on its way when the first 429 came
        assert all(at < began + 1.0 for at in late)
    assert len(bench.service.asked) == len(names) + storms
    assert bench.service.refused == 0, "what waited came out at our own pace"


async def test_one_slow_chat_alone_waits(bench: Bench) -> None:
    names, slowed = bench.queue(30), []

    def slow(service: ChatService, parcel: Parcel) -> None:
        if parcel.to.chat == "3" and not slowed:
            slowed.append(service.now())
            raise SlowDown("slow mode", 40.0, everywhere=False)

    bench.service.fault = slow
    await bench.run()
    assert bench.service.counts() == dict.fromkeys(names, 1)
    times = {chat: at for at, chat, _ in bench.service.arrived}
    assert times.pop("3") >= slowed[0] + 40
    assert max(times.values()) < 5
    assert bench.sender.counts["SlowDown"] == 1, "what /metrics tells of 429s"
    assert bench.sender.counts["sent"] == len(bench.states())


async def test_no_connection_backs_off_with_chance_and_loses_nothing(bench: Bench) -> None:
    """F15: a tenth fails at random; exponential backoff, others are not held up."""
    chance, names = random.Random(SEED), bench.queue(100)

    def flaky(service: ChatService, parcel: Parcel) -> None:
        if chance.random() < 0.1:
            raise NotSent("502")

    bench.service.fault = flaky
    await bench.run()
    assert bench.service.counts() == dict.fromkeys(names, 1)
    waits = [verdicts.backoff(bench.sender, attempts).total_seconds() for attempts in range(1, 30)]
    assert 1 <= waits[0] <= 3
    assert all(wait <= 1.5 * verdicts.LONGEST for wait in waits)
    assert len(set(waits)) == len(waits)


async def test_a_service_that_is_down_is_asked_seldom_and_caught_up_with(bench: Bench, patient: None) -> None:
    """F15, F21: an hour without connection costs some knocks, not one a message and second."""
    names = bench.queue(50)

    def down(service: ChatService, parcel: Parcel) -> None:
        if service.now() < 3600:
            raise NotSent("connection refused")

    bench.service.fault = down
    await bench.run()
    assert bench.service.counts() == dict.fromkeys(names, 1)
    assert len([at for at, _ in bench.service.asked if at < 3600]) < 120


async def test_what_fails_together_is_one_failure_and_holds_the_platform_up_for_seconds(bench: Bench) -> None:
    """F15: a line that is gone for a second, with all that is in flight on it."""
    names = bench.queue(100)

    def blink(service: ChatService, parcel: Parcel) -> Any:
        async def refused() -> None:
            await bench.time.sleep(0.5)
            raise NotSent("connection reset")

        return refused() if 1.0 < service.now() < 2.0 else None

    bench.service.fault = blink
    await bench.run()
    assert bench.sender.counts["NotSent"] > verdicts.DOWN
    assert bench.service.counts() == dict.fromkeys(names, 1)
    assert bench.service.arrived[-1][0] < 15


async def test_a_service_that_answers_nobody_for_ten_minutes_costs_no_message(bench: Bench) -> None:
    """F15: nobody knows of one message whether it arrived, but that all go unanswered says that the service is down."""
    names = bench.queue(120)

    def silent(service: ChatService, parcel: Parcel) -> Any:
        async def unanswered() -> None:
            await bench.time.sleep(15)
            raise MaybeSent("no answer")

        return unanswered() if service.now() < 600 else None

    bench.service.fault = silent
    await bench.run()
    assert bench.reasons() == {}
    assert bench.service.counts() == dict.fromkeys(names, 1)
    assert len([at for at, _ in bench.service.asked if at < 600]) < 40


@pytest.mark.parametrize("platform, repeats", [("telegram", 2), ("discord", 4)])
async def test_what_may_have_arrived_is_repeated_by_the_written_policy_and_counted(
    bench: Bench, platform: str, repeats: int
) -> None:
    """F15, F16"""
    bench.service.id = platform
    bench.database.chats.put(Chat(platform, "1", indices=("defi",)))
    letter = Letter(BODY, [(platform, "1", None)])
    bench.database.outbox.enqueue(News("n", "weekly", START + DAY), [letter], START)

    def swallow(service: ChatService, parcel: Parcel) -> None:
        service.take(parcel)
        raise MaybeSent("the answer was HTML")

    bench.service.fault = swallow
    await bench.run()
    assert bench.service.counts() == {"1": 1 + repeats}
    assert bench.reasons() == {"1": "may have arrived: the answer was HTML"}
    (queue,) = bench.database.outbox.queues(START)
    assert (queue.maybe, queue.dead) == (1 + repeats, 1)


class Mute(ChatService):
    """It answers with an acknowledgement that names nothing, or breaks in a way its port does not know."""

    async def send(self, parcel: Parcel) -> Receipt:
        self.asked.append((self.now(), parcel.to.chat))
        if len(self.asked) == 1:
            return Receipt("")
        raise ZeroDivisionError


async def test_an_acknowledgement_without_a_message_is_none_and_a_stray_error_ends_nothing(bench: Bench) -> None:
    """F16"""
    bench.queue(1)
    service = Mute(now=bench.time.monotonic, sleep=bench.time.sleep)
    await bench.run(sender=bench.another("me", service))
    assert len(service.asked) == 3
    assert bench.reasons() == {"0": "may have arrived: an unexpected ZeroDivisionError"}


async def test_an_answer_that_never_comes_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """F15: slowloris"""
    monkeypatch.setattr(outbox, "SEND_WITHIN", 0.25)
    bench.queue(2)

    def hang(service: ChatService, parcel: Parcel) -> Any:
        return asyncio.Event().wait() if parcel.to.chat == "0" else None

    bench.service.fault = hang
    await bench.run(limit=100_000.0)
    assert bench.service.counts() == {"1": 1}
    assert bench.reasons() == {"0": "may have arrived: no answer within 0 seconds"}


async def test_a_closed_chat_is_silenced_after_one_attempt(bench: Bench) -> None:
    """F17: 5 % of chats blocked us: no retries, the others unaffected."""
    names = bench.queue(60)
    bench.enqueue(names, "news/second")
    gone = set(names[::20])

    def blocked(service: ChatService, parcel: Parcel) -> None:
        if parcel.to.chat in gone:
            raise ChatClosed("bot was blocked by the user")

    bench.service.fault = blocked
    await bench.run()
    assert bench.service.counts() == {name: 2 for name in names if name not in gone}
    asked = [chat for _, chat in bench.service.asked if chat in gone]
    assert sorted(asked) == sorted(gone)
    for chat in gone:
        stored = bench.database.chats.get("telegram", chat)
        assert stored.silenced == "bot was blocked by the user"
        assert stored.indices == ("defi",)


async def test_a_chat_that_moved_is_told_once_under_its_new_name(bench: Bench) -> None:
    """F18"""
    bench.queue(3)

    def migrated(service: ChatService, parcel: Parcel) -> None:
        if parcel.to.chat == "1":
            raise ChatMoved("group became a supergroup", "-1001")

    bench.service.fault = migrated
    await bench.run()
    assert bench.service.counts() == {"0": 1, "-1001": 1, "2": 1}
    assert [chat.chat for chat in bench.database.chats.all()] == ["0", "2", "-1001"]


async def test_a_revoked_token_opens_the_circuit_keeps_the_queue_and_is_told_elsewhere(
    bench: Bench, patient: None
) -> None:
    """F19: and once the token counts again everything goes out."""
    names = bench.queue(200)

    def revoked(service: ChatService, parcel: Parcel) -> None:
        if len(service.arrived) >= 20 and service.now() < 3000:
            raise LockedOut("401 Unauthorized")

    bench.service.fault = revoked
    await bench.run(done=lambda: bench.time.seconds > 2000)
    assert bench.sender.locked
    assert 20 <= len(bench.service.arrived) < 20 + outbox.IN_FLIGHT
    assert len(bench.service.asked) <= len(bench.service.arrived) + outbox.IN_FLIGHT + 4
    assert list(bench.states().values()).count("waiting") == 200 - len(bench.service.arrived)
    assert [(key.rsplit("/", 1)[0], but) for key, _, but in bench.warned] == [("locked/telegram", "telegram")]
    bench.sender = bench.another("restarted with a new token")
    bench.time.seconds = 3000
    await bench.run()
    assert bench.service.counts() == dict.fromkeys(names, 1)
    assert bench.sender.locked == ""


async def test_a_text_that_the_service_refuses_dies_once_and_is_told_once(bench: Bench) -> None:
    """F20: one alert, not ten thousand; other news goes on."""
    names = bench.queue(300)

    def hostile(service: ChatService, parcel: Parcel) -> None:
        raise Refused("400 can't parse entities")

    bench.service.fault = hostile
    await bench.run()
    assert len(bench.service.asked) <= verdicts.HOPELESS + outbox.IN_FLIGHT
    assert len(bench.reasons()) == 300
    assert {key for key, *_ in bench.warned} == {"refused/telegram/week/2026-W48"}
    bench.service.fault = None
    bench.enqueue(names, "news/plain")
    bench.sender = bench.another("me again")
    await bench.run()
    assert bench.service.counts() == dict.fromkeys(names, 1)


async def test_a_note_for_a_chats_admins_is_told_them_once(bench: Bench) -> None:
    """F39: the text arrived, the picture was refused."""
    bench.queue(1)
    bench.enqueue(["0"], "news/2")
    send = bench.service.send

    async def noting(parcel: Parcel) -> Receipt:
        return replace(await send(parcel), note="I may not send pictures here.")

    bench.service.send = noting  # type: ignore[method-assign]
    await bench.run()
    assert [title for *_, title in bench.service.arrived].count("For this chat's admins") == 1
    assert bench.service.counts() == {"0": 3}
    assert bench.database.chats.get("telegram", "0").silenced == ""


async def test_sending_stops_while_acknowledgements_cannot_be_stored(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F8: a full disk; nothing new is sent, what was sent is noted once there is room, the operator hears."""
    names, full = bench.queue(100), True
    bench.service.latency = 0.5
    original = Outbox.acknowledge

    def acknowledge(self: Outbox, *arguments: Any) -> bool:
        if full and len(bench.service.arrived) > 10:
            raise CannotWrite("the disk is full")
        return original(self, *arguments)

    monkeypatch.setattr(Outbox, "acknowledge", acknowledge)

    async def story() -> None:
        nonlocal full
        task = asyncio.ensure_future(bench.sender.run())
        await bench.time.sleep(60)
        stuck = len(bench.service.arrived)
        assert stuck <= 10 + outbox.IN_FLIGHT + 1
        assert "sending stops" in bench.sender.trouble
        await bench.time.sleep(600)
        assert len(bench.service.arrived) == stuck
        full = False
        await bench.time.sleep(60)
        bench.sender.stop()
        await task

    await bench.time.run(story())
    assert bench.service.counts() == dict.fromkeys(names, 1)
    assert set(bench.states().values()) == {"sent"}
    (warned,) = bench.warned  # once, however many were in flight: it is told past the queue
    assert warned[0].startswith("storage/telegram")
    assert bench.sender.trouble == ""


async def test_a_sender_that_is_started_again_sends_though_it_was_in_trouble_when_it_ended(bench: Bench) -> None:
    (name,) = bench.queue(1)
    bench.sender.trouble = "what was in flight could not be noted, and was called off"
    await bench.run(limit=60)
    assert bench.service.counts() == {name: 1}


@pytest.mark.parametrize("hours", [1, 168, -1])
async def test_a_clock_that_jumps_sends_nothing_twice(bench: Bench, patient: None, hours: int) -> None:
    """F31: in the middle of a broadcast; what is in flight is not handed out again though its lease seems over."""
    names = bench.queue(40)
    bench.service.latency = 3.0

    def jump(service: ChatService, parcel: Parcel) -> None:
        if len(service.arrived) == 20 and not bench.time.jumped:
            bench.time.jumped = dt.timedelta(hours=hours)

    bench.service.fault = jump
    if hours == 168:  # what still waits has grown too old in the meantime, and nothing is told twice
        await bench.run()
        assert max(bench.service.counts().values()) == 1
        assert len(bench.service.arrived) + len(bench.reasons()) == 40
    else:
        await bench.run()
        assert bench.service.counts() == dict.fromkeys(names, 1)


async def test_two_senders_at_once_never_send_twice(bench: Bench) -> None:
    """F6: even without the lock, a claimed row is one sender's alone."""
    names = bench.queue(120)
    others = [bench.another(f"sender-{k}") for k in range(3)]

    async def all_of_them() -> None:
        tasks = [asyncio.ensure_future(sender.run()) for sender in others]
        await bench.time.sleep(30)
        for sender in others:
            sender.stop()
        await asyncio.gather(*tasks)

    await bench.time.run(all_of_them())
    assert bench.service.counts() == dict.fromkeys(names, 1)


async def test_who_stops_us_in_the_middle_loses_nothing_and_repeats_nothing(bench: Bench) -> None:
    """F4: claims end at once, what is in flight lands, the rest is given back and no attempt is counted."""
    names = bench.queue(80)
    bench.service.latency = 0.5
    await bench.run(done=lambda: len(bench.service.arrived) >= 30)
    assert 30 <= len(bench.service.arrived) <= 30 + outbox.IN_FLIGHT
    assert bench.database.connection.row("SELECT COUNT(*) FROM outbox WHERE owner != ''") == (0,)
    bench.sender = bench.another("after the restart")
    await bench.run()
    assert bench.service.counts() == dict.fromkeys(names, 1)
    assert bench.database.connection.row("SELECT MAX(attempts), SUM(maybe) FROM outbox") == (1, 0)


async def test_what_an_outage_held_up_into_quiet_hours_waits_for_their_end(bench: Bench, patient: None) -> None:
    """F21: queued in the evening, possible again at night: it comes in the morning, danger at once if so chosen."""
    hours = {"quiet_from": 120, "quiet_until": 420}  # it is 01:00
    weekly, alert = bench.queue(1, **hours)[0], bench.queue(1, "watch/1", 2, **hours)[0]
    breaking = bench.queue(1, "watch/2", 2, **hours, danger_breaks_quiet=True)[0]

    def down(service: ChatService, parcel: Parcel) -> None:
        if service.now() < 2 * 3600:
            raise NotSent("connection refused")

    bench.service.fault = down
    await bench.run(limit=8 * 3600)
    arrived = {chat: bench.time.start + dt.timedelta(seconds=at) for at, chat, _ in bench.service.arrived}
    assert arrived[breaking].hour == 3
    assert [arrived[chat].replace(second=0, microsecond=0) for chat in (alert, weekly)] == [
        bench.time.start.replace(hour=7)
    ] * 2
    assert bench.service.counts() == dict.fromkeys((weekly, alert, breaking), 1)


async def test_an_alert_is_there_within_minutes_of_an_outages_end(bench: Bench) -> None:
    """F21: after hours of knocking, too."""
    (alert,) = bench.queue(1, "watch/1", 2)
    bench.queue(20)

    def down(service: ChatService, parcel: Parcel) -> None:
        if service.now() < 3 * 3600:
            raise NotSent("connection refused")

    bench.service.fault = down
    await bench.run(limit=4 * 3600)
    (at,) = [at for at, chat, _ in bench.service.arrived if chat == alert]
    assert 0 <= at - 3 * 3600 < 2 * 1.5 * verdicts.URGENT + 5


async def test_a_leaver_is_not_told_though_the_message_was_claimed(bench: Bench) -> None:
    """F36: between claim and turn."""
    bench.queue(40)

    def leave(service: ChatService, parcel: Parcel) -> None:
        if parcel.to.chat == "5":
            bench.database.chats.put(replace(bench.database.chats.get("telegram", "8"), indices=()))

    bench.service.fault = leave
    await bench.run()
    assert "8" not in bench.service.counts()
    assert bench.reasons() == {"8": "the chat left"}


def test_every_kind_of_failure_has_its_verdict() -> None:
    kinds = [verdict.kind for verdict in verdicts.VERDICTS]
    for error in (ChatClosed, ChatMoved, SlowDown, NotSent, MaybeSent, Refused, LockedOut):
        assert error in kinds
    assert kinds[-1] is verdicts.Undelivered  # a kind that nobody wrote down


@pytest.mark.parametrize("place, least", [("private", 1.0), ("group", 60 / 18), ("channel", 60 / 18)])
def test_the_pace_of_one_chat_follows_its_place(place: Any, least: float) -> None:
    assert RATES.between(place) == pytest.approx(least)


def test_remembered_chats_do_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.pacing.MANY", 10)
    time = VirtualTime()
    pace = Pace(RATES, time.monotonic)
    for k in range(100):
        pace.turn(str(k), "private")
        time.seconds += 2
    assert len(pace._chats) <= 10
