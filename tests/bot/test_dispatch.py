"""Whatever a person writes, dispatch comes back with one clear answer."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bot.command import Arguments, Command, Who
from bot.commands import COMMANDS
from bot.dispatch import Request, dispatch
from bot.reply import Reply
from engine.errors import CannotWrite

HOSTILE = {
    "markup": "_*[<&`",
    "rich markup": "[bold red]x[/]",
    "html": "<script>alert(1)</script>",
    "long": "x" * 5000,
    "long with spaces": "defi " * 1000,
    "right to left": "مؤشر \u202e אבג",
    "emoji": "👨‍👩‍👧🚀",
    "sql": "'; DROP TABLE journal; --",
    "format": "{0} %s %n",
    "control": "a\x00\x1b[31mb\r\nc",
    "surrogate": "\ud800",
    "dollar": "$",
    "equals": "=",
    "slashes": "////",
    "at": "@@bot",
    "zero width": "\u200b\u200d",
}


OF_A_CODE = ("confirm", "claim")  # their examples cannot hold a code that counts
FOR_MEMBERS = [c for c in COMMANDS.values() if c.who is Who.MEMBER and c.name not in OF_A_CODE]


def ask(book: Any, text: str, **more: Any) -> Reply:
    return dispatch(book, Request(text=text, platform="test", chat="c", user="u", **more))


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("name", COMMANDS)
def test_hostile_words_get_an_answer_that_can_be_sent(
    name: str, words: str, shared_book: Any, empty_book: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """F20"""
    for book in (shared_book, empty_book):
        for text in (f"/{name} {words}", f"/{name} {words} {words}", f"/{name}{words}"):
            reply = ask(book, text)
            assert reply.lines()
            assert Reply.from_json(reply.to_json()) == reply
            assert all(len(line) < 1500 for line in reply.lines())
    assert not caplog.records  # nothing unexpected was swallowed


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_words_alone_get_a_suggestion(words: str, book: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert ask(book, words).lines()
    assert not caplog.records


@given(text=st.text(alphabet=st.characters(), max_size=60))
def test_no_text_at_all_raises(text: str, shared_book: Any) -> None:
    reply = ask(shared_book, text)
    assert "Something went wrong" not in reply.lines()[0]


@pytest.mark.parametrize("command", FOR_MEMBERS, ids=lambda command: command.name)
def test_every_example_works(command: Command, book: Any) -> None:
    reply = ask(book, command.example)
    assert reply.ok
    assert reply.title


@pytest.mark.parametrize("command", FOR_MEMBERS, ids=lambda command: command.name)
def test_every_example_has_an_answer_before_the_first_decision(command: Command, empty_book: Any) -> None:
    said = " ".join(ask(empty_book, command.example).lines())
    if command.about == "market":
        assert "Mon 20 Nov 2023, 00:00 UTC" in said


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_every_button_leads_somewhere_and_fits_the_smallest_service(command: Command, book: Any) -> None:
    for text in (command.example, f"/{command.name}", f"/{command.name} aggressive", f"/{command.name} beam"):
        for button in ask(book, text).buttons:
            assert len(button.command.encode()) <= 64
            assert "no command" not in ask(book, button.command).lines()[0]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_missing_argument_is_asked_for_with_the_example(command: Command, book: Any) -> None:
    reply = ask(book, f"/{command.name}", is_bot_admin=True)
    if any(param.required for param in command.params):
        assert not reply.ok
        assert len(reply.lines()) == 1
        assert command.example in reply.lines()[0]
    else:
        assert reply.ok


@pytest.mark.parametrize("name", ["status", "index", "token", "risk", "track", "history", "signals", "indices"])
def test_too_many_words_are_refused_in_one_sentence(name: str, book: Any) -> None:
    subject = {"status": "", "token": "aave", "indices": ""}.get(name, "defi")
    reply = ask(book, f"/{name} {subject} balanced balanced balanced {'5' if name == 'history' else ''} and more")
    assert not reply.ok
    assert len(reply.lines()) == 1


def test_words_after_the_last_parameter_are_named_with_the_example(book: Any) -> None:
    said = ask(book, "/index defi aggressive please").lines()[0]
    assert said == "“please” is too much: /index takes index and mode only, like /index defi."


@pytest.mark.parametrize(
    "text",
    ["/index defi", "/INDEX DeFi", "  /index    defi  ", "/index@SomeBot defi", "index defi", "/index DeFi index",
     "/index\tdefi", "/index\ndefi"],
)  # fmt: skip
def test_one_command_is_understood_however_it_is_written(text: str, book: Any) -> None:
    assert ask(book, text).title == "DeFi index, week 46 (balanced)"


def test_an_index_answers_to_its_title_of_several_words(book: Any) -> None:
    assert ask(book, "/index Large Caps").title.startswith("Large caps index")
    assert ask(book, "/index large caps aggressive").title == "Large caps index, week 46 (aggressive)"


@pytest.mark.parametrize("text", ["$AAVE", "$aave", "/token $aave", "/token AAVE", "/token Aave"])
def test_a_ticker_with_a_dollar_sign_is_that_token(text: str, book: Any) -> None:
    assert ask(book, text).title == "AAVE, Aave"


def test_a_token_answers_to_its_name_of_several_words(book: Any) -> None:
    assert ask(book, "/token shiba inu").title == "SHIB, Shiba Inu"


@pytest.mark.parametrize(
    ("text", "meant"),
    [("/idnex defi", "/index"), ("/index dfi", "/index defi"), ("/index memcoins", "/index meme"),
     ("/defi", "/index defi"), ("/aave", "/token AAVE"), ("/token avee", "/token AAVE"),
     ("/token thorchian", "/token THORChain"),
     ("/why avee", "/why AAVE"), ("/explain grad", "/explain grade"), ("/help indxe", "/help index")],
)  # fmt: skip
def test_a_typo_gets_the_nearest(text: str, meant: str, book: Any) -> None:
    reply = ask(book, text)
    assert not reply.ok
    assert meant in [button.command for button in reply.buttons]
    assert "id you mean" in reply.lines()[0]


def test_an_ambiguous_ticker_gets_its_candidates_and_each_button_is_exact(book: Any) -> None:
    reply = ask(book, "/token beam")
    assert not reply.ok
    assert [button.command for button in reply.buttons] == ["/token =BEAM", "/token =BEAM_MW"]
    assert [ask(book, button.command).title for button in reply.buttons] == ["BEAM, Beam", "BEAM_MW, Beam"]


def test_a_ticker_beats_another_tokens_name(book: Any) -> None:
    assert [token.symbol for token in book.find_tokens("aave")] == ["AAVE", "LEND"]
    assert ask(book, "/token aave").title == "AAVE, Aave"
    assert ask(book, "/token lend").title == "LEND, Aave"


def test_an_index_wins_over_a_token_of_the_same_name_unless_it_has_a_dollar_sign(book: Any) -> None:
    assert ask(book, "/why $meme").title == "Why MEME (balanced)"
    assert "Memecoins index" in ask(book, "/why meme").lines()[0]


def test_the_chats_mode_counts_unless_another_is_asked_for(book: Any) -> None:
    assert "(conservative)" in ask(book, "/index defi", mode="conservative").title
    assert "(aggressive)" in ask(book, "/index defi aggressive", mode="conservative").title
    assert "(aggressive)" in ask(book, "/risk AGGRESSIVE").title


def test_an_empty_message_is_a_call_for_help(book: Any) -> None:
    assert ask(book, " \n ").title == "What you can ask"


def failing(error: Exception) -> dict[str, Command]:
    def run(request: Request, book: Any, arguments: Arguments) -> Reply:
        raise error

    return {"fail": Command("fail", "fails", run, "/fail")}


def test_an_error_raised_on_purpose_becomes_its_sentence(book: Any, caplog: pytest.LogCaptureFixture) -> None:
    request = Request("/fail", "test", "c", "u")
    reply = dispatch(book, request, failing(CannotWrite("The disk is full: free some space.")))
    assert (reply.lines(), reply.ok) == (("The disk is full: free some space.",), False)
    assert not caplog.records


def test_an_unexpected_error_is_logged_without_the_persons_words(book: Any, caplog: pytest.LogCaptureFixture) -> None:
    request = Request("/fail my secret", "test", "c", "u")
    with caplog.at_level(logging.ERROR):
        reply = dispatch(book, Request("/fail", "test", "c", "u"), failing(RuntimeError("boom")))
        dispatch(book, request, failing(RuntimeError("boom")))
    assert not reply.ok
    assert "boom" not in reply.lines()[0]
    assert "command fail failed on test" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("who", "allowed"),
    [(Who.MEMBER, {"member", "chat", "bot"}), (Who.CHAT_ADMIN, {"chat", "bot"}), (Who.BOT_ADMIN, {"bot"})],
)
def test_a_command_is_for_those_it_is_for(who: Who, allowed: set[str], book: Any) -> None:
    table = {"x": Command("x", "x", lambda request, book, arguments: Reply(title="done"), "/x", who=who)}
    rights: dict[str, dict[str, bool]] = {"member": {}, "chat": {"is_chat_admin": True}, "bot": {"is_bot_admin": True}}
    for person, flags in rights.items():
        reply = dispatch(book, Request("/x", "test", "c", "u", **flags), table)  # type: ignore[arg-type]
        assert (reply.title == "done") == (person in allowed)
        assert reply.ok or "admin" in reply.lines()[0]
