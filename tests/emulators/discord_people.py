"""People, servers and channels of the Discord emulator, and what they do: run commands, press, choose, fill in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulators.discord import Discord

MANAGE_GUILD = 1 << 5
MEMBER = (1 << 10) | (1 << 11)
SLASH, COMPONENT, COMPLETION, MODAL = 2, 3, 4, 5
TEXT, DM, NEWS, PUBLIC_THREAD = 0, 1, 5, 11
SUBCOMMAND, STRING, INTEGER, NUMBER = 1, 3, 4, 10


@dataclass
class Sent:
    """One message of the bot's as it stands now."""

    id: int
    channel: int
    payload: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    ephemeral: bool = False
    thinking: bool = False
    edits: int = 0
    published: bool = False
    at: float = 0.0

    @property
    def embed(self) -> dict[str, Any]:
        return dict((self.payload.get("embeds") or [{}])[0])

    @property
    def text(self) -> str:
        """All that is read: content, then title, description and footer of each embed."""
        parts = [self.payload.get("content") or ""]
        for embed in self.payload.get("embeds") or []:
            parts += [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
        return "\n\n".join(part for part in parts if part)

    @property
    def parts(self) -> list[dict[str, Any]]:
        return [part for row in self.payload.get("components") or [] for part in row["components"]]

    @property
    def labels(self) -> list[str]:
        """What can be pressed, and the options of what can be chosen from."""
        found = []
        for part in self.parts:
            found += [option["label"] for option in part["options"]] if part.get("options") else [part.get("label", "")]
        return found

    def button(self, label: str) -> dict[str, Any]:
        found = [part for part in self.parts if part.get("label") == label]
        assert found, f"no button {label!r} among {self.labels} under {self.text[:60]!r}"
        return found[0]


@dataclass
class Asked:
    """One interaction: what was done, and what came of it."""

    id: int
    token: str
    kind: int
    channel: int
    at: float
    source: Sent | None = None
    answered: list[Sent] = field(default_factory=list)
    callback: dict[str, Any] | None = None
    completions: list[str] | None = None
    modal: dict[str, Any] | None = None
    deferred: bool = False
    original: Sent | None = None

    @property
    def answer(self) -> Sent:
        assert self.answered, f"nothing was answered; callback: {self.callback}"
        return self.answered[0]


class Channel:
    """A text channel, announcement channel, thread or DM; a refusal says why the bot may send nothing here."""

    def __init__(self, server: Discord, id_: int, kind: int, name: str, guild: Guild | None, parent: int = 0) -> None:
        self.server = server
        self.id = id_
        self.kind = kind
        self.name = name
        self.guild = guild
        self.parent = parent
        self.refusal: tuple[int, int, str] | None = None
        self.refuses_files = False

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"id": str(self.id), "type": self.kind, "permissions": str(MEMBER)}
        if self.guild is None:
            return found | {"last_message_id": None, "recipients": []}
        found |= {
            "name": self.name, "position": 0, "permission_overwrites": [], "nsfw": False, "topic": None,
            "guild_id": str(self.guild.id), "parent_id": str(self.parent) if self.parent else None,
            "rate_limit_per_user": 0,
        }  # fmt: skip
        if self.kind == PUBLIC_THREAD:
            found |= {
                "owner_id": "1", "message_count": 0, "member_count": 1, "type": PUBLIC_THREAD,
                "thread_metadata": {
                    "archived": False, "auto_archive_duration": 1440, "locked": False,
                    "archive_timestamp": "2026-01-01T00:00:00+00:00",
                },
            }  # fmt: skip
        return found


