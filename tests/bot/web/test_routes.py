"""Every route of the tables over real HTTP: answers, conditional requests, pages of lists, hostile paths."""

import json
import sqlite3
from contextlib import closing
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import ClientSession
from emulators.decided import HOSTILE, NOW, make_decided
from pydantic import SecretStr, TypeAdapter
from yarl import URL

from bot.desk import Deed, Person
from bot.office import DatabaseDesk
from bot.web.api import ROUTES
from bot.web.cards import CARDS
from bot.web.feed import FEEDS
from bot.web.openapi import PREFIX
from bot.web.pages import PAGES
from bot.web.statics import STATICS
from storage.database import open_database

HEAD = "0" * 32
EXAMPLES = {"index": "defi", "symbol": "AAVE", "ledger": "live", "seq": "1", "head": HEAD}


def path_of(path):
    for name, example in EXAMPLES.items():
        path = path.replace(f"{{{name}}}", example)
    return path


API = [(PREFIX + path_of(route.path), route) for route in ROUTES]
SHOWN = [path_of(page.path) for page in PAGES]
ADDRESSES = [
    *(path for path, _ in API), *SHOWN, *(path_of(card.path) for card in CARDS), *(s.path for s in STATICS.values()),
    *(feed.path for feed in FEEDS), f"{PREFIX}/openapi.json",
]  # fmt: skip


async def test_every_address_of_the_tables_answers_is_guarded_and_is_not_sent_twice(decided, serve):
    async with serve(decided) as (_, client):
        for path in ADDRESSES:
            async with client.get(path) as answer:
                body, tag = await answer.read(), answer.headers.get("ETag")
                assert answer.status == 200, (path, answer.status, body[:200])
                assert body and tag
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["Server"] == "crier"
            async with client.get(path, headers={"If-None-Match": f'"other", {tag}'}) as again:
                assert (again.status, await again.read()) == (304, b""), path
            async with client.get(path, headers={"If-None-Match": '"other"'}) as other:
                assert other.status == 200
            async with client.head(path) as head:
                assert (head.status, await head.read()) == (200, b""), path


async def test_every_api_answer_is_what_its_type_says_and_any_origin_may_read_it(decided, serve):
    async with serve(decided) as (_, client):
        for path, route in API:
            async with client.get(path) as answer:
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
                told = await answer.json()
            TypeAdapter(route.shape).validate_json(json.dumps(told), strict=True)
            if "about" in told:
                assert told["about"]["record"] == "live"
                assert told["about"]["simulated"] is False


@pytest.mark.parametrize("days", [None, 0, 1])
async def test_a_young_database_is_shown_with_what_there_is(tmp_path, serve, days):
    """Nothing at all; decided and not filled; filled once: each page answers or says what is missing."""
    path = tmp_path / "crier.db"
    if days is None:
        open_database(path).close()
    else:
        make_decided(path, until=days)
    answered = {}
    async with serve(path) as (_, client):
        for address in ADDRESSES:
            async with client.get(address) as answer:
                answered[address] = answer.status
                text = (await answer.read()).decode("utf-8", "replace")
                assert answer.status in (200, 404), (address, text)
                assert ">None" not in text and "None<" not in text and "nan" not in text.split(), address
    assert {answered[address] for address in ("/", "/scoreboard", "/journal", "/verify", "/api", "/feed.atom")} == {200}
    assert answered["/index/defi"] == (404 if days is None else 200)


async def test_what_is_decided_is_what_is_served(decided, serve):
    async with serve(decided) as (_, client):
        decision = (await _json(client, "/indices/defi/holdings"))["decision"]
        assert sum(line["weight"] for line in decision["holdings"]) == pytest.approx(1)
        assert {line["rule_number"] for line in decision["holdings"] if line["rule"] == "stablecoin_leg"} <= {"5.5"}
        found = await _json(client, f"/heads/{decision['head']}")
        assert found["found"]
        entry = await _json(client, f"/journal/live/{decision['entry']}")
        assert json.loads(entry["body"])["index"] == "defi"
        assert json.loads(entry["body"])["date"] == decision["date"] == "2023-11-20"
        assert (await _json(client, "/status"))["last_week"] == "2023-W47"
        card = await _json(client, "/grades/aave")
        assert (card["symbol"], card["signal"]["call"]) == ("AAVE", "bullish")
        assert sum(part["part"] for part in card["families"]) == pytest.approx(card["signal"]["strength"])


