"""An operator's own list of outlets takes the place of the one that comes with the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings
from bot.source_list import sources_of
from engine.errors import BadConfiguration
from engine.sources.table import SOURCES


def test_without_a_list_the_table_is_asked() -> None:
    assert sources_of(Settings(outlets=None)) == SOURCES


def test_an_own_list_is_read_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[mine]\nkind = "crypto"\ntitle = "Mine"\nurl = "https://mine.example/rss"\n', "utf-8")
    found = sources_of(Settings(outlets=path))
    assert found["news"].subjects == ("mine",)
    assert [host.origin for host in found["news"].hosts] == ["https://mine.example"]
    assert {"exchanges", "fred"} < found.keys()


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"[mine]\nkind = 'crypto'\n"])
def test_a_list_that_cannot_be_read_is_one_clear_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadConfiguration, match=r"mine\.toml"):
        sources_of(Settings(outlets=path))
