"""Documentation cannot rot: what is in a table of the code is in the words beside it."""

import re

import pytest

from bot.commands import COMMANDS
from bot.settings import Settings
from engine.measures import KINDS
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
