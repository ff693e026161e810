"""The subscribers of the quarter: who they are, what they chose, and what each may, must and must not be told when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from emulators.discord_people import Asked
from emulators.quarter_faults import UnsteadyDiscord, UnsteadyTelegram, until

from storage.chats import Chat, Place
from storage.database import Database

INDICES = ("large", "defi", "ai", "meme", "rwa")
MODES = ("", "conservative", "balanced", "aggressive")
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Tokyo", "America/New_York", "Australia/Sydney")
QUIET = ((22 * 60, 7 * 60), (20 * 60, 8 * 60), (23 * 60 + 30, 6 * 60), (1 * 60, 9 * 60))
WATCHED = ("USDT", "USDC", "BTC", "ETH")
UPGRADED = -1_000_000_000_000


@dataclass
class Member:
    """One chat. `rooms` are its names at its service, the newest last; `spans` are the seconds from which on it wants
    messages (True) or none (False), each with the instant at which that was settled."""

    platform: str
    rooms: list[int]
    choices: Chat
    speaker: Any
    spans: list[tuple[float, bool]] = field(default_factory=list)
    is_blocked: bool = False

    @property
    def name(self) -> str:
        return f"{self.platform}:{self.rooms[0]}"

    @property
    def is_channel(self) -> bool:
        return self.platform == "telegram" and self.choices.place == "channel"

    def wants(self, since: float, until: float) -> bool | None:
        """Whether it wants messages all the time from one second to another; None where that changed in between."""
        states = {state for at, state in self.spans if since < at <= until}
        states.add(next((state for at, state in reversed(self.spans) if at <= since), False))
        return states.pop() if len(states) == 1 else None

    def turn(self, second: float, wants: bool) -> None:
        self.spans.append((second, wants))

    def is_quiet(self, instant: dt.datetime) -> bool:
        """Whether its quiet hours run, counted minute by minute and by no code of ours."""
        chosen = self.choices
        if chosen.quiet_from is None or chosen.quiet_until is None:
            return False
        local = instant.astimezone(ZoneInfo(chosen.time_zone))
        minute, since, end = 60 * local.hour + local.minute, chosen.quiet_from, chosen.quiet_until
        return since <= minute < end if since < end else not end <= minute < since


class People:
    """Everybody, on both services; what they do goes through the real clients."""

    def __init__(self, telegram: UnsteadyTelegram, discord: UnsteadyDiscord, chance: Random) -> None:
        self.telegram = telegram
        self.discord = discord
        self.chance = chance
        self.members: list[Member] = []
        self.boss = telegram.person("Boss")
        self.boss.private.refusal = None
        self.deputy = discord.person("Deputy")
        self.guild = discord.guild()
        self._rooms: dict[tuple[str, int], Member] = {}

    @property
    def admins(self) -> tuple[tuple[str, str], ...]:
        return ("telegram", str(self.boss.id)), ("discord", str(self.deputy.id))

    def of(self, platform: str, room: int) -> Member | None:
        return self._rooms.get((platform, room))

    def settle_in(self, database: Database, count: int) -> None:
        """So many chats have chosen before the quarter begins."""
        with database.atomic():
            for number in range(count):
                member = self._new(number)
                member.turn(float("-inf"), True)
                database.chats.put(member.choices)

    def _new(self, number: int) -> Member:
        kinds = ("person", "person", "dm", "group", "dm", "person", "channel", "old group", "dm", "server", "news")
        kind = kinds[number % len(kinds)]
        if kind in ("dm", "server", "news"):
            return self._on_discord(kind, number)
        return self._on_telegram(kind, number)

    def _on_telegram(self, kind: str, number: int) -> Member:
        if kind == "person":
            speaker = self.telegram.person(f"Ann {number}")
            speaker.private.refusal = None
            return self._keep(Member("telegram", [speaker.id], self._chosen("telegram", speaker.id), speaker))
        room = (
            self.telegram.channel(f"News {number}") if kind == "channel"
            else self.telegram.group(f"Club {number}", "group" if kind == "old group" else "supergroup")
        )  # fmt: skip
        place: Place = "channel" if kind == "channel" else "group"
        return self._keep(Member("telegram", [room.id], self._chosen("telegram", room.id, place), room))

    def _on_discord(self, kind: str, number: int) -> Member:
        if kind == "dm":
            speaker = self.discord.person(f"Bob {number}")
            return self._keep(Member("discord", [speaker.dm.id], self._chosen("discord", speaker.dm.id), speaker))
        room = self.discord.news(self.guild, f"news-{number}") if kind == "news" else self.guild.channel(f"c-{number}")
        place: Place = "channel" if kind == "news" else "group"
        return self._keep(Member("discord", [room.id], self._chosen("discord", room.id, place), room))

    def _chosen(self, platform: str, room: int, place: Place = "private") -> Chat:
        chance = self.chance
        indices = tuple(i for i in INDICES if chance.random() < 0.35) or (chance.choice(INDICES),)
        quiet = chance.choice(QUIET) if chance.random() < 0.4 else (None, None)
        return Chat(
            platform, str(room), place=place, title=f"chat {room}", mode=chance.choice(MODES), indices=indices,
            watches=tuple(s for s in WATCHED if chance.random() < 0.25), quiet_from=quiet[0], quiet_until=quiet[1],
            time_zone=chance.choice(ZONES), danger_breaks_quiet=chance.random() < 0.5, short=chance.random() < 0.3,
            plain=chance.random() < 0.2,
        )  # fmt: skip

    def _keep(self, member: Member) -> Member:
        self.members.append(member)
        self._rooms[member.platform, member.rooms[0]] = member
        return member

    # --- what they do

    async def joins(self, platform: str, second: float) -> None:
        """Somebody new subscribes, with words to the bot."""
        index = self.chance.choice(INDICES)
        if platform == "telegram":
            speaker = self.telegram.person("Newcomer")
            member = Member(platform, [speaker.id], Chat(platform, str(speaker.id), indices=(index,)), speaker)
        else:
            speaker = self.discord.person("Newcomer")
            member = Member(platform, [speaker.dm.id], Chat(platform, str(speaker.dm.id), indices=(index,)), speaker)
        self._keep(member)
        await self.says(member, f"/subscribe {index}")
        member.turn(second, True)

    async def leaves(self, member: Member, second: float) -> None:
        for index in member.choices.indices:
            await self.says(member, f"/unsubscribe {index}")
        member.turn(second, False)

    async def mutes(self, member: Member, second: float) -> None:
        """For seven days, as the button under every message does."""
        await self.says(member, "/settings mute 7")
        member.turn(second, False)
        member.turn(second + 7 * 86400, True)

    def blocks(self, member: Member, second: float) -> None:
        """The bot hears of it only when it sends."""
        member.turn(second, False)
        member.is_blocked = True
        if member.platform == "telegram":
            member.speaker.private.refusal = (403, "Forbidden: bot was blocked by the user")
        else:
            member.speaker.dm.refusal = (403, 50007, "Cannot send messages to this user")

    def moves(self, member: Member) -> None:
        """A group becomes a supergroup, and the bot hears of it only when it sends."""
        room = member.speaker
        grown = self.telegram.room(UPGRADED - self.telegram.next("person"), "supergroup", room.title)
        room.moved_to = grown.id
        member.rooms.append(grown.id)
        self._rooms["telegram", grown.id] = member

    async def says(self, member: Member, words: str) -> None:
        """Write to the bot in private, and wait for its answer."""
        if member.platform == "telegram":
            room = member.speaker.private
            before = len(self.telegram.messages(room))
            member.speaker.writes(words)
            await until(lambda: len(self.telegram.messages(room)) > before, f"no answer to {words}")
            return
        asked: Asked = member.speaker.runs(words)
        await until(lambda: any(not m.thinking for m in asked.answered), f"no answer to {words}")

    def some(self, platforms: Iterable[str], second: float, watching: bool = True) -> Member | None:
        """A person who writes in private and wants messages now."""
        able = [
            m for m in self.members
            if m.platform in platforms and hasattr(m.speaker, "runs" if m.platform == "discord" else "writes")
            and m.wants(second, second) and m.wants(second, second + 8 * 86400) is not None and not m.is_blocked
            and (watching or not m.choices.watches)
        ]  # fmt: skip
        return self.chance.choice(able) if able else None
