"""Answers of the emulators, recorded once and played back damaged: a whole fetch without the network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from bot.fetching import Fetcher
from engine.errors import SourceRefused
from engine.sources.answer import Answer
from engine.sources.http.doors import Tally

Question = tuple[str, tuple[tuple[str, str], ...]]
Damage = Callable[[bytes], bytes]

DATES = (
    "9999-12-31", "9999-12-31T23:59:59-23:59", "0001-01-01", "0001-01-01T00:00:00+23:59", "2023-W01-1", "20230101",
    "2026-02-30", 253402300799, 253402300800000, 10**11, -1, 0, "253402300799", "now",
    "2026-03-17T00:00:00.000000000Z",
)  # fmt: skip
NUMBERS = (
    0, -0.0, -1, 1e308, -1e308, 1e-320, 10**30, -(10**30), 2**63, 1e20, 0.1, True, "NaN", "-inf", "1_0", "1e400", "١٢٣",
    "1" * 5000, " 7 ", "0x10", "1,5",
)  # fmt: skip
TEXTS = (
    "", " ", ".", "\ud800", "\x00", "a\x1b[31m\u202eb", "x" * 3000, "__class__", "../../etc/passwd", "%s{0}", "\ufeff",
    "<script>alert(1)</script>", "'; DROP TABLE journal; --", "A_B", "btc", "BTC", "\u0130", "ß" * 90, "=1+1",
)  # fmt: skip
SHAPES = (None, [], {}, [[]], [None], {"": None}, [[1, 2], [1]], {"usd": []}, [1, 2], "text", 7)
HOSTILE: tuple[Any, ...] = (*DATES, *NUMBERS, *TEXTS, *SHAPES)


DATE = re.compile(r"(19|20)\d\d-?\d\d|1[4-9]\d{8}(\d{3})?$")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
CELL = re.compile(rb"([,\n<>\"=])")


def asked(url: str, params: Mapping[str, str] | None) -> Question:
    """A question as it can be looked up: without the second of a start, which is another at each fetch."""
    return url, tuple(sorted(item for item in (params or {}).items() if item[0] != "start_time"))


@dataclass
class Recorded:
    """The answers of one fetch in peace, by question."""

    answers: dict[Question, Answer] = field(default_factory=dict)


class Recording:
    """A client of one source that notes what it is told."""

    def __init__(self, client: Any, into: Recorded) -> None:
        self._client, self._into = client, into

    @property
    def has_key(self) -> bool:
        return bool(self._client.has_key)

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> Answer:
        answer = await self._client.get(url, params)
        self._into.answers[asked(url, params)] = answer
        return answer


class Replaying:
    """A client that tells again what was recorded, the answers to the `damaged` questions spoilt."""

    def __init__(self, recorded: Recorded, has_key: bool, damaged: Mapping[Question, Damage]) -> None:
        self._recorded, self.has_key, self._damaged = recorded, has_key, damaged
        self.most = 20 * len(recorded.answers) + 20

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> Answer:
        question = asked(url, params)
        self.most -= 1
        assert self.most >= 0, "it asks without end"
        if question not in self._recorded.answers:
            raise SourceRefused(f"nobody was asked for {url} when all was well.")
        answer = self._recorded.answers[question]
        damage = self._damaged.get(question)
        return answer if damage is None else replace(answer, body=damage(answer.body))


class Line:
    """Stands in a fetcher's way out: everything of an HttpClient that a fetcher asks of it."""

    def __init__(self, bound: Callable[[Any], Any], hosts: Mapping[str, Tally], real: Any = None) -> None:
        self.bound, self._hosts, self._real = bound, hosts, real

    async def __aenter__(self) -> Line:
        if self._real is not None:
            await self._real.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._real is not None:
            await self._real.__aexit__(*exception)

    def tallies(self) -> Mapping[str, Tally]:
        return self._real.tallies() if self._real is not None else self._hosts

    def pause(self, name: str, until: object) -> None:
        pass


def recording(fetcher: Fetcher, into: Recorded) -> Fetcher:
    """The fetcher, with all it is told noted."""
    real = fetcher._client
    fetcher._client = Line(lambda source: Recording(real.bound(source), into), {}, real)  # type: ignore[assignment]
    return fetcher


def replaying(fetcher: Fetcher, recorded: Recorded, has_key: bool, damaged: Mapping[Question, Damage]) -> Fetcher:
    """The fetcher, told again what was recorded, damaged."""
    client = Replaying(recorded, has_key, damaged)
    tallies = fetcher._client.tallies()
    fetcher._client = Line(lambda source: client, tallies)  # type: ignore[assignment]
    return fetcher


