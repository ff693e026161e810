"""The list of outlets: what comes with the program, what an operator may write, and what is said of mistakes."""

from __future__ import annotations

import pytest

from engine.errors import BadConfiguration
from engine.sources.outlets import FEEDS, MOST, default_outlets, of_kind, origins, read_outlets
from engine.sources.table import SOURCES, sources


def entry(ident: str = "mine", **fields: str) -> str:
    fields = {"kind": "crypto", "title": "Mine", "url": "https://news.example/rss"} | fields
    return f"[{ident}]\n" + "\n".join(f'{key} = "{value}"' for key, value in fields.items() if value)


def test_there_are_feeds_of_newsrooms_central_banks_and_the_economy() -> None:
    found = default_outlets()
    assert len(of_kind(found, "crypto")) >= 8
    assert {"fed", "ecb"} <= of_kind(found, "central bank").keys()
    assert len(of_kind(found, "economy")) >= 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (entry(kind="gossip"), "kind"),
        (entry(url=""), "has url"),
        (entry(name="mine", query="bitcoin"), "no other address"),
        (entry(url="http://news.example/rss"), "https"),
        (entry(url="https://me:secret@news.example/rss"), "without a password"),
        (entry(url="file:///etc/passwd"), "https"),
        (entry("Mine"), "id"),
        (entry(title=""), "title"),
        (entry(colour="red"), "colour"),
        (entry(kind="telegram", url="", name="@durov"), "without @"),
        (entry(kind="reddit", url="", name="r/CryptoCurrency"), "without @"),
        (entry(kind="x", url="", query="b" * 513), "query"),
        ("", "has 0 outlets"),
        ("\n".join(entry(f"o{i}") for i in range(MOST + 1)), "1 to 60"),
        ("[mine", "not valid TOML"),
    ],
)
def test_a_mistake_is_named(wrong: str, says: str) -> None:
    with pytest.raises(BadConfiguration, match=says) as complaint:
        read_outlets(wrong, "mine.toml")
    assert "mine.toml" in str(complaint.value)
    assert "secret" not in str(complaint.value)


def test_a_number_that_is_too_long_to_be_read_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadConfiguration, match=r"outlets\.toml is not valid TOML: a number in it is too long\."):
        read_outlets("x = " + "1" * 5000)


def test_feeds_of_one_host_share_its_pace() -> None:
    found = read_outlets(entry("one") + "\n" + entry("two", url="https://news.example/other?format=rss"))
    assert list(origins(found)) == [("https://news.example", "/rss")]


def test_a_source_without_outlets_is_not_there() -> None:
    own = sources(read_outlets(entry(kind="telegram", url="", name="durov")))
    assert "news" not in own
    assert own.keys() < SOURCES.keys()


def test_every_feed_is_read_by_the_news() -> None:
    assert SOURCES["news"].subjects == tuple(of_kind(default_outlets(), *FEEDS))
