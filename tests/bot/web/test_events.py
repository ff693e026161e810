"""Events as they are cried, resumed where a line broke, bounded for each address."""

import asyncio
import io
import json
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from html import unescape

import feedparser
import pytest

from bot.web import events
from bot.web.events import read_mark
from storage.database import open_database
from storage.published import Published


@asynccontextmanager
async def listener(client, last=""):
    headers = {"Last-Event-ID": last} if last else {}
    async with client.get("/api/v1/events", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "text/event-stream"
        yield answer


async def read(answer, count):
    found = []
    while len(found) < count:
        block = await asyncio.wait_for(answer.content.readuntil(b"\n\n"), 30)
        lines = dict(line.split(": ", 1) for line in block.decode().splitlines() if ": " in line and line[0] != ":")
        if "data" in lines:
            found.append((lines["id"], json.loads(lines["data"])))
    return found


def cry(path):
    """What the weekly job does for one decision: here the newest one is cried again under the next number."""
    from dataclasses import replace

    database = open_database(path)
    newest = database.decisions.latest("live", "defi", "balanced").decision
    again = replace(newest, sequence=newest.sequence + 1)
    reply = database.decisions.announcement("live", "defi", "balanced", newest.week, newest.sequence).reply
    with database.atomic():
        entry = database.decisions.add("live", again)
        database.decisions.put_announcement("live", again, reply)
    database.close()
    return entry


async def test_a_listener_hears_what_is_cried_while_the_line_is_open(copied, serve):
    async with serve(copied) as (found, client), listener(client) as answer:
        await found.site.announcer.look()
        entry = cry(copied)
        await found.site.announcer.look()
        ((name, told),) = await read(answer, 1)
    assert name == f"live:{entry.seq}"
    assert (told["index"], told["mode"], told["sequence"]) == ("defi", "balanced", 1)
    assert told["head"] == entry.hash
    assert told["title"].startswith("DeFi index")


async def test_one_who_comes_back_is_told_what_was_missed_and_nothing_twice(copied, serve):
    async with serve(copied) as (found, client):
        await found.site.announcer.look()
        entry = cry(copied)
        async with listener(client, f"live:{entry.seq - 1}") as answer:
            first = await read(answer, 1)
            await found.site.announcer.look()
            second = cry(copied)
            await found.site.announcer.look()
            following = await read(answer, 1)
    assert [name for name, _ in (*first, *following)] == [f"live:{entry.seq}", f"live:{second.seq}"]


async def test_one_who_was_away_for_long_is_told_all_of_it_in_order(copied, serve, monkeypatch):
    monkeypatch.setattr(events, "CAUGHT_UP", 4)
    database = open_database(copied)
    told = [f"live:{cried.seq}" for cried in Published(database.connection).since("live", 0, 1000)]
    database.close()
    assert len(told) > 8
    async with serve(copied) as (_, client), listener(client, "live:0") as answer:
        assert [name for name, _ in await read(answer, len(told))] == told


async def test_who_listened_to_the_backtest_is_told_the_live_record_from_its_start(copied, serve):
    async with serve(copied) as (_, client), listener(client, "replay:9") as answer:
        ((name, told),) = await read(answer, 1)
        assert name.startswith("live:")
        assert told["sequence"] == 0


async def test_more_news_than_one_look_reads_is_handed_on_all_the_same(copied, serve, monkeypatch):
    monkeypatch.setattr(events, "MOST_UNREAD", 2)
    async with serve(copied) as (found, _):
        announcer = found.site.announcer
        await announcer.look()
        handed = []
        monkeypatch.setattr(announcer, "_lines", {asyncio.Queue(): "somebody"})
        monkeypatch.setattr(announcer, "_hand", lambda line, event: handed.append(event))
        entries = [cry(copied) for _ in range(5)]
        await announcer.look()
    assert [event.split("\n")[0] for event in handed] == [f"id: live:{entry.seq}" for entry in entries]


async def test_no_address_holds_more_lines_than_it_may_and_a_closed_one_is_free_again(copied, serve):
    async with serve(copied) as (found, client):
        held = [listener(client) for _ in range(events.MOST_EACH)]
        for line in held:
            await line.__aenter__()
        refused = await client.get("/api/v1/events")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "60")
        for line in held:
            await line.__aexit__(None, None, None)
        async with asyncio.timeout(30):
            while found.site.announcer._lines:
                await found.site.announcer.look()
                for line in list(found.site.announcer._lines):
                    line.put_nowait(": probe\n\n")
                await asyncio.sleep(0.01)
        async with listener(client):
            pass


