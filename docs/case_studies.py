"""Makes case-studies.md and its pictures: what the method cried and did in five bad weeks, well and badly.

    python docs/case_studies.py --archive path/to/archive

The four studies of the real market need an archive (layout: archive.md); the simulated one needs nothing. The same
archive and the same code make the same page, byte for byte. Every figure is read from what was decided (replay.py); the
words are by hand (studies.py), and where they no longer fit, StoryChanged stops the script.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import textwrap
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from PIL import Image
from replay import WEEK, Replay, Told, decide_real, decide_simulated, import_market, opened
from rich.console import Console
from studies import STUDIES, Study, between, held, stables_before

from bot.charts import render as draw
from bot.drawings import HISTORY, levels_chart, weights_chart
from bot.phrases import clean, day, dollars, percent, sentence, signed_percent
from bot.platforms.console import render
from bot.reply import ChartSpec, Mark, Reply, Tone
from bot.screen import STAKE
from bot.words import TRIGGERS
from engine.evaluation import mean_stablecoin_share
from engine.method import stamp
from engine.modes import DEFAULT_MODE

HERE = Path(__file__).resolve().parent
PAGE, PICTURES = "case-studies.md", "case-studies"
WIDTH = 120  # of the page's own lines
COLOURS = 96  # in a picture: its areas are flat, and the file stays small
COLUMNS = 48  # a phone's width, as the console renders a reply there
TONES: dict[str, Tone] = {"step_up": "strong"}  # of a mark in a chart; any other trigger is bad news

INTRODUCTION = """\
# Case studies

What the method did in four bad weeks of the real market and in a simulated one, with the announcements as a chat
would have read them. Numbers in brackets are rules of the [methodology](methodology.md).

**How they were made.** The weekly and the daily job ran on a market archive, {mode} mode, in the replay ledger,
each study in a database of its own; an index begins afresh some four weeks before the event, so it may hold
something else than one that began in 2021. Everything is decided on closes known by then and pays its costs. **How
to read them.** Nothing was announced at the time, and the rules were written by people who knew these weeks: this
is how the rules work, not proof that they do. What they did over three years stands in [results.md](results.md).
*Just holding* is the passive twin (7.1), *the mix* is just holding with as many stablecoins as the index had on
average (7.4).

Made by one command, which needs an archive in the layout of [archive.md](archive.md); no data of it is in this project:

    python docs/case_studies.py --archive path/to/archive

Every figure on this page is read from what was decided, under method {version} (fingerprint {fingerprint}).
"""


def introduction() -> str:
    """The head of the page, down to the links to the studies."""
    version, fingerprint = stamp().split(" ")
    links = "\n".join(f"- [{study.title}](#{_anchor(study.title)})" for study in STUDIES)
    return f"{INTRODUCTION.format(mode=DEFAULT_MODE, version=version, fingerprint=fingerprint)}\n{links}\n"


def section(study: Study, replay: Replay) -> str:
    """One study: words, figures, pictures, decisions, announcements."""
    words = study.words.format_map(_common(replay) | study.facts(replay))
    words = "\n\n".join(wrap(paragraph) for paragraph in words.split("\n\n"))
    told = "\n\n".join(f"```text\n{as_read(told.reply)}\n```" for told in study.shown(replay))
    return f"""
## {study.title}

{words}

{_figures(replay)}

![{replay.info.title} index beside just holding]({PICTURES}/{study.id}-levels.png)

![{replay.info.title} index: weights]({PICTURES}/{study.id}-weights.png)

{_decisions(replay)}

As a chat read it:

