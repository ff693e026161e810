"""Log lines to stderr: one a line and an event, plain or as JSON, each with its key, and no secret in any of them."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from pydantic import SecretStr

from bot.settings import SECRETS, Settings

CHATTY = (
    "httpx",
    "httpcore",
    "aiohttp",
    "asyncio",
    "telegram",
    "discord",
    "matplotlib",
    "markdown_it",
)  # heard from a warning on
HIDDEN = "<secret>"
SHORTEST = 6  # characters; what is shorter would black out words that are no secret


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every secret value that is set, longest first, so that none hides inside another."""
    found = []
    for name in SECRETS:
        value = getattr(settings, name)
        values = value.values() if isinstance(value, dict) else [value]
        found += [each.get_secret_value() for each in values if isinstance(each, SecretStr)]
    parts = [part for each in found for part in {each, *each.split(":")[1:]}]  # the half behind a colon is enough
    return tuple(sorted({part for part in parts if len(part) >= SHORTEST}, key=lambda part: (-len(part), part)))


def blackened(text: str, secrets: Iterable[str]) -> str:
    """A text without any of the secrets in it."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


class _Line(logging.Formatter):
    """One line a record, whatever is in it; every secret is blacked out last, so that no part can escape it."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return blackened(self.compose(record, self._error(record)), self._secrets)

    def compose(self, record: logging.LogRecord, error: str) -> str:
        """`2026-11-23T00:31:07Z INFO week/2026-11-23 bot.jobs: begins`; a traceback follows behind bars."""
        key = f"{record.key} " if hasattr(record, "key") else ""
        said = record.getMessage() + (f" | {error}" if error else "")
        return f"{_instant(record)} {record.levelname} {key}{record.name}: {' | '.join(said.splitlines())}"

    def _error(self, record: logging.LogRecord) -> str:
        return self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""


class _Json(_Line):
    """The same as one JSON object: `event` is the message before its values are put in, equal for equal events."""

    def compose(self, record: logging.LogRecord, error: str) -> str:
        fields = {
            "at": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "key": getattr(record, "key", ""),
            "event": str(record.msg),
            "says": record.getMessage(),
        }
        return json.dumps(fields | ({"error": error} if error else {}), ensure_ascii=False)


def _instant(record: logging.LogRecord) -> str:
    return dt.datetime.fromtimestamp(record.created, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def logging_to(settings: Settings, stream: TextIO | None = None) -> Iterator[None]:
    """Log as the settings say for as long as this lasts; loggers are as before afterwards."""
    root = logging.getLogger()
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter((_Json if settings.log_json else _Line)(secrets_of(settings)))
    levels = {name: logging.getLogger(name).level for name in CHATTY} | {None: root.level}
    root.addHandler(handler)
    root.setLevel(settings.log_level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    try:
        yield
    finally:
        root.removeHandler(handler)
        for logger, level in levels.items():
            logging.getLogger(logger).setLevel(level)
