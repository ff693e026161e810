"""The Telegram Bot API on loopback: long polling or a webhook, chats, limits, formatting, and every documented error.

    async with Telegram() as telegram:
        ann = telegram.person("Ann")
        ann.writes("/start")
        message = await telegram.answer(ann.private)

`base_url` and `token` lead a client here. `received` counts what truly arrived, whatever the bot believes of it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import ClientSession, web
from emulators.faults import Fault
from emulators.telegram_html import units
from emulators.telegram_methods import METHODS, ApiError
from emulators.telegram_people import Person, Room, Sent

TOKEN = "123456789:AAEmulated-Token-of-thirty-five-chrs"
BOT_ID = 123456789
NOW = 1_700_000_000
PATIENCE = 30.0  # seconds that a test waits for what must come: a busy machine is slow, and not wrong
FLOOD_OVERALL, FLOOD_GROUP = (30, 1.0), (20, 60.0)
SENDING = ("sendMessage", "sendPhoto", "editMessageText", "editMessageCaption")
ALL_BUT = ("chat_member", "message_reaction", "message_reaction_count")  # what an empty allowed_updates leaves out


def refusing(code: int, description: str, **parameters: Any) -> Fault:
    """Answer an error as the API words it: refusing(429, "Too Many Requests: retry after 3", retry_after=3)."""

    async def spoil(request: web.Request, good: Callable[[], web.Response]) -> web.StreamResponse:
        return _error(ApiError(code, description, parameters))

    return spoil


async def sent_but_unanswered(request: web.Request, good: Callable[[], web.Response]) -> web.StreamResponse:
    """Take the message, then drop the line before the answer."""
    good()
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


class Telegram:
    """One bot's server. `enforcing` counts sends and answers 429 beyond Telegram's limits."""

    def __init__(
        self, token: str = TOKEN, username: str = "CrierBot", enforcing: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.token = token
        self.username = username
        self.enforcing = enforcing
        self.monotonic = monotonic
        self.rooms: dict[int, Room] = {}
        self.sent: list[Sent] = []
        self.received: list[tuple[str, dict[str, Any], float]] = []  # every call that was let in: method, fields, when
        self.answered: dict[str, dict[str, Any]] = {}  # callback query -> what it was answered with
        self.inline_answers: dict[str, list[dict[str, Any]]] = {}
        self.actions: list[tuple[int, str]] = []
        self.commands: dict[str, list[dict[str, str]]] = {}  # scope -> menu
        self.webhook: dict[str, Any] = {}
        self.posted: list[int] = []  # what the webhook answered to each update
        self.allowed: list[str] = []
        self.fresh = asyncio.Event()
        self.updates: deque[dict[str, Any]] = deque()
        self.poll = 0  # the newest getUpdates; an older one is told that it was ended
        self._posters: set[asyncio.Task[None]] = set()
        self._faults: list[tuple[Fault, int, str, int | None]] = []
        self._counts: dict[int | None, deque[float]] = defaultdict(deque)
        self._ids = {"update": 5000, "message": 100, "person": 1000, "room": -1001000000000, "query": 0}
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def __aenter__(self) -> Telegram:
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._posters:
            task.cancel()
        await asyncio.gather(*self._posters, return_exceptions=True)
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        return f"{self.address}/bot"

    # --- who is there

    def person(self, name: str, is_bot: bool = False) -> Person:
        return Person(self, self.next("person"), name, is_bot)

    def group(self, title: str = "DeFi club", kind: str = "supergroup", is_forum: bool = False) -> Room:
        """A group with the bot in it; nobody told the bot so."""
        id_ = -self.next("person") if kind == "group" else -1_000_000_000_000 - self.next("person")
        return self.room(id_, kind, title, is_forum)

    def channel(self, title: str = "News") -> Room:
        return self.room(-1_000_000_000_000 - self.next("person"), "channel", title)

    def room(self, id_: int, kind: str, title: str, is_forum: bool = False) -> Room:
        return self.rooms.setdefault(id_, Room(self, id_, kind, title, is_forum))

    def messages(self, room: Room) -> list[Sent]:
        """What the bot sent to a chat and has not deleted, oldest first."""
        return [message for message in self.sent if message.chat == room.id]

    def next(self, what: str) -> int:
        self._ids[what] += 1
        return self._ids[what]

    # --- what happens

    def message_update(
        self, room: Room, text: str | None, sender: dict[str, Any] | None, more: dict[str, Any],
        thread: int | None = None, kind: str = "message",
    ) -> int:  # fmt: skip
        """Tell the bot of a message; returns the message's id."""
        message: dict[str, Any] = {"message_id": self.next("message"), "date": NOW, "chat": room.as_json(), **more}
        if sender:
            message["from"] = sender
        if text is not None:
            message["text"] = text
        if text and text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": units(text.split()[0])}]
        if thread is not None:
            message |= {"message_thread_id": thread, "is_topic_message": True}
        if kind == "edited_message":
            message["edit_date"] = NOW + 60
        self.tell(kind, message)
        return int(message["message_id"])

    def callback(self, person: Person, sent: Sent, data: str, is_old: bool = False) -> str:
        query, shown = str(self.next("query")), self.message_json(sent)
        if is_old:
            shown = {"message_id": sent.id, "date": 0, "chat": shown["chat"]}
        self.tell("callback_query", {
            "id": query, "from": person.as_json(), "chat_instance": "7", "data": data,
            "message": shown,
        })  # fmt: skip
        return query

    def inline(self, person: Person, text: str) -> str:
        query = str(self.next("query"))
        self.tell("inline_query", {"id": query, "from": person.as_json(), "query": text, "offset": ""})
        return query

    def membership(self, room: Room, person: Person, old: str, new: str) -> None:
        me = self.me()
        self.tell("my_chat_member", {
            "chat": room.as_json(), "from": person.as_json(), "date": NOW,
            "old_chat_member": _member(me, old), "new_chat_member": _member(me, new),
        })  # fmt: skip

    def tell(self, kind: str, content: dict[str, Any]) -> None:
        """Queue an update, unless the bot asked not to be told of its kind."""
        if (self.allowed and kind not in self.allowed) or (not self.allowed and kind in ALL_BUT):
            return
        update = {"update_id": self.next("update"), kind: content}
        if self.webhook.get("url"):
            task = asyncio.get_running_loop().create_task(self._post(update))
            self._posters.add(task)
            task.add_done_callback(self._posters.discard)
            return
        self.updates.append(update)
        self.fresh.set()

    def message_json(self, sent: Sent) -> dict[str, Any]:
        """A message of the bot's as the API shows it."""
        room = self.rooms[sent.chat]
        words = {"caption" if sent.photo else "text": sent.text}
        marks = {"caption_entities" if sent.photo else "entities": [e.as_json() for e in sent.entities]}
        photo = {"photo": [{"file_id": f"f{sent.id}", "file_unique_id": f"u{sent.id}", "width": 10, "height": 7}]}
        topic = {"message_thread_id": sent.thread, "is_topic_message": True}
        return {
            "message_id": sent.id, "date": NOW, "chat": room.as_json(), "from": self.me(), **words, **marks,
            **(photo if sent.photo else {}), **(topic if sent.thread else {}),
            **({"reply_markup": {"inline_keyboard": sent.keyboard}} if sent.keyboard else {}),
        }  # fmt: skip

    def me(self) -> dict[str, Any]:
        abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": True}
        return {"id": BOT_ID, "is_bot": True, "first_name": "Crier", "username": self.username, **abilities}

    # --- how a test waits

    async def until(self, true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Wait until something is so, and return it; an AssertionError after `seconds`."""
        for _ in range(int(seconds / 0.005)):
            if found := true():
                return found
            await asyncio.sleep(0.005)
        raise AssertionError(f"still not so after {seconds} s; sent so far: {[m.text[:80] for m in self.sent]}")

    async def answer(self, room: Room, count: int = 1, seconds: float = PATIENCE) -> Sent:
        """The `count`-th message of a chat, as soon as it is there."""
        await self.until(lambda: len(self.messages(room)) >= count, seconds)
        return self.messages(room)[count - 1]

    # --- what goes wrong

    def fail(self, fault: Fault, times: int = 1_000_000, where: str = "", chat: int | None = None) -> None:
        """Spoil the next `times` answers to methods whose name contains `where`, to `chat` alone if named."""
        self._faults.append((fault, times, where.casefold(), chat))

    def recover(self) -> None:
        self._faults.clear()

    @contextmanager
    def failing(self, fault: Fault, times: int = 1_000_000, where: str = "", chat: int | None = None) -> Iterator[None]:
        self.fail(fault, times, where, chat)
        try:
            yield
        finally:
            self.recover()

    def _due(self, method: str, chat: str) -> Fault | None:
        for i, (fault, times, where, only) in enumerate(self._faults):
            if where in method.casefold() and times > 0 and (only is None or str(only) == chat):
                self._faults[i] = (fault, times - 1, where, only)
                return fault
        return None

    def revoke(self) -> None:
        """Make the token count no more."""
        self.token = "revoked"

    # --- serving

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        fields = await _fields(request)
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return _error(ApiError(401, "Unauthorized"))
        fault = self._due(method, str(fields.get("chat_id", "")))
        if fault:
            return await fault(request, lambda: self._called(method, fields))
        if method.casefold() == "getupdates":
            return await self._get_updates(fields)
        return self._called(method, fields)

    def _called(self, method: str, fields: dict[str, Any]) -> web.Response:
        at = self.monotonic()
        handler = METHODS.get(method.casefold())
        if handler is None:
            return _error(ApiError(404, "Not Found"))
        try:
            if method in SENDING:
                self._count(int(fields.get("chat_id", 0)), at)
            result = handler(self, fields)
        except ApiError as error:
            return _error(error)
        self.received.append((method, fields, at))
        return web.json_response({"ok": True, "result": result})

    def _count(self, chat: int, at: float) -> None:
        """Hard sliding windows: 30 a second over all, 20 a minute in a group."""
        if not self.enforcing:
            return
        windows = [(None, *FLOOD_OVERALL)] + ([(chat, *FLOOD_GROUP)] if chat < 0 else [])
        for key, most, seconds in windows:
            seen = self._counts[key]
            while seen and seen[0] <= at - seconds:
                seen.popleft()
            if len(seen) >= most:
                wait = max(1, int(seen[0] + seconds - at) + 1)
                raise ApiError(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
        for key, _, _ in windows:
            self._counts[key].append(at)

    async def _get_updates(self, fields: dict[str, Any]) -> web.Response:
        if self.webhook.get("url"):
            said = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the"
            return _error(ApiError(409, f"{said} webhook first"))
        self.poll += 1
        mine, offset = self.poll, int(fields.get("offset") or 0)
        if "allowed_updates" in fields:
            self.allowed = list(fields["allowed_updates"])
        self.fresh.set()  # wakes an older poll, which then sees that it was ended
        while self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()
        until = time.monotonic() + float(fields.get("timeout") or 0)
        while not self.updates and time.monotonic() < until and self.poll == mine:
            self.fresh.clear()
            try:
                await asyncio.wait_for(self.fresh.wait(), until - time.monotonic())
            except TimeoutError:
                break
        if self.poll != mine:
            said = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            return _error(ApiError(409, said))
        result = list(self.updates)[: int(fields.get("limit") or 100)]
        return web.json_response({"ok": True, "result": result})

    async def _post(self, update: dict[str, Any]) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.get("secret_token", "")}
        async with ClientSession() as client, client.post(self.webhook["url"], json=update, headers=headers) as answer:
            self.posted.append(answer.status)


async def _fields(request: web.Request) -> dict[str, Any]:
    """The fields of a call: what people read as it is, other JSON read, files as bytes."""
    fields: dict[str, Any] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            fields[name] = value.file.read()
            continue
        assert isinstance(value, str)
        fields[name] = value if name in ("text", "caption") else _read(value)
    return fields


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _member(user: dict[str, Any], status: str) -> dict[str, Any]:
    rights = {
        "can_be_edited": False, "is_anonymous": False, "can_manage_chat": True, "can_delete_messages": False,
        "can_manage_video_chats": False, "can_restrict_members": False, "can_promote_members": False,
        "can_change_info": False, "can_invite_users": False, "can_post_stories": False, "can_edit_stories": False,
        "can_delete_stories": False, "can_post_messages": True,
    }  # fmt: skip
    more: dict[str, Any] = {}
    if status == "administrator":
        more = rights
    if status == "creator":
        more = {"is_anonymous": False}
    if status == "kicked":
        more = {"until_date": 0}
    return {"user": user, "status": status, **more}


def _error(error: ApiError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return web.json_response(body, status=error.code)
