"""Understands the words after a command: one entry for each kind of parameter, and one clear sentence when it fails."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot import words
from bot.book import Book, first_comes
from bot.command import Arguments, Command, Kind, Param, Request
from bot.phrases import clipped, listed
from bot.reply import Button
from bot.texts import SETTINGS, WHOSE
from engine.errors import AmbiguousToken, BadRequest, UnknownIndex, UnknownToken
from engine.model import Token

LONGEST_NAME = 64  # no name is longer, so nothing longer is looked up
MOST_CHOICES = 25  # what chat services take for one parameter
MOST_CANDIDATES = 6
MOST_NUMBER = 1000
MOST_DOLLARS = 1_000_000  # what an index is costed for; more would move the market further than is said
BUTTON_BYTES = 64  # the smallest room that a chat service gives a button's command
AMOUNT = re.compile(r"\$?(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.(\d{1,2}))?\$?", re.ASCII)
ALL = "all"  # every index at once
EXACT = "="  # before a symbol: that very token, however many answer to the name


class Misunderstood(BadRequest):
    """What was asked is not clear; `buttons` are the commands that may have been meant."""

    def __init__(self, message: str, buttons: Iterable[Button] = ()) -> None:
        super().__init__(message)
        self.buttons = tuple(buttons)


class NoSuchIndex(Misunderstood, UnknownIndex):
    """No index of that name, with the nearest as buttons."""


class NoSuchToken(Misunderstood, UnknownToken):
    """No token of that name, with the nearest as buttons."""


class SeveralTokens(Misunderstood, AmbiguousToken):
    """Several tokens of that name, each as a button."""


@dataclass(frozen=True, slots=True)
class KindEntry:
    """One kind of parameter: how a word of it is understood, what closed list it has, how a prefix is completed."""

    understand: Callable[[Book, Arguments, str, str], Arguments]  # book, so far, command name, word
    choices: Callable[[Book], Sequence[tuple[str, str]]] = lambda book: ()
    complete: Callable[[Book, str], Sequence[str]] | None = None


def choices(param: Param, book: Book) -> Sequence[tuple[str, str]]:
    """The closed list of a parameter as (label, value); empty where it is open."""
    return KINDS[param.kind].choices(book)[:MOST_CHOICES]


def autocomplete(param: Param, book: Book, prefix: str) -> list[str]:
    """What a person may go on to write after `prefix`, at most 25."""
    entry = KINDS[param.kind]
    if entry.complete is not None:
        return list(entry.complete(book, clipped(prefix, LONGEST_NAME)))[:MOST_CHOICES]
    wanted = prefix.casefold().strip()
    return [value for label, value in entry.choices(book) if wanted in f"{value} {label}".casefold()][:MOST_CHOICES]


def understand(command: Command, book: Book, request: Request, given: Sequence[str]) -> Arguments:
    """Give each word to the first parameter that takes it; Misunderstood says what is wrong, with the example."""
    arguments = Arguments(mode=request.mode)
    waiting = list(command.params)
    left = list(given)
    while left:
        if not waiting:
            raise _too_many(command, left)
        arguments, used, taken = _take(command, waiting, book, arguments, left)
        left, waiting = left[used:], [*waiting[:taken], *waiting[taken + 1 :]]  # in whatever order they come
    missing = [param for param in waiting if param.required]
    if missing:
        needs = f"/{command.name} needs {_a(missing[0].help)}, like {command.example}."
        values = [value for _, value in choices(missing[0], book)]
        if missing[0].kind in ("token", "dollars"):
            like = " ".join([f"/{command.name}", *given, command.example.split()[-1]])
            raise Misunderstood(needs, offers([(like, like)]))
        raise Misunderstood(needs, offers((v, f"/{command.name} {v}") for v in values))
    return arguments


def _take(
    command: Command, waiting: Sequence[Param], book: Book, arguments: Arguments, left: Sequence[str]
) -> tuple[Arguments, int, int]:
    """The parameter that takes the next words: (arguments, words used, which parameter)."""
    first_error: Misunderstood | None = None
    for position, param in enumerate(waiting):
        last = position == len(waiting) - 1 or all(p.kind in ("dollars", "mode") for p in waiting[position + 1 :])
        for used in _lengths(param, left, last):
            try:
                arguments = KINDS[param.kind].understand(book, arguments, command.name, " ".join(left[:used]))
            except Misunderstood as error:
                # The shorter reading is what a person most likely meant, so its complaint is the one to show.
                first_error = error if position == 0 or first_error is None else first_error
            else:
                return arguments, used, position
        if param.required:
            break
    assert first_error is not None
    raise first_error


def _lengths(param: Param, left: Sequence[str], last: bool) -> list[int]:
    """How many words to try, the longest reading first: names may have several words."""
    if param.kind == "text":
        return [len(left)]
    most = min(len(left), 4) if last and param.kind in ("index", "scope", "token", "subject", "word") else 1
    return list(range(most, 0, -1))


def _too_many(command: Command, left: Sequence[str]) -> Misunderstood:
    takes = f"takes {listed(p.name for p in command.params)} only" if command.params else "takes nothing after it"
    return Misunderstood(
        f"“{clipped(' '.join(left))}” is too much: /{command.name} {takes}, like {command.example}.",
        [Button(command.example, command.example)],
    )


def _a(text: str) -> str:
    return text if text.startswith(("a ", "an ", "the ", "one ")) else f"a {text}"


def nearest(text: str, names: Iterable[str], most: int = 3) -> list[str]:
    """The names most like what was written, best first, each once."""
    by_fold: dict[str, str] = {}
    for name in names:
        by_fold.setdefault(name.casefold(), name)
    wanted = clipped(text, LONGEST_NAME).casefold()
    return [by_fold[fold] for fold in difflib.get_close_matches(wanted, by_fold, n=most, cutoff=0.6)]


def _suggest(text: str, names: Iterable[str], command: str) -> tuple[str, list[Button]]:
    near = nearest(text, names)
    if not near:
        return "", []
    return f" Did you mean {listed(near, 'or')}?", offers((name, f"/{command} {name}") for name in near)


def offers(pairs: Iterable[tuple[str, str]]) -> list[Button]:
    """Buttons of (label, command), without those whose command no chat service would carry."""
    return [Button(clipped(label, 40), text) for label, text in pairs if len(text.encode()) <= BUTTON_BYTES]


def _index(book: Book, so_far: Arguments, command: str, text: str) -> Arguments:
    wanted = text.casefold().removesuffix(" index").strip()
    for info in book.indices():
        if wanted in (info.id.casefold(), info.title.casefold()):
            return replace(so_far, index=info)
    if wanted == ALL:
        raise NoSuchIndex(f"/{command} takes one index; /indices shows all.", offers([("All indices", "/indices")]))
    ids = [info.id for info in book.indices()]
    titles = {info.title: info.id for info in book.indices()}
    near = list(dict.fromkeys(titles.get(name, name) for name in nearest(text, [*ids, *titles])))
    hint = f"did you mean {listed(near, 'or')}?" if near else f"there are {listed(ids)}."
    buttons = offers((name, f"/{command} {name}") for name in near or ids)
    raise NoSuchIndex(f"There is no index called “{clipped(text)}”: {hint}", buttons)


def _scope(book: Book, so_far: Arguments, command: str, text: str) -> Arguments:
    """An index, or `all` of them."""
    if text.casefold() == ALL:
        return replace(so_far, index=None, scope_asked=True)
    return replace(_index(book, so_far, command, text), scope_asked=True)


def _token(book: Book, so_far: Arguments, command: str, text: str) -> Arguments:
    wanted = text.strip().lstrip("$")
    exact = wanted.startswith(EXACT)
    wanted = wanted.lstrip(EXACT)
    found = list(book.find_tokens(wanted)) if wanted and len(wanted) <= LONGEST_NAME else []
    if exact:
        found = [token for token in found if token.symbol.casefold() == wanted.casefold()]
    found = _tickers_first(found, wanted.casefold())
    if len(found) == 1:
        return replace(so_far, token=found[0])
    if found:
        named = [(f"{token.symbol} ({clipped(token.name)})", token.symbol) for token in found[:MOST_CANDIDATES]]
        buttons = offers((label, f"/{command} {EXACT}{symbol}") for label, symbol in named)
        names = listed((label for label, _ in named), "or")
        raise SeveralTokens(f"Several tokens answer to “{clipped(text)}”: {names}?", buttons)
    known = book.token_names()
    if not known:
        raise NoSuchToken(f"No token is known here yet. {first_comes(book)}")
    if wanted.casefold() in {name for info in book.indices() for name in (info.id, info.title.casefold())}:
        index = _index(book, so_far, command, wanted).index
        assert index is not None
        raise NoSuchToken(f"“{clipped(text)}” is an index, not a token.", [Button(index.title, f"/index {index.id}")])
    hint, buttons = _suggest(wanted, known, command)
    raise NoSuchToken(f"There is no token called “{clipped(text)}”.{hint or ' See /signals.'}", buttons)


def _tickers_first(found: list[Token], wanted: str) -> list[Token]:
    """A ticker beats a name: where one token's symbol is what was asked, others that only share the name stand back."""
    if all(token.symbol.casefold() != wanted for token in found):
        return found
    return [
        token for token in found if token.name.casefold() != wanted or token.symbol.casefold().split("_")[0] == wanted
    ]


