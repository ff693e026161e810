"""Who subscribes sees at once what is announced today, in the mode of the chat, and who watches what is said today."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.dispatch import Request, dispatch
from engine.themes import themes

ALICE = Request("", "test", "alice", "alice", place="private", title="Alice")


def say(office: Any, text: str) -> Any:
    return dispatch(office.desk, replace(ALICE, text=text))


def test_a_newcomer_chooses_subscribes_watches_and_asks(office: Any) -> None:
    start = say(office, "/start")
    chosen = say(office, start.buttons[0].command)
    assert chosen.text[0] == "From now on: one message a week."
    assert [line.split(" index")[0] for line in chosen.text[1:]] == [theme.title for theme in themes().values()]
    card = say(office, "/subscribe defi")
    shown = say(office, "/index defi")
    assert (card.title, card.table, card.after, card.note) == (shown.title, shown.table, shown.after, shown.note)
    assert card.text[1:] == shown.text
    assert [b.command for b in card.buttons if b.command][:4] == [b.command for b in shown.buttons]
    assert say(office, "/watch aave").table.rows == (("AAVE", "bullish", "+0.16"),)
    assert say(office, "aave").title.startswith("AAVE")
    chat = office.database.chats.get("test", "alice")
    assert (chat.watches, len(chat.indices), chat.danger, chat.title) == (("AAVE",), len(themes()), False, "")


def test_the_card_of_a_subscription_is_in_the_mode_of_the_chat(office: Any) -> None:
    assert say(office, say(office, "/mode conservative").buttons[0].command).ok
    assert say(office, "/subscribe defi").title == "DeFi index, week 46 (conservative)"
    assert "(conservative)" in say(office, "/subscribe all").text[1]


def test_an_announcement_stands_in_the_live_journal_between_decisions(office: Any) -> None:
    said = office.do("/announce defi the pool of AAVE is being watched")
    assert said.title == "From the admins of the DeFi index"
    assert office.database.verify("live").ok
    office.do("/pause defi prices look wrong")
    audit = office.say("/audit", role="member").after
    assert [line.split(",")[0].split(" on ")[0] for line in audit] == ["The DeFi index: trading is paused", "Announced"]


def test_plain_words_come_with_the_very_first_card_of_who_is_new(office: Any) -> None:
    reply = say(office, "/start new")
    assert any(line.startswith("Index: A basket of tokens") for line in reply.after)
