"""Measures the score of a text against plain VADER, and the tokens found in it against a careful reader's.

    python benchmarks/sentiment.py                            # crypto texts written by hand, alone
    python benchmarks/sentiment.py --archive path/to/archive  # labelled phrases, real headlines and the time as well
    python benchmarks/sentiment.py --archive ... --half development    # the phrases that were looked at

A text is positive from +0.05 on, negative from -0.05 down, neutral between: the bounds VADER's authors give, the same
for both scorers. Macro F1 is the mean of the three classes' F1, so that a rare class counts as much as a common one.
The interval is of the difference, from texts drawn again with replacement. Phrases are split in two by a hash of their
letters; by default the half is measured whose mistakes nobody looked at while the tables were written. The same is true
of the real headlines, which were labelled by hand; our own texts were looked at.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import gzip
import hashlib
import re
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.model import Token, TokenKind
from engine.sentiment import Names, score
from engine.sources.archive import Archive

CASES = ROOT / "tests" / "engine" / "sentiment_cases.toml"
HEADLINES = ROOT / "tests" / "engine" / "labelled_headlines.toml"
PHRASES = "labelled_phrases.csv.gz"
CLASSES = ("negative", "neutral", "positive")
BOUND = 0.05
DAY = dt.date(2023, 6, 1)  # of a case without a day: after Terra's split
DRAWS = 2000

# What the phrases are, by dataset. The 4,846 sentences of the Financial PhraseBank were labelled by people; the rows
# that the file appends to them are invented sentences about invented companies, all negative, so without a macro F1.
PHRASEBANK, PHRASEBANK_ROWS, APPENDED = "financial_phrasebank", 4846, "appended"
TITLES = {
    PHRASEBANK: "Financial PhraseBank (people)",
    APPENDED: "appended sentences (invented)",
    "fin_tweets": "financial tweets (mixed)",
    "crypto_tweets": "crypto tweets (machine)",
}

Scorer = Callable[[str], float]


class Labelled(NamedTuple):
    """A text and what people say it is."""

    text: str
    label: str

    @property
    def held_out(self) -> bool:
        """Whether it falls into the half nobody looked at; nothing but its letters decides."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 1


class Case(NamedTuple):
    """A crypto text, what it means to a holder, which tokens it speaks of, and the day it was written."""

    text: str
    label: str
    tokens: frozenset[str]
    day: dt.date
    kind: str


def classify(value: float) -> str:
    """The class of a score."""
    return "positive" if value >= BOUND else "negative" if value <= -BOUND else "neutral"


def f1_scores(labels: Sequence[str], said: Sequence[str]) -> list[float]:
    """F1 of each class; 0 for one that is neither there nor said."""
    pairs = list(zip(labels, said, strict=True))
    scores = []
    for kind in CLASSES:
        hits = sum(a == b == kind for a, b in pairs)
        size = sum((a == kind) + (b == kind) for a, b in pairs)
        scores.append(2 * hits / size if size else 0.0)
    return scores


def macro_f1(labels: Sequence[str], said: Sequence[str]) -> float:
    """Mean F1 of the three classes."""
    return float(np.mean(f1_scores(labels, said)))


def interval(labels: Sequence[str], ours: Sequence[str], plain: Sequence[str]) -> tuple[float, float]:
    """Where the difference in macro F1 lies in 95 of 100 draws of the texts."""
    rng = np.random.default_rng(7)
    codes = np.array([[CLASSES.index(x) for x in row] for row in (labels, ours, plain)])
    drawn = [codes[:, rng.integers(codes.shape[1], size=codes.shape[1])] for _ in range(DRAWS)]
    gaps = [_macro(sample[0], sample[1]) - _macro(sample[0], sample[2]) for sample in drawn]
    low, high = np.quantile(gaps, [0.025, 0.975])
    return float(low), float(high)


def _macro(labels: np.ndarray, said: np.ndarray) -> float:
    sizes = [((labels == k).sum() + (said == k).sum()) or 1 for k in range(len(CLASSES))]
    return float(np.mean([2 * ((labels == k) & (said == k)).sum() / sizes[k] for k in range(len(CLASSES))]))