class Guild:
    """A Discord server with one general channel."""

    def __init__(self, server: Discord, id_: int, name: str, owner: Person) -> None:
        self.server = server
        self.id = id_
        self.name = name
        self.owner = owner
        self.channels: list[Channel] = []
        self.roles: dict[int, str] = {}
        self.managers = {owner.id}
        self.general = self.channel("general")

    def channel(self, name: str, kind: int = TEXT) -> Channel:
        made = self.server.channel_of(self, name, kind)
        self.channels.append(made)
        return made

    def thread(self, name: str, of: Channel) -> Channel:
        made = self.server.channel_of(self, name, PUBLIC_THREAD, of.id)
        self.channels.append(made)
        return made

    def role(self, name: str) -> int:
        made = self.server.next()
        self.roles[made] = name
        return made

    def as_json(self) -> dict[str, Any]:
        everyone = {
            "id": str(self.id), "name": "@everyone", "color": 0, "hoist": False, "position": 0, "managed": False,
            "permissions": str(MEMBER), "mentionable": False, "flags": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        }  # fmt: skip
        roles = [everyone | {"id": str(id_), "name": name, "position": 1} for id_, name in self.roles.items()]
        channels = [c.as_json() for c in self.channels if c.kind != PUBLIC_THREAD]
        return {
            "id": str(self.id), "name": self.name, "owner_id": str(self.owner.id), "roles": [everyone, *roles],
            "emojis": [], "features": ["COMMUNITY"], "channels": channels,
            "threads": [c.as_json() for c in self.channels if c.kind == PUBLIC_THREAD], "member_count": 3,
            "members": [self.member(self.server.me())], "presences": [], "stage_instances": [],
            "guild_scheduled_events": [], "voice_states": [], "unavailable": False, "large": False,
            "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0,
            "mfa_level": 0, "nsfw_level": 0, "premium_tier": 0, "preferred_locale": "en-US", "system_channel_flags": 0,
            "system_channel_id": None, "afk_timeout": 300, "joined_at": "2026-01-01T00:00:00+00:00",
            "icon": None, "splash": None, "banner": None, "description": None, "afk_channel_id": None,
            "application_id": None, "rules_channel_id": None, "public_updates_channel_id": None,
            "premium_progress_bar_enabled": False, "stickers": [], "vanity_url_code": None,
        }  # fmt: skip

    def member(self, user: dict[str, Any], permissions: int | None = None) -> dict[str, Any]:
        more = {} if permissions is None else {"permissions": str(permissions)}
        return {
            "user": user, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False,
            "flags": 0, "nick": None, "avatar": None, "premium_since": None, **more,
        }  # fmt: skip


