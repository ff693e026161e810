"""What comes of a parcel: sent once, or the kind of failure that says what must be done (F13 to F20, F39)."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from emulators import faults
from emulators.discord import limited, refusing, taken_but_unanswered

from bot.platforms import port
from bot.platforms.discord import platform as module
from bot.platforms.port import Address, Parcel
from bot.reply import Button, ChartSpec, Reply

CHART = ChartSpec("levels", "DeFi", (), ())
REPLY = Reply(title="DeFi index, week 47", text=("Risk: raised.",), buttons=(Button("Why", "/why defi"),))


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The client's own waits between attempts take no time here; they are written down."""
    waits: list[float] = []

    async def no_sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    hurried = SimpleNamespace(**{**vars(asyncio), "sleep": no_sleep})
    monkeypatch.setattr(discord.http, "asyncio", hurried)
    return waits


@pytest.fixture
async def guild(bench: Any) -> Any:
    made = bench.server.guild()
    bench.server.joins(made)
    return made


def parcel(chat: int, reply: Reply = REPLY, **more: Any) -> Parcel:
    return Parcel(more.pop("key", "key"), Address(str(chat)), reply, **more)


async def test_a_parcel_arrives_with_its_buttons_and_pings_nobody(bench: Any, guild: Any) -> None:
    receipt = await bench.platform.send(parcel(guild.general.id, silent=True))
    message = bench.server.messages(guild.general)[0]
    assert receipt == port.Receipt(str(message.id))
    assert message.embed["title"] == "DeFi index, week 47" and message.labels == ["Why"]
    assert message.payload["allowed_mentions"] == {"parse": []}
    assert message.payload["flags"] == 1 << 12 and not message.payload["content"]


async def test_a_chosen_role_is_the_only_thing_that_is_pinged(bench: Any, guild: Any) -> None:
    await bench.platform.send(parcel(guild.general.id, replace(REPLY, text=("@everyone <@&5>",)), role="777"))
    message = bench.server.messages(guild.general)[0]
    assert message.payload["content"] == "<@&777>"
    assert message.payload["allowed_mentions"] == {"parse": [], "roles": [777]}


async def test_an_announcement_channel_is_published(bench: Any) -> None:
    guild = bench.server.guild()
    news = bench.server.news(guild)
    bench.server.joins(guild)
    await bench.settled()
    await bench.platform.send(parcel(news.id))
    await bench.platform.send(parcel(guild.general.id))
    assert [message.published for message in bench.server.sent] == [True, False]


async def test_what_cannot_be_published_counts_as_sent_and_says_so(bench: Any) -> None:
    guild = bench.server.guild()
    news = bench.server.news(guild)
    bench.server.joins(guild)
    await bench.settled()
    bench.server.fail(refusing(403, 50013, "Missing Permissions"), where="crosspost")
    receipt = await bench.platform.send(parcel(news.id))
    assert "could not be published" in receipt.note and len(bench.server.sent) == 1


async def test_a_persons_number_leads_to_their_private_channel(bench: Any) -> None:
    ann = bench.server.person("Ann")
    for key in ("one", "two"):
        await bench.platform.send(parcel(ann.id, replace(REPLY, chart=CHART), key=key))
    assert [(m.channel, bool(m.files)) for m in bench.server.sent] == [(ann.dm.id, True)] * 2
    assert [path for _, path in bench.server.calls].count("/users/@me/channels") == 1
    with pytest.raises(port.ChatClosed):
        await bench.platform.send(parcel(424_242))


async def test_the_same_parcel_sent_twice_arrives_once(bench: Any, guild: Any) -> None:
    with_fault = bench.server
    with_fault.fail(taken_but_unanswered, times=1, where="/messages")
    with pytest.raises(port.MaybeSent):
        await bench.platform.send(parcel(guild.general.id))
    receipt = await bench.platform.send(parcel(guild.general.id))
    assert [str(m.id) for m in bench.server.sent] == [receipt.message]
    await bench.platform.send(parcel(guild.general.id, key="another"))
    assert len(bench.server.sent) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (refusing(403, 50007, "Cannot send messages to this user"), port.ChatClosed),
        (refusing(403, 50001, "Missing Access"), port.ChatClosed),
        (refusing(403, 50013, "Missing Permissions"), port.ChatClosed),
        (refusing(404, 10003, "Unknown Channel"), port.ChatClosed),
        (refusing(400, 50008, "Cannot send messages in a non-text channel"), port.ChatClosed),
        (refusing(400, 50035, "Invalid Form Body"), port.Refused),
        (refusing(400, 50006, "Cannot send an empty message"), port.Refused),
        (refusing(413, 40005, "Request entity too large"), port.Refused),
        (refusing(401, 0, "401: Unauthorized"), port.LockedOut),
        (refusing(500), port.NotSent),
        (refusing(502), port.NotSent),
        (faults.status(503), port.NotSent),
        (limited(90.0), port.SlowDown),
        (limited(5.0, via=""), port.SlowDown),
        (faults.status(403), port.SlowDown),
        (faults.garbage, port.MaybeSent),
        (faults.binary, port.MaybeSent),
        (faults.page, port.MaybeSent),
        (faults.empty, port.MaybeSent),
        (faults.truncated, port.MaybeSent),
        (faults.reset, port.MaybeSent),
        (faults.reshaped(lambda answer: {}), port.MaybeSent),
        (faults.reshaped(lambda answer: [1]), port.MaybeSent),
        (taken_but_unanswered, port.MaybeSent),
    ],
)
async def test_every_failure_has_its_kind(bench: Any, guild: Any, fault: Any, kind: type[Exception]) -> None:
    """F15, F16, F17, F19, F20"""
    bench.server.fail(fault, where="/messages")
    with pytest.raises(port.Undelivered) as caught:
        await bench.platform.send(parcel(guild.general.id))
    assert type(caught.value) is kind
    assert bench.server.token not in str(caught.value)


