"""Documentation cannot rot: what is in a table of the code is in the words beside it."""

import re
import runpy
from pathlib import Path

import pytest

from bot.admission import MOST_CHATS
from bot.commands import COMMANDS
from bot.manners import BURST, SECONDS_EACH, TAP_SECONDS
from bot.texts import CHOICES
from engine.measures import KINDS
from engine.sources.http.limits import Limits


@pytest.fixture
def page(request):
    return lambda name: (request.config.rootpath / name).read_text("utf-8")


MADE = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "tables.py"))
REMEDY = "it is made from the code: run python docs/tables.py"


@pytest.mark.parametrize("name", sorted(MADE["PAGES"]))
def test_a_page_that_is_made_from_the_code_is_what_the_code_makes_of_it(page, name):
    assert page(name) == MADE["PAGES"][name](), REMEDY


@pytest.mark.parametrize(("name", "part"), sorted(MADE["PARTS"]))
def test_a_part_that_is_made_from_the_code_is_what_the_code_makes_of_it(page, name, part):
    assert MADE["replaced"](page(name), part, MADE["PARTS"][name, part]()) == page(name), REMEDY


def test_every_mark_in_a_page_is_of_a_part_that_is_made(request):
    root = request.config.rootpath
    marked = {
        (path.relative_to(root).as_posix(), part)
        for path in (*root.glob("*.md"), *(root / "docs").glob("*.md"))
        for part in re.findall(r"<!-- made: (\w+) -->", path.read_text("utf-8"))
    }
    assert marked == set(MADE["PARTS"])


def test_a_part_that_no_page_has_is_said_and_nothing_else_of_a_page_is_touched():
    page = "before <!-- made: one -->old<!-- end --> after"
    assert MADE["replaced"](page, "one", "new") == "before <!-- made: one -->new<!-- end --> after"
    with pytest.raises(SystemExit, match="0 places for the part 'two'"):
        MADE["replaced"](page, "two", "new")


def test_the_commands_page_has_every_command_once_and_no_other(page):
    listed = re.findall(r"^\| `/(\w+)", page("docs/commands.md"), re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


def test_the_figures_of_the_commands_page_are_those_of_the_code(page):
    text = page("docs/commands.md")
    assert f"may ask {BURST} things at once and one more every {SECONDS_EACH:g} seconds" in text
    assert f"within {TAP_SECONDS:g} seconds are one tap" in " ".join(text.split())
    assert f"One person may add it to {MOST_CHATS} chats" in text
    assert all(f"| {label} |" in text for label in CHOICES.values())


def anchors(text):
    """The names that headings of a page can be linked by."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def pages(root):
    return [*root.glob("*.md"), *(root / "docs").rglob("*.md")]


def test_links_and_pictures_of_every_page_lead_somewhere(request):
    for path in pages(request.config.rootpath):
        text = path.read_text("utf-8")
        for target in re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", text):
            name, _, anchor = "".join(target).partition("#")
            if not name.startswith("http"):
                led = path.parent / name if name else path
                assert led.exists(), f"{path.name} leads to {name}"
                assert not anchor or anchor in anchors(led.read_text("utf-8")), f"{path.name} leads to {name}#{anchor}"


def test_pictures_are_light_and_every_one_is_shown_somewhere(request):
    root = request.config.rootpath
    shown = "".join(path.read_text("utf-8") for path in (*pages(root), *(root / "docs").glob("*.html")))
    for picture in (root / "docs" / "preview").glob("*.png"):
        assert picture.stat().st_size < 100_000, f"{picture.name} is too large for a page"
        assert picture.name in shown, f"{picture.name} is shown nowhere"


def test_the_lags_in_the_archive_page_are_those_of_the_code(page):
    text = page("docs/archive.md")
    assert {KINDS[n].lag for n in ("cpi_yoy", "unemployment", "m2")} == {45}
    assert {KINDS[n].lag for n in ("vix", "sp500", "fed_funds")} == {2}
    assert "2 days late; CPI, unemployment and M2 45" in text


def test_requirements_pin_every_dependency_exactly(page):
    lines = [line for line in page("requirements.txt").splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][\w.]*", line) for line in lines)
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    wanted = re.findall(
        r'^    "([A-Za-z0-9_-]+)[>=]', page("pyproject.toml").split("[project.optional")[0], re.MULTILINE
    )
    assert {name.lower().replace("_", "-") for name in wanted} <= pinned


def test_the_limits_in_the_sources_page_are_those_of_the_code(page):
    text, limits = page("docs/sources.md"), Limits()
    assert f"{limits.packed // 10**6} MB packed and {limits.unpacked // 10**6} MB unpacked" in text
    assert (limits.attempts, limits.failures, limits.rest, limits.longest_rest) == (4, 5, 60.0, 900.0)
    assert "up to three times" in text
    assert "five times in a" in text
