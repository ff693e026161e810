"""What comes of a parcel: sent once, or the kind of failure that says what must be done (F13 to F20, F39)."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from emulators import faults
from emulators.telegram import refusing, sent_but_unanswered

from bot.platforms import port
from bot.platforms.port import Address, Parcel
from bot.platforms.telegram import platform as module
from bot.reply import Button, ChartSpec, Reply

CHART = ChartSpec("levels", "DeFi", (), ())
REPLY = Reply(title="DeFi index, week 47", text=("Risk: raised.",), buttons=(Button("Why", "/why defi"),))


@pytest.fixture
def ann(bench: Any) -> Any:
    person = bench.server.person("Ann")
    person.private.refusal = None
    return person


def parcel(chat: int, reply: Reply = REPLY, thread: str = "", silent: bool = False) -> Parcel:
    return Parcel("key", Address(str(chat), thread), reply, silent)


async def test_a_parcel_arrives_with_its_buttons_in_its_topic_without_a_sound(bench: Any) -> None:
    group = bench.server.group(is_forum=True)
    receipt = await bench.platform.send(parcel(group.id, thread="7", silent=True))
    message = bench.server.messages(group)[0]
    assert receipt == port.Receipt(str(message.id))
    assert (message.thread, message.silent, message.labels) == (7, True, ["Why"])


async def test_a_weekly_chart_comes_with_its_words(bench: Any, ann: Any) -> None:
    await bench.platform.send(parcel(ann.id, replace(REPLY, chart=CHART)))
    message = bench.server.messages(ann.private)[0]
    assert message.photo and message.text.startswith("DeFi index, week 47") and message.labels == ["Why"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (refusing(403, "Forbidden: bot was blocked by the user"), port.ChatClosed),
        (refusing(403, "Forbidden: user is deactivated"), port.ChatClosed),
        (refusing(403, "Forbidden: bot was kicked from the supergroup chat"), port.ChatClosed),
        (refusing(400, "Bad Request: chat not found"), port.ChatClosed),
        (refusing(400, "Bad Request: not enough rights to send text messages to the chat"), port.ChatClosed),
        (refusing(400, "Bad Request: need administrator rights in the channel chat"), port.ChatClosed),
        (refusing(400, "Bad Request: can't parse entities: Unexpected end tag at byte offset 1"), port.Refused),
        (refusing(400, "Bad Request: message is too long"), port.Refused),
        (refusing(400, "Bad Request: BUTTON_DATA_INVALID"), port.Refused),
        (refusing(401, "Unauthorized"), port.LockedOut),
        (refusing(404, "Not Found"), port.LockedOut),
        (refusing(500, "Internal Server Error"), port.NotSent),
        (refusing(502, "Bad Gateway"), port.NotSent),
        (faults.status(503), port.NotSent),
        (faults.status(429), port.SlowDown),
        (faults.page, port.MaybeSent),
        (faults.garbage, port.MaybeSent),
        (faults.binary, port.MaybeSent),
        (faults.empty, port.MaybeSent),
        (faults.truncated, port.MaybeSent),
        (faults.reset, port.MaybeSent),
        (faults.cut_gzip, port.MaybeSent),
        (faults.reshaped(lambda answer: {"ok": True, "result": True}), port.MaybeSent),
        (faults.reshaped(lambda answer: {"ok": True, "result": {}}), port.MaybeSent),
        (faults.reshaped(lambda answer: {"ok": False}), port.MaybeSent),
        (faults.reshaped(lambda answer: [1]), port.MaybeSent),
        (sent_but_unanswered, port.MaybeSent),
    ],
)
async def test_every_failure_has_its_kind(bench: Any, ann: Any, fault: Any, kind: type[Exception]) -> None:
    """F15, F16, F17, F19, F20"""
    with bench.server.failing(fault, where="sendMessage"), pytest.raises(port.Undelivered) as caught:
        await bench.platform.send(parcel(ann.id))
    assert type(caught.value) is kind
    assert bench.server.token not in str(caught.value)


async def test_patience_is_kept_by_all_that_is_sent(bench: Any, ann: Any) -> None:
    """F13: within the time that Telegram asks for, nothing reaches it, neither a parcel nor an answer."""
    with bench.server.failing(refusing(429, "Too Many Requests: retry after 1", retry_after=1), times=1, where="send"):
        with pytest.raises(port.SlowDown) as caught:
            await bench.platform.send(parcel(ann.id))
        assert (caught.value.seconds, caught.value.everywhere) == (1.0, True)
    asked = asyncio.get_running_loop().time()
    with pytest.raises(port.SlowDown) as again:
        await bench.platform.send(parcel(ann.id))
    assert 0 < again.value.seconds <= 1.0
    ann.writes("/status")
    await bench.server.answer(ann.private)
    assert asyncio.get_running_loop().time() - asked > 0.8
    await bench.platform.send(parcel(ann.id))


async def test_a_moved_group_is_named(bench: Any) -> None:
    """F18"""
    group = bench.server.group(kind="group")
    group.moved_to = -1009000000003
    with pytest.raises(port.ChatMoved) as caught:
        await bench.platform.send(parcel(group.id))
    assert caught.value.chat == "-1009000000003"


@pytest.mark.parametrize(
    "refusal",
    [
        (400, "Bad Request: not enough rights to send photos to the chat"),
        (403, "Forbidden: CHAT_SEND_PHOTOS_FORBIDDEN"),
    ],
)
async def test_where_photos_are_refused_the_text_goes_alone(bench: Any, refusal: tuple[int, str]) -> None:
    """F39"""
    group = bench.server.group()
    group.refuses_photos = refusal
    receipt = await bench.platform.send(parcel(group.id, replace(REPLY, chart=CHART)))
    message = bench.server.messages(group)[0]
    assert (message.photo, message.labels, len(bench.server.sent)) == (b"", ["Why"], 1)
    assert "Pictures are refused" in receipt.note


async def test_a_chart_that_cannot_be_drawn_keeps_no_text_back(opened: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(chart: ChartSpec) -> bytes:
        raise RuntimeError("no font")

    async with opened(draw=broken) as bench:
        ann = bench.server.person("Ann")
        ann.private.refusal = None
        await bench.platform.send(parcel(ann.id, replace(REPLY, chart=CHART)))
        assert bench.server.messages(ann.private)[0].text.startswith("DeFi index")
    assert "could not be drawn" in caplog.text


async def test_a_closed_topic_is_told_and_the_message_comes_without_it(bench: Any) -> None:
    group = bench.server.group(is_forum=True)
    group.closed_topics.add(7)
    receipt = await bench.platform.send(parcel(group.id, thread="7"))
    assert bench.server.messages(group)[0].thread is None
    assert "topic" in receipt.note


async def test_a_second_attempt_repeats_no_part_that_arrived(bench: Any, ann: Any) -> None:
    long = Reply(title="Long", text=tuple(f"line {i} " + "x" * 300 for i in range(40)))
    with bench.server.failing(refusing(502, "Bad Gateway"), where="sendMessage", times=0):
        bench.server._faults = [(_after(2), 1_000_000, "sendmessage", None)]
        with pytest.raises(port.NotSent):
            await bench.platform.send(parcel(ann.id, long))
    arrived = len(bench.server.sent)
    assert arrived == 2
    await bench.platform.send(parcel(ann.id, long))
    texts = [message.text for message in bench.server.sent]
    assert len(texts) == len(set(texts)) > 2
    assert "line 39" in texts[-1]


async def test_what_is_called_off_in_the_middle_repeats_no_part_that_arrived(bench: Any, ann: Any) -> None:
    long = Reply(title="Long", text=tuple(f"line {i} " + "x" * 300 for i in range(40)))
    with bench.server.failing(refusing(502, "Bad Gateway"), where="sendMessage", times=0):
        bench.server._faults = [(_after(2, faults.silence), 1_000_000, "sendmessage", None)]
        sending = asyncio.ensure_future(bench.platform.send(parcel(ann.id, long)))
        await bench.server.answer(ann.private, 2)
        await bench.settled()
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
    await bench.platform.send(parcel(ann.id, long))
    texts = [message.text for message in bench.server.sent]
    assert len(texts) == len(set(texts)) > 2
    assert "line 39" in texts[-1]


def _after(good: int, bad: Any = refusing(502, "Bad Gateway")) -> Any:  # noqa: B008
    left = [good]

    async def spoil(request: Any, answer: Any) -> Any:
        left[0] -= 1
        return answer() if left[0] >= 0 else await bad(request, answer)

    return spoil


async def test_a_chat_that_cannot_be_one_is_refused_in_words(bench: Any) -> None:
    for name in ("abc", "", "1.5", "²"):
        with pytest.raises(port.Refused, match="no chat called"):
            await bench.platform.send(Parcel("key", Address(name), REPLY))


async def test_no_connection_is_surely_not_sent(bench: Any, ann: Any) -> None:
    await bench.server._runner.cleanup()
    with pytest.raises(port.NotSent):
        await bench.platform.send(parcel(ann.id))


async def test_silence_may_have_been_sent(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ", 0.1)
    async with opened() as bench:
        ann = bench.server.person("Ann")
        ann.private.refusal = None
        with bench.server.failing(faults.silence, where="sendMessage"), pytest.raises(port.MaybeSent):
            await bench.platform.send(parcel(ann.id))


async def test_nothing_is_sent_before_the_bot_is_connected(opened: Any) -> None:
    async with opened(run=False) as bench:
        with pytest.raises(port.NotSent, match="not connected"):
            await bench.platform.send(parcel(1))


async def test_a_revoked_token_ends_the_run_and_is_never_logged(
    opened: Any, begin: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """F19"""
    with caplog.at_level(logging.DEBUG):
        async with opened() as bench:
            token = bench.server.token
            ann = bench.server.person("Ann")
            ann.writes("/token aave")
            await bench.server.answer(ann.private)
            ann.blocks_bot()
            with pytest.raises(port.ChatClosed):
                await bench.platform.send(parcel(ann.id))
            bench.server.revoke()
            ann.writes("/status")  # ends the poll that is open
            with pytest.raises(port.LockedOut) as caught:
                await asyncio.wait_for(bench.task, 30)
            with pytest.raises(port.LockedOut) as again:
                await begin(bench)
        told = caplog.text + str(caught.value) + str(again.value) + repr(bench.platform)
    assert "123456789" not in told and token not in told
    assert "BotFather" in str(again.value)
    assert caught.value.__cause__ is None


async def test_a_token_that_is_none_is_refused_in_words(opened: Any) -> None:
    async with opened(run=False) as bench:
        bench.platform._token = ""
        with pytest.raises(port.LockedOut, match="BotFather"):
            await bench.platform.run(lambda: None)
