"""A weekly job holds little: no pandas comes along, and what is freed goes back."""

import gc
import subprocess
import sys
from types import SimpleNamespace

import pytest

from bot.lean import M_MMAP_THRESHOLD, OF_ITS_OWN, lean, sparing

WATCHED = """
import sys
from bot.lean import lean
with lean():
    import bot.weekly
    from engine.models.one_core import one_core
    with one_core():
        pass
    assert "pandas" not in sys.modules and "sklearn" in sys.modules and "sqlite_utils" in sys.modules
    try:
        import pandas
    except ImportError:
        print("left out")
import pandas
print("back", pandas.Series([1.0, 2.0]).sum())
"""


def test_a_lean_process_leaves_pandas_out_and_takes_it_back_afterwards() -> None:
    done = subprocess.run([sys.executable, "-c", WATCHED], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("left out\nback 3.0\n", "")


def test_a_process_that_holds_pandas_already_stays_as_it_is() -> None:
    import pandas

    before = list(sys.meta_path)
    with lean():
        assert sys.meta_path == before
        assert sys.modules["pandas"] is pandas


def test_what_is_left_out_comes_back_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    asked: list[tuple[int, int]] = []  # of the C library, which would keep this process slow for all other tests
    library = SimpleNamespace(mallopt=lambda *of: asked.append(of))
    monkeypatch.setattr("bot.lean.ctypes", SimpleNamespace(CDLL=lambda name: library))
    before = list(sys.meta_path)
    with pytest.raises(RuntimeError), lean():
        assert sys.meta_path != before
        raise RuntimeError
    assert sys.meta_path == before
    assert asked == [(M_MMAP_THRESHOLD, OF_ITS_OWN)]


def test_what_a_service_holds_is_not_looked_through_again_until_it_ends() -> None:
    before = gc.get_freeze_count()
    with sparing() as spare:
        assert gc.get_freeze_count() == before, "nothing yet: much is still being loaded"
        spare()
        assert gc.get_freeze_count() > 10_000
    assert gc.get_freeze_count() == 0
