"""`crier init`: asks the few questions, checks each token live, writes the file of settings, and hands out the code."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from bot.introductions import Refused, Unasked, introduce
from bot.platforms.introduced import Introduced
from bot.platforms.table import PLATFORMS, Kind
from bot.setting_values import Unreadable, read_secret
from bot.settings import Settings, complaints_of
from engine.errors import BadConfiguration, CannotWrite
from engine.modes import DEFAULT_MODE, modes
from storage.database import open_database

PRIVATE = 0o600
TRIES = 3
OPENING = "# Written by crier init; every setting: docs/settings.md. Keep it to yourself: it may hold tokens.\n"


class Asker(Protocol):
    """Whoever answers; each question has an option that answers it instead."""

    def text(self, question: str, default: str) -> str: ...

    def secret(self, question: str) -> str: ...

    def yes(self, question: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What options answered already. `tokens` and `files` are by platform; an empty token means: not this platform."""

    file: Path
    database: Path | None = None
    mode: str | None = None
    admins: str | None = None
    tokens: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    apis: Mapping[str, str] = field(default_factory=dict)
    overwrite: bool = False
    check: bool = True


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it: the file, who the bots are, and the code that makes one person the bot's admin."""

    file: Path
    database: Path
    bots: tuple[Introduced, ...]
    unchecked: tuple[str, ...]
    code: str


def initialise(wanted: Wanted, asker: Asker | None, say: Callable[[str], None], now: dt.datetime) -> Made:
    """Answer every question by option or `asker` (None: nobody is there), then write; nothing is written before."""
    _may_write(wanted, asker)
    chosen = {
        "CRIER_DATABASE": str(wanted.database or _asked(asker, "Database file", "crier.db")),
        "CRIER_MODE": wanted.mode or _mode(asker, say),
    }
    bots: list[Introduced] = []
    unchecked: list[str] = []
    for platform in PLATFORMS:
        lines, bot = _Token(platform, wanted, asker, say).settle()
        chosen |= lines
        if bot:
            bots.append(bot)
        elif lines:
            unchecked.append(platform)
    if wanted.admins:
        chosen["CRIER_ADMINS"] = wanted.admins
    text = OPENING + "".join(f"{name}={quoted(value)}\n" for name, value in chosen.items())
    with _written(wanted.file, text) as settings:
        opened = open_database(settings.database)
        try:
            code = opened.admins.new_code(now)
        finally:
            opened.close()
    return Made(wanted.file, settings.database, tuple(bots), tuple(unchecked), code)


def _may_write(wanted: Wanted, asker: Asker | None) -> None:
    if not wanted.file.exists() or wanted.overwrite:
        return
    if asker is None or not asker.yes(
        f"{wanted.file} is there already. Replace it? (it is kept as {kept(wanted.file)})"
    ):
        raise CannotWrite(f"{wanted.file} is there already and was left as it is: give --overwrite to replace it.")


def kept(file: Path) -> Path:
    """Where the settings from before lie."""
    return file.with_name(f"{file.name}.before")


def _asked(asker: Asker | None, question: str, default: str) -> str:
    return asker.text(question, default) if asker else default


def _mode(asker: Asker | None, say: Callable[[str], None]) -> str:
    """A mode that there is: what is mistyped is asked for again, before the tokens."""
    for _ in range(TRIES):
        chosen = _asked(asker, f"Risk mode of new chats ({', '.join(modes())})", DEFAULT_MODE).strip().lower()
        if chosen in modes():
            return chosen
        say(f"There is no mode {chosen!r}.")
    raise BadConfiguration(f"the risk mode must be one of {', '.join(modes())}: run crier init again.")


@dataclass
class _Token:
    """One platform's token on its way from a question to a line of the file."""

    platform: str
    wanted: Wanted
    asker: Asker | None
    say: Callable[[str], None]

    @property
    def kind(self) -> Kind:
        return PLATFORMS[self.platform]

    def settle(self) -> tuple[dict[str, str], Introduced | None]:
        """The lines of the file, and who the bot is where that was asked; neither where the platform is not wanted."""
        name, api = f"CRIER_{self.platform.upper()}", self.wanted.apis.get(self.platform, "")
        default = Settings.model_fields[f"{self.platform}_api"].default
        lines = {f"{name}_API": api} if api and api != default else {}
        file = self.wanted.files.get(self.platform)
        if file is not None:
            token = read_secret(f"{name}_TOKEN_FILE", file)
            if isinstance(token, Unreadable):
                raise BadConfiguration(f"{token.says}.")
            return {**lines, f"{name}_TOKEN_FILE": str(file.absolute())}, self._checked(token, api or default)
        token, bot = self._given(api or default)
        return ({**lines, f"{name}_TOKEN": token}, bot) if token else ({}, None)

    def _given(self, api: str) -> tuple[str, Introduced | None]:
        if self.platform in self.wanted.tokens or self.asker is None:
            token = self.wanted.tokens.get(self.platform, "").strip()
            return token, self._checked(token, api) if token else None
        for _ in range(TRIES):
            title = f"{self.kind.title} token ({self.kind.where_from}; empty: no {self.kind.title})"
            token = self.asker.secret(title).strip()
            if not token:
                return "", None
            try:
                return token, self._checked(token, api)
            except Refused as error:
                self.say(str(error))
            except Unasked as error:
                if self.asker.yes(f"{error} Keep the token unchecked?"):
                    return token, None
        raise Refused(f"{self.kind.title} took none of {TRIES} tokens: run crier init again with the right one.")

    def _checked(self, token: str, api: str) -> Introduced | None:
        if not self.wanted.check:
            return None
        bot = introduce(self.platform, token, api)
        self.say(f"{self.kind.title}: the token is that of {bot.name}.")
        return bot


def quoted(value: str) -> str:
    """A value as a line of the file holds it, whatever signs are in it."""
    if value and all(sign.isalnum() or sign in "._:/+=,@%-" for sign in value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@contextmanager
def _written(file: Path, text: str) -> Iterator[Settings]:
    """The settings of `text`, found right; the file, its owner's alone, is in place once what is inside went well."""
    part = file.with_name(f"{file.name}.part")
    source: dict[str, Any] = {"_env_file": part}
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w", encoding="utf-8") as out:
            out.write(text)
        yield Settings(**source)
        if file.exists():
            file.replace(kept(file)).chmod(PRIVATE)
        part.replace(file)
    except ValidationError as error:
        raise BadConfiguration(f"settings: {'; '.join(complaints_of(error))}.") from None
    except OSError as error:
        raise CannotWrite(f"{file} cannot be written ({error.strerror}): choose another with --file.") from error
    finally:
        part.unlink(missing_ok=True)


def told(made: Made) -> list[str]:
    """What to do next, a line each; the code stands in no file."""
    lines = [f"Wrote {made.file}, readable by you alone, and opened {made.database}."]
    lines += [f"{PLATFORMS[platform].title}: the token was not checked." for platform in made.unchecked]
    for bot in made.bots:
        lines += [f"{bot.name}, {what}: {url}" for what, url in bot.links]
        lines += [f"{bot.name}: {note}" for note in bot.notes]
    if made.bots or made.unchecked:
        lines.append(f"To become this bot's admin, write it in private, within a day: /claim {made.code}")
        lines.append("Next: crier run (it fetches by itself; the first weekly decision is on Monday from 00:30 UTC).")
    else:
        lines.append(
            "No platform has a token yet: crier run needs one. Next: crier fetch, crier week, then crier chat."
        )
    return lines
