"""Documentation cannot rot: what is in a table of the code is in the words beside it."""

import re

import pytest

from bot.commands import COMMANDS
from bot.settings import Settings
from bot.words import RULES
from engine.measures import KINDS
from engine.method import VERSION
from engine.modes import modes
from engine.risk import COMPONENTS
from engine.signals import LETTERS
from engine.themes import JOIN_VOLUME, themes


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


def test_the_methodology_states_the_numbers_of_the_code(page):
    text = " ".join(page("docs/methodology.md").split())
    rules = list(modes().values())

    def three(name, factor=1.0):
        return " / ".join(f"{factor * getattr(mode, name):g}" for mode in rules)

    assert f"at least {' / '.join(f'{mode.margin:.3f}' for mode in rules)}" in text
    assert f"one token {three('token_cap', 100)} %" in text
    assert f"together {three('volatile_cap', 100)} %" in text
    assert f"together {three('illiquid_cap', 100)} %" in text
    assert f"a kept name within {three('band', 100)} points" in text
    assert f"target {three('target_volatility', 100)} %" in text
    for step in ("raised", "high", "extreme"):
        assert f"{step} from {' / '.join(f'{getattr(mode.steps, step):g}' for mode in rules)}" in text
    for step in ("normal", "raised", "high", "extreme"):
        shares = " | ".join(f"{100 * getattr(mode.stablecoins, step):.0f} %" for mode in rules)
        assert f"| {step} | {shares} |" in text
    for part in COMPONENTS:
        assert f"| {part.name} | {100 * part.weight:.0f} % | {part.calm:g} | {part.danger:g} |" in text
    assert ", ".join(f"{letter} from {least}" for least, letter in LETTERS[:-1]) in text
    assert f"${JOIN_VOLUME:,.0f} traded" in text
    assert f"# Method {VERSION}" in page("docs/methodology.md")


def test_every_rule_that_a_line_can_carry_is_in_the_methodology(request, page):
    engine = request.config.rootpath / "engine"
    code = "".join((engine / f).read_text("utf-8") for f in ("decide.py", "passive.py", "rebalance.py"))
    used = set(re.findall(r'Wish\([^,]+, "([a-z_]+)"', code)) | set(
        re.findall(r'rule(?:, reason|, best)? = "([a-z_]+)"', code)
    )
    used |= {"band", "stopped_price", "stablecoin_leg"}
    assert len(used) >= 12
    assert {rule for rule in used if f"`{rule}`" not in page("docs/methodology.md")} == set()
    assert used == set(RULES), "bot/words.py says every rule in words, and no other"
