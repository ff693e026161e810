"""`crier web` as an operator runs it: a line with the address, answers, and an end on Ctrl+C."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[3]
STARTS = 60  # seconds in which it must be up, on a machine with much else to do


def a_free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


async def test_a_database_is_served_alone_until_it_is_stopped(decided):
    port = a_free_port()
    # What a shell starts in the background is deaf to Ctrl+C, and so is whatever that starts: these tests too, perhaps.
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "web", "--port", str(port), "--database", str(decided),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        line = (await asyncio.wait_for(program.stdout.readline(), STARTS)).decode()
        assert line == f"The public page is served on http://127.0.0.1:{port}; Ctrl+C stops it.\n"
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/api/v1/status") as answer:
            assert (await answer.json())["last_week"] == "2023-W47"
        program.send_signal(signal.SIGINT)
        _, said = await asyncio.wait_for(program.communicate(), STARTS)
        assert program.returncode == 130
        assert b"Traceback" not in said
    finally:
        if program.returncode is None:
            program.kill()
            await program.communicate()
