"""The polite client against a loopback server that fails in every way it knows; time is a fake (F13 to F16)."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from emulators.clock import FakeTime
from emulators.faults import WAY, status
from emulators.service import Asked, Service

from engine.errors import BadConfiguration, SourceError, SourceGarbled, SourceRefused, SourceUnavailable
from engine.sources.answer import Answer, Validator
from engine.sources.http.address import may_follow
from engine.sources.http.client import BoundClient, HttpClient
from engine.sources.http.limits import Limits
from engine.sources.port import Batch, Client, Host, Key, Source, Want

ORIGIN, OTHER = "https://api.example.com", "https://data.example.org"
KEY = "sk-very-secret-0123456789"
QUICK = Limits(total=0.3, read=0.2, connect=0.3, unpacked=1_000_000, packed=200_000, rest=60.0)


async def nothing(client: Client, want: Want) -> AsyncIterator[Batch]:
    yield Batch()


def source(**changes: Any) -> Source:
    fields: dict[str, Any] = {
        "id": "example",
        "title": "Example",
        "family": "price",
        "feeds": ("candles",),
        "hosts": (Host(ORIGIN, 0.5, "/ping"), Host(OTHER, 2.0, "/ping")),
        "cites": "https://example.com/docs",
        "terms": "free",
        "fetch": nothing,
        "key": Key("x-api-key", "header", "more", (ORIGIN,)),
    }
    return Source(**(fields | changes))


class Store:
    def __init__(self) -> None:
        self.kept: dict[str, Validator] = {}

    def validator(self, url: str) -> Validator | None:
        return self.kept.get(url)


class Setting:
    """A client, its server, its time and its store."""

    def __init__(self) -> None:
        self.time = FakeTime()
        self.store = Store()
        self.answer: Callable[[Asked], Any] = lambda asked: {"ok": True}
        self.service = Service(
            {ORIGIN: lambda asked: self.answer(asked), OTHER: lambda asked: self.answer(asked)},
            lambda: self.time.seconds,
        )
        self.stack = AsyncExitStack()

    async def client(self, limits: Limits = QUICK, **changes: Any) -> BoundClient:
        spec = source(**changes)
        self.http = HttpClient(
            [spec],
            self.time.clock,
            limits=limits,
            bases=self.service.bases,
            keys={"example": KEY},
            validators=self.store,
        )
        await self.stack.enter_async_context(self.http)
        return self.http.bound(spec)

    async def get(self, path: str = "/v1", limits: Limits = QUICK, **changes: Any) -> Answer:
        return await (await self.client(limits, **changes)).get(ORIGIN + path)

    @property
    def tally(self) -> Any:
        return self.http.tallies()[ORIGIN]


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    made = Setting()
    async with made.stack:
        await made.stack.enter_async_context(made.service)
        yield made


async def test_a_good_answer_is_read_and_counted(setting: Setting) -> None:
    answer = await setting.get()
    assert answer.json() == {"ok": True}
    assert (setting.tally.requests, setting.tally.failures) == (1, 0)
    assert setting.tally.last_success == setting.time.wall()


async def test_a_packed_answer_is_unpacked(setting: Setting) -> None:
    for packed in (gzip.compress(b'{"a":'), gzip.compress(b'{"a":') + gzip.compress(b" 1}")):
        setting.answer = lambda asked, packed=packed: web.Response(body=packed, headers={"Content-Encoding": "gzip"})
        answer = await setting.get()
    assert answer.json() == {"a": 1}


PASSING = (
    "asks for patience",
    "too many, no word how long",
    "fails inside",
    "is down",
    "resets",
    "breaks off",
    "breaks off inside a gzip",
    "says nothing",
    "trickles",
)


@pytest.mark.parametrize("fault", PASSING)
async def test_what_may_pass_is_asked_again_and_then_answered(setting: Setting, fault: str) -> None:
    setting.service.fail(WAY[fault], times=2)
    answer = await setting.get()
    assert answer.json() == {"ok": True}
    assert len(setting.service.seen) == 3
    assert 1 <= setting.tally.failures <= 2  # a connection that breaks off while idle is opened anew by aiohttp


SHAPES = ("renames its fields", "wraps its answer", "sends null", "sends another list")  # for the source to notice


@pytest.mark.parametrize("fault", sorted(WAY))
async def test_every_fault_ends_in_one_sentence_and_a_bounded_number_of_requests(setting: Setting, fault: str) -> None:
    setting.service.fail(WAY[fault])
    try:
        answer = await setting.get()
        if fault in SHAPES:
            assert answer.json() != {"ok": True}
        else:
            with pytest.raises(SourceGarbled):  # it looked like an answer until it was read
                answer.json()
    except SourceError as error:
        assert str(error).endswith(".")
        assert "\n" not in str(error)
    assert len(setting.service.seen) <= QUICK.attempts + QUICK.redirects


async def test_a_wait_asked_for_is_kept_by_everybody(setting: Setting) -> None:
    """F13: no request arrives inside the window, not even one that was waiting its turn already."""
    setting.service.fail(status(429, Retry_After="30"), times=1)
    client = await setting.client(limits=Limits())
    await asyncio.gather(*(client.get(f"{ORIGIN}/{i}") for i in range(5)))
    arrivals = [asked.at for asked in setting.service.seen]
    assert len(arrivals) == 6
    assert min(arrivals[1:]) >= arrivals[0] + 30


async def test_a_storm_of_429_is_met_with_patience_and_a_bound(setting: Setting) -> None:
    """F13."""
    setting.service.fail(status(429, Retry_After="20"))
    with pytest.raises(SourceUnavailable, match="429") as caught:
        await setting.get()
    assert caught.value.wait == 20
    arrivals = [asked.at for asked in setting.service.seen]
    assert len(arrivals) == QUICK.attempts
    assert all(after - before >= 20 for before, after in pairwise(arrivals))


async def test_a_wait_longer_than_our_patience_is_told_and_kept(setting: Setting) -> None:
    setting.service.fail(WAY["asks for too much patience"], times=1)
    client = await setting.client()
    for _ in range(3):
        with pytest.raises(SourceUnavailable):
            await client.get(f"{ORIGIN}/v1")
    assert len(setting.service.seen) == 1
    assert setting.tally.paused_until == setting.time.wall() + dt.timedelta(days=1)
    setting.time.pass_(days=1, seconds=1)
    assert (await client.get(f"{ORIGIN}/v1")).json() == {"ok": True}


async def test_a_wait_survives_a_restart(setting: Setting) -> None:
    client = await setting.client()
    setting.http.pause(ORIGIN, setting.time.wall() + dt.timedelta(hours=1))
    with pytest.raises(SourceUnavailable, match="left alone"):
        await client.get(f"{ORIGIN}/v1")
    assert setting.service.seen == []


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("7", 7.0),
        ("Wed, 18 Mar 2026 12:00:20 GMT", 20.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("Wed, 18 Mar 2020 12:00:00 GMT", 0.0),
    ],
)
async def test_retry_after_is_seconds_or_a_date_or_ignored(setting: Setting, text: str, least: float) -> None:
    setting.service.fail(status(503, Retry_After=text), times=1)
    await setting.get()
    first, second = (asked.at for asked in setting.service.seen)
    assert least <= second - first <= least * 1.1 + 2


async def test_repeats_back_off_with_jitter(setting: Setting) -> None:
    """F15."""
    setting.service.fail(status(500))
    with pytest.raises(SourceUnavailable):
        await setting.get()
    arrivals = [asked.at for asked in setting.service.seen]
    gaps = [after - before for before, after in pairwise(arrivals)]
    assert [0.5 * 2**i <= gap <= 2**i for i, gap in enumerate(gaps)] == [True] * 3
    assert len(set(gaps)) == 3


async def test_requests_to_one_host_are_spaced_and_another_host_is_not_held_up(setting: Setting) -> None:
    client = await setting.client()
    await asyncio.gather(*(client.get(f"{ORIGIN}/{i}") for i in range(6)))
    arrivals = [asked.at for asked in setting.service.seen]
    assert all(after - before >= 0.5 for before, after in pairwise(arrivals))
    before = setting.time.seconds
    await client.get(f"{OTHER}/1")
    assert setting.time.seconds == before


async def test_a_host_that_keeps_failing_is_left_alone_and_then_tried_once(setting: Setting) -> None:
    setting.service.fail(status(500))
    client = await setting.client()
    for _ in range(6):
        with pytest.raises(SourceUnavailable):
            await client.get(f"{ORIGIN}/v1")
    assert len(setting.service.seen) == QUICK.failures
    setting.time.pass_(seconds=QUICK.rest + 1)
    with pytest.raises(SourceUnavailable):
        await client.get(f"{ORIGIN}/v1")
    assert len(setting.service.seen) == QUICK.failures + 1
    setting.service.recover()
    setting.time.pass_(seconds=2 * QUICK.rest + 1)
    assert (await client.get(f"{ORIGIN}/v1")).json() == {"ok": True}


async def test_a_refusal_is_permanent_and_asked_once(setting: Setting) -> None:
    for code in (400, 401, 403, 404, 451):
        setting.service.recover()
        setting.service.fail(status(code))
        before = len(setting.service.seen)
        with pytest.raises(SourceRefused, match=str(code)) as caught:
            await setting.get()
        assert caught.value.permanent
        assert len(setting.service.seen) == before + 1


async def test_a_bomb_is_cut_off_before_it_fills_the_memory(setting: Setting) -> None:
    setting.service.fail(WAY["sends a bomb"])
    with pytest.raises(SourceGarbled, match="more than is allowed"):
        await setting.get()


async def test_a_page_instead_of_data_is_said_to_be_one(setting: Setting) -> None:
    """F16."""
    for fault in ("sends a page", "sends a page in disguise"):
        setting.service.recover()
        setting.service.fail(WAY[fault])
        answer = await setting.get()
        for read in (answer.json, answer.rows, answer.text):
            with pytest.raises(SourceGarbled, match="web page"):
                read()


@pytest.mark.parametrize(
    "body", [b'{"a": NaN}', b'{"a": Infinity}', b"[" * 100_000, b'{"a": 1', b"", b"ok", b"1" * 5000]
)
async def test_what_is_no_json_is_refused(setting: Setting, body: bytes) -> None:
    setting.answer = lambda asked: web.Response(body=body, content_type="application/json")
    with pytest.raises(SourceGarbled):
        (await setting.get()).json()


async def test_what_has_not_changed_is_not_sent_again(setting: Setting) -> None:
    first = await setting.get("/v1?a=1")
    assert first.validator is not None
    again = await setting.get("/v1?a=1")
    assert not again.unchanged, "a validator counts only once its rows are stored"
    setting.store.kept[first.validator.url] = first.validator
    third = await setting.get("/v1?a=1")
    assert third.unchanged
    assert setting.service.seen[-1].conditional
    assert setting.tally.unchanged == 1


async def test_a_redirect_is_followed_within_the_site_only(setting: Setting) -> None:
    def answer(asked: Asked) -> Any:
        if asked.path == "/old":
            return web.Response(status=301, headers={"Location": f"{ORIGIN}/new"})
        if asked.path == "/away":
            return web.Response(status=301, headers={"Location": "https://elsewhere.example.net/new"})
        return {"path": asked.path}

    setting.answer = answer
    answered = await setting.get("/old", redirects=("127.0.0.1",))
    assert answered.json() == {"path": "/new"}
    with pytest.raises(SourceGarbled, match=r"elsewhere\.example\.net, which is not its own"):
        await setting.get("/away")
    for fault in ("leads astray", "leads in circles"):
        setting.service.recover()
        setting.service.fail(WAY[fault])
        with pytest.raises(SourceGarbled, match="not followed"):
            await setting.get()
    assert {asked.host for asked in setting.service.seen} == {"api.example.com"}


async def test_the_key_goes_to_its_own_host_and_nowhere_else(setting: Setting) -> None:
    client = await setting.client()
    await client.get(f"{ORIGIN}/v1")
    await client.get(f"{OTHER}/v1")
    assert [asked.headers.get("x-api-key") for asked in setting.service.seen] == [KEY, None]
    query = Key("api_key", "query", "more", (ORIGIN,))
    await (await setting.client(key=query)).get(f"{ORIGIN}/v1", {"a": "b c"})
    assert setting.service.seen[-1].query == {"a": "b c", "api_key": KEY}
    assert not (await setting.client(key=None)).has_key


@pytest.mark.parametrize("fault", sorted(WAY))
async def test_no_secret_is_said_logged_or_kept(setting: Setting, caplog: pytest.LogCaptureFixture, fault: str) -> None:
    caplog.set_level(logging.DEBUG)
    setting.service.fail(WAY[fault])
    said = ""
    client = await setting.client(key=Key("api_key", "query", "more", (ORIGIN,)))
    try:
        answer = await client.get(f"{ORIGIN}/v1", {"symbol": "BTC"})
        said += repr(answer)
        answer.json()
    except SourceError as error:
        while error is not None:
            said += f"{error!r} {error}"
            error = error.__cause__  # type: ignore[assignment]
    said += repr(client) + repr(setting.http) + repr(setting.http.tallies()) + caplog.text
    assert KEY not in said
    assert "example" in said


async def test_a_validator_hides_the_key(setting: Setting) -> None:
    client = await setting.client(key=Key("api_key", "query", "more", (ORIGIN,)))
    answer = await client.get(f"{ORIGIN}/v1", {"a": "1"})
    assert answer.validator == Validator(
        f"{ORIGIN}/v1?a=1&api_key=hidden",
        answer.validator.etag,
        answer.validator.modified,  # type: ignore[union-attr]
    )


async def test_a_source_asks_no_host_that_it_does_not_name(setting: Setting) -> None:
    client = await setting.client()
    with pytest.raises(SourceGarbled, match="none of the hosts"):
        await client.get("https://api.example.com.evil.net/v1")
    assert setting.service.seen == []


async def test_a_host_that_is_not_there_is_unavailable() -> None:
    time = FakeTime()
    spec = source()
    async with HttpClient([spec], time.clock, limits=QUICK, bases={ORIGIN: "http://127.0.0.1:9"}) as client:
        with pytest.raises(SourceUnavailable, match="cannot be reached"):
            await client.bound(spec).get(f"{ORIGIN}/v1")


def test_a_base_that_is_no_address_is_a_bad_setting() -> None:
    with pytest.raises(BadConfiguration, match="no base address"):
        HttpClient([source()], FakeTime().clock, bases={ORIGIN: "127.0.0.1:80"})


async def test_what_is_left_of_a_quota_is_remembered(setting: Setting) -> None:
    setting.answer = lambda asked: web.json_response({}, headers={"X-RateLimit-Remaining": "41"})
    await setting.get()
    assert setting.tally.quota == 41


@pytest.mark.parametrize(
    ("came_from", "leads_to", "may"),
    [
        ("https://api.example.com/a", "https://www.example.com/b", True),
        ("https://api.example.com/a", "https://example.com.evil.net/b", False),
        ("https://api.example.com/a", "http://api.example.com/b", False),
        ("https://one.co.uk/a", "https://two.co.uk/b", False),
        ("https://one.co.uk/a", "https://api.one.co.uk/b", True),
        ("http://127.0.0.1:1/a", "http://127.0.0.1:2/b", True),
        ("http://127.0.0.1:1/a", "http://10.0.0.1/b", False),
        ("https://api.example.com/a", "ftp://api.example.com/b", False),
        ("https://api.example.com/a", "https://cdn.example.org/b", True),
    ],
)
def test_a_redirect_may_lead_within_the_site_or_where_the_source_says(came_from: str, leads_to: str, may: bool) -> None:
    assert may_follow(came_from, leads_to, ("cdn.example.org",)) is may


async def test_a_host_that_two_sources_share_is_asked_at_the_slower_pace(setting: Setting) -> None:
    fast = source(hosts=(Host(ORIGIN, 0.1, "/"),))
    slow = source(id="other", hosts=(Host(ORIGIN, 3.0, "/"),))
    async with HttpClient([slow, fast], setting.time.clock, limits=QUICK, bases=setting.service.bases) as client:
        for spec in (fast, slow, fast):
            await client.bound(spec).get(f"{ORIGIN}/v1")
    first, second, third = (asked.at for asked in setting.service.seen)
    assert min(second - first, third - second) >= 3.0
