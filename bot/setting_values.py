"""What a single setting may look like: secrets and the files they lie in, people, addresses, and misspelt names."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, SecretStr

TOKEN = re.compile(r"[A-Za-z0-9.:_~+/=-]+")
ALIKE = 0.85  # of difflib's ratio: a name this near to a setting's was meant to be it


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands where a secret should, so that its complaint comes with all others."""

    says: str


def read_secret(setting: str, path: Path) -> str | Unreadable:
    """The one line that a file of a secret holds."""
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return Unreadable(f"{setting}: {path} cannot be read")
    return text or Unreadable(f"{setting}: {path} is empty")


def one_word(value: SecretStr | None) -> SecretStr | None:
    """A token has no blank, bracket or quote in it: one that has was copied wrongly."""
    if value is not None and not TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("a token is one word of letters, digits and . : _ ~ + / = -: copy it again")
    return value


def readable(value: object) -> object:
    """A secret that was given, or a complaint where its file could not be read."""
    if isinstance(value, Unreadable):
        raise ValueError(value.says)
    return value


def people(text: str) -> tuple[tuple[str, str], ...]:
    """`telegram:123, discord:456`."""
    return tuple(_person(part) for part in map(str.strip, text.split(",")) if part)


def _person(text: str) -> tuple[str, str]:
    from bot.platforms.table import PLATFORMS

    platform, _, number = text.partition(":")
    if platform not in PLATFORMS or not (number.isascii() and number.isdecimal()):
        raise ValueError(f"each admin is written like {' or '.join(f'{name}:123456789' for name in PLATFORMS)}")
    return platform, number


def address(value: str) -> str:
    """An http or websocket address, or none."""
    if value and not value.startswith(("http://", "https://", "ws://", "wss://")):
        raise ValueError("must be an address that begins with https:// or wss://")
    return value


Token = Annotated[SecretStr | None, BeforeValidator(readable), AfterValidator(one_word)]
Address = Annotated[str, AfterValidator(address)]


def misspelt(prefix: str, known: set[str], file: Path) -> list[str]:
    """Complaints about names in the environment or the file that only resemble a setting's, and so would do nothing."""
    try:
        names = set(os.environ) | set(dotenv_values(file) if file.is_file() else ())
    except (OSError, UnicodeDecodeError):  # of which whoever reads the settings complains
        names = set(os.environ)
    found = []
    for name in sorted(name for name in names if name.upper().startswith(prefix) and name.upper() not in known):
        meant = difflib.get_close_matches(name.upper(), known, 1, ALIKE)
        if meant:
            found.append(f"{name} is no setting: write {meant[0]}")
    return found
