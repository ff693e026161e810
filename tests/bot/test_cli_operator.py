"""The operator's commands as they are typed: exit codes, one sentence on failure, a terminal that hides tokens."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from emulators.typed import Crier, command_line, in_terminal

from storage.database import open_database

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "123456789:AAsecretsecretsecretsecretsecretsec"


@pytest.fixture
def crier(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Crier:
    """Run the command line in an empty folder: crier("doctor", ...) -> (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    for name in ("CRIER_DATABASE", "CRIER_MODE", "CRIER_TELEGRAM_API", "CRIER_DISCORD_API"):
        monkeypatch.delenv(name, raising=False)
    return command_line(capsys, monkeypatch)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    open_database(tmp_path / "crier.db").close()
    return tmp_path / "crier.db"


def test_init_backup_restore_and_upgrade_follow_one_another(crier: Crier, tmp_path: Path) -> None:
    code, out, _ = crier("init", "--no-input", "--telegram-token", TOKEN, "--no-check", "--mode", "aggressive")
    assert code == 0
    assert "/claim " in out
    assert TOKEN not in out
    (tmp_path / "backups").mkdir()
    code, out, _ = crier("backup", "backups", "--keep", "3", "--json")
    assert code == 0
    path = json.loads(out)["path"]
    assert Path(path).parent.name == "backups"
    code, out, err = crier("restore", path)
    assert code == 1
    assert "give --yes" in err
    code, out, _ = crier("restore", path, "--yes")
    assert code == 0
    assert "Restored, and verified" in out
    code, out, _ = crier("upgrade")
    assert code == 0
    assert "The database is up to date." in out


@pytest.mark.parametrize(
    "arguments, word",
    [
        (("backup", "crier.db"), "overwrites nothing"),
        (("backup", "nowhere/"), "there is no folder nowhere: create it first"),
        (("backup", "nowhere", "--keep", "3"), "nowhere is no folder"),
        (("restore", "nowhere.db", "--yes"), "there is no backup at nowhere.db"),
        (("restore", ".", "--yes"), "there is no backup at ."),
        (("forget", "telgram", "5"), "there is no platform 'telgram': there are telegram, discord and console"),
        (
            ("init", "--no-input", "--telegram-token-file", "gone"),
            "crier: CRIER_TELEGRAM_TOKEN_FILE: gone cannot be read",
        ),
        (("init", "--no-input", "--mode", "reckless"), "CRIER_MODE: must be one of"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    crier: Crier, database: Path, arguments: tuple[str, ...], word: str
) -> None:
    code, _, err = crier(*arguments)
    assert code == 1
    assert err.startswith("crier: ")
    assert word in err
    assert len(err.splitlines()) == 1


def test_the_doctor_exits_with_one_where_a_check_fails_and_json_says_which(crier: Crier, database: Path) -> None:
    code, out, err = crier("doctor", "--json")
    assert code == 1
    failed = [finding["check"] for finding in json.loads(out) if not finding["ok"]]
    assert failed == ["data"]
    assert "1 of" in err


def test_a_terminal_shows_no_token_that_is_typed(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "bot", "init", "--database", "crier.db", "--no-check", "--discord-token", ""]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    asked = {b"Telegram token (@BotFather gives it for /newbot; empty: no Telegram)": TOKEN}
    shown = in_terminal([*arguments, "--mode", "balanced"], asked, tmp_path, environment)
    assert b"/claim " in shown
    assert TOKEN.encode() not in shown
    assert f"CRIER_TELEGRAM_TOKEN={TOKEN}" in (tmp_path / ".env").read_text("utf-8")
