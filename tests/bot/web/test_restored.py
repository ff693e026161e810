"""What strangers read is the same to the byte after a restore: every route of the API, every page, every picture."""

import datetime as dt
import json
import re
from collections import deque
from contextlib import closing
from dataclasses import replace
from html import unescape

import pytest

from bot import safekeeping
from bot.settings import Settings
from bot.web.api import ROUTES
from bot.web.cards import CARDS
from bot.web.openapi import PREFIX
from bot.web.pages import PAGES
from engine.modes import modes
from engine.themes import themes
from storage.database import open_database

NOW = dt.datetime(2023, 11, 21, 10, tzinfo=dt.UTC)
SITE = "https://crier.example"
PICTURES = ("/cards/index/defi.png", "/cards/token/AAVE.png", "/cards/scoreboard.png")
LINK = re.compile(r'href="(/[^"#]*)|"next": ?"(/[^"]*)"')
STARTS = (
    *PICTURES,
    "/", "/api", "/feed.atom", "/feed.rss", f"{PREFIX}/openapi.json", "/journal/live.jsonl", "/journal/replay.jsonl",
    *(f"{PREFIX}/indices/{index}/{part}?mode={mode}" for index in themes() for mode in modes()
      for part in ("holdings", "history", "performance")),
)  # fmt: skip
OF_THE_JOURNAL = re.compile(r"/journal|/verify|/api$|/api/v1/(journal/|status|heads/)")  # its length, end and head


@pytest.fixture(scope="module")
def settled(decided, tmp_path_factory):
    """A record of two weeks, and its backup."""
    folder = tmp_path_factory.mktemp("restored")
    settings = Settings(_env_file=None, database=folder / "crier.db")
    safekeeping.make_backup(Settings(_env_file=None, database=decided), settings.database, NOW)
    return settings, safekeeping.make_backup(settings, folder / "copy.db", NOW).path


def but_for_the_head(answer):
    """An answer's bytes without the line at every page's foot that says the newest head."""
    return re.sub(rb"<p>Journal head .*?</p>", b"", answer[2])


def is_one_of_many(address):
    """Whether an address is a journal entry like nineteen others."""
    entry = re.fullmatch(r".*/journal/live/(\d+)", address)
    return entry is not None and int(entry[1]) % 20 != 1


async def crawled(serve, path):
    """{address: (status, ETag, body)} of all that leads on from the starts, and the first event of the stream."""
    found, waiting = {}, deque(STARTS)
    async with serve(path, public_url=SITE) as (_, client):
        while waiting:
            address = waiting.popleft()
            if address in found or address.startswith(f"{PREFIX}/events") or is_one_of_many(address):
                continue
            async with client.get(address) as answer:
                body = await answer.read()
                found[address] = (answer.status, answer.headers.get("ETag"), body)
                assert answer.status == 200, (address, body[:200])
            if answer.content_type in ("text/html", "application/json"):
                waiting += [unescape(a or b) for a, b in LINK.findall(body.decode())]
        async with client.get(f"{PREFIX}/events", headers={"Last-Event-ID": "live:0"}) as stream:
            found["events"] = (stream.status, None, await stream.content.readuntil(b"\n\n"))
    return found


def pattern(path):
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"(\?.*)?")


async def test_a_restore_that_lost_nothing_changes_no_byte_and_no_tag(settled, serve):
    settings, copy = settled
    told = await crawled(serve, settings.database)
    for path in (*(PREFIX + r.path for r in ROUTES), *(page.path for page in PAGES), *(card.path for card in CARDS)):
        assert any(pattern(path).fullmatch(address) for address in told), f"nothing leads to {path}"
    assert await crawled(serve, copy) == told, "the backup itself, served as it is"
    restored = safekeeping.restore(settings, copy, NOW)
    assert restored.known and restored.lost["live"].entries == 0
    assert await crawled(serve, settings.database) == told


async def test_a_restore_after_which_nobody_knows_what_was_lost_adds_that_one_entry_and_changes_nothing_else(
    settled, serve, tmp_path
):
    _, copy = settled
    told = await crawled(serve, copy)
    elsewhere = Settings(_env_file=None, database=tmp_path / "crier.db")
    assert not safekeeping.restore(elsewhere, copy, NOW).known
    after = await crawled(serve, elsewhere.database)
    assert told.keys() ^ after.keys() <= {a for a in told.keys() | after.keys() if OF_THE_JOURNAL.match(a)}
    both = told.keys() & after.keys()
    changed = {address for address in both if but_for_the_head(told[address]) != but_for_the_head(after[address])}
    assert [address for address in sorted(changed) if not OF_THE_JOURNAL.match(address)] == []
    entries = [json.loads(line) for line in after["/journal/live.jsonl"][2].splitlines()]
    assert after["/journal/live.jsonl"][2].startswith(told["/journal/live.jsonl"][2])
    assert [entry["kind"] for entry in entries].count("restored") == 1
    assert entries[-1]["kind"] == "restored"


async def test_a_posted_head_that_a_restore_lost_is_named_so_on_the_page_and_by_the_api(settled, serve, tmp_path):
    _, copy = settled
    now = Settings(_env_file=None, database=tmp_path / "crier.db")
    safekeeping.make_backup(Settings(_env_file=None, database=copy), now.database, NOW)
    with closing(open_database(now.database)) as database:
        newest = database.decisions.latest("live", "defi", "balanced").decision
        reply = database.decisions.announcement("live", "defi", "balanced", newest.week, newest.sequence).reply
        again = replace(newest, sequence=newest.sequence + 1)
        with database.atomic():
            lost = database.decisions.add("live", again).hash
            database.decisions.put_announcement("live", again, reply)
    assert safekeeping.restore(now, copy, NOW).lost["live"].heads == (lost,)
    async with serve(now.database) as (_, client):
        async with client.get(f"{PREFIX}/heads/{lost[:32]}") as answer:
            told = await answer.json()
        async with client.get("/verify", params={"head": lost[:32]}) as answer:
            page = await answer.text()
    assert (told["found"], "lost when a backup was restored on 2023-11-21" in told["says"]) == (False, True)
    assert told["says"] in page
