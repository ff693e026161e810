"""A Reply survives the outbox: JSON both ways, and refuses what no platform could draw."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, strategies as st

from bot.reply import Button, ChartSpec, Column, Line, Mark, Reply, Shade, Table

words = st.text(max_size=40)
tones = st.sampled_from(["plain", "good", "bad", "quiet", "strong"])
dates = st.dates(min_value=dt.date(1970, 1, 1), max_value=dt.date(2100, 1, 1))
values = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    width, height = draw(st.integers(1, 4)), draw(st.integers(0, 5))
    columns = tuple(Column(draw(words), draw(st.sampled_from(["left", "right"]))) for _ in range(width))
    rows = tuple(tuple(draw(words) for _ in range(width)) for _ in range(height))
    return Table(columns, rows, tuple(draw(tones) for _ in rows) if draw(st.booleans()) else ())


@st.composite
def charts(draw: st.DrawFn) -> ChartSpec:
    days = tuple(draw(st.lists(dates, max_size=6)))
    lines = tuple(Line(draw(words), tuple(draw(values) for _ in days)) for _ in range(draw(st.integers(0, 3))))
    return ChartSpec(
        kind=draw(st.sampled_from(["levels", "weights", "price"])),
        title=draw(words),
        days=days,
        lines=lines,
        shades=tuple(draw(st.lists(st.builds(Shade, dates, dates, words), max_size=3))),
        marks=tuple(draw(st.lists(st.builds(Mark, dates, words, tones), max_size=3))),
        simulated=draw(st.booleans()),
    )


addressed = words.filter(bool)
buttons = st.builds(Button, words, command=addressed) | st.builds(Button, words, url=addressed)
replies = st.builds(
    Reply,
    title=words,
    text=st.lists(words, max_size=3).map(tuple),
    table=st.none() | tables(),
    after=st.lists(words, max_size=3).map(tuple),
    note=st.lists(words, max_size=3).map(tuple),
    chart=st.none() | charts(),
    buttons=st.lists(buttons, max_size=3).map(tuple),
    ok=st.booleans(),
    panel=st.booleans(),
    private=st.booleans(),
    tone=tones,
)


@given(replies)
def test_every_reply_comes_back_from_its_json_without_loss(reply: Reply) -> None:
    assert Reply.from_json(reply.to_json()) == reply


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_value_that_json_cannot_carry_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        ChartSpec("price", "t", (dt.date(2023, 1, 1),), (Line("x", (value,)),))


def test_a_row_with_too_few_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="as many cells"):
        Table((Column("a"), Column("b")), (("1",),))


def test_tones_that_do_not_match_the_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="one a row"):
        Table((Column("a"),), (("1",),), ("good", "bad"))


def test_a_line_with_a_missing_day_is_refused() -> None:
    with pytest.raises(ValueError, match="value a day"):
        ChartSpec("price", "t", (dt.date(2023, 1, 1),), (Line("x", ()),))


def test_a_table_without_tones_is_plain() -> None:
    assert Table((Column("a"),), (("1",),)).tone(0) == "plain"


@pytest.mark.parametrize("goes", [{}, {"command": "/help", "url": "https://example.org"}])
def test_a_button_has_one_thing_to_do(goes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="one of the two"):
        Button("Press", **goes)
