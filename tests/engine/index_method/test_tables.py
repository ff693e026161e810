"""themes.toml and modes.toml: every entry loads, and a wrong one is named with its bound."""

import pytest

from engine.errors import BadConfiguration, BadRequest, UnknownIndex
from engine.modes import Mode, mode, modes
from engine.tables import load_table
from engine.themes import Theme, theme, themes


def test_the_first_five_indices_keep_their_ids_and_their_order():
    assert list(themes())[:5] == ["large", "defi", "ai", "meme", "rwa"], "chats, links and journals name them"


@pytest.mark.parametrize("name", list(themes()))
def test_every_theme_can_spend_its_share_under_its_caps(name):
    entry = theme(name)
    assert entry.size * 0.25 * entry.cap_scale >= 1
    assert entry.benchmark_size * max(entry.benchmark_cap, 1 / entry.benchmark_size) >= 1


@pytest.mark.parametrize("softer, harder", [("aggressive", "balanced"), ("balanced", "conservative")])
def test_a_harder_mode_is_harder_in_every_number(softer, harder):
    a, b = mode(softer), mode(harder)
    assert a.margin < b.margin
    assert a.token_cap > b.token_cap
    assert a.target_volatility > b.target_volatility
    assert a.steps.raised > b.steps.raised
    assert a.stablecoins.extreme < b.stablecoins.extreme


@pytest.mark.parametrize(
    "text, named",
    [
        ("[calm]\nmargin = 0.9", "[calm] margin"),
        ("[calm]\nsteps = { raised = 50, high = 40, extreme = 70 }", "raised < high < extreme"),
        ("[calm]\nunheard_of = 1", "[calm] unheard_of"),
        ("calm = 3", "[calm]"),
        ("not toml", "not valid TOML"),
    ],
)
def test_a_wrong_mode_is_named_with_its_bound(text, named):
    with pytest.raises(BadConfiguration) as error:
        load_table("modes.toml", Mode, text)
    assert named in str(error.value)


def test_every_complaint_comes_at_once():
    with pytest.raises(BadConfiguration) as error:
        load_table("themes.toml", Theme, "[a]\nsize = 0\n[b]\nsize = 99")
    assert "[a] size" in str(error.value)
    assert "[b] size" in str(error.value)


def test_an_unknown_index_or_mode_is_told_what_there_is():
    with pytest.raises(UnknownIndex, match=", ".join(themes())):
        theme("nft")
    with pytest.raises(BadRequest, match=", ".join(modes())):
        mode("reckless")