@cache
def _vader() -> Scorer:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return lambda text: float(analyzer.polarity_scores(text)["compound"])


def plain_score(text: str) -> float:
    """VADER as it comes."""
    return _vader()(text)


def read_cases() -> tuple[Names, list[Case]]:
    """The hand-written cases and the tokens they may speak of."""
    raw = tomllib.loads(CASES.read_text("utf-8"))
    listed = [Token(i, symbol, name, TokenKind.COIN) for i, (symbol, name) in enumerate(raw["tokens"].items(), 1)]
    cases = [
        Case(text, label, frozenset(tokens), dt.date.fromisoformat(day[0]) if day else DAY, kind)
        for kind, rows in raw["cases"].items()
        for text, label, tokens, *day in rows
    ]
    return Names.of(listed), cases


def read_headlines(source: Archive) -> list[Case]:
    """The archive's headlines that are labelled by hand; their titles are found by their digests."""
    rows = tomllib.loads(HEADLINES.read_text("utf-8"))["headlines"]
    labels = {digest: (label, frozenset(tokens)) for digest, label, tokens in rows}
    found: dict[str, Case] = {}
    for line in source.all_headlines():
        digest = hashlib.sha256(line.title.encode()).hexdigest()[:16]
        if digest in labels:
            day = dt.date.fromisoformat(line.published_at[:10])
            found.setdefault(digest, Case(line.title, *labels[digest], day, "headline"))
    return list(found.values())


