"""The files that deploy Crier: linted where a linter is at hand, and true to the commands and settings of the code."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import app
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted(path for path in DEPLOY.iterdir() if path.suffix in (".service", ".timer"))
COMMANDS = {(command.name or command.callback.__name__) for command in app.registered_commands if command.callback}
PAGES = [DEPLOY / "Containerfile", ROOT / "Procfile", ROOT / "docs" / "deploy.md", *UNITS]


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def tool(name: str) -> str:
    """Where a linter is; it may lie beside the interpreter."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


def test_a_linter_has_nothing_to_say_of_the_container_file() -> None:
    done = subprocess.run([tool("hadolint"), DEPLOY / "Containerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_container_is_built_in_stages_runs_as_nobody_special_and_is_probed() -> None:
    text = "\n".join(lines(DEPLOY / "Containerfile"))
    assert len(re.findall(r"^FROM ", text, re.MULTILINE)) == 2
    last = text[text.rindex("FROM ") :]
    assert re.search(r"^USER 1\d{4}$", last, re.MULTILINE)
    assert last.index("USER ") < last.index("ENTRYPOINT ")
    assert 'CMD ["crier", "health"]' in last
    assert "VOLUME /data" in last
    assert "CRIER_DATABASE=/data/" in last


def test_no_secret_and_no_database_gets_into_an_image() -> None:
    ignored = lines(ROOT / ".dockerignore")
    assert {".env*", "*.db*", ".git"} <= set(ignored)
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", "\n".join(lines(DEPLOY / "Containerfile")), re.MULTILINE)
    assert {name for entry in copied for name in entry.split()} == {
        "requirements.txt", "pyproject.toml", "README.md", "bot", "engine", "storage",
    }  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_has_nothing_to_say_of_a_unit(unit: Path, tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    for each in UNITS:  # the program lies elsewhere on this machine
        text = each.read_text("utf-8").replace("/opt/crier/bin/crier", sys.executable)
        (tmp_path / each.name).write_text(text, "utf-8")
    done = subprocess.run([analyze, "verify", tmp_path / unit.name], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_deployment_names_only_commands_and_settings_that_there_are(path: Path) -> None:
    text = path.read_text("utf-8")
    for name in re.findall(r"CRIER_([A-Z_]+)", text):
        assert name.lower() in Settings.model_fields, f"{path.name} sets CRIER_{name}"
    for name in re.findall(
        r"(?:bin/crier|^(?:worker: )?crier|`crier|run --rm \S+ crier) ([a-z-]+)", text, re.MULTILINE
    ):
        assert name in COMMANDS, f"{path.name} runs crier {name}"