class Person:
    """Somebody with a Discord account; `dm` is the private channel with the bot."""

    def __init__(self, server: Discord, id_: int, name: str) -> None:
        self.server = server
        self.id = id_
        self.name = name
        self.dm = server.channel_of(None, name, DM)
        self.takes_messages = True

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id), "username": self.name.lower(), "discriminator": "0", "global_name": self.name,
            "avatar": None, "bot": False, "public_flags": 0,
        }  # fmt: skip

    def permissions(self, guild: Guild) -> int:
        return MEMBER | (MANAGE_GUILD if self.id in guild.managers else 0)

    def sees(self, name: str, guild: Guild | None = None) -> bool:
        """Whether Discord would offer them a command there."""
        command, _ = self.server.command(name)
        needed = int(command.get("default_member_permissions") or 0)
        return guild is None or (self.permissions(guild) & needed) == needed

    def runs(self, text: str, in_: Channel | None = None, unseen: bool = False) -> Asked:
        """Run `/index defi` as a slash command: words fill its options in their order, `name=word` fills that one.

        An AssertionError where Discord's client would not let them; `unseen` does as a modified client might.
        """
        name, *words = text.lstrip("/").split()
        command, path = self.server.command(name)
        where = in_ or self.dm
        assert unseen or self.sees(name, where.guild), f"{self.name} is not shown /{name}"
        options = _filled(path[-1] if path else command, words)
        for sub in reversed(path):
            options = [{"name": sub["name"], "type": SUBCOMMAND, "options": options}]
        data = {"id": command["id"], "name": command["name"], "type": 1, "options": options}
        return self.server.interaction(self, SLASH, where, data)

    async def types(self, text: str, option: str, in_: Channel | None = None) -> list[str]:
        """Type the beginning of an option, and return what is offered: `types("/token aa", "token")`."""
        name, *words = text.lstrip("/").split(maxsplit=1)
        command, path = self.server.command(name)
        found = [{"name": option, "type": STRING, "value": words[0] if words else "", "focused": True}]
        for sub in reversed(path):
            found = [{"name": sub["name"], "type": SUBCOMMAND, "options": found}]
        data = {"id": command["id"], "name": command["name"], "type": 1, "options": found}
        asked = self.server.interaction(self, COMPLETION, in_ or self.dm, data)
        await self.server.until(lambda: asked.completions is not None)
        return asked.completions or []

    def presses(self, label: str, message: Sent | None = None, in_: Channel | None = None) -> Asked:
        """Press the newest button of that label that they see."""
        sent = message or self._newest(label, in_)
        part = sent.button(label)
        assert "custom_id" in part, f"{label!r} opens an address: {part.get('url')}"
        return self.forges(part["custom_id"], sent)

    def chooses(self, label: str, message: Sent | None = None, in_: Channel | None = None) -> Asked:
        """Choose an option of a menu."""
        sent = message or self._newest(label, in_)
        for part in sent.parts:
            for option in part.get("options") or []:
                if option["label"] == label:
                    return self.forges(part["custom_id"], sent, values=[option["value"]])
        raise AssertionError(f"nothing to choose called {label!r} among {sent.labels}")

    def chooses_role(self, role: int, message: Sent) -> Asked:
        part = next(part for part in message.parts if part["type"] == 6)
        return self.forges(part["custom_id"], message, values=[str(role)], kind=6)

    def fills_in(self, form: Asked, text: str) -> Asked:
        """Answer the form that a press opened."""
        assert form.modal, f"no form was opened: {form.callback}"
        row = form.modal["components"][0]["components"][0]
        inside = [{"type": 1, "components": [{"type": 4, "custom_id": row["custom_id"], "value": text}]}]
        data = {"custom_id": form.modal["custom_id"], "components": inside}
        return self.server.interaction(self, MODAL, self.server.channels[form.channel], data, form.source)

    def forges(self, custom_id: str, message: Sent, values: list[str] | None = None, kind: int = 0) -> Asked:
        """Send a component's event as it stands, whether or not the message has it."""
        data: dict[str, Any] = {"custom_id": custom_id, "component_type": kind or (3 if values else 2)}
        if values is not None:
            data["values"] = values
            if kind == 6:
                role = {"id": values[0], "name": "Readers", "color": 0, "hoist": False, "position": 1, "managed": False,
                        "permissions": "0", "mentionable": True, "flags": 0,
                        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}}  # fmt: skip
                data["resolved"] = {"roles": {values[0]: role}}
        return self.server.interaction(self, COMPONENT, self.server.channels[message.channel], data, message)

    def adds_bot(self, guild: Guild) -> None:
        self.server.joins(guild)

    def removes_bot(self, guild: Guild) -> None:
        self.server.leaves(guild)

    def _newest(self, label: str, in_: Channel | None) -> Sent:
        where = (in_ or self.dm).id
        sent = [m for m in self.server.sent if m.channel == where and label in m.labels]
        assert sent, f"nobody was shown {label!r} there"
        return sent[-1]


def _filled(command: dict[str, Any], words: list[str]) -> list[dict[str, Any]]:
    """A command's options as the client sends them."""
    left, found = list(command.get("options") or []), []
    while words:
        word = words.pop(0)
        named = next((o for o in left if word.startswith(f"{o['name']}=")), None)
        assert left, f"/{command['name']} takes no {word!r}"
        option = named or left[0]
        left.remove(option)
        text = word.removeprefix(f"{option['name']}=") if named else word
        if option["type"] == STRING and not option.get("choices") and (named or not left):
            while words and "=" not in words[0]:
                text += " " + words.pop(0)
        found.append({"name": option["name"], "type": option["type"], "value": _value(option, text)})
    missing = [o["name"] for o in left if o.get("required")]
    assert not missing, f"/{command['name']} needs {missing}"
    return found


def _value(option: dict[str, Any], text: str) -> Any:
    if option["type"] == INTEGER:
        return int(text)
    if option["type"] == NUMBER:
        return float(text)
    choices = [choice["value"] for choice in option.get("choices") or []]
    assert not choices or text in choices, f"{option['name']} is one of {choices}"
    return text


async def settled(seconds: float = 0.1) -> None:
    """Wait long enough for anything unwanted to have arrived."""
    await asyncio.sleep(seconds)