def _subject(book: Book, so_far: Arguments, command: str, text: str) -> Arguments:
    """An index where its name is written, or all of them, else a token; `$` in front always means the token."""
    if text.casefold() == ALL and not book.find_tokens(text):
        return replace(so_far, scope_asked=True)
    if not text.startswith(("$", EXACT)):
        try:
            return _index(book, so_far, command, text)
        except NoSuchIndex:
            pass
    return _token(book, so_far, command, text)


def _mode(book: Book, so_far: Arguments, command: str, text: str) -> Arguments:
    wanted = text.casefold()
    if wanted in book.modes():
        return replace(so_far, mode=wanted, mode_asked=True)
    near = nearest(wanted, book.modes(), 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {listed(book.modes())}; see /help {command}."
    raise Misunderstood(f"“{clipped(text)}” is no risk mode: {hint}")


def _number(book: Book, so_far: Arguments, command: str, text: str) -> Arguments:
    if text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST_NUMBER:
        return replace(so_far, number=int(text))
    raise Misunderstood(f"“{clipped(text)}” is not a number from 1 to {MOST_NUMBER}; see /help {command}.")


def _dollars(book: Book, so_far: Arguments, command: str, text: str) -> Arguments:
    """`500`, `$500`, `1,000`, `500.50`, to the cent."""
    found = AMOUNT.fullmatch(text)
    cents = int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
    if 0 < cents <= MOST_DOLLARS * 100:
        return replace(so_far, cents=cents)
    raise Misunderstood(
        f"“{clipped(text)}” is no amount of dollars: write it like 500, $1,000 or 500.50, "
        f"up to ${MOST_DOLLARS:,}; see /help {command}."
    )


def _word(book: Book, so_far: Arguments, command: str, text: str) -> Arguments:
    found = words.find(text)
    if found is not None:
        return replace(so_far, text=found)
    hint, buttons = _suggest(text, words.names(), command)
    raise Misunderstood(f"“{clipped(text)}” is not in the list of words.{hint or ' See /explain.'}", buttons)


def _setting(book: Book, so_far: Arguments, command: str, text: str) -> Arguments:
    return _of_list(so_far, command, text, SETTINGS)


def _whose(book: Book, so_far: Arguments, command: str, text: str) -> Arguments:
    return _of_list(so_far, command, text, WHOSE)


def _of_list(so_far: Arguments, command: str, text: str, names: Mapping[str, str]) -> Arguments:
    """One word of a closed list, or the nearest ones as buttons."""
    wanted = text.casefold()
    if wanted in names:
        return replace(so_far, choice=wanted)
    hint, buttons = _suggest(text, names, command)
    raise Misunderstood(f"/{command} knows no “{clipped(text)}”.{hint or f' It knows {listed(names)}.'}", buttons)


def _plain(book: Book, so_far: Arguments, command: str, text: str) -> Arguments:
    return replace(so_far, text=text.strip())


def _complete_token(book: Book, prefix: str) -> list[str]:
    wanted = prefix.casefold().lstrip("$")
    names = sorted(set(book.token_names()), key=lambda name: (len(name), name))
    starts = [name for name in names if name.casefold().startswith(wanted)]
    return starts[:MOST_CHOICES]


def _complete_subject(book: Book, prefix: str) -> list[str]:
    ids = [info.id for info in book.indices() if info.id.startswith(prefix.casefold())]
    return [*ids, *_complete_token(book, prefix)]


def _index_choices(book: Book) -> list[tuple[str, str]]:
    return [(info.title, info.id) for info in book.indices()]


def _scope_choices(book: Book) -> list[tuple[str, str]]:
    return [*_index_choices(book), ("All indices", ALL)]


def _mode_choices(book: Book) -> list[tuple[str, str]]:
    return [(name.capitalize(), name) for name in book.modes()]


def _complete_word(book: Book, prefix: str) -> list[str]:
    return [name for name in words.names() if name.startswith(prefix.casefold())]


KINDS: Mapping[Kind, KindEntry] = {
    "index": KindEntry(_index, _index_choices),
    "scope": KindEntry(_scope, _scope_choices),
    "token": KindEntry(_token, complete=_complete_token),
    "subject": KindEntry(_subject, complete=_complete_subject),
    "mode": KindEntry(_mode, _mode_choices),
    "number": KindEntry(_number),
    "dollars": KindEntry(_dollars),
    "word": KindEntry(_word, complete=_complete_word),
    "command": KindEntry(_plain),
    "setting": KindEntry(_setting, lambda book: [(label, name) for name, label in SETTINGS.items()]),
    "whose": KindEntry(_whose, lambda book: [(label, name) for name, label in WHOSE.items()]),
    "text": KindEntry(_plain),
}
