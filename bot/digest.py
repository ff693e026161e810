"""What a chat is sent: from a week's announcements, alerts or notices to one Reply a chat, by the chat's choices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.brief import Brief, Turn
from bot.monthly import Past, month_lines
from bot.newcomers import with_plain_words
from bot.phrases import listed
from bot.reply import BREAK, Button, ChartSpec, Reply
from storage.chats import Chat
from storage.outbox import Letter, News, Push, unwanted

MUTE, FEWER = Button("Mute 7 days", "/settings mute 7"), Button("Fewer", "/settings fewer")
ALERTS_A_WEEK = 2  # that do not escalate,
CRIES_A_WEEK = 1  # of them what is only cried: the other is for what is decided
COUNTED_OVER = dt.timedelta(days=7)
MOST_TURNS = 8  # lines of watched tokens in one message
MOST_ANSWERS = 4  # lines of what became of what was cried

Compose = Callable[[Chat], Reply | None]


@dataclass(frozen=True, slots=True)
class Item:
    """News of one index in one mode: as it is announced, in a few lines, and as a picture of its levels; with the month
    before where this is its first week after it."""

    index: str
    mode: str
    reply: Reply
    brief: Brief
    chart: ChartSpec | None = None
    month: Past | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of something that was cried (`about`): said to those who follow an index in a mode or, where there is
    no index, to those who watch the token `symbol`. It was `decided` where a written trigger moved the index for it."""

    about: str
    index: str
    mode: str
    symbol: str
    said: str
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Issue:
    """All that one instant brought: `name` titles it (`week 48`), `head` is the journal's, shown in every post. Of
    indices that are still `awaited` a chat is told nothing yet, nor of its others: it gets one message. `answers` say
    what became of what was cried before."""

    name: str
    head: str
    items: tuple[Item, ...]
    turns: tuple[Turn, ...] = ()
    awaited: frozenset[str] = frozenset()
    answers: tuple[Answer, ...] = ()


def weekly(chat: Chat, mode: str, issue: Issue) -> Reply | None:
    """The one weekly message of a chat: its index whole, several in brief, below them the month where one has ended and
    its watched tokens; None for none."""
    if issue.awaited.intersection(chat.indices):
        return None
    items = _of(chat, mode, issue) if chat.weekly else []
    answers = _answered(chat, mode, issue, items)
    month = month_lines([item.month for item in items if item.month])
    told = _apart(month, answers, _turned(chat, mode, issue) if chat.watched else ())
    if not items:
        return _posted(chat, _only_watched(issue, told)) if told else None
    if len(items) == 1 and not chat.short:
        reply = replace(items[0].reply, chart=items[0].chart)
    else:
        reply = _in_brief(chat, mode, issue, items)
    return _posted(chat, replace(reply, after=_apart(reply.after, told)))


def alert(chat: Chat, mode: str, issue: Issue) -> Reply | None:
    """What changed between weeks in the indices of a chat, in one message; None where none of them did."""
    items = _of(chat, mode, issue)
    if not items:
        return None
    one = len(items) == 1 and not chat.short
    reply = items[0].reply if one else _in_brief(chat, mode, issue, items)
    after = (*_answered(chat, mode, issue, items), *reply.after)
    return _posted(chat, replace(reply, after=after, tone="strong"))


def notice(chat: Chat, index: str, reply: Reply) -> Reply | None:
    """Something that concerns an index ("" for all), for those who follow it."""
    return _posted(chat, reply) if chat.indices and (not index or index in chat.indices) else None


def answers_a_cry(chat: Chat, mode: str, issue: Issue) -> bool:
    """Whether something that was cried to a chat's indices was decided on."""
    return any(a.decided and a.index in chat.indices and a.mode == mode for a in issue.answers)


def gravity(chat: Chat, mode: str, issue: Issue) -> int:
    """How grave the gravest news of a chat's indices is."""
    return max((item.brief.level for item in _of(chat, mode, issue)), default=0)


def may_alert(level: int, told: tuple[int, int], most: int) -> bool:
    """Whether an alert may go out beside those of the last seven days (how many, the gravest): as the first `most` of
    them, or where it is graver than all of them."""
    count, gravest = told
    return count < most or level > gravest


def quiet_until(chat: Chat, now: dt.datetime) -> dt.datetime | None:
    """When a chat's quiet hours end, None where there are none now; by the wall clock of its own time zone."""
    if chat.quiet_from is None or chat.quiet_until is None or chat.quiet_from == chat.quiet_until:
        return None
    local = now.astimezone(zone_of(chat))
    minute = 60 * local.hour + local.minute
    over_midnight = chat.quiet_from > chat.quiet_until
    inside = (
        minute >= chat.quiet_from or minute < chat.quiet_until
        if over_midnight
        else chat.quiet_from <= minute < chat.quiet_until
    )
    if not inside:
        return None
    day = local.date() + dt.timedelta(days=int(over_midnight and minute >= chat.quiet_from))
    end = dt.datetime.combine(day, dt.time(*divmod(chat.quiet_until % 1440, 60)), local.tzinfo)
    first = end.astimezone(dt.UTC)
    # In the night in which clocks go back an hour comes twice, and the end may stand in both.
    return first if first > now else end.replace(fold=1).astimezone(dt.UTC)


