"""Discord on loopback: a gateway that speaks HELLO to RESUME, and the REST API with its limits, deadlines and errors.

    async with Discord() as discord:
        ann = discord.person("Ann")
        asked = ann.runs("/index defi")
        message = await discord.answer(asked)

`api` and `gateway` lead the real client here. Real servers are as strict: what is refused here is refused there.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web
from emulators.discord_limits import DiscordError, check_commands
from emulators.discord_people import NEWS, SLASH, Asked, Channel, Guild, Person, Sent
from emulators.discord_rest import ROUTES, answered, problem
from emulators.faults import Fault

TOKEN = "MTIzNDU2Nzg5.Emulat.ed-Token_that-is_never-logged"
APP = 4242
HEARTBEAT = 41250
PATIENCE = 30.0  # seconds that a test waits for what must come: a busy machine is slow, and not wrong
CREATES, WINDOW = 5, 5.0  # messages a channel takes in so many seconds; a test may shorten its `window`


def refusing(status: int, code: int = 0, message: str = "no", **headers: str) -> Fault:
    """Answer an error as the API words it: refusing(403, 50007, "Cannot send messages to this user")."""

    async def spoil(request: web.Request, good: Callable[[], web.Response]) -> web.StreamResponse:
        return problem(DiscordError(status, code, message), {k.replace("_", "-"): v for k, v in headers.items()})

    return spoil


def limited(seconds: float, everywhere: bool = False, via: str = "1.1 google") -> Fault:
    """Answer 429; without `via` it is no answer of Discord's own but of the wall before it."""

    async def spoil(request: web.Request, good: Callable[[], web.Response]) -> web.StreamResponse:
        return too_many(seconds, everywhere, via)

    return spoil


def too_many(seconds: float, everywhere: bool = False, via: str = "1.1 google") -> web.Response:
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": everywhere}
    headers = {"Content-Type": "application/json", "Retry-After": str(seconds)} | ({"Via": via} if via else {})
    return web.Response(body=json.dumps(body).encode(), status=429, headers=headers)


async def taken_but_unanswered(request: web.Request, good: Callable[[], web.Response]) -> web.StreamResponse:
    """Take the message, then drop the line before the answer."""
    good()
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


Shard = tuple[int, int]  # which, of how many


