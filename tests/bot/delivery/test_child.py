"""A command in a process of its own: its output and progress come back, and its death is told, not shared."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bot.child import ChildCrashed, ChildFailed, run_in_child

Said = list[str]


async def run(code: str, said: Said | None = None) -> str:
    return await run_in_child((), (said if said is not None else []).append, (sys.executable, "-c", code))


async def test_what_it_prints_comes_back_and_what_it_reports_is_progress() -> None:
    said: Said = []
    assert await run("import sys; print('{}'); print('walking ...', file=sys.stderr)", said) == "{}\n"
    assert said == ["walking ..."]


async def test_its_one_sentence_is_the_reason_it_failed() -> None:
    with pytest.raises(ChildFailed, match=r"^there is no candle of yesterday\.$"):
        await run("import sys; print('crier: there is no candle of yesterday.', file=sys.stderr); sys.exit(1)")


async def test_a_death_without_a_word_is_a_crash() -> None:
    """F34: memory ran out, and the system killed it."""
    with pytest.raises(ChildCrashed, match=r"SIGKILL.*short of memory"):
        await run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(ChildCrashed, match="code 1: ZeroDivisionError"):
        await run("1 / 0")
    with pytest.raises(ChildCrashed, match="code 3: it said nothing"):
        await run("import sys; sys.exit(3)")


async def test_a_child_that_runs_out_of_memory_leaves_us_alive() -> None:
    """F34: under a limit, as on a small machine."""
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28)); x = bytearray(2**30)"
    with pytest.raises(ChildCrashed, match="MemoryError"):
        await run(code)


async def test_a_line_without_end_does_not_choke_us() -> None:
    said: Said = []
    await run("import sys; sys.stderr.write('x' * 300_000)", said)
    assert sum(map(len, said)) == 300_000


async def test_called_off_it_is_gone(tmp_path: Path) -> None:
    """F4: also one that will not listen."""
    file = tmp_path / "pid"
    code = (
        f"import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    task = asyncio.ensure_future(run(code))
    while not (file.exists() and file.read_text()):
        await asyncio.sleep(0.01)
    pid, began = int(file.read_text()), time.monotonic()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 20
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


async def test_it_yields_to_the_bot() -> None:
    waits = "import os, time\nwhile not os.nice(0):\n    time.sleep(0.01)\nprint(os.nice(0))"
    async with asyncio.timeout(30):
        assert (await run(waits)).strip() == "10"


async def test_a_real_command_runs(tmp_path: Path) -> None:
    root = str(Path(__file__).resolve().parents[3])
    code = f"import sys; sys.path.insert(0, {root!r}); from bot.__main__ import main; main()"
    arguments = ("verify", "--database", str(tmp_path / "no.db"))
    with pytest.raises(ChildFailed, match="there is no database at"):
        await run_in_child(arguments, lambda line: None, (sys.executable, "-c", code))
