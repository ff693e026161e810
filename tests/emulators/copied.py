"""A copy of this project in a folder of its own: a page's texts are written into it, and its commands are run there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN = (
    "bot", "engine", "storage", "docs", "tests", "benchmarks", "deploy", ".ci", "README.md", "CONTRIBUTING.md",
    "CHANGELOG.md", "pyproject.toml", "requirements.txt", ".env.example", ".dockerignore", "Procfile",
)  # fmt: skip
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"\b(Write|Append\s+to|In)\s+`([^`]+)`(?:,\s+(after|before)\s+the\s+line\s+`([^`]+)`)?:$")
WITHIN = 240  # seconds that one command may take on a busy machine


def section(page: str, title: str) -> str:
    """What stands under a heading of the second rank."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[title]


def steps(text: str) -> Iterator[tuple[str, str, str]]:
    """(language, the words before it, content) of every fenced block, in order."""
    end = 0
    for block in FENCED.finditer(text):
        yield block[1], text[end : block.start()].strip(), block[2]
        end = block.end()


@dataclass
class Copy:
    """The copy, and the environment in which `python`, `pytest` and `crier` mean it."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_the_project(cls, folder: Path) -> Copy:
        for name in OWN:
            if (ROOT / name).is_dir():  # compiled modules too, which are as good there: times are kept
                shutil.copytree(ROOT / name, folder / name, symlinks=True)
            else:
                shutil.copy2(ROOT / name, folder / name)
        commands = {"python": "", "pytest": "-m pytest", "crier": "-m bot"}
        (folder / ".bin").mkdir()
        for name, means in commands.items():
            shim = folder / ".bin" / name
            shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" {means} "$@"\n', "utf-8")
            shim.chmod(0o755)
        return cls(folder)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CRIER", "COV"))}
        archive = {"CRIER_ARCHIVE": "none"}  # real history has tests of its own
        path = {"PATH": f"{self.folder / '.bin'}{os.pathsep}{kept.get('PATH', '')}", "PYTHONPATH": str(self.folder)}
        return kept | path | archive | dict(self.settings)

    def apply(self, text: str) -> list[str]:
        """Write every text of a section where the words before it say; returns the commands that stand below."""
        commands: list[str] = []
        for language, words, content in steps(text):
            if language == "sh":
                commands += content.splitlines()
            else:
                place = PLACE.search(words)
                assert place, f"where does this go: ...{words[-80:]}"
                self._write(*place.groups(), content)
        return commands

    def _write(self, verb: str, name: str, side: str | None, mark: str | None, content: str) -> None:
        path = self.folder / name
        if verb == "Write":
            assert not path.exists(), f"{name} is there already"
            path.write_text(content, "utf-8")
        elif verb.startswith("Append"):
            path.write_text(path.read_text("utf-8") + content, "utf-8")
        else:
            assert mark, f"{name}: after or before which line?"
            lines = path.read_text("utf-8").splitlines(keepends=True)
            [at] = [i for i, line in enumerate(lines) if line.rstrip() == mark]
            at += side == "after"
            path.write_text("".join([*lines[:at], content, *lines[at:]]), "utf-8")

    def run(self, command: str) -> str:
        """Run one command; returns what it printed, and fails where it did."""
        done = subprocess.run(
            shlex.split(command, comments=True), cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=WITHIN,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout
