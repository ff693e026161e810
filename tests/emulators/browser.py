"""A real headless Chromium, spoken to over its own DevTools protocol: no driver, no download."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0", "about:blank",
)  # fmt: skip
STARTS = 30.0  # seconds until it must have opened its line


def find_chromium():
    """The program's path, None where it is not installed."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """One tab: commands are answered by their number, events are kept."""

    def __init__(self, line):
        self._line = line
        self._numbers = itertools.count(1)
        self.events = []

    async def call(self, method, **params):
        number = next(self._numbers)
        await self._line.send_json({"id": number, "method": method, "params": params})
        while True:
            told = await self._read()
            if told.get("id") == number:
                assert "error" not in told, told
                return told["result"]

    async def _read(self):
        message = await asyncio.wait_for(self._line.receive(), 30)
        told = json.loads(message.data)
        if "method" in told:
            self.events.append(told)
        return told

    async def go(self, url, width=390, height=844, dark=False, script=True):
        """Open a page as a phone of that width sees it, and wait until it is loaded."""
        self.events.clear()
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.call("Emulation.setEmulatedMedia", features=scheme)
        await self.call("Emulation.setScriptExecutionDisabled", value=not script)
        await self.call("Page.navigate", url=url)
        await self.loaded()

    async def loaded(self):
        """Wait until the page that is on its way is loaded."""
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            await self._read()

    async def value(self, expression):
        """What an expression is worth in the page."""
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def picture(self, path):
        """The whole page as a PNG file."""
        taken = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        Path(path).write_bytes(base64.b64decode(taken["data"]))

    def complaints(self):
        """What the console said, what was blocked, and what failed to load."""
        return [
            event
            for event in self.events
            if event["method"] in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
            or event["method"] == "Network.loadingFailed"
        ]

    def received(self):
        """Bytes that came over the line for the page and all it needs."""
        done = [event["params"] for event in self.events if event["method"] == "Network.loadingFinished"]
        return sum(params["encodedDataLength"] for params in done)


@asynccontextmanager
async def browsing(program, profile):
    """A tab of a browser that lives as long as the block."""
    process = await asyncio.create_subprocess_exec(
        program,
        f"--user-data-dir={profile}",
        *FLAGS,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port = await asyncio.wait_for(_port(Path(profile) / "DevToolsActivePort"), STARTS)
        async with aiohttp.ClientSession() as session:
            async with session.put(f"http://127.0.0.1:{port}/json/new") as answer:
                target = await answer.json(content_type=None)
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as line:
                tab = Tab(line)
                for domain in ("Page", "Runtime", "Log", "Network"):
                    await tab.call(f"{domain}.enable")
                yield tab
                await tab.call("Browser.close")
    finally:
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _port(file):
    while not file.exists() or not file.read_text().strip():
        await asyncio.sleep(0.05)
    return int(file.read_text().split()[0])
