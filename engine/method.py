"""The method's version, and a fingerprint of everything that decides: tables, and code without its comments."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tokenize
import tomllib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

VERSION = "3.0"
# They observe, measure and recompute; none of them decides.
OUTSIDE = frozenset(
    {
        "appraisal",
        "sources",
        "evaluation",
        "audit.py",
        "backtest.py",
        "scale.py",
        "errors.py",
        "ladder_record.py",
        "provisional.py",
        "leaves.py",
        "rebuild.py",
    }
)


@cache
def fingerprint() -> str:
    """64 hex digits over every table and module in `engine` that can change a decision.

    Comments, docstrings and layout do not count: the same rules said in other words are the same method.
    """
    digest = hashlib.sha256()
    for path, content in sorted(_parts(resources.files("engine"), "")):
        digest.update(f"{path}\0{content}\0".encode())
    return digest.hexdigest()


@cache
def stamp() -> str:
    """What every journal entry carries: `2.0 3f9a02d76a1b88e0`, the version and the fingerprint's first 64 bits."""
    return f"{VERSION} {fingerprint()[:16]}"


def version_of(stamp: str) -> str:
    """The version in a stamp, for people to read."""
    return stamp.split(" ", 1)[0]


def _parts(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    parts = []
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.name in OUTSIDE or entry.name.startswith("__pycache__"):
            continue
        if entry.is_dir():
            parts += _parts(entry, f"{path}/")
        elif entry.name.endswith(".py"):
            parts.append((path, _bare(entry.read_text("utf-8"))))
        elif entry.name.endswith(".toml"):
            parts.append((path, json.dumps(tomllib.loads(entry.read_text("utf-8")), default=str)))
    return parts


def _bare(source: str) -> str:
    """A module without docstrings, comments and blank lines; no Python version's own syntax trees in it."""
    lines = source.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    said: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                said.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    kept = (line.rstrip() for number, line in enumerate(lines, 1) if number not in said)
    return "\n".join(line for line in kept if line)
