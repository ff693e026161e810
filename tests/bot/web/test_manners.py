"""Who asks and how often: the pace of each address, proxies that are believed, and how the site refuses."""

import asyncio
from contextlib import suppress
from functools import partial

import pytest
from yarl import URL

from bot.settings import read_settings
from bot.web import server
from bot.web.lines import Lines
from bot.web.manners import MOST_KNOWN, Pace, asker, proxies
from engine.errors import BadConfiguration

PROXY = proxies("10.0.0.1, 192.168.0.0/16 ::1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # a stranger says so of himself
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),  # whatever stands left of it was not seen by the proxy
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1, 192.168.3.4"], "198.51.100.1"),
        ("10.0.0.1", ["rubbish"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:40312"], "198.51.100.1"),  # some proxies add the port
        ("10.0.0.1", ["[2001:db8:1:2::9]:40312"], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["198.51.100.1:40312:1"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("2001:db8:1:2:ffff::1", [], "2001:db8:1:2::/64"),
        (None, [], "unknown"),
    ],
)
def test_an_address_is_believed_only_from_a_known_proxy(peer, forwarded, found):
    assert asker(peer, forwarded, PROXY) == found


def test_each_address_has_its_own_even_pace():
    now = [0.0]
    pace = Pace(lambda: now[0], rate=2.0, burst=5)
    assert [pace.wait("a") for _ in range(5)] == [0] * 5
    assert pace.wait("a") == 1
    assert pace.wait("b") == 0
    now[0] = 0.5
    assert [pace.wait("a"), pace.wait("a")] == [0, 1]
    now[0] = 60.0
    assert [pace.wait("a") for _ in range(5)] == [0] * 5


def test_no_more_addresses_are_remembered_than_fit():
    pace = Pace(lambda: 0.0)
    for number in range(MOST_KNOWN + 50):
        pace.wait(str(number))
    assert len(pace._due) == MOST_KNOWN


async def test_who_asks_too_often_is_told_when_to_come_back_and_others_are_served(decided, serve):
    pace = Pace(lambda: 0.0, rate=1.0, burst=3)
    async with serve(decided, pace=pace, web_proxy="127.0.0.1") as (_, client):
        for _ in range(3):
            assert (await client.get("/api/v1/status", headers={"X-Forwarded-For": "198.51.100.1"})).status == 200
        refused = await client.get("/api/v1/status", headers={"X-Forwarded-For": "198.51.100.1"})
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        assert "error" in await refused.json()
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
        assert (await client.get("/", headers={"X-Forwarded-For": "198.51.100.2"})).status == 200


async def test_without_a_known_proxy_a_header_changes_nothing(decided, serve):
    async with serve(decided, pace=Pace(lambda: 0.0, rate=1.0, burst=2)) as (_, client):
        said = [(await client.get("/", headers={"X-Forwarded-For": f"198.51.100.{n}"})).status for n in range(3)]
    assert said == [200, 200, 429]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CRIER_WEB_PROXY", "localhost"),
        ("CRIER_PUBLIC_URL", "crier.example"),
        ("CRIER_PUBLIC_URL", 'https://x"><script>'),
        ("CRIER_PUBLIC_URL", "https://crier.example/path"),
        ("CRIER_WEB_PORT", "99999"),
    ],
)
def test_a_setting_that_cannot_be_right_is_told_with_its_name(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(BadConfiguration, match=name):
        read_settings()


async def test_a_port_that_is_taken_is_told_in_a_sentence(decided, serve):
    async with serve(decided) as (found, _):
        port = int(found.address.rsplit(":", 1)[1])
        with pytest.raises(BadConfiguration, match=f"port {port}"):
            await serve(decided, web_port=port).__aenter__()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"\x16\x03\x01", b"GET / HTTP/9\r\n\r\n"])
async def test_a_line_on_which_nothing_whole_is_said_is_closed_without_a_word_in_the_log(
    decided, serve, monkeypatch, caplog, sent
):
    monkeypatch.setattr(server, "IDLE", 0.2)
    async with serve(decided) as (found, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(found.address.rsplit(":", 1)[1]))
        writer.write(sent)
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        with suppress(ConnectionError):  # the other side was quicker
            await writer.wait_closed()
    assert answer == b"" or answer.startswith(b"HTTP/1.0 400 ")
    assert b"Traceback" not in answer
    assert caplog.records == []


@pytest.mark.parametrize("header", ["X-Long", "Cookie"])
async def test_a_header_too_long_is_not_read(decided, serve, header):
    async with serve(decided) as (_, client), client.get("/", headers={header: "x" * 5000}) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    ("host", "said"),
    [("0.0.0.0", "localhost"), ("::", "localhost"), ("::1", "[::1]"), ("192.0.2.7", "192.0.2.7"), ("page", "page")],
)
def test_without_a_public_address_links_name_a_host_that_can_be_reached(host, said):
    assert server._reached(host) == said


async def test_a_line_too_many_is_closed_at_once_and_the_others_are_served(decided, serve, monkeypatch):
    """Without a bound, lines that ask nothing take every file that the process may open, the bot's own among them."""
    monkeypatch.setattr(server, "Lines", partial(Lines, most=3))
    async with serve(decided) as (found, client):
        at = URL(found.address)
        held = [await asyncio.open_connection(at.host, at.port) for _ in range(3)]
        await asyncio.sleep(0)
        reader, writer = await asyncio.open_connection(at.host, at.port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        _, first = held[0]
        first.write(b"GET /api/v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await asyncio.wait_for(held[0][0].read(), 5)).startswith(b"HTTP/1.1 200")
        assert (await client.get("/api/v1/status")).status == 200, "a line that was given back is there for the next"
        for _, each in (*held, (reader, writer)):
            each.close()
            await each.wait_closed()


async def test_who_does_not_read_an_answer_is_cut_off_and_who_reads_slowly_is_not(decided, serve, monkeypatch):
    made = []

    def lines(of):
        made.append(of)
        return Lines(of, look=0.1)

    monkeypatch.setattr(server, "Lines", lines)
    asked = b"GET /journal/live.jsonl HTTP/1.1\r\nHost: x\r\n\r\n" * 200  # more than any system holds for a reader
    async with serve(decided) as (found, _):
        at = URL(found.address)
        readers = [await asyncio.open_connection(at.host, at.port, limit=1 << 10) for _ in range(2)]
        (deaf, _), (slow, _) = readers
        for _, writer in readers:
            writer.write(asked)
        async with asyncio.timeout(20):
            while len(made[0].connections) > 1:
                assert await slow.read(1 << 16)
        assert await slow.read(1 << 10), "the one that is left is the one that reads"
        with suppress(ConnectionError):
            while await deaf.read(1 << 16):
                pass
        for _, writer in readers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
