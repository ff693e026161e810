"""What pages say and how they are built: which market this is, headings, labels, contrast, previews."""

import itertools
import re
from html.parser import HTMLParser

import pytest
from emulators.decided import make_decided

from bot.web.pages import PAGES
from bot.web.rules import page as document, rule_numbers
from bot.web.statics import STATICS
from bot.web.writing import as_html, printable
from bot.words import RULES

PATHS = [
    page.path.replace("{index}", "defi").replace("{symbol}", "AAVE").replace("{seq}", "1") for page in PAGES
]  # {ledger} is the database's


class Built(HTMLParser):
    """The parts of a page that a screen reader goes by."""

    VOID = frozenset(["meta", "link", "input", "br", "hr", "img", "rect", "line", "path", "circle", "stop", "wbr"])

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.ids, self.headings, self.title = [], [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if self.open[-1:] == ["title"]:
            self.title += data

    def all(self, tag):
        return [given for name, given in self.tags if name == tag]


@pytest.mark.parametrize(
    ("ledger", "simulated", "said"),
    [("replay", True, "SIMULATED"), ("replay", False, "Backtest"), ("live", False, "Live record")],
)
async def test_every_page_feed_and_answer_says_which_market_and_record_this_is(
    tmp_path, serve, ledger, simulated, said
):
    make_decided(tmp_path / "crier.db", ledger, simulated)
    async with serve(tmp_path / "crier.db") as (_, client):
        for path in PATHS:
            async with client.get(path.replace("{ledger}", ledger)) as answer:
                assert answer.status == 200, path
                assert f"<strong>{said}</strong>" in await answer.text(), path
        async with client.get("/api/v1/indices") as answer:
            about = (await answer.json())["about"]
        assert about["simulated"] is simulated
        assert about["record"] == ("live" if ledger == "live" else "backtest")
        async with client.get("/feed.atom") as answer:
            assert ("Crier: SIMULATED" in await answer.text()) is simulated


async def test_every_page_is_well_built_for_those_who_hear_it(decided, serve):
    titles = []
    async with serve(decided) as (_, client):
        for path in (*PATHS, "/verify?head=nonsense", "/nothing"):
            async with client.get(path.replace("{ledger}", "live")) as answer:
                built = Built(await answer.text())
            assert built.all("html") == [{"lang": "en"}]
            assert built.open == [], f"{path}: left open"
            assert len(built.ids) == len(set(built.ids)), f"{path}: an id twice"
            assert built.headings.count(1) == 1
            assert built.headings[0] == 1
            steps = [after - before for before, after in itertools.pairwise(built.headings)]
            assert all(step <= 1 for step in steps), f"{path}: a level of headings is left out: {built.headings}"
            labels = {given["for"] for given in built.all("label")}
            assert {given["id"] for given in built.all("input")} <= labels
            assert all("aria-label" in given or given.get("aria-hidden") for given in built.all("svg")), path
            assert all(given.get("scope") for given in built.all("th") if "document" not in path) or "method" in path
            assert len(built.all("main")) == 1
            assert not built.all("script")
            assert not [given for _, given in built.tags if "style" in given or any(k[:2] == "on" for k in given)]
            titles.append(built.title)
    assert len(set(titles)) == len(titles) - 1  # the two of /verify share one


async def test_a_link_to_a_page_unfolds_with_words_and_a_picture_of_the_size_it_says(decided, serve):
    async with serve(decided, public_url="https://crier.example") as (_, client):
        for path in ("/", "/index/defi?mode=aggressive", "/token/AAVE", "/scoreboard"):
            async with client.get(path) as answer:
                built = Built(await answer.text())
            found = {given["property"]: given["content"] for given in built.all("meta") if "property" in given}
            assert found["og:title"] and found["og:description"]
            assert found["og:url"].startswith("https://crier.example/")
            async with client.get(found["og:image"].removeprefix("https://crier.example")) as answer:
                picture = await answer.read()
            size = int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
            assert (str(size[0]), str(size[1])) == (found["og:image:width"], found["og:image:height"])


async def test_every_holding_has_its_receipt_and_every_number_leads_to_a_rule(decided, serve):
    async with serve(decided) as (_, client):
        async with client.get("/index/defi") as answer:
            numbers = re.findall(r'href="/methodology#r([\d.]+)"', await answer.text())
        async with client.get("/methodology") as answer:
            text = await answer.text()
    assert len(numbers) > 5
    assert all(f'id="r{number}"' in text for number in {*numbers, *rule_numbers().values()})


def test_every_rule_that_a_line_can_carry_has_its_number():
    assert set(RULES) - set(rule_numbers()) == {"dust"}  # stands under "other rules", which are not numbered
    assert rule_numbers()["capitalisation"] == "7.1"  # not 2.9, the bar of the same name


def test_a_document_shows_all_its_rules_and_links_nowhere_that_is_no_page():
    told = as_html(document("methodology.md"))
    assert told.count('class="numbered"') == len(re.findall(r"^\d+\.\d+ ", document("methodology.md"), re.MULTILINE))
    assert set(re.findall(r'href="(?!#|https://)([^"]+)"', told)) <= {"/verify", "/methodology"}
    assert "&lt;script&gt;" in as_html("<script>")


def test_what_xml_cannot_hold_is_replaced():
    assert printable("a\x00b\x1bc\ud800d\n\U0001f600") == "a\ufffdb\ufffdc\ufffdd\n\U0001f600"


STYLE = STATICS["style"].body.decode()
PAIRS = [
    *(("--ink", paper) for paper in ("--paper", "--card", "--plain-wash", "--good-wash", "--bad-wash")),
    *((text, paper) for text in ("--soft", "--ours", "--theirs") for paper in ("--paper", "--card")),
    ("--good", "--good-wash"), ("--bad", "--bad-wash"), ("--warn", "--warn-wash"), ("--soft", "--good-wash"),
    ("--soft", "--bad-wash"), ("--ours", "--plain-wash"), ("--paper", "--ours"), ("--ink", "--warn-wash"),
]  # fmt: skip


def variables(dark):
    light_part, dark_part = STYLE.split("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", light_part.split("}")[0]))
    return found | dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", dark_part.split("}")[0])) if dark else found


def luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("pair", PAIRS, ids="on".join)
def test_text_stands_out_from_its_ground_as_wcag_aa_asks(pair, dark):
    light, deep = sorted((luminance(variables(dark)[name]) for name in pair), reverse=True)
    assert (light + 0.05) / (deep + 0.05) >= 4.5


async def test_a_week_that_nobody_won_is_counted_for_nobody(decided, serve):
    """The index of AI tokens has no member here, so that it and its passive twin wait in the same stablecoins."""
    async with serve(decided) as (_, client), client.get("/index/ai") as answer:
        page = await answer.text()
    row = re.search(r"<tr><th scope=\"row\">Weeks ahead</th>(.*?)</tr>", page)
    assert re.findall(r">([^<]+)</td>", row[1]) == ["0 of 1", "0 of 1"]


async def test_what_others_hang_on_a_shared_link_is_passed_over_by_pages_and_refused_by_the_api(decided, serve):
    async def asked(client, path):
        async with client.get(path) as answer:
            return answer.status, await answer.text()

    async with serve(decided) as (_, client):
        for path in ("/", "/index/defi", "/feed.atom", "/verify"):
            status, text = await asked(client, f"{path}?utm_source=x&fbclid=y")
            assert (status, text) == (200, (await asked(client, path))[1]), path
        assert (await asked(client, "/api/v1/indices?utm_source=x"))[0] == 400
        assert (await asked(client, "/index/defi?mode=wild&utm_source=x"))[0] == 400
