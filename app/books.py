"""Whose books a command acts on: the sandbox's stand in a folder of their own."""

import os
import pwd
import sys

from app.complaints import complain
from app.engines import answers_from_sandbox, effective_data_dir
from config.sections import EMBEDDED
from config.settings import Loaded

_HOW = "set OPENAI_API_KEY as `purser serve` has it"


def are_clear(loaded: Loaded, *, sandbox: bool) -> bool:
    """Whether it is clear whose books are meant; complains where it is not.

    Without a key for the upstream, commands act on the sandbox's books. That is a trap in
    another shell than the one that serves: a freeze there would stop nothing.
    """
    storage = loaded.settings.storage
    if sandbox and not answers_from_sandbox(loaded):
        complain("--sandbox: a key for the upstream is set, so the real books would be meant")
        return False
    if sandbox or not answers_from_sandbox(loaded) or storage.redis_url != EMBEDDED:
        return True
    real = storage.data_dir.absolute() / "valkey"
    if not real.exists():
        return True
    complain(
        "no key for the upstream is set, so this would act on the sandbox's books, but",
        f"{storage.data_dir.absolute()} holds real ones too. For the real ones, {_HOW};",
        "for the sandbox's, say --sandbox. Nothing was done.",
    )
    return False


def say_whose(loaded: Loaded) -> None:
    """Say on standard error that these are the sandbox's books, where they are."""
    storage = loaded.settings.storage
    embedded = EMBEDDED in (storage.redis_url, storage.database_url)
    if embedded and answers_from_sandbox(loaded):
        sys.stderr.write(
            f"The sandbox's books in {effective_data_dir(loaded)}; for the real ones, {_HOW}.\n"
        )


def system_user() -> str:
    """The name of the user who runs this process."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
