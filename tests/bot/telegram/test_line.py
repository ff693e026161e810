"""The line to Telegram: it is mended when it breaks, answers nothing twice, and ends cleanly."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import pytest
from aiohttp import ClientSession
from emulators import faults
from emulators.telegram import refusing

from bot.command import Request
from bot.platforms.secrecy import token_unsaid
from bot.platforms.telegram import Webhook, updates
from bot.platforms.telegram.platform import TALKATIVE
from bot.reply import Reply


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "FIRST_WAIT", 0.01)


@pytest.mark.parametrize(
    "fault",
    [refusing(502, "Bad Gateway"), faults.reset, faults.page, faults.garbage, faults.binary, faults.truncated,
     faults.reshaped(lambda answer: {"ok": True, "result": 7}), refusing(429, "Too Many Requests", retry_after=0.01),
     refusing(409, "Conflict: terminated by other getUpdates request")],
)  # fmt: skip
async def test_a_broken_poll_is_asked_again(bench: Any, fault: Any) -> None:
    ann = bench.server.person("Ann")
    bench.server.fail(fault, times=2, where="getUpdates")
    ann.writes("/status")
    ann.writes("/status")
    await bench.server.answer(ann.private, 2, seconds=8)
    await bench.settled()
    assert len(bench.requests) == 2


async def test_a_bot_that_starts_while_telegram_is_down_waits_for_it(opened: Any, begin: Any) -> None:
    async with opened(run=False) as bench:
        bench.server.fail(refusing(502, "Bad Gateway"), times=3, where="getMe")
        bench.server.fail(refusing(429, "Too Many Requests", retry_after=5), times=1, where="setMyCommands")
        ann = bench.server.person("Ann")
        ann.writes("/status")
        await begin(bench)
        await bench.server.answer(ann.private)


async def test_an_update_that_cannot_be_read_stops_nobody(bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    ann = bench.server.person("Ann")
    bench.server.tell("message", {"message_id": "?", "secret words": 1})
    bench.server.tell("callback_query", {"id": 1})
    ann.writes("/status")
    await bench.server.answer(ann.private)
    assert "could not be read" in caplog.text and "secret words" not in caplog.text


async def test_an_update_that_comes_twice_is_answered_once(bench: Any) -> None:
    ann = bench.server.person("Ann")
    ann.writes("/status")
    await bench.server.answer(ann.private)
    taken = []
    once = updates.Once(None, taken.append)  # type: ignore[arg-type]
    for _ in range(2):
        once.hand_on({"update_id": 7})
    assert len(taken) == 1


async def test_what_was_answered_is_not_answered_again_after_a_restart(bench: Any, begin: Any) -> None:
    ann = bench.server.person("Ann")
    ann.writes("/status")
    await bench.server.answer(ann.private)
    await stop(bench)
    await begin(bench)
    ann.writes("/help")
    await bench.server.answer(ann.private, 2)
    await bench.settled()
    assert [r.text for r in bench.requests] == ["/status", "/help"]


async def stop(bench: Any) -> None:
    bench.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await bench.task


async def test_a_stop_lets_an_answer_under_way_arrive_and_takes_no_ten_seconds(opened: Any) -> None:
    begun = asyncio.Event()

    async def slow(request: Request) -> Reply:
        begun.set()
        await asyncio.sleep(0.3)
        return Reply(text=("done",))

    async with opened(answer=slow) as bench:
        ann = bench.server.person("Ann")
        ann.writes("/index defi")
        await begun.wait()
        started = time.monotonic()
        await stop(bench)
        assert time.monotonic() - started < 10
        assert [m.text for m in bench.server.messages(ann.private)] == ["done"]


async def test_a_handler_that_fails_is_logged_and_the_next_is_answered(
    opened: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(request: Request) -> Reply:
        if request.text == "/fail":
            raise RuntimeError("boom")
        return Reply(text=("fine",))

    async with opened(answer=answer) as bench:
        ann = bench.server.person("Ann")
        ann.writes("/fail")
        ann.writes("/index defi")
        await bench.server.answer(ann.private)
    assert "boom" in caplog.text


async def test_a_webhook_is_served_to_who_knows_its_secret_alone(opened: Any, begin: Any) -> None:
    async with opened(run=False) as bench:
        hook = Webhook("", "s3cret-token", "127.0.0.1", free_port())
        hook = Webhook(f"http://127.0.0.1:{hook.port}/", "s3cret-token", "127.0.0.1", hook.port)
        bench.platform._webhook = hook
        ann = bench.server.person("Ann")
        ann.writes("/status")  # waits at Telegram until the webhook is there
        await begin(bench)
        await bench.server.answer(ann.private)
        ann.writes("/help")
        await bench.server.answer(ann.private, 2)
        assert set(bench.server.posted) == {200}
        update = {"update_id": 1, "message": {"text": "x"}}
        async with ClientSession() as client:
            for headers in ({}, {updates.SECRET_HEADER: "wrong"}, {updates.SECRET_HEADER: "s3cret-tokenx"}):
                async with client.post(hook.address, json=update, headers=headers) as answer:
                    assert answer.status == 403
            right = {updates.SECRET_HEADER: "s3cret-token"}
            async with client.post(hook.address, data=b"{nonsense", headers=right) as answer:
                assert answer.status == 400
            async with client.post(hook.address, json=[1], headers=right) as answer:
                assert answer.status == 200
        assert "s3cret" not in repr(hook)
        assert len(bench.requests) == 2


def free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_token_in_a_log_line_is_hidden_and_the_loggers_are_given_back(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("httpx")
    before = list(log.filters)
    with caplog.at_level(logging.DEBUG), token_unsaid("12:SECRET", TALKATIVE):
        log.info("HTTP Request: POST https://api/bot12:SECRET/getMe")
        log.warning("retry %s", "https://api/bot12:SECRET/getMe")
        try:
            raise ValueError("https://api/bot12:SECRET/getMe")
        except ValueError:
            log.exception("lost")
    assert caplog.text.count("<token>") == 1 and "SECRET" not in caplog.text
    assert "lost (ValueError)" in caplog.text and "Traceback" not in caplog.text
    assert log.filters == before
