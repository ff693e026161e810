"""The studio draws beside the loop, once a picture, and keeps no more than it may."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from bot import studio as module
from bot.reply import Bar, ChartSpec
from bot.studio import Studio


def chart(name: str) -> ChartSpec:
    return ChartSpec("scoreboard", name, (), (), bars=(Bar("DeFi", 1100.0, 900.0),))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was drawn, and in which thread."""
    seen: list[tuple[str, str]] = []

    def render(spec: ChartSpec, theme: str) -> bytes:
        if spec.title == "bad":
            seen.append(("bad", ""))
            raise ValueError("no such thing")
        seen.append((f"{spec.title} {theme}", threading.current_thread().name))
        return spec.title.encode()

    monkeypatch.setattr(module, "render", render)
    return seen


@pytest.fixture
def studio(drawn: list[tuple[str, str]]) -> Iterator[Studio]:
    made = Studio("light", most=2)
    yield made
    made.close()


async def test_the_same_chart_is_drawn_once_however_often_it_is_asked_for(
    studio: Studio, drawn: list[tuple[str, str]]
) -> None:
    assert await asyncio.gather(*(studio.draw(chart("a")) for _ in range(9))) == [b"a"] * 9
    assert await studio.draw(chart("a")) == b"a"
    assert [what for what, _ in drawn] == ["a light"]
    assert drawn[0][1] != threading.current_thread().name


async def test_only_the_newest_pictures_are_kept(studio: Studio, drawn: list[tuple[str, str]]) -> None:
    for name in ("a", "b", "a", "c", "a", "b"):
        await studio.draw(chart(name))
    assert [what[0] for what, _ in drawn] == ["a", "b", "c", "b"]


async def test_a_chart_that_failed_is_tried_again(studio: Studio, drawn: list[tuple[str, str]]) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="no such thing"):
            await studio.draw(chart("bad"))
    assert len(drawn) == 2


async def test_one_who_gives_up_takes_nothing_from_the_others(studio: Studio, drawn: list[tuple[str, str]]) -> None:
    first, second = (asyncio.ensure_future(studio.draw(chart("a"))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == b"a"
    assert len(drawn) == 1