def damages(body: bytes) -> st.SearchStrategy[Damage]:
    """Ways to spoil a body: values of its JSON, or cells of its text, put, left out or doubled; or bytes anywhere."""
    where = st.integers(0, max(len(body) - 1, 0))
    bytewise = st.lists(st.tuples(where, st.integers(0, 40), pieces), min_size=1, max_size=4)
    spliced = bytewise.map(lambda changes: lambda whole: _splice(whole, changes))
    try:
        raw = json.loads(body)
    except ValueError:
        cells = st.lists(st.tuples(where, st.sampled_from(("put", "drop", "twice")), pieces), min_size=1, max_size=6)
        shaped = cells.map(lambda changes: lambda whole: _recut(whole, changes))
    else:
        shaped = edits(raw).map(lambda changes: lambda whole: json.dumps(reshape(json.loads(whole), changes)).encode())
    return st.one_of(shaped, shaped, shaped, spliced)


def fitting(value: object) -> st.SearchStrategy[Any]:
    """What might stand in a value's place: mostly something of its own sort, that gets far before it is noticed."""
    text = str(value)
    if isinstance(value, (list, dict)) or value is None:
        return st.sampled_from(SHAPES) | anything
    sort: tuple[Any, ...] = TEXTS
    if DATE.match(text):
        sort = DATES
    elif NUMBER.fullmatch(text):
        sort = NUMBERS
    return st.one_of(st.sampled_from(sort), st.sampled_from(sort), st.sampled_from(HOSTILE), anything)


anything = st.one_of(st.sampled_from(HOSTILE), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=4,
))  # fmt: skip
pieces = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [str(value).encode("utf-8", "replace") for value in HOSTILE if not isinstance(value, (list, dict))]
    ),
    st.sampled_from(
        (b"<", b">", b'"', b"&#x110000;", b"&#0;", b"<![CDATA[", b"]]>", b",", b"\n", b"\x00", b"\xff\xfe")
    ),
)


def _splice(body: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, cut, piece in edits:
        body = body[:at] + piece + body[at + cut :]
    return body


def _recut(body: bytes, edits: list[tuple[int, str, bytes]]) -> bytes:
    """Replace, leave out or double what stands between two marks of a table, a feed or a page."""
    cells = CELL.split(body)
    for at, how, piece in edits:
        place = at % len(cells)
        cells[place] = {"put": piece, "drop": b"", "twice": cells[place] * 2}[how]
    return b"".join(cells)


Path = tuple[str | int, ...]
Edit = tuple[Path, str, Any]  # where, how, and what is put there


def paths(raw: object) -> list[tuple[Path, object]]:
    """Where which values of nested data stand: of a list its first two and its last, so that no field is drowned."""
    inner: Iterable[tuple[str | int, object]] = ()
    if isinstance(raw, dict):
        inner = raw.items()
    elif isinstance(raw, list):
        inner = {place: raw[place] for place in (0, 1, len(raw) - 1) if 0 <= place < len(raw)}.items()
    return [((), raw), *(((place, *rest), leaf) for place, value in inner for rest, leaf in paths(value))]


def edits(raw: object) -> st.SearchStrategy[list[Edit]]:
    """Changes of a few values of nested data, to what fits and to what does not."""
    how = st.sampled_from(("put", "put", "put", "put", "drop", "twice", "name"))
    edit = st.sampled_from(paths(raw)).flatmap(lambda at: st.tuples(st.just(at[0]), how, fitting(at[1])))
    return st.lists(edit, min_size=1, max_size=4)


def reshape(raw: Any, changes: list[Edit]) -> Any:
    """The data with its changes made; `raw` itself is used up."""
    root = [raw]
    for path, how, value in changes:
        with suppress(LookupError, TypeError):  # an earlier change took away what it is about
            _edit(root, (0, *path), how, value)
    return root[0] if root else None


def _edit(root: list[Any], path: Path, how: str, value: Any) -> None:
    holder: Any = root
    for place in path[:-1]:
        holder = holder[place]
    if how == "drop":
        del holder[path[-1]]
    elif how == "twice" and isinstance(holder, list):
        holder.insert(path[-1], holder[path[-1]])
    elif how == "name" and isinstance(holder, dict):
        holder[value if isinstance(value, str) else "new"] = holder.pop(path[-1])
    else:
        holder[path[-1]] = value
