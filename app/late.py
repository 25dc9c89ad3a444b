"""What is imported only when it is needed: a command's module, whose status ends the process."""

import importlib
from typing import Any, NoReturn

import typer

from app.complaints import CONFIGURATION_WRONG, FAILED, complain
from config.origins import ConfigError
from storage.errors import StorageError


def member(module: str, name: str) -> Any:
    """`name` of a module that is imported now."""
    return getattr(importlib.import_module(module), name)


def run(noun: str, work: str, *arguments: object, **options: object) -> NoReturn:
    """Carry a command out and end with its status.

    Its module is imported only now: help and usage errors need no database driver, and
    answer ten times as fast without one.
    """
    try:
        status: int = member(f"app.commands.{noun}", work)(*arguments, **options)
    except ConfigError as error:
        complain("the configuration cannot be used:", *map(str, error.problems))
        status = CONFIGURATION_WRONG
    except StorageError as error:
        complain(str(error))
        status = FAILED
    raise typer.Exit(status)
