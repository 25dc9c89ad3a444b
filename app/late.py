"""How a command begins: its module is imported only then, and its status ends the process."""

import importlib
from typing import NoReturn

import typer

from app.complaints import CONFIGURATION_WRONG, FAILED, complain
from config.origins import ConfigError
from storage.errors import StorageError


def run(noun: str, work: str, *arguments: object, **options: object) -> NoReturn:
    """Carry a command out and end with its status.

    Its module is imported only now: help and usage errors need no database driver, and
    answer ten times as fast without one.
    """
    try:
        module = importlib.import_module(f"app.commands.{noun}")
        status: int = getattr(module, work)(*arguments, **options)
    except ConfigError as error:
        complain("the configuration cannot be used:", *map(str, error.problems))
        status = CONFIGURATION_WRONG
    except StorageError as error:
        complain(str(error))
        status = FAILED
    raise typer.Exit(status)