async def test_a_stream_cannot_be_asked_for_its_head(decided, serve):
    async with serve(decided) as (found, client):
        async with client.head("/api/v1/events") as answer:
            assert answer.status == 405
        assert not found.site.announcer._lines


@pytest.mark.parametrize("text", ["", "live", "live:", "live:-1", "dead:1", "live:1e3", "live:٣", "live:" + "9" * 40])
def test_what_no_event_was_ever_named_is_not_resumed_from(text):
    assert read_mark(text) is None


async def test_the_feed_lists_the_same_announcements_as_sound_xml(decided, serve):
    import xml.etree.ElementTree as ElementTree

    async with serve(decided, public_url="https://crier.example") as (_, client):
        async with client.get("/feed.atom") as answer:
            assert answer.content_type == "application/atom+xml"
            feed = ElementTree.fromstring(await answer.text())
        async with client.get("/api/v1/announcements?limit=30") as answer:
            lines = (await answer.json())["announcements"]
    atom = "{http://www.w3.org/2005/Atom}"
    entries = feed.findall(f"{atom}entry")
    assert [entry.findtext(f"{atom}title") for entry in entries] == [line["title"] for line in lines]
    assert feed.findtext(f"{atom}updated") == "2023-11-20T00:00:00Z"
    ids = [entry.findtext(f"{atom}id") for entry in entries]
    assert len(set(ids)) == len(ids) > 5
    assert all(name.startswith("https://crier.example/journal/live/") for name in ids)


async def test_the_rss_feed_says_the_same_and_keeps_every_rule_of_its_form(decided, serve):
    import xml.etree.ElementTree as ElementTree

    async with serve(decided, public_url="https://crier.example") as (_, client):
        async with client.get("/feed.rss") as answer:
            assert answer.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
            body = await answer.read()
        async with client.get("/api/v1/announcements?limit=30") as answer:
            lines = (await answer.json())["announcements"]
        async with client.get("/") as answer:
            assert '<link rel="alternate" type="application/rss+xml"' in await answer.text()
    rss = ElementTree.fromstring(body)
    (channel,) = rss
    assert (rss.tag, rss.attrib) == ("rss", {"version": "2.0"})
    own = [child.tag for child in channel if child.tag != "item"]
    assert len(own) == len(set(own)) and {"title", "link", "description"} <= set(own)
    assert channel.find("{http://www.w3.org/2005/Atom}link").get("href") == "https://crier.example/feed.rss"
    items = channel.findall("item")
    assert [item.findtext("title") for item in items] == [line["title"] for line in lines]
    for item, line in zip(items, lines, strict=True):
        assert [child.tag for child in item] == ["title", "link", "guid", "pubDate", "description"]
        assert item.find("guid").attrib == {"isPermaLink": "true"}
        assert item.findtext("guid") == item.findtext("link")
        assert parsedate_to_datetime(item.findtext("pubDate")).date().isoformat() == line["date"]
        said = [unescape(part) for part in item.findtext("description").split("<br>\n")]
        head = " ".join(line["head"][place : place + 4] for place in range(0, 32, 4))
        assert said == (line["text"] if line["text"][-1].endswith(head) else [*line["text"], head])
    told = feedparser.parse(io.BytesIO(body), response_headers={"content-type": "application/rss+xml; charset=utf-8"})
    assert (told.version, told.bozo, len(told.entries)) == ("rss20", 0, len(lines))
