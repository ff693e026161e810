"""People, groups and channels of the Telegram emulator, and what they do: write, press, add the bot, upgrade."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulators.telegram_html import Entity

if TYPE_CHECKING:
    from emulators.telegram import Telegram

ANONYMOUS_ADMIN = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
SERVICE = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
ADMINS = ("creator", "administrator")


@dataclass
class Sent:
    """One message that the bot sent, as it stands now; `html` is what was written, `text` what is read."""

    id: int
    chat: int
    html: str
    text: str
    entities: list[Entity]
    keyboard: list[list[dict[str, Any]]] = field(default_factory=list)
    photo: bytes = b""
    silent: bool = False
    thread: int | None = None
    reply_to: int | None = None
    preview: bool = True
    edits: int = 0
    at: float = 0.0

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.keyboard for button in row]

    def button(self, label: str) -> dict[str, Any]:
        """The button of that label; an AssertionError that lists those there are."""
        found = [button for row in self.keyboard for button in row if button["text"] == label]
        assert found, f"no button {label!r} among {self.labels} under {self.text[:60]!r}"
        return found[0]

    @property
    def caption_or_text(self) -> str:
        return self.text


class Room:
    """A chat: private, group, supergroup or channel."""

    def __init__(self, server: Telegram, id_: int, kind: str, title: str, is_forum: bool = False) -> None:
        self.server = server
        self.id = id_
        self.kind = kind
        self.title = title
        self.is_forum = is_forum
        self.members: dict[int, str] = {}  # user id -> status
        self.refusal: tuple[int, str] | None = None  # why the bot may send nothing here
        self.refuses_photos: tuple[int, str] | None = None
        self.moved_to: int | None = None
        self.closed_topics: set[int] = set()
        self.topics: set[int] = set()

    def as_json(self) -> dict[str, Any]:
        named = {"first_name": self.title} if self.kind == "private" else {"title": self.title}
        return {"id": self.id, "type": self.kind, **named, **({"is_forum": True} if self.is_forum else {})}

    def adds(self, person: Person, status: str = "member") -> None:
        """Let a person in, or give another status: member, administrator, creator, left, kicked."""
        self.members[person.id] = status

    def writes_anonymously(self, text: str, thread: int | None = None) -> int:
        """An admin writes in the group's own name."""
        return self.server.message_update(self, text, ANONYMOUS_ADMIN, {"sender_chat": self.as_json()}, thread)

    def posts(self, text: str) -> int:
        """A channel's admin posts."""
        return self.server.message_update(self, text, None, {"sender_chat": self.as_json()}, None, "channel_post")

    def upgrades(self, new_id: int) -> Room:
        """A group becomes a supergroup: both service messages, and errors at the old name from now on."""
        grown = self.server.room(new_id, "supergroup", self.title)
        grown.members = dict(self.members)
        self.moved_to = new_id
        self.server.message_update(self, None, ANONYMOUS_ADMIN, {"migrate_to_chat_id": new_id})
        self.server.message_update(grown, None, ANONYMOUS_ADMIN, {"migrate_from_chat_id": self.id})
        return grown


class Person:
    """Somebody with a Telegram account; `private` is the chat with the bot."""

    def __init__(self, server: Telegram, id_: int, name: str, is_bot: bool = False) -> None:
        self.server = server
        self.id = id_
        self.name = name
        self.is_bot = is_bot
        self.private = server.room(id_, "private", name)
        self.private.members[id_] = "member"
        self.private.refusal = (403, "Forbidden: bot can't initiate conversation with a user")

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "is_bot": self.is_bot, "first_name": self.name, "language_code": "en"}

    def writes(self, text: str, to: Room | None = None, thread: int | None = None, **more: Any) -> int:
        """Send a message to the bot, or in a room; returns its id. A private one lets the bot answer."""
        if to is None:
            self.private.refusal = None
        return self.server.message_update(to or self.private, text, self.as_json(), more, thread)

    def edits(self, message: int, text: str, to: Room | None = None) -> None:
        """Change a message that was sent."""
        self.server.message_update(to or self.private, text, self.as_json(), {"message_id": message}, None,
                                   "edited_message")  # fmt: skip

    def presses(self, label: str, in_: Room | None = None, message: Sent | None = None) -> str:
        """Press the newest button of that label in a chat; returns the address where it opens one, else the query."""
        room = in_ or self.private
        sent = message or next((m for m in reversed(self.server.messages(room)) if label in m.labels), None)
        assert sent is not None, f"nobody was shown a button {label!r} in {room.title}"
        button = sent.button(label)
        if "url" in button:
            return str(button["url"])
        return self.server.callback(self, sent, button["callback_data"])

    def presses_old(self, label: str, message: Sent) -> str:
        """Press a button of a message so old that Telegram no longer shows the bot what it was."""
        return self.server.callback(self, message, message.button(label)["callback_data"], is_old=True)

    def forges(self, data: str, message: Sent) -> str:
        """Send a callback that no button carries, as a modified client can."""
        return self.server.callback(self, message, data)

    def follows(self, url: str) -> None:
        """Open a deep link into the private chat and press Start."""
        assert url.startswith(f"https://t.me/{self.server.username}?start="), url
        self.writes(f"/start {url.split('?start=', 1)[1]}")

    def adds_bot(self, room: Room, status: str = "member") -> None:
        """Add the bot to a group or channel, as its admin would."""
        room.refusal = None
        self.server.membership(room, self, "left", status)

    def removes_bot(self, room: Room) -> None:
        """Throw the bot out."""
        kind = {"group": "group chat", "supergroup": "supergroup chat", "channel": "channel chat"}[room.kind]
        room.refusal = (403, f"Forbidden: bot was kicked from the {kind}")
        self.server.membership(room, self, "member", "kicked")

    def blocks_bot(self) -> None:
        self.private.refusal = (403, "Forbidden: bot was blocked by the user")
        self.server.membership(self.private, self, "member", "kicked")

    def asks_inline(self, query: str) -> str:
        """Type `@bot query` somewhere; returns the query's id, under which the answer arrives."""
        return self.server.inline(self, query)
