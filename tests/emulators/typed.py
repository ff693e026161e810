"""Types the command line: in this process for its exit code and words, and in a real terminal that asks questions."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from bot.__main__ import main

Crier = Callable[..., tuple[int, str, str]]

PATIENCE = 120.0  # seconds for a question to be asked
HIDDEN = b"token"  # a question with this word turns the echo off before it takes an answer


def command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *before: str) -> Crier:
    """crier("doctor", ...) -> (exit code, stdout, stderr); `before` stands before every call's own arguments."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["crier", *before, *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
        out, err = capsys.readouterr()
        return code, out, err

    return run


def in_terminal(
    arguments: Sequence[str], answers: Mapping[bytes, str], folder: Path, environment: Mapping[str, str]
) -> bytes:
    """Run a command in a terminal, type an answer to each question, and return all that was shown; it must succeed."""
    leader, follower = pty.openpty()
    try:
        process = subprocess.Popen(
            arguments, cwd=folder, env=environment, stdin=follower, stdout=follower, stderr=follower,
            start_new_session=True,
        )  # fmt: skip
        os.close(follower)
        with process:
            try:
                shown = _conversation(leader, answers)
            except BaseException:
                process.kill()
                raise
        assert process.returncode == 0, shown.decode()
        return shown
    finally:
        os.close(leader)


def _conversation(leader: int, answers: Mapping[bytes, str]) -> bytes:
    shown = b""
    for question, typed in answers.items():
        while question not in shown:
            assert select.select([leader], [], [], PATIENCE)[0], f"it waits for something else: {shown!r}"
            shown += os.read(leader, 4096)
        while HIDDEN in question and termios.tcgetattr(leader)[3] & termios.ECHO:  # what is typed before is thrown away
            time.sleep(0.01)
        os.write(leader, f"{typed}\n".encode())
    try:
        while piece := os.read(leader, 4096):
            shown += piece
    except OSError:  # the terminal is closed at the other end
        pass
    return shown
