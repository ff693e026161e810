"""Runs one `crier` command in a process of its own that ends: its memory comes back, and its death is not ours."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from engine.errors import CrierError

NICE = 10  # it yields to the bot, which answers people
FIRST_TO_DIE = "1000"  # where memory runs out the system takes this process, not the bot
LAST_WORDS = 2.0  # seconds between asking it to end and making it
KEPT = 12  # lines of its complaint


class ChildFailed(CrierError):
    """The command says why it could not be done: its own one sentence."""


class ChildCrashed(CrierError):
    """The process died without saying so itself: killed, out of memory, or an error of ours."""


async def run_in_child(
    arguments: Sequence[str], progress: Callable[[str], None], program: Sequence[str] = (sys.executable, "-m", "bot")
) -> str:
    """Run `crier` with `arguments` and return what it printed; each line it reports on stderr goes to `progress`.

    ChildFailed where it exits 1 with its sentence, ChildCrashed for any other end. Called off, it ends the process.
    """
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*program, *arguments, stdout=pipe, stderr=pipe)
    _yield_to_us(process.pid)
    assert process.stdout is not None and process.stderr is not None
    complaint: deque[str] = deque(maxlen=KEPT)
    try:
        printed, _ = await asyncio.gather(process.stdout.read(), _follow(process.stderr, complaint, progress))
        code = await process.wait()
    finally:
        await _end(process)
    if code:
        raise _error(code, complaint)
    return printed.decode("utf-8", "replace")


async def _follow(stream: asyncio.StreamReader, lines: deque[str], progress: Callable[[str], None]) -> None:
    while line := await _line(stream):
        text = line.decode("utf-8", "replace").rstrip()
        if text:
            lines.append(text)
            progress(text)


async def _line(stream: asyncio.StreamReader) -> bytes:
    """One line; one that is longer than the buffer comes in pieces."""
    try:
        return await stream.readuntil()
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError as error:
        return await stream.readexactly(error.consumed)


def _yield_to_us(pid: int) -> None:
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, NICE)
        Path(f"/proc/{pid}/oom_score_adj").write_text(FIRST_TO_DIE, "ascii")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), LAST_WORDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _error(code: int, complaint: deque[str]) -> CrierError:
    last = complaint[-1] if complaint else ""
    if code == 1 and last.startswith("crier: "):
        return ChildFailed(last.removeprefix("crier: "))
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        memory = ": the machine is probably short of memory" if -code == signal.SIGKILL else ""
        return ChildCrashed(f"the process was killed ({name}){memory}.")
    return ChildCrashed(f"the process ended with code {code}: {last or 'it said nothing'}.")
