"""The one table of commands, gathered from this folder: a new command is a new file with a `COMMAND` in it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from bot.command import Command


def _gather() -> Mapping[str, Command]:
    found = [importlib.import_module(f"{__name__}.{module.name}").COMMAND for module in pkgutil.iter_modules(__path__)]
    return MappingProxyType({command.name: command for command in found})


COMMANDS: Mapping[str, Command] = _gather()
