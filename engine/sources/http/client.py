"""The polite client: paces, repeats, pauses and gives up per host, and lets nothing in that is not an answer."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode, urljoin, urlsplit

from engine.errors import SourceError, SourceGarbled, SourceRefused, SourceUnavailable
from engine.sources.answer import Answer, Validator
from engine.sources.http.address import checked_bases, host, may_follow, origin, rebased, shown
from engine.sources.http.body import read_body
from engine.sources.http.doors import Door, Tally
from engine.sources.http.limits import Clock, Limits
from engine.sources.http.patience import AGAIN, backoff, quota, retry_after
from engine.sources.http.tokens import Tokens
from engine.sources.port import Host, Key, Source

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from tenacity import RetryCallState

AGENT = "crier/0.1 (self-hosted community bot; one request at a time)"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NOT_MODIFIED = 304
LONGEST_HEADER = 500  # characters of what makes the next request conditional
log = logging.getLogger(__name__)


class Validators(Protocol):
    """The small store that remembers what makes a request conditional; written with the rows, only read here."""

    def validator(self, url: str) -> Validator | None: ...


class HttpClient:
    """Every source's way out, one for a whole fetch; use it as an async context.

    `bases` sends an origin elsewhere ({"https://api.kraken.com": "http://127.0.0.1:4000"}), for mirrors and emulators.
    `keys` are by source id and appear in no repr, message or log line.
    """

    def __init__(
        self,
        sources: Iterable[Source],
        clock: Clock,
        *,
        limits: Limits | None = None,
        bases: Mapping[str, str] | None = None,
        keys: Mapping[str, str] | None = None,
        validators: Validators | None = None,
    ) -> None:
        self.clock = clock
        self.limits = limits or Limits()
        self._bases = checked_bases(bases or {})
        self._keys = dict(keys or {})
        self._validators = validators
        self._session: ClientSession | None = None
        self.tokens = Tokens(clock, self._post)
        hosts = sorted((_paced(h, s.id in self._keys) for s in sources for h in s.hosts), key=lambda h: h.every)
        self._doors = {h.origin: Door(h, clock, self.limits) for h in hosts}  # of a shared host the slower pace holds

    async def __aenter__(self) -> HttpClient:
        import aiohttp

        limits = self.limits
        self._session = aiohttp.ClientSession(
            headers={"User-Agent": AGENT, "Accept-Encoding": "gzip, deflate"},
            timeout=aiohttp.ClientTimeout(total=limits.total, sock_connect=limits.connect, sock_read=limits.read),
            connector=aiohttp.TCPConnector(limit=16),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # the body is unpacked within bounds in body.py
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    def bound(self, source: Source) -> BoundClient:
        """The client as one source may use it: its hosts, its redirects, its key."""
        return BoundClient(self, source, self._keys.get(source.id))

    def tallies(self) -> dict[str, Tally]:
        """What became of the requests to each origin so far."""
        return {name: door.tally for name, door in self._doors.items()}

    def pause(self, name: str, until: dt.datetime) -> None:
        """Keep to a wait that an origin asked for before this program started."""
        left = (until - self.clock.wall()).total_seconds()
        if name in self._doors and left > 0:
            self._doors[name].close_for(left)

    async def get(self, url: str, headers: Mapping[str, str], redirects: Iterable[str]) -> Answer:
        """Ask until there is an answer or patience ends; see `engine.sources.port.Client.get`."""
        return await self._ask(url, headers, frozenset(redirects), None)

    async def _post(self, url: str, headers: Mapping[str, str], form: Mapping[str, str]) -> Answer:
        """The same with a form, which no redirect is followed with."""
        return await self._ask(url, headers, frozenset(), form)

    async def _ask(
        self, url: str, headers: Mapping[str, str], redirects: frozenset[str], form: Mapping[str, str] | None
    ) -> Answer:
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

        door = self._doors[origin(url)]
        asked = AsyncRetrying(
            stop=stop_after_attempt(self.limits.attempts),
            retry=retry_if_exception(self._may_pass),
            wait=self._wait,
            sleep=self.clock.sleep,
            reraise=True,
        )
        try:
            answer: Answer = await asked(self._attempt, door, url, headers, redirects, form)
        except SourceError as error:
            log.warning("%s", error)
            raise
        return answer

    def _may_pass(self, error: BaseException) -> bool:
        return isinstance(error, SourceUnavailable) and (error.wait or 0.0) <= self.limits.patience

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, SourceUnavailable) else None
        return backoff(state.attempt_number, asked, self.limits, self.clock.random)

    async def _attempt(
        self,
        door: Door,
        url: str,
        headers: Mapping[str, str],
        allowed: frozenset[str],
        form: Mapping[str, str] | None,
    ) -> Answer:
        async with door.opened():
            return await self._once(door, url, headers, allowed, form)

    async def _once(
        self,
        door: Door,
        url: str,
        headers: Mapping[str, str],
        allowed: frozenset[str],
        form: Mapping[str, str] | None,
    ) -> Answer:
        """One request and the redirects it leads to."""
        validator = self._validators.validator(shown(url)) if self._validators and form is None else None
        send = {**headers, **_conditions(validator)}
        where = rebased(url, self._bases)
        for _ in range(self.limits.redirects + 1):
            async with self._request(where, send, form) as response:
                if response.status not in REDIRECTS:
                    return await self._read(door, url, response)
                onward = rebased(urljoin(where, response.headers.get("Location", "")), self._bases)
            if form is not None or not may_follow(where, onward, allowed):
                raise SourceGarbled(
                    f"{host(url)} leads to {host(onward) or 'nowhere'}, which is not its own: not followed."
                )
            if origin(onward) != origin(where):
                send = _conditions(validator)  # a key stays with the host it was given to
            where = onward
        raise SourceGarbled(f"{host(url)} leads from one address to the next without end: not followed.")

    @asynccontextmanager
    async def _request(
        self, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> AsyncIterator[ClientResponse]:
        """Send one GET, or POST of a form; what goes wrong on the way is SourceUnavailable, and names only the host."""
        import aiohttp
        import yarl

        assert self._session is not None, "use the client as an async context"
        name = host(url)
        try:
            address = yarl.URL(url, encoded=True)
            method = "GET" if form is None else "POST"
            async with self._session.request(
                method, address, headers=headers, data=form, allow_redirects=False
            ) as response:
                yield response
        except TimeoutError:
            raise SourceUnavailable(f"{name} did not answer in time.") from None
        except aiohttp.ClientConnectorDNSError:
            raise SourceUnavailable(f"{name} is not found: is there a connection to the internet?") from None
        except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, ConnectionError):
            raise SourceUnavailable(f"{name} cannot be reached, or broke off.") from None
        except (aiohttp.ClientError, ValueError) as error:  # headers or a status line that are no HTTP, a broken URL
            raise SourceGarbled(f"{name} does not speak HTTP as it should ({type(error).__name__}).") from None

    async def _read(self, door: Door, url: str, response: ClientResponse) -> Answer:
        name = host(url)
        if (left := quota(response.headers)) is not None:
            door.tally.quota = left
        if response.status == NOT_MODIFIED:
            door.tally.unchanged += 1
            return Answer(name, unchanged=True)
        if response.status != 200:
            raise self._refusal(door, name, response)
        headers = response.headers
        chunks = response.content.iter_chunked(1 << 16)
        body = await read_body(chunks, headers.get("Content-Encoding", ""), response.content_length, self.limits, name)
        door.tally.bytes += len(body)
        etag, modified = (_plain(headers.get(field, "")) for field in ("ETag", "Last-Modified"))
        validator = Validator(shown(url), etag, modified) if etag or modified else None
        return Answer(name, body, response.content_type, validator=validator)

    def _refusal(self, door: Door, name: str, response: ClientResponse) -> SourceError:
        """What a status other than 200 means."""
        status = response.status
        if status not in AGAIN:
            return SourceRefused(f"{name} refuses ({status}): {_ADVICE.get(status, 'the request may be outdated')}.")
        wait = retry_after(response.headers, self.clock.wall())
        if wait:
            door.close_for(wait)
            return SourceUnavailable(f"{name} answered {status} and asks for {wait:.0f} s of patience.", wait)
        return SourceUnavailable(f"{name} answered {status}.")


_ADVICE = {
    401: "its key is wrong or missing",
    402: "this needs a paid plan",
    403: "its key is wrong, or it blocks this address or country",
    404: "it has nothing at that address",
    410: "it has nothing at that address any more",
    451: "it may not serve this country",
}


class BoundClient:
    """The client in one source's hands; implements `engine.sources.port.Client`."""

    def __init__(self, client: HttpClient, source: Source, key: str | None) -> None:
        self._client = client
        self._origins = frozenset(origin(h.origin) for h in source.hosts)
        self._redirects = source.redirects
        self._spec: Key | None = source.key
        self._key = key if source.key else None

    @property
    def has_key(self) -> bool:
        """Whether the operator set a key for this source."""
        return self._key is not None

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> Answer:
        """Ask one of the source's own hosts."""
        if origin(url) not in self._origins:
            raise SourceGarbled(f"{host(url)} is none of the hosts that this source names: not asked.")
        query = dict(params or {})
        headers: dict[str, str] = {}
        if self._key and self._spec and origin(url) in self._spec.origins:
            key = self._key
            if self._spec.goes_in == "oauth":
                key = await self._client.tokens.token(self._spec.token, key)
            (query if self._spec.goes_in == "query" else headers)[self._spec.name] = self._spec.prefix + key
        if query:
            url += ("&" if urlsplit(url).query else "?") + urlencode(query)
        return await self._client.get(url, headers, self._redirects)


def _plain(value: str) -> str:
    """A header that can be kept and sent back; nothing of one that cannot."""
    return value if value.isascii() and value.isprintable() and len(value) <= LONGEST_HEADER else ""


def _paced(host: Host, has_key: bool) -> Host:
    return replace(host, every=host.with_key) if has_key and host.with_key else host


def _conditions(validator: Validator | None) -> dict[str, str]:
    """The headers that make a request conditional (RFC 9110, 13.1)."""
    if validator is None:
        return {}
    pairs = (("If-None-Match", validator.etag), ("If-Modified-Since", validator.modified))
    return {name: value for name, value in pairs if value}
