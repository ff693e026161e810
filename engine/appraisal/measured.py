"""Keeps what was measured of the data points: figures only, never a series, in measured.toml beside this file."""

from __future__ import annotations

import datetime as dt
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from types import MappingProxyType

import numpy as np

from engine.appraisal.ics import feature_ics
from engine.appraisal.overlap import closest
from engine.errors import BadConfiguration, BadRequest
from engine.features import CATALOGUE
from engine.study import Study

FILE = "measured.toml"
HEAD = (
    "# What the data points foretold and which lies closest to which: figures only, written by",
    "# crier features --measure --archive DIR --from {start} --to {end} --out engine/appraisal/measured.toml",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One entry: its rank IC and t-statistic (None where fewer than 26 weeks could be measured), the weeks, and the
    entry of its scope that its ranks are closest to, with their correlation (None where too few tokens know it)."""

    weeks: int
    ic: float | None = None
    t: float | None = None
    closest: str | None = None
    correlation: float | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured from one Monday to another, by entry."""

    start: dt.date
    end: dt.date
    entries: Mapping[str, Finding]


@cache
def findings() -> Findings:
    """The committed figures; BadConfiguration where the file is not theirs."""
    return parse(resources.files("engine.appraisal").joinpath(FILE).read_text("utf-8"))


def measure(study: Study, start: dt.date, end: dt.date) -> Findings:
    """Measure every entry over the instants from `start` to `end`; BadRequest where the study has none of them."""
    part = between(study, start, end)
    near = closest(part)
    entries = {}
    for name, power in feature_ics(part).items():
        entries[name] = Finding(
            power.weeks,
            _rounded(power.ic, 4),
            _rounded(power.t, 2),
            near[name].second if name in near else None,
            _rounded(near[name].correlation, 3) if name in near else None,
        )
    return Findings(start, end, {name: entries[name] for name in CATALOGUE if name in entries})


def between(study: Study, start: dt.date, end: dt.date) -> Study:
    """The study's instants from `start` to `end`, both inclusive."""
    rows = [i for i, date in enumerate(study.dates) if start <= date <= end]
    if not rows:
        raise BadRequest(f"this history has no Monday from {start} to {end}.")
    inside = slice(rows[0], rows[-1] + 1)
    table = study.features
    return replace(
        study,
        dates=study.dates[inside],
        features=replace(
            table,
            dates=table.dates[inside],
            token_values=table.token_values[inside],
            market_values=table.market_values[inside],
            lasting={name: values[inside] for name, values in table.lasting.items()},
        ),
        universe=study.universe[inside],
        sigma=study.sigma[inside],
        forwards={horizon: moves[inside] for horizon, moves in study.forwards.items()},
    )


def parse(text: str) -> Findings:
    """Read the file's text."""
    try:
        raw = tomllib.loads(text)
        period = raw["period"]
        entries = {name: Finding(**fields) for name, fields in raw["entries"].items()}
        return Findings(period["from"], period["to"], MappingProxyType(entries))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadConfiguration(f"{FILE} does not hold measured data points: {error}.") from error


def written(found: Findings) -> str:
    """The file's text: one line an entry, what is not known left out."""
    lines = [line.format(start=found.start, end=found.end) for line in HEAD]
    lines += ["", "[period]", f"from = {found.start}", f"to = {found.end}", "", "[entries]"]
    lines += [f"{name} = {{ {', '.join(_fields(entry))} }}" for name, entry in found.entries.items()]
    return "\n".join(lines) + "\n"


def _fields(entry: Finding) -> Iterable[str]:
    for name in ("ic", "t", "weeks", "closest", "correlation"):
        value = getattr(entry, name)
        if value is not None:
            yield f"{name} = " + (f'"{value}"' if isinstance(value, str) else repr(value))


def _rounded(value: float, digits: int) -> float | None:
    return float(np.round(value, digits)) + 0.0 if math.isfinite(value) else None