async def test_patience_that_discord_asks_for_is_kept_and_the_message_arrives(
    bench: Any, guild: Any, hasty: list[float]
) -> None:
    """F13"""
    bench.server.fail(limited(2.5), times=1, where="/messages")
    await bench.platform.send(parcel(guild.general.id))
    assert 2.5 in hasty and len(bench.server.sent) == 1


async def test_a_long_pause_is_told_for_this_channel_alone(bench: Any, guild: Any) -> None:
    bench.server.fail(limited(90.0), times=1, where="/messages")
    with pytest.raises(port.SlowDown) as caught:
        await bench.platform.send(parcel(guild.general.id))
    assert (caught.value.seconds, caught.value.everywhere) == (90.0, False)


async def test_where_files_are_refused_the_words_go_alone(bench: Any, guild: Any) -> None:
    """F39"""
    guild.general.refuses_files = True
    receipt = await bench.platform.send(parcel(guild.general.id, replace(REPLY, chart=CHART)))
    message = bench.server.messages(guild.general)[0]
    assert (message.files, message.labels, len(bench.server.sent)) == ({}, ["Why"], 1)
    assert "Attach Files" in receipt.note


async def test_a_chart_that_cannot_be_drawn_keeps_no_word_back(opened: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(chart: ChartSpec) -> bytes:
        raise RuntimeError("no font")

    async with opened(draw=broken) as bench:
        ann = bench.server.person("Ann")
        await bench.platform.send(parcel(ann.dm.id, replace(REPLY, chart=CHART)))
        assert bench.server.messages(ann.dm)[0].text.startswith("DeFi index")
    assert "could not be drawn" in caplog.text


async def test_a_second_attempt_repeats_no_part_that_arrived(bench: Any, guild: Any) -> None:
    long = Reply(title="Long", text=tuple(f"line {i} " + "x" * 300 for i in range(40)))
    bench.server.fail(_after(2), where="/messages")
    with pytest.raises(port.NotSent):
        await bench.platform.send(parcel(guild.general.id, long))
    assert len(bench.server.sent) == 2
    bench.server.recover()
    await bench.platform.send(parcel(guild.general.id, long))
    texts = [message.text for message in bench.server.sent]
    assert len(texts) == len(set(texts)) > 2
    assert "line 39" in texts[-1]


def _after(good: int) -> Any:
    left = [good]

    async def spoil(request: Any, answer: Any) -> Any:
        left[0] -= 1
        return answer() if left[0] >= 0 else await refusing(502)(request, answer)

    return spoil


async def test_no_connection_is_surely_not_sent(bench: Any, guild: Any) -> None:
    runner, bench.server._runner = bench.server._runner, None
    await bench.server.drop()
    await runner.cleanup()
    bench.server._runner = runner
    with pytest.raises(port.NotSent):
        await bench.platform.send(parcel(guild.general.id))


async def test_silence_may_have_been_sent(bench: Any, guild: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEND_WITHIN", 0.1)
    bench.server.fail(faults.silence, where="/messages")
    with pytest.raises(port.MaybeSent):
        await bench.platform.send(parcel(guild.general.id))


async def test_nothing_is_sent_before_the_bot_is_connected(opened: Any) -> None:
    async with opened(run=False) as bench:
        with pytest.raises(port.NotSent, match="not connected"):
            await bench.platform.send(parcel(1))


async def test_an_address_that_is_no_channel_is_closed(bench: Any) -> None:
    with pytest.raises(port.ChatClosed):
        await bench.platform.send(Parcel("key", Address("not-a-number"), REPLY))


async def test_a_revoked_token_ends_the_run_and_is_never_logged(
    opened: Any, begin: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """F19"""
    with caplog.at_level(logging.DEBUG):
        async with opened() as bench:
            token = bench.server.token
            await bench.server.answer(bench.server.person("Ann").runs("/token AAVE"))
            bench.server.token = "revoked"
            await bench.server.drop(4004)
            with pytest.raises(port.LockedOut) as caught:
                await asyncio.wait_for(bench.task, 30)
            with pytest.raises(port.LockedOut) as again:
                await begin(bench)
        told = caplog.text + str(caught.value) + str(again.value) + repr(bench.platform)
    assert token not in told and "interaction-token" not in told
    assert "CRIER_DISCORD_TOKEN" in str(again.value)
