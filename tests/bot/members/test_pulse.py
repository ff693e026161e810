"""The pulse is a line an index on Thursdays, and its button ends it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bot.dispatch import Request, dispatch
from bot.pulse import is_due, pulse


def test_a_pulse_comes_on_thursdays() -> None:
    week = [dt.date(2023, 11, 13) + dt.timedelta(days=n) for n in range(7)]
    assert [day.strftime("%a") for day in week if is_due(day)] == ["Thu"]


def test_a_pulse_is_a_line_an_index_and_its_last_button_ends_it(book: Any) -> None:
    reply = pulse(book, ("defi", "ai"), "balanced")
    assert [line.split(":")[0] for line in reply.text] == ["DeFi", "AI"]
    assert "This week +2.0 %, holding +1.6 %." in reply.text[0]
    assert len(reply.lines()) == 4
    dispatch(book, Request("/settings pulse on", "test", "c", "u"))
    assert dispatch(book, Request(reply.buttons[-1].command, "test", "c", "u")).ok
    assert not book.chats["test", "c"].pulse


def test_before_the_first_decision_there_is_no_pulse(empty_book: Any, book: Any) -> None:
    assert pulse(empty_book, ("defi",), "balanced") is None
    assert pulse(book, ("meme",), "balanced") is None
