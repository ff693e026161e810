"""Keeps secrets out of the log: addresses of a chat service hold tokens, and its client logs all that it asks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

HIDDEN = "<token>"


class _Discreet(logging.Filter):
    """Lets nothing under a warning through, and no token in what is left."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return False
        said = record.getMessage()
        if self._token in said:
            record.msg, record.args = said.replace(self._token, HIDDEN), ()
        return True


@contextmanager
def token_unsaid(token: str, talkative: Sequence[str]) -> Iterator[None]:
    """Keep `token` out of the log as long as this lasts; `talkative` are the loggers that tell of each request."""
    discreet = _Discreet(token)
    # A filter does not count for loggers below the one it is set on, so each that exists has its own.
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in talkative]
    loggers = [logging.getLogger(name) for name in {*talkative, *names}]
    for logger in loggers:
        logger.addFilter(discreet)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(discreet)
