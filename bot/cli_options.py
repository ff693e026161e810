"""Options and habits that every command of the command line shares."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

Database = Annotated[
    Path | None, typer.Option("--database", help="The SQLite file (default crier.db, or CRIER_DATABASE).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def example(line: str) -> str:
    """The last line of a command's help."""
    return f"Example: {line}"


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    json.dump(value, sys.stdout, indent=1, ensure_ascii=False, default=str)
    sys.stdout.write("\n")
