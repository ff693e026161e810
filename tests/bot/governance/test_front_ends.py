"""Governance from command line and console: rights come from --admin, and the chat's mode from its own choice."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from emulators.typed import command_line
from rich.console import Console

from bot.platforms.console import run_chat

Crier = Callable[..., tuple[int, str]]


@pytest.fixture
def crier(
    decided_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Crier:
    """Run the command line on a decided week: crier("ask", ...) -> (exit code, all that was printed)."""
    (tmp_path / "crier.db").write_bytes(decided_bytes)
    monkeypatch.chdir(tmp_path)
    for name in ("CRIER_DATABASE", "CRIER_MODE"):
        monkeypatch.delenv(name, raising=False)

    run = command_line(capsys, monkeypatch)

    def said(*arguments: str) -> tuple[int, str]:
        code, out, err = run(*arguments)
        return code, out + err

    return said


def code_in(said: str) -> str:
    found = re.search(r"/confirm [2-9A-Z]{8}", said)
    assert found is not None
    return found[0]


def test_an_order_goes_from_preview_to_audit_on_the_command_line(crier: Crier) -> None:
    assert crier("ask", "/exclude aave defi its pool was drained") == (
        1,
        "/exclude is for an admin of this bot only.\n",
    )
    code, preview = crier("ask", "--admin", "/exclude aave defi its pool was drained")
    assert code == 0 and "Nothing is done yet" in preview
    assert "Nothing is excluded or paused." in crier("ask", "/audit")[1]
    code, done = crier("ask", "--admin", code_in(preview))
    assert code == 0 and "AAVE is excluded from the DeFi index" in done
    assert crier("ask", "--admin", code_in(preview))[0] == 1
    assert "Excluded: AAVE from DeFi since " in crier("ask", "/audit")[1]
    assert crier("verify")[0] == 0


def test_the_chats_own_mode_counts_on_the_command_line_unless_another_is_named(
    crier: Crier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRIER_MODE", "aggressive")
    assert "(aggressive)" in crier("ask", "/index defi")[1]
    _, preview = crier("ask", "--admin", "/mode conservative")
    assert crier("ask", "--admin", code_in(preview))[0] == 0
    assert "(conservative)" in crier("ask", "/index defi")[1]
    assert "(balanced)" in crier("ask", "--mode", "balanced", "/index defi")[1]


def talk(office: Any, is_bot_admin: bool, *lines: str) -> str:
    """A console chat; `CODE` in a line is the code that was shown last."""
    out = Console(file=io.StringIO(), width=100)
    waiting = iter([*lines, "/quit"])

    def read(prompt: str) -> str:
        file = out.file
        assert isinstance(file, io.StringIO)
        codes = re.findall(r"/confirm ([2-9A-Z]{8})", file.getvalue())
        return next(waiting).replace("CODE", codes[-1] if codes else "")

    run_chat(office.desk, out, read, is_bot_admin=is_bot_admin)
    file = out.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_the_console_follows_a_mode_from_its_confirmation_on(office: Any) -> None:
    said = talk(office, False, "/index defi", "/mode conservative", "/index ai", "/confirm CODE", "/index rwa")
    assert "DeFi index, week 46 (balanced)" in said
    assert "AI index, week 46 (balanced)" in said
    assert "\nRWA index, week 46 (conservative)\n" in said


@pytest.mark.parametrize("is_bot_admin", [True, False])
def test_the_console_gives_orders_only_as_a_bot_admin(is_bot_admin: bool, office: Any) -> None:
    talk(office, is_bot_admin, "/pause defi prices look wrong", "/confirm CODE")
    assert bool(office.database.orders.all("live")) is is_bot_admin
