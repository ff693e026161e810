"""Writes what the bot can be watched by as Prometheus reads it: a pure function of database, instant and counts."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address

from bot.gauges import METRICS, Counted, Metric, Sample, View
from storage.database import Database

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(database: Database, now: dt.datetime, counted: Counted | None = None) -> str:
    """All families in the text format of Prometheus, version 0.0.4; one without a sample is left out."""
    view = View(database, now, counted or Counted())
    return "".join(line for metric in METRICS for line in _family(metric, metric.read(view)))


def may_read(peer: str | None, authorization: str, token: str | None) -> bool:
    """Whether who asks may see the figures: with the token where one is set, else from this machine alone.

    `peer` is the address that is connected, never one that a header claims; `authorization` the header of that name.
    """
    if token is not None:
        return hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())
    try:
        return ip_address(peer or "").is_loopback
    except ValueError:
        return False


def _family(metric: Metric, samples: Iterable[Sample]) -> Iterator[str]:
    name = f"crier_{metric.name}"
    lines = [f"{name}{_labels(labels)} {_number(value)}\n" for labels, value in samples]
    if lines:
        yield f"# HELP {name} {metric.help}\n# TYPE {name} {metric.kind}\n"
        yield from lines


def _labels(labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
