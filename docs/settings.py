"""Writes docs/settings.md and .env.example from the one model of all settings: `python docs/settings.py`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.settings import PREFIX, SECRETS, Settings  # noqa: E402

PAGE, EXAMPLE = ROOT / "docs" / "settings.md", ROOT / ".env.example"

HEAD = """# Settings

Made by `python docs/settings.py` from `bot/settings.py`. Every setting is optional. It is read once, at start, from the
environment or from a file `.env` in the folder where Crier is started; the environment wins, and a `--database PATH` of
the command line wins over both. What cannot be right is told all at once, each with its fix, and so is a name that only
resembles one of these. `crier init` asks for what is needed, checks each token, and writes the file so that nobody else
on the machine may read it.

A secret may lie in a file of its own (`..._FILE`, as mounted secrets do); it never stands in a log line, an error or an
answer.

| setting | default | what it is |
|---|---|---|
"""
OPENING = """# Copy to .env; every line is optional. Made by `python docs/settings.py`; as a table: docs/settings.md.
# Settings are read once at start, and all complaints come at once.
"""


def page() -> str:
    """The text of docs/settings.md."""
    return HEAD + "".join(f"{row}\n" for row in rows())


def rows() -> Iterator[str]:
    """One line of the table a setting."""
    for name, field in Settings.model_fields.items():
        secret = " A secret." if name in SECRETS else ""
        default = _default(field.default)
        yield f"| `{_variable(name)}` | {f'`{default}`' if default else 'none'} | {field.description}{secret} |"


def example() -> str:
    """The text of .env.example, all of it commented out: what has no default shows an example."""
    return OPENING + "".join(
        f"\n# {field.description}\n# {_variable(name)}={(field.examples or [_default(field.default)])[0]}\n"
        for name, field in Settings.model_fields.items()
    )


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _default(value: Any) -> str:
    """A default as it would be written in the file."""
    if isinstance(value, bool):
        return json.dumps(value)
    return "" if value in (None, (), {}, "") else str(value)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    EXAMPLE.write_text(example(), "utf-8")