{told}
"""


def wrap(paragraph: str) -> str:
    return textwrap.fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)


def _common(replay: Replay) -> dict[str, str]:
    """Facts that the words of any study may tell."""
    peak, trough = replay.fall()
    return {
        "peak": day(peak, peak),
        "trough": day(trough, peak),
        "twin_fell": between(replay.twin, peak, trough).removeprefix("-"),
        "index_fell": between(replay.level, peak, trough).removeprefix("-"),
    }


def _figures(replay: Replay) -> str:
    """The index beside just holding and the mix, from the first fill to the last close."""
    paths = (replay.level, replay.twin, replay.mix)
    last = replay.level.days[-1]
    share = mean_stablecoin_share(replay.points)
    rows = (
        (f"$1,000 of {day(replay.level.start, last)} on {day(last)}", *(dollars(STAKE * path.now) for path in paths)),
        ("worst fall", *(signed_percent(path.worst_fall()) for path in paths)),
        ("in stablecoins, on average", percent(share), "0 %", percent(share)),
    )
    head = f"| | {replay.info.title} index | just holding | the mix |\n|---|---|---|---|"
    return "\n".join([head, *(f"| {' | '.join(row)} |" for row in rows)])


def _decisions(replay: Replay) -> str:
    """Every decision in a line; how much of the fall was past at its fill, while it went on."""
    peak, trough = replay.fall()
    last = replay.told[-1].date
    lines = ["| decision | for | risk | stablecoins | fall past at the fill | why |", "|---|---|---|---|---|---|"]
    for told in replay.told:
        past = replay.past(told.date) if peak <= told.date <= trough else ""
        why = " ".join(sentence(cause.text) for cause in told.decision.causes) or "weekly"
        risk = f"{told.step} ({told.score:.0f})"
        moved = f"{stables_before(told)} to {held(told)}"
        lines.append(f"| {told.name} | {day(told.date, last)} | {risk} | {moved} | {past} | {why} |")
    return "\n".join(lines)


def as_read(reply: Reply) -> str:
    """An announcement as the console prints it on a phone's width, without the buttons."""
    console = Console(file=io.StringIO(), width=COLUMNS, force_terminal=True, color_system=None)
    render(replace(reply, buttons=()), console)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().strip().splitlines())


def pictures(study: Study, replay: Replay) -> dict[str, ChartSpec]:
    """The study's charts by file name: levels with changes between weeks marked, and weights."""
    levels = levels_chart(replay.book, replay.info, DEFAULT_MODE)
    history = replay.book.history(study.index, DEFAULT_MODE, HISTORY)
    weights = weights_chart(replay.book, replay.info, DEFAULT_MODE, history)
    assert levels is not None and weights is not None, "too few days to draw"
    return {
        f"{study.id}-levels.png": replace(levels, marks=(*levels.marks, *_marks(replay.told))),
        f"{study.id}-weights.png": _to_the_end(weights),
    }


def _to_the_end(chart: ChartSpec) -> ChartSpec:
    """With the last decision's week, which it is decided for."""
    lines = tuple(replace(line, values=(*line.values, line.values[-1])) for line in chart.lines)
    return replace(chart, days=(*chart.days, chart.days[-1] + WEEK), lines=lines)


def _marks(told: Sequence[Told]) -> list[Mark]:
    """Decisions between weeks; each kind is named once, where it comes first."""
    named: set[str] = set()
    marks = []
    for trigger, date in ((d.decision.causes[0].trigger, d.date) for d in told if d.decision.causes):
        word = "" if trigger in named else f"{TRIGGERS[trigger]} between weeks"
        named.add(trigger)
        marks.append(Mark(date, word, TONES.get(trigger, "bad")))
    return marks


def small(png: bytes) -> bytes:
    """The same picture with a palette of few colours."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


def tell(work: Path, folder: Path, number: int) -> str:
    """Decide one study, draw its pictures into `folder`, and return its section."""
    study = STUDIES[number]
    if study.seed is None:
        path = decide_real(work, study.id, study.mondays)
    else:
        path = decide_simulated(work, study.id, study.seed)
    with opened(path) as database:
        replay = Replay(study.index, database, study.mondays[-1])
        for name, chart in pictures(study, replay).items():
            (folder / name).write_bytes(small(draw(chart, "light")))
        return section(study, replay)


def make(archive: Path, work: Path, out: Path, workers: int) -> None:
    """Write the page and its pictures below `out`, with databases in `work`; those found there are not decided anew."""
    folder = out / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    import_market(archive, work)
    with ProcessPoolExecutor(workers) as pool:
        sections = list(pool.map(partial(tell, work, folder), range(len(STUDIES))))
    (out / PAGE).write_text(introduction() + "".join(sections), "utf-8")


def _anchor(title: str) -> str:
    """A heading's anchor as Markdown hosts make it."""
    kept = "".join(c for c in clean(title).lower() if c.isalnum() or c in " -")
    return kept.replace(" ", "-")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make docs/case-studies.md and its pictures (some minutes).")
    parser.add_argument("--archive", type=Path, required=True, help="a market archive, in the layout of archive.md")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the page and the pictures (default: docs)")
    parser.add_argument("--work", type=Path, help="keep the databases here, and do not decide anew what stands in them")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="studies decided side by side")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = given.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        make(given.archive, work, given.out, given.workers)


if __name__ == "__main__":
    main()
