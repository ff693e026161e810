"""Refits side by side give the very heads that one process fits; wrong wishes get one clear sentence."""

import datetime as dt
import subprocess
import sys

import numpy as np
import pytest

from engine import walkforward
from engine.errors import BadRequest
from engine.fitting import fit_refit
from engine.panel import build_panel
from engine.record import Record
from engine.scale import SERIAL, Dask, Processes, workers_of
from engine.sources.simulated import SimulatedMarket
from engine.study import HORIZONS, build_study
from engine.walkforward import Trainer, refit_date

END = dt.date(2026, 4, 13)
REFITS = [refit_date(END - dt.timedelta(weeks=w)) for w in (4, 0)]


@pytest.fixture(scope="module")
def trainer():
    return Trainer(build_study(build_panel(SimulatedMarket(seed=4, end=END, years=2), END), extra=[END]))


@pytest.fixture(scope="module")
def alone(trainer):
    return said(trainer, SERIAL)


def said(trainer, workers):
    """{(refit, horizon): bytes of what the relative head says of the last week}."""
    ranks = trainer.ranks(len(trainer.study.dates) - 1)
    fitted = workers.run(fit_refit, trainer.material, REFITS, trainer.recipe)
    return {
        (one.refit, h): one.relative[h].scores(ranks).tobytes() for one in fitted for h in HORIZONS if one.relative[h]
    }


def test_two_processes_fit_the_same_bytes(trainer, alone):
    assert len(alone) >= 2
    assert said(trainer, Processes(2)) == alone


def test_a_refit_is_fitted_when_it_is_asked_for_and_once(trainer):
    begun = []

    class Watched:
        def run(self, function, shared, tasks, *rest):
            for task in tasks:
                begun.append(task)
                yield function(shared, task, *rest)

    walking = Trainer(trainer.study)
    walking.prepare(REFITS, Watched())
    assert begun == [], "nothing is held before its time"
    for _ in range(2):
        assert walking.heads(REFITS[0], Record()).refit == REFITS[0]
        assert begun == REFITS[:1]
    walking.prepare(REFITS, Watched())  # announced already
    assert walking.heads(REFITS[1], Record()).refit == REFITS[1]
    assert walking.heads(REFITS[0], Record()).refit == REFITS[0]
    assert begun == REFITS


def test_a_refit_that_was_passed_over_or_never_announced_is_fitted_all_the_same(trainer, monkeypatch):
    monkeypatch.setattr(walkforward, "MOST_KEPT", 1)
    walking = Trainer(trainer.study)
    walking.prepare(REFITS)
    last = said_by(walking, REFITS[1])
    first = said_by(walking, REFITS[0])
    assert (said_by(walking, REFITS[1]), said_by(walking, REFITS[0])) == (last, first)
    assert first != last and len(walking._heads) == 1


def said_by(trainer, refit):
    head = trainer.heads(refit, Record()).fitted.relative[7]
    return head.scores(trainer.ranks(len(trainer.study.dates) - 1)).tobytes()


@pytest.fixture
def cluster():
    """A real Dask scheduler and two worker processes on loopback."""
    pytest.importorskip("distributed", reason="the extra `scale` is not installed")
    code = (
        "from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    c = LocalCluster(n_workers=2, threads_per_worker=1, host='127.0.0.1', dashboard_address=None)\n"
        "    print(c.scheduler_address, flush=True)\n"
        "    input()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


@pytest.mark.filterwarnings("default")  # the cluster's own remarks
def test_a_cluster_fits_the_same_bytes(trainer, alone, cluster):
    assert said(trainer, Dask(cluster)) == alone


def test_no_cluster_at_an_address_is_one_clear_sentence(trainer, monkeypatch):
    pytest.importorskip("distributed", reason="the extra `scale` is not installed")
    monkeypatch.setattr("engine.scale.PATIENCE", "1s")
    with pytest.raises(BadRequest, match="no Dask scheduler answers"):
        list(Dask("tcp://127.0.0.1:9").run(fit_refit, trainer.material, REFITS, trainer.recipe))


@pytest.mark.parametrize(("count", "dask", "why"), [(0, None, "1 or more"), (2, "tcp://a:1", "use one of them")])
def test_a_wish_that_cannot_be_met_is_refused(count, dask, why):
    with pytest.raises(BadRequest, match=why):
        workers_of(count, dask)


def test_who_asks_for_nothing_gets_one_process():
    assert workers_of() is SERIAL
    assert workers_of(3) == Processes(3)
    assert workers_of(1, "tcp://a:1") == Dask("tcp://a:1")


def test_every_task_gets_its_result_in_order():
    assert list(SERIAL.run(np.add, 1, [1, 2, 3])) == [2, 3, 4]
    assert list(Processes(2).run(np.add, 1, [1, 2, 3])) == [2, 3, 4]