def read_phrases(archive: Path) -> dict[str, list[Labelled]]:
    """The archive's labelled phrases by dataset, each text once; one that carries two labels is left out."""
    found: dict[str, dict[str, set[str]]] = {}
    rows = 0
    with gzip.open(archive / PHRASES, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = re.split(r"[(_]2021|_sample|\(", row["dataset"])[0]
            if name == PHRASEBANK:
                rows += 1
                name = PHRASEBANK if rows <= PHRASEBANK_ROWS else APPENDED
            found.setdefault(name, {}).setdefault(row["text"], set()).add(row["label"])
    return {
        name: [Labelled(text, *labels) for text, labels in texts.items() if len(labels) == 1]
        for name, texts in found.items()
    }


def half(texts: Iterable[Labelled], held_out: bool | None) -> list[Labelled]:
    """The texts of one half, or all where it is None."""
    return [item for item in texts if held_out is None or item.held_out == held_out]


class Comparison(NamedTuple):
    """Both scorers on one set of texts."""

    texts: int
    ours: list[float]
    plain: list[float]
    gap: tuple[float, float]


def compare(texts: Sequence[Labelled] | Sequence[Case]) -> Comparison:
    """F1 of each class by both scorers, and the interval of the difference of their means."""
    labels = [item.label for item in texts]
    ours, plain = ([classify(scorer(item.text)) for item in texts] for scorer in (score, plain_score))
    return Comparison(len(texts), f1_scores(labels, ours), f1_scores(labels, plain), interval(labels, ours, plain))


class Found(NamedTuple):
    """How many tokens were rightly found, wrongly found, and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missed, 1)


def find_tokens(cases: Sequence[Case], find: Callable[[Case], set[str]]) -> Found:
    """Count the tokens a finder gets right."""
    pairs = [(find(case), case.tokens) for case in cases]
    return Found(
        sum(len(got & want) for got, want in pairs),
        sum(len(got - want) for got, want in pairs),
        sum(len(want - got) for got, want in pairs),
    )


def naive_finder(names: Names) -> Callable[[Case], set[str]]:
    """Every name in any case and every ticker in capitals, without context or dates, for comparison."""
    names_of = {text: {way.symbol for way in ways} for text, ways in names.names.items()}
    tickers = {text: {way.symbol for way in ways if not way.rank} for text, ways in names.tickers.items()}
    spoken = "|".join(re.escape(text) for text in sorted((*names_of, *tickers), key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)(?:{spoken})(?!\w)", re.IGNORECASE)

    def find(case: Case) -> set[str]:
        said = [match[0] for match in pattern.finditer(case.text)]
        return {symbol for word in said for symbol in names_of.get(word.lower(), set()) | tickers.get(word, set())}

    return find


def _line(title: str, found: Comparison) -> None:
    ours, plain = float(np.mean(found.ours)), float(np.mean(found.plain))
    gap = f"{ours - plain:+.3f} ({found.gap[0]:+.3f} {found.gap[1]:+.3f})"
    each = " ".join(f"{value:.2f}" for value in found.ours)
    print(f"{title:34}{found.texts:>6}  {plain:>11.3f}  {ours:>5.3f}  {gap:>23}  {each}")


def _measure_phrases(archive: Path, held_out: bool | None) -> None:
    for name, texts in read_phrases(archive).items():
        chosen = half(texts, held_out)
        if name != APPENDED:
            _line(TITLES.get(name, name), compare(chosen))
            continue
        read = [sum(classify(s(item.text)) == item.label for item in chosen) for s in (plain_score, score)]
        shares = [count / len(chosen) for count in read]
        print(f"{TITLES[name]:34}{len(chosen):>6}  {shares[0]:>11.0%}  {shares[1]:>5.0%}   of them read as negative")


def _measure_kinds(cases: Sequence[Case]) -> None:
    print("\nour own texts that are read rightly, by kind (plain VADER, ours):")
    for kind in dict.fromkeys(case.kind for case in cases):
        group = [case for case in cases if case.kind == kind]
        right = [sum(classify(s(case.text)) == case.label for case in group) for s in (plain_score, score)]
        print(f"  {kind.replace('_', ' '):30}{len(group):>4}  {right[0]:>4} {right[1]:>4}")


def _measure_tokens(title: str, names: Names, cases: Sequence[Case]) -> None:
    naive = naive_finder(names)
    for how, find in (("names and tickers alone", naive), ("ours", lambda case: names.find(case.text, case.day))):
        found = find_tokens(cases, find)
        shares = f"{found.precision:>10.1%}{found.recall:>8.1%}"
        print(f"{title + ', ' + how:46}{shares}{found.right:>7}{found.wrong:>7}{found.missed:>8}")


def _measure_time(source: Archive, names: Names) -> None:
    titles = [(line.title, dt.date.fromisoformat(line.published_at[:10])) for line in source.all_headlines()]
    score("warm"), names.find("warm")
    start = time.process_time()
    for title, _ in titles:
        score(title)
    scored = time.process_time()
    for title, day in titles:
        names.find(title, day)
    found = time.process_time()
    for title, _ in titles:
        plain_score(title)
    print(
        f"\n{len(titles)} headlines, {len(source.tokens())} tokens: scored in {scored - start:.2f} s (plain VADER "
        f"{time.process_time() - found:.2f} s), linked in {found - scored:.2f} s of one processor"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, help="a market archive with labelled_phrases.csv.gz")
    parser.add_argument("--half", choices=("held-out", "development", "both"), default="held-out", help="of phrases")
    chosen = parser.parse_args()
    source = Archive(chosen.archive) if chosen.archive else None
    names, cases = read_cases()
    real = read_headlines(source) if source else []
    head = f"{'texts':>6}  {'plain VADER':>11}  {'ours':>5}  {'difference (95 %)':>23}  ours: neg neu pos"
    print(f"{'macro F1':34}{head}")
    if source:
        _measure_phrases(chosen.archive, None if chosen.half == "both" else chosen.half == "held-out")
        _line("real crypto headlines (by hand)", compare(real))
    _line("our own crypto texts (looked at)", compare(cases))
    _measure_kinds(cases)
    print(f"\n{'tokens found in':46}{'precision':>10}{'recall':>8}{'right':>7}{'wrong':>7}{'missed':>8}")
    if source:
        listed = Names.of(source.tokens())
        _measure_tokens("real headlines", listed, real)
    _measure_tokens("our own texts", names, cases)
    if source:
        _measure_time(source, listed)


if __name__ == "__main__":
    main()
