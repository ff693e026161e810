"""Progress lines on stderr: a bar for each step where there is a terminal, a plain line a step where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Report = Callable[[str, int, int | None], None]  # (step, done, of or None while unknown)

LABELS = {"record": "walking the record forward", "weeks": "deciding weeks", "cuts": "cutting history"}


@contextmanager
def bars(quiet: bool = False) -> Iterator[Report]:
    """Yield a function that shows how far each named step is; nothing at all when `quiet`."""
    console = Console(stderr=True, quiet=quiet)
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
    tasks: dict[str, TaskID] = {}
    if not console.is_terminal:
        yield _plain(console)
        return

    def report(step: str, done: int, total: int | None) -> None:
        if step not in tasks:
            tasks[step] = progress.add_task(LABELS.get(step, step), total=total)
        progress.update(tasks[step], completed=done, total=total)

    with progress:
        yield report


def _plain(console: Console) -> Report:
    """One line when a step begins and one when it ends, for logs and pipes."""
    begun: set[str] = set()

    def report(step: str, done: int, total: int | None) -> None:
        name = LABELS.get(step, step)
        if step not in begun:
            begun.add(step)
            console.print(f"{name} ...", highlight=False)
        if total is not None and done == total:
            console.print(f"{name}: {total} done", highlight=False)

    return report
