"""Documentation cannot rot: what is in a table of the code is in the words beside it."""

import re
from urllib.parse import urlsplit

import pytest

from bot.admission import MOST_CHATS
from bot.commands import COMMANDS
from bot.manners import BURST, SECONDS_EACH, TAP_SECONDS
from bot.settings import Settings
from bot.texts import ABOUT_SETTING, CHOICES, SETTINGS
from engine.measures import KINDS
from engine.sources.distrust import REASONS
from engine.sources.http.limits import Limits
from engine.sources.table import SOURCES
from engine.themes import themes


@pytest.fixture
def page(request):
    return lambda name: (request.config.rootpath / name).read_text("utf-8")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_chat_command_is_in_the_readme(page, name):
    command = COMMANDS[name]
    assert f"| `{command.usage}` | {command.help} |" in page("README.md")


def test_the_readme_lists_no_command_that_is_not_there(page):
    listed = re.findall(r"^\| `/(\w+)", page("README.md"), re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_of_a_chat_is_in_the_commands_page(page, name):
    assert f"| {SETTINGS[name]} | `{name}` | {ABOUT_SETTING[name]} |" in page("docs/commands.md")


def test_the_figures_of_the_commands_page_are_those_of_the_code(page):
    text = page("docs/commands.md")
    assert f"may ask {BURST} things at once and one more every {SECONDS_EACH:g} seconds" in text
    assert f"within {TAP_SECONDS:g} seconds are one tap" in " ".join(text.split())
    assert f"One person may add it to {MOST_CHATS} chats" in text
    assert all(f"| {label} |" in text for label in CHOICES.values())


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_example_file(page, name):
    assert f"CRIER_{name.upper()}" in page(".env.example")


def test_every_index_is_named_in_the_readme(page):
    assert all(entry.title in page("README.md") for entry in themes().values())


def test_links_between_pages_lead_somewhere(request, page):
    for name in ("README.md", *(f"docs/{p.name}" for p in (request.config.rootpath / "docs").glob("*.md"))):
        folder = (request.config.rootpath / name).parent
        for target in re.findall(r"\]\(([^)#]+)", page(name)):
            assert target.startswith("http") or (folder / target).exists(), f"{name} links to {target}"


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


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_live_source_has_its_row_with_what_a_key_adds(page, name):
    source = SOURCES[name]
    hosts = ", ".join(urlsplit(host.origin).netloc for host in source.hosts)
    key = source.key.adds if source.key else "(no key)"
    whose = f"[{source.title}]({source.cites}): {source.terms}"
    row = f"| `{name}` | {source.family} | {', '.join(source.feeds)} | {hosts} | {key} | {whose} |"
    assert row in page("docs/sources.md").splitlines(), f"docs/sources.md lacks this row:\n{row}"


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_for_quarantine_is_explained(page, reason):
    assert f"| {reason} | {REASONS[reason]} |" in page("docs/sources.md")


def test_the_limits_in_the_sources_page_are_those_of_the_code(page):
    text, limits = page("docs/sources.md"), Limits()
    assert f"{limits.packed // 10**6} MB packed and {limits.unpacked // 10**6} MB unpacked" in text
    assert (limits.attempts, limits.failures, limits.rest, limits.longest_rest) == (4, 5, 60.0, 900.0)
    assert "up to three times" in text
    assert "five times in a" in text
