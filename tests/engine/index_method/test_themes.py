"""Each theme's entry is held to its bounds, and a wrong one is named with them."""

import pytest

from engine.errors import BadConfiguration
from engine.tables import load_table
from engine.themes import Theme, themes

ENTRY = """
[one]
title = "One"
description = "One of a kind."
members = "one"
candidates = 40
size = 10
cap_scale = 1.0
benchmark_size = 10
benchmark_cap = 0.3
"""


def test_a_whole_entry_loads():
    assert load_table("themes.toml", Theme, ENTRY)["one"].candidates == 40


@pytest.mark.parametrize(
    "line, wrong, named",
    [
        ("candidates = 40", "candidates = 9", "candidates must be at least size"),
        ("candidates = 40", "candidates = 201", "[one] candidates"),
        ("size = 10", "size = 0", "[one] size"),
        ("cap_scale = 1.0", "cap_scale = 0", "[one] cap_scale"),
        ("benchmark_cap = 0.3", "benchmark_cap = 1.1", "[one] benchmark_cap"),
        ('members = "one"', 'members = ""', "[one] members"),
        ('title = "One"', "", "[one] title"),
    ],
)
def test_a_wrong_number_is_named_with_its_bound(line, wrong, named):
    with pytest.raises(BadConfiguration) as error:
        load_table("themes.toml", Theme, ENTRY.replace(line, wrong, 1))
    assert named in str(error.value)


def test_every_theme_chooses_among_more_than_it_holds():
    assert all(entry.candidates >= 2 * entry.size for entry in themes().values())