async def _json(client, path):
    async with client.get(PREFIX + path if not path.startswith("/api") else path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


@pytest.mark.parametrize(
    ("path", "name", "key"),
    [
        ("/journal/live?limit=7", "entries", "seq"),
        ("/indices/defi/history?limit=1", "decisions", "entry"),
        ("/indices/defi/performance?limit=3", "levels", "date"),
        ("/signals?limit=2", "signals", "symbol"),
        ("/announcements?limit=2", "announcements", "id"),
    ],
)
async def test_the_pages_of_a_list_hold_all_of_it_once(decided, serve, path, name, key):
    async with serve(decided) as (_, client):
        seen, following = [], PREFIX + path
        while following:
            page = await _json(client, following)
            seen += [line[key] for line in page[name]]
            following = page["next"]
        whole = await _json(client, path.split("?")[0] + "?limit=50")
    assert len(seen) > 2
    assert len(set(seen)) == len(seen)
    assert seen[: len(whole[name])] == [line[key] for line in whole[name]]


WRONG = {
    "/api/v1/indices/nothing/holdings": 404,
    "/api/v1/nothing": 404,
    "/api/v1/grades/NOPE": 404,
    "/api/v1/grades/%00%FF": 404,
    "/api/v1/journal/live/0": 404,
    "/api/v1/journal/live/999999": 404,
    "/api/v1/journal/live?limit=0": 400,
    "/api/v1/journal/live?limit=1&limit=2": 400,
    "/api/v1/journal/live?limit=%2B1": 400,
    "/api/v1/journal/live?limit=1e3": 400,
    "/api/v1/journal/live?after=-1": 400,
    "/api/v1/signals?mode=reckless": 400,
    "/api/v1/signals?color=red": 400,
    "/api/v1/indices/defi/performance?since=2023-02-30": 400,
    "/api/v1/heads/xyz": 404,
    "/index/../../etc/passwd": 404,
    "/index/..%2f..%2fetc%2fpasswd": 404,
    "/static/../settings.py": 404,
    "/static/%2e%2e/settings.py": 404,
    "/token/%3Cscript%3E": 404,
    "/token/" + "A" * 300: 404,
    "/journal/live' OR 1=1/1": 404,
    "/verify?head=%00": 400,
    "/verify?head=" + "a" * 200: 400,
    "/?mode=": 400,
    "/cards/index/nothing.png": 404,
    "/journal/nothing.jsonl": 404,
    "/tokens?" + "a" * 2000: 414,
}


async def test_what_is_not_there_is_refused_in_one_sentence_that_repeats_no_markup(decided, serve):
    async with serve(decided) as (_, client):
        for path, status in WRONG.items():
            answer = await client.get(path)
            text = await answer.text()
            assert answer.status == status, (path, text)
            assert "Traceback" not in text
            assert "<script>" not in text
            assert "Content-Security-Policy" in answer.headers
            if path.startswith("/api/"):
                assert set(json.loads(text)) == {"error"}


async def test_there_is_no_method_that_writes(decided, serve):
    async with serve(decided) as (_, client):
        for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"):
            async with client.request(method, "/") as answer:
                assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
        for path in (f"{PREFIX}/status", "/nothing", "/feed.atom"):
            async with client.post(path) as answer:
                assert answer.status == 405


async def test_a_question_with_a_body_is_refused_unread(decided, serve):
    async with serve(decided) as (_, client):
        async with client.get("/", data=b"x" * 100_000) as answer:
            assert answer.status == 413
        async with client.get("/") as answer:
            assert answer.status == 200


async def test_a_browser_of_another_origin_may_ask_what_is_allowed(decided, serve):
    async with serve(decided) as (_, client), client.options(f"{PREFIX}/status") as answer:
        assert answer.status == 204
        assert "GET" in answer.headers["Access-Control-Allow-Methods"]
        assert "POST" not in answer.headers["Access-Control-Allow-Methods"]


async def test_names_from_outside_never_become_markup(decided, serve):
    async with serve(decided) as (_, client):
        for path in ("/token/SNX", "/token/AAVE", "/index/defi", "/feed.atom", "/feed.rss", "/journal/live/2"):
            async with client.get(path) as answer:
                text = await answer.text()
            assert HOSTILE not in text
            assert "<b>& quiet" not in text
        async with client.get("/token/SNX") as answer:
            assert "&lt;script&gt;" in await answer.text()


async def test_nothing_of_people_chats_keys_or_paths_is_on_any_page(copied, serve):
    """Secrets that are in the settings and persons that are in the database, and an order given by one of them."""
    database = open_database(copied)
    who = Person("telegram", "-1009988776655", "4433221100")
    database.chats.set_mode(who.platform, who.chat, "aggressive")
    desk = DatabaseDesk(database, lambda: NOW)
    desk.give(who, Deed("exclude", "defi", "SNX", "its pool was drained"))
    by = database.audit.pseudonym(who.platform, who.user)
    entries = database.journal.count("live")
    database.close()
    keys = {"fred": SecretStr("feedfacefeedfacefeedfacefeedface")}
    async with serve(copied, source_keys=keys) as (_, client):
        said = ""
        for path in (*ADDRESSES, "/journal/live.jsonl", f"/journal/live/{entries}", "/nothing", "/?mode=x"):
            async with client.get(path) as answer:
                said += str(answer.headers) + (await answer.read()).decode("utf-8", "replace")
    assert by in said  # the pseudonym is public
    for secret in (who.chat, who.user, keys["fred"].get_secret_value(), str(copied), str(copied.parent)):
        assert secret not in said


async def test_a_journal_that_was_tampered_with_is_not_served_and_the_sentence_tells_nothing_of_the_machine(
    copied, serve, caplog
):
    with sqlite3.connect(copied) as link:
        link.execute("DROP TRIGGER journal_keeps_values")
        link.execute("UPDATE journal SET body = replace(body, 'AAVE', 'AAVF') WHERE seq = 2")
    link.close()
    async with serve(copied) as (_, client):
        async with client.get(f"{PREFIX}/journal/live") as answer:
            assert answer.status == 503
            assert await answer.json() == {"error": "The database cannot be read now. The operator's log says why."}
        async with client.get("/methodology") as answer:
            assert answer.status == 200
    assert "entry 2 of the live journal" in caplog.text


async def test_strict_transport_is_asked_for_only_where_the_outside_is_https(decided, serve):
    async with serve(decided) as (_, client), client.get("/") as answer:
        assert "Strict-Transport-Security" not in answer.headers
    async with serve(decided, public_url="https://crier.example") as (_, client), client.get("/index/defi") as answer:
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        assert '<meta property="og:image" content="https://crier.example/cards/index/defi.png' in await answer.text()


async def test_a_page_is_packed_for_those_who_can_unpack_it(decided, serve):
    async with serve(decided) as (found, _), ClientSession(found.address, auto_decompress=False) as client:
        async with client.get("/index/defi", headers={"Accept-Encoding": "gzip"}) as answer:
            packed = await answer.read()
            assert answer.headers["Content-Encoding"] == "gzip"
        async with client.get("/index/defi", headers={"Accept-Encoding": "identity"}) as answer:
            assert len(packed) < len(await answer.read()) / 2


@pytest.mark.parametrize("symbol", ["₿币", "A/B", "100%?", "<I>"])
async def test_a_token_of_whatever_name_has_its_page_its_card_and_its_picture(copied, serve, symbol):
    with closing(sqlite3.connect(copied)) as link, link:
        link.execute("UPDATE tokens SET symbol = ? WHERE symbol = 'MKR'", (symbol,))
    path = quote(symbol, safe="")
    async with serve(copied) as (_, client):
        for address in (f"/token/{path}", f"/cards/token/{path}.png"):
            async with client.get(URL(address, encoded=True)) as answer:
                assert answer.status == 200, await answer.text()
        async with client.get(URL(f"/token/{path}", encoded=True)) as answer:
            page = await answer.text()
        assert f"/token/{path}?mode=aggressive" in page
        assert f"/cards/token/{path}.png" in page


async def test_a_journal_that_breaks_off_is_never_taken_for_a_whole_one(copied, serve, caplog):
    with closing(sqlite3.connect(copied)) as link, link:
        link.execute("DROP TRIGGER journal_keeps_values")
        link.execute("UPDATE journal SET body = '{}' WHERE ledger = 'live' AND seq = 30")
    async with serve(copied) as (_, client):
        with pytest.raises(aiohttp.ClientError):
            async with client.get("/journal/live.jsonl") as answer:
                assert answer.headers["Vary"] == "Accept-Encoding"
                await answer.read()
    assert "entry 30" in caplog.text