class Discord:
    """One application's Discord. `enforcing` keeps a channel to five messages in five seconds; `deadline` is how long
    an interaction waits for its first answer."""

    def __init__(
        self, token: str = TOKEN, enforcing: bool = False, deadline: float = 3.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.token = token
        self.enforcing = enforcing
        self.deadline = deadline
        self.monotonic = monotonic
        self.people: dict[int, Person] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.commands: list[dict[str, Any]] = []
        self.syncs = 0
        self.sent: list[Sent] = []
        self.asked: dict[str, Asked] = {}
        self.nonces: dict[tuple[int, str], Sent] = {}
        self.calls: list[tuple[str, str]] = []  # method and path of every call that was let in
        self.sockets: list[web.WebSocketResponse] = []
        self.shards: dict[web.WebSocketResponse, Shard] = {}  # which shard each socket has been
        self.sessions: dict[str, Shard] = {}
        self.advised = 1  # shards that /gateway/bot tells a bot to use
        self.identified: list[dict[str, Any]] = []
        self.resumed: list[dict[str, Any]] = []
        self.heartbeats = 0
        self.heartbeat_interval = HEARTBEAT
        self.refuses_gateway = False
        self.resumable = True
        self.window = WINDOW
        self._seq = 0
        self._missed: deque[tuple[int | None, str]] = deque()  # guild and event of the time without a socket
        self._id = 1_000_000_000_000_000_000
        self._faults: list[tuple[Fault, int, str]] = []
        self._creates: dict[int, deque[float]] = defaultdict(deque)
        self._runner: web.AppRunner | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self.address = ""

    async def __aenter__(self) -> Discord:
        app = web.Application(client_max_size=1 << 25)
        app.router.add_get("/gateway/", self._gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.address = f"127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drop()
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def api(self) -> str:
        return f"http://{self.address}/api/v10"

    @property
    def gateway(self) -> str:
        return f"ws://{self.address}/gateway/"

    # --- who is there

    def later(self) -> None:
        """Let a moment pass: what is made from now on belongs to the next shard."""
        self._id += 1 << 22

    def next(self) -> int:
        self._id += 1
        return self._id

    def person(self, name: str) -> Person:
        made = Person(self, self.next(), name)
        self.people[made.id] = made
        return made

    def guild(self, name: str = "DeFi club", owner: Person | None = None) -> Guild:
        """A server that the bot is in, as it is told at once where it is connected."""
        made = Guild(self, self.next(), name, owner or self.person("Owner"))
        self.guilds[made.id] = made
        return made

    def channel_of(self, guild: Guild | None, name: str, kind: int, parent: int = 0) -> Channel:
        made = Channel(self, self.next(), kind, name, guild, parent)
        self.channels[made.id] = made
        return made

    def news(self, guild: Guild, name: str = "announcements") -> Channel:
        return guild.channel(name, NEWS)

    def me(self) -> dict[str, Any]:
        return {"id": str(APP), "username": "Crier", "discriminator": "0000", "global_name": None, "avatar": None,
                "bot": True, "public_flags": 0}  # fmt: skip

    def messages(self, channel: Channel) -> list[Sent]:
        return [message for message in self.sent if message.channel == channel.id]

    def command(self, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A command that was put, by its own name or a subcommand's, with the way to the subcommand."""
        for command in self.commands:
            if command["name"] == name:
                return command, []
            for option in command.get("options") or []:
                if option["type"] == 1 and option["name"] == name:
                    return command, [option]
        raise AssertionError(f"no command /{name} among {[c['name'] for c in self.commands]}")

    # --- what happens

    def interaction(
        self, person: Person, kind: int, channel: Channel, data: dict[str, Any], source: Sent | None = None
    ) -> Asked:
        """Tell the bot of an interaction; its clock starts now."""
        asked = Asked(self.next(), f"interaction-token-{self.next()}", kind, channel.id, self.monotonic(), source)
        self.asked[asked.token] = asked
        event: dict[str, Any] = {
            "id": str(asked.id), "application_id": str(APP), "type": kind, "token": asked.token, "version": 1,
            "data": data, "channel_id": str(channel.id), "channel": channel.as_json(), "locale": "en-US",
            "attachment_size_limit": 10 << 20, "entitlements": [], "authorizing_integration_owners": {},
            "app_permissions": "0", "context": 1 if channel.guild is None else 0,
        }  # fmt: skip
        if channel.guild is None:
            event["user"] = person.as_json()
        else:
            guild = channel.guild
            event |= {"guild_id": str(guild.id), "guild": {"id": str(guild.id), "features": [], "locale": "en-US"},
                      "member": guild.member(person.as_json(), person.permissions(guild))}  # fmt: skip
        if source is not None:
            event["message"] = self.message_json(source)
        self.tell("INTERACTION_CREATE", event)
        return asked

    def joins(self, guild: Guild) -> None:
        """The bot is added to a server; only one that comes back is told to be no longer unavailable."""
        self.tell("GUILD_CREATE", {key: value for key, value in guild.as_json().items() if key != "unavailable"})

    def leaves(self, guild: Guild) -> None:
        del self.guilds[guild.id]
        self.tell("GUILD_DELETE", {"id": str(guild.id)})

    def deletes(self, channel: Channel) -> None:
        del self.channels[channel.id]
        self.tell("CHANNEL_DELETE", channel.as_json())

    def message_json(self, sent: Sent) -> dict[str, Any]:
        embeds, content = sent.payload.get("embeds") or [], sent.payload.get("content") or ""
        return {
            "id": str(sent.id), "channel_id": str(sent.channel), "type": 0, "content": content,
            "author": self.me(), "embeds": embeds, "attachments": [], "mentions": [], "mention_roles": [],
            "mention_everyone": False, "tts": False, "pinned": False, "timestamp": "2026-01-01T00:00:00+00:00",
            "edited_timestamp": None, "flags": 64 if sent.ephemeral else 0,
            "components": sent.payload.get("components") or [], "nonce": sent.payload.get("nonce"),
        }  # fmt: skip

    # --- how a test waits

    async def until(self, true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Wait until something is so, and return it; an AssertionError after `seconds`."""
        for _ in range(int(seconds / 0.005)):
            if found := true():
                return found
            await asyncio.sleep(0.005)
        raise AssertionError(f"still not so after {seconds} s; sent so far: {[m.text[:80] for m in self.sent]}")

    async def answer(self, asked: Asked, count: int = 1, seconds: float = PATIENCE) -> Sent:
        """The `count`-th message that answers an interaction, as soon as it is there and no longer thinking."""
        await self.until(lambda: len([m for m in asked.answered if not m.thinking]) >= count, seconds)
        return asked.answered[count - 1]

    async def connected(self, seconds: float = PATIENCE) -> None:
        await self.until(lambda: self.sockets, seconds)

    # --- what goes wrong

    def fail(self, fault: Fault, times: int = 1_000_000, where: str = "") -> None:
        """Spoil the next `times` answers to calls like `POST /channels/1/messages` that contain `where`."""
        self._faults.append((fault, times, where))

    def recover(self) -> None:
        self._faults.clear()

    async def drop(self, code: int = 1006) -> None:
        """Close every gateway connection; 1006 just breaks the line."""
        for socket in list(self.sockets):
            if code == 1006:
                if socket._req is not None and socket._req.transport is not None:
                    socket._req.transport.abort()
            else:
                await socket.close(code=code)
        self.sockets.clear()

    async def says(self, op: int, data: Any = None) -> None:
        """Send op 7 (reconnect), 9 (session invalid; `data` says whether it can be resumed) or any other."""
        for socket in list(self.sockets):
            await socket.send_str(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    async def babbles(self, text: str = "{not json") -> None:
        """Send a frame that cannot be read at all."""
        for socket in list(self.sockets):
            await socket.send_str(text)

    def tell(self, event: str, data: Any) -> None:
        """Send an event to the shard that it concerns, or keep it until that resumes."""
        self._seq += 1
        frame = json.dumps({"op": 0, "t": event, "s": self._seq, "d": data})
        named = data if isinstance(data, dict) else {}  # a test may send anything
        about = str(named.get("id" if event.startswith("GUILD_") else "guild_id"))
        guild = int(about) if about.isdecimal() else None
        sockets = [socket for socket in self.sockets if self._concerns(guild, self.shards[socket])]
        if not sockets:
            self._missed.append((guild, frame))
        for socket in sockets:
            task = asyncio.get_running_loop().create_task(_send(socket, frame))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    @staticmethod
    def _concerns(guild: int | None, shard: Shard) -> bool:
        """Whether a shard hears of a server, or, for None, of private messages."""
        return ((guild or 0) >> 22) % shard[1] == shard[0]

    def _take_in(self, socket: web.WebSocketResponse, shard: Shard) -> None:
        """A socket takes the place of the one that was this shard; another count of shards begins anew."""
        self.shards[socket] = shard
        kept = [s for s in self.sockets if self.shards[s] != shard and self.shards[s][1] == shard[1]]
        self.sockets[:] = [*kept, socket]

    # --- serving

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0)
        if self.refuses_gateway:
            raise web.HTTPServiceUnavailable
        await socket.prepare(request)
        await socket.send_str(json.dumps({"op": 10, "d": {"heartbeat_interval": self.heartbeat_interval}}))
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            frame = json.loads(message.data)
            if frame["op"] == 1:
                self.heartbeats += 1
                await socket.send_str(json.dumps({"op": 11}))
            elif frame["op"] == 2:
                await self._identify(socket, frame["d"])
            elif frame["op"] == 6:
                await self._resume(socket, frame["d"])
        if socket in self.sockets:
            self.sockets.remove(socket)
        return socket

    async def _identify(self, socket: web.WebSocketResponse, data: dict[str, Any]) -> None:
        if data["token"] != self.token:
            await socket.close(code=4004)
            return
        self.identified.append(data)
        session, shard = f"s{len(self.identified)}", tuple(data.get("shard") or (0, 1))
        self.sessions[session] = shard
        self._missed = deque(each for each in self._missed if not self._concerns(each[0], shard))
        guilds = {id_: guild for id_, guild in self.guilds.items() if self._concerns(id_, shard)}
        ready = {
            "v": 10, "user": self.me(), "session_id": session, "resume_gateway_url": self.gateway, "shard": shard,
            "guilds": [{"id": str(id_), "unavailable": True} for id_ in guilds],
            "application": {"id": str(APP), "flags": 0}, "private_channels": [],
        }  # fmt: skip
        self._take_in(socket, shard)
        self._seq += 1
        await socket.send_str(json.dumps({"op": 0, "t": "READY", "s": self._seq, "d": ready}))
        for guild in guilds.values():
            self._seq += 1
            created = {"op": 0, "t": "GUILD_CREATE", "s": self._seq, "d": guild.as_json()}
            await socket.send_str(json.dumps(created))

    async def _resume(self, socket: web.WebSocketResponse, data: dict[str, Any]) -> None:
        if not self.resumable:
            await socket.send_str(json.dumps({"op": 9, "d": False}))
            return
        self.resumed.append(data)
        shard = self.sessions[data["session_id"]]
        self._take_in(socket, shard)
        missed = [each for each in self._missed if self._concerns(each[0], shard)]
        self._missed = deque(each for each in self._missed if each not in missed)
        for _, frame in missed:
            await socket.send_str(frame)
        self._seq += 1
        await socket.send_str(json.dumps({"op": 0, "t": "RESUMED", "s": self._seq, "d": {}}))

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        call = f"{request.method} {path}"
        is_hooked = path.startswith(("/interactions/", "/webhooks/"))
        if not is_hooked and request.headers.get("Authorization") != f"Bot {self.token}":
            return problem(DiscordError(401, 0, "401: Unauthorized"))
        payload, files = await _read(request)
        fault = self._due(call)
        if fault is not None:
            return await fault(request, lambda: self._called(request.method, path, payload, files))
        return self._called(request.method, path, payload, files)

    def _due(self, call: str) -> Fault | None:
        for i, (fault, times, where) in enumerate(self._faults):
            if where in call and times > 0:
                self._faults[i] = (fault, times - 1, where)
                return fault
        return None

    def _called(self, method: str, path: str, payload: Any, files: dict[str, bytes]) -> web.Response:
        for verb, pattern, handler in ROUTES:
            found = pattern.fullmatch(path) if verb == method else None
            if found:
                try:
                    result = handler(self, payload, files, *found.groups())
                except DiscordError as error:
                    return problem(error)
                self.calls.append((method, path))
                return result if isinstance(result, web.Response) else answered(result)
        return problem(DiscordError(404, 0, "404: Not Found"))

    def count_create(self, channel: int) -> dict[str, str] | web.Response:
        """The headers that tell a message's bucket, or 429 where it is empty; nothing unless `enforcing`."""
        if not self.enforcing:
            return {}
        now, seen = self.monotonic(), self._creates[channel]
        while seen and seen[0] <= now - self.window:
            seen.popleft()
        if len(seen) >= CREATES:
            return too_many(round(seen[0] + self.window - now, 3))
        seen.append(now)
        after = seen[0] + self.window - now
        return {"X-RateLimit-Limit": str(CREATES), "X-RateLimit-Remaining": str(CREATES - len(seen)),
                "X-RateLimit-Reset": str(time.time() + after), "X-RateLimit-Reset-After": f"{after:.3f}",
                "X-RateLimit-Bucket": "messages"}  # fmt: skip

    def put_commands(self, commands: list[dict[str, Any]]) -> list[dict[str, Any]]:
        check_commands(commands)
        self.syncs += 1
        self.commands = [{**command, "id": str(self.next())} for command in commands]
        return self.commands


async def _send(socket: web.WebSocketResponse, frame: str) -> None:
    if not socket.closed:
        await socket.send_str(frame)


async def _read(request: web.Request) -> tuple[Any, dict[str, bytes]]:
    """The JSON of a call, and its files by name."""
    if request.content_type != "multipart/form-data":
        text = await request.text()
        return (json.loads(text) if text else None), {}
    payload, files = None, {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[value.filename] = value.file.read()
        elif name == "payload_json":
            payload = json.loads(str(value))
    return payload, files


__all__ = ["SLASH", "Discord", "limited", "refusing", "taken_but_unanswered"]
