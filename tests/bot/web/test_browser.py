"""A real Chromium on a phone's width: no complaint, no script needed, nothing sticks out, little is sent."""

import pytest
from emulators.browser import browsing, find_chromium

CHROMIUM = find_chromium()
PATHS = (
    "/", "/index/defi", "/tokens", "/token/AAVE", "/scoreboard", "/methodology", "/journal", "/journal/live/1",
    "/verify", "/api", "/nothing",
)  # fmt: skip
LIGHTEST = 100_000  # bytes of a first view

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium runs these")

VISIBLE = "getComputedStyle(document.body).backgroundColor"
SMALL = """[...document.querySelectorAll('nav a, button, input')].filter(e => {
  const box = e.getBoundingClientRect(); return box.height && box.height < 24 }).length"""
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BROKEN = """[...document.querySelectorAll('.grade, .letter')].filter(e =>
  e.getBoundingClientRect().height > 1.9 * parseFloat(getComputedStyle(e).lineHeight)).length"""
TINY = """[...document.querySelectorAll('main *')].filter(e => e.childNodes.length && !e.closest('svg')
  && [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())
  && parseFloat(getComputedStyle(e).fontSize) < 11.5).length"""


async def test_every_page_is_whole_on_a_phone_in_light_and_dark_without_script(decided, serve, tmp_path):
    async with serve(decided) as (found, _), browsing(CHROMIUM, tmp_path) as tab:
        for path in PATHS:
            grounds = []
            for width, dark in ((360, False), (390, True)):
                await tab.go(found.address + path, width, dark=dark, script=False)
                grounds.append(await tab.value(VISIBLE))
                assert await tab.value(STICKS_OUT) <= 0, f"{path} is wider than {width} pixels"
                assert await tab.value(SMALL) == 0, f"{path}: a target too small for a finger"
                assert await tab.value(BROKEN) == 0, f"{path}: a grade breaks over two lines"
                assert await tab.value(TINY) == 0, f"{path}: text too small to read"
                complaints = [c for c in tab.complaints() if "404" not in str(c) or path != "/nothing"]
                assert complaints == [], (path, complaints)
            assert grounds[0] != grounds[1], f"{path} looks the same in the dark"


async def test_the_first_view_is_light(decided, serve, tmp_path):
    async with serve(decided) as (found, _), browsing(CHROMIUM, tmp_path) as tab:
        await tab.go(f"{found.address}/index/defi")
        assert 0 < tab.received() < LIGHTEST


async def test_a_head_typed_into_the_form_is_found_by_keyboard_alone(decided, serve, tmp_path):
    async with serve(decided) as (found, client), browsing(CHROMIUM, tmp_path) as tab:
        async with client.get("/api/v1/status") as answer:
            head = (await answer.json())["head"]
        await tab.go(f"{found.address}/verify")
        await tab.value("document.getElementById('head').focus()")
        await tab.call("Input.insertText", text=head[:32].upper())
        tab.events.clear()
        for kind in ("keyDown", "keyUp"):
            await tab.call(
                "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r"
            )
        await tab.loaded()
        assert "is entry" in await tab.value("document.querySelector('[role=status]').textContent")
        assert tab.complaints() == []