def zone_of(chat: Chat) -> dt.tzinfo:
    """The chat's time zone; UTC where the machine does not know it."""
    try:
        return ZoneInfo(chat.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC


def letters(chats: Iterable[Chat], news: News, compose: Compose, now: dt.datetime) -> list[Letter]:
    """One text for all chats of the same choices, and for each when it may be sent; who wants none is left out."""
    texts: dict[object, str | None] = {}
    to: dict[str, list[tuple[str, str, dt.datetime | None]]] = {}
    for chat in chats:
        if unwanted(chat, news.push, True, now):
            continue
        choices = _choices(chat)
        if choices not in texts:
            reply = compose(chat)
            texts[choices] = reply.to_json() if reply else None
        if (text := texts[choices]) is not None:
            to.setdefault(text, []).append((chat.platform, chat.chat, not_before(chat, news.push, now)))
    return [Letter(text, found) for text, found in to.items()]


def _choices(chat: Chat) -> tuple[object, ...]:
    """All that a text depends on."""
    watches = (chat.watches, chat.minimum) if chat.watched else ()
    return chat.indices, chat.mode, chat.weekly, chat.short, chat.plain, chat.pulse, chat.language, watches


def not_before(chat: Chat, push: Push, now: dt.datetime) -> dt.datetime | None:
    """When a message of this kind may be sent to a chat whose quiet hours run, None where it may be now."""
    breaks = push == "admin" or (push == "danger" and chat.danger_breaks_quiet)
    return None if breaks else quiet_until(chat, now)


def _of(chat: Chat, mode: str, issue: Issue) -> list[Item]:
    """The news of a chat's indices, in the chat's own order."""
    found: Mapping[str, Item] = {item.index: item for item in issue.items if item.mode == mode}
    return [found[index] for index in chat.indices if index in found]


def _turned(chat: Chat, mode: str, issue: Issue) -> tuple[str, ...]:
    """A line for each watched token whose call changed, the strongest first."""
    wanted = [t for t in issue.turns if t.mode == mode and t.symbol in chat.watches and t.strength >= chat.minimum]
    lines = [turn.said for turn in sorted(wanted, key=lambda turn: -turn.strength)]
    more = len(lines) - MOST_TURNS
    return (*lines[:MOST_TURNS], *([f"And {more} more of your tokens: /watch."] if more > 0 else []))


def _answered(chat: Chat, mode: str, issue: Issue, items: Sequence[Item]) -> tuple[str, ...]:
    """A line for each cry that concerned these indices, or a token that the chat watches; with the indices' names where
    they differ in what became of it."""
    titles = {item.index: item.brief.title for item in items}
    found: dict[str, dict[str, list[str]]] = {}
    for answer in issue.answers:
        if answer.index in titles and answer.mode == mode:
            found.setdefault(answer.about, {}).setdefault(answer.said, []).append(titles[answer.index])
        elif not answer.index and chat.watched and answer.symbol in chat.watches and answer.about not in found:
            found[answer.about] = {answer.said: []}
    lines = [
        said if len(by_text) == 1 else f"{listed(names)}: {said}"
        for by_text in found.values()
        for said, names in by_text.items()
    ]
    more = len(lines) - MOST_ANSWERS
    return (*lines[-MOST_ANSWERS:], *([f"And {more} more that was cried: /risk."] if more > 0 else []))


def _in_brief(chat: Chat, mode: str, issue: Issue, items: Sequence[Item]) -> Reply:
    """Every index in a few lines, under one title."""
    first = max((item.reply for item in items), key=lambda reply: len(reply.note))  # not of one that is given up
    names = listed([item.brief.title for item in items])
    title = first.title if len(items) == 1 else f"{_label(first)}{names}, {issue.name} ({mode})"
    return Reply(
        title=title,
        text=_apart(*(item.brief.lines for item in items)),
        note=first.note[-1:] if len(first.note) == 1 else first.note[-2:],
        buttons=tuple(Button(item.brief.title, f"/index {item.index}") for item in items),
    )


def _apart(*groups: Sequence[str]) -> tuple[str, ...]:
    """Lines of some groups, with an empty one between two that have any."""
    lines: list[str] = []
    for group in filter(None, groups):
        lines += [BREAK, *group] if lines else group
    return tuple(lines)


def _label(reply: Reply) -> str:
    """`SIMULATED: `, where the market is."""
    label = "SIMULATED: "
    return label if reply.title.startswith(label) else ""


def _only_watched(issue: Issue, told: Sequence[str]) -> Reply:
    return Reply(title=f"Your watched tokens, {issue.name}", text=tuple(told), note=(issue.head,))


def posted(reply: Reply) -> Reply:
    """What every push carries: how to have fewer of them."""
    return replace(reply, buttons=(*reply.buttons, MUTE, FEWER))


def _posted(chat: Chat, reply: Reply) -> Reply:
    """The same, with its words explained where the chat asked for that."""
    return posted(with_plain_words(reply) if chat.plain else reply)
