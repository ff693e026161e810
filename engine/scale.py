"""Where refits are fitted: one after the other, in worker processes, or on a Dask cluster; always the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from engine.errors import BadRequest

Task = TypeVar("Task")
Shared = TypeVar("Shared")
Result = TypeVar("Result")
PATIENCE = "10s"  # for a scheduler to answer
Progress = Callable[[str, int, int], None]  # (what, done, of)


class Workers(Protocol):
    """Runs `function(shared, task, *rest)` for every task; results come in the tasks' order."""

    def run(
        self, function: Callable[..., Result], shared: object, tasks: Sequence[object], *rest: object
    ) -> Iterator[Result]: ...


class Serial:
    """One after the other in this process, each when it is asked for."""

    def run(
        self, function: Callable[..., Result], shared: object, tasks: Sequence[object], *rest: object
    ) -> Iterator[Result]:
        return (function(shared, task, *rest) for task in tasks)


SERIAL = Serial()


@dataclass(frozen=True, slots=True)
class Processes:
    """In so many processes of this machine, which read the shared arrays from one memory map."""

    count: int

    def run(
        self, function: Callable[..., Result], shared: object, tasks: Sequence[object], *rest: object
    ) -> Iterator[Result]:
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=self.count, return_as="generator", pre_dispatch="2*n_jobs")
        found: Iterator[Result] = parallel(delayed(function)(shared, task, *rest) for task in tasks)
        return found


@dataclass(frozen=True, slots=True)
class Dask:
    """On the Dask cluster whose scheduler listens at `address`. Dask moves pickled code and data and checks neither, so
    the network between must be trusted; workers need the same version of this program and of its libraries."""

    address: str

    def run(
        self, function: Callable[..., Result], shared: object, tasks: Sequence[object], *rest: object
    ) -> Iterator[Result]:
        client = self._connect()
        try:
            spread = client.scatter(shared, broadcast=True, hash=False)
            futures = [client.submit(function, spread, task, *rest, pure=False) for task in tasks]
            for future in futures:
                yield future.result()
        finally:
            client.close()

    def _connect(self) -> Any:
        try:
            from distributed import Client
        except ImportError:
            raise BadRequest("--dask needs Dask: install the extra with pip install '.[scale]'.") from None
        try:
            connect: Any = Client
            return connect(self.address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise BadRequest(f"no Dask scheduler answers at {self.address!r} ({type(error).__name__}).") from None


def workers_of(count: int = 1, dask: str | None = None) -> Workers:
    """The workers a command line asks for; BadRequest where it asks for none or for both kinds."""
    if count < 1:
        raise BadRequest(f"--workers {count} must be 1 or more.")
    if dask and count > 1:
        raise BadRequest("--workers is for this machine and --dask for a cluster: use one of them.")
    if dask:
        return Dask(dask)
    return Processes(count) if count > 1 else SERIAL
