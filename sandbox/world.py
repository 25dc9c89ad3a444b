"""What one sandbox holds: its models, its account, and everything that clients have stored."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from typing import Any

from config.models import ModelTable
from sandbox.account import Account
from sandbox.conversations import Conversations
from sandbox.faults import Directives
from sandbox.files import Files
from sandbox.memory import Memory
from sandbox.models import Catalogue
from sandbox.options import Options
from sandbox.prompt import PrefixCache
from sandbox.shelf import Shelf


class World:
    """The state that endpoints share. Nothing is shared between two sandboxes."""

    def __init__(self, options: Options, models: ModelTable) -> None:
        self.options = options
        self.catalogue = Catalogue(models)
        self.account = Account()
        self.cache = PrefixCache()
        self.memory = Memory()
        self.conversations = Conversations()
        self.chats = Shelf("chat completion")
        self.files = Files()
        self.run = os.urandom(6).hex()
        self._tasks: set[asyncio.Task[None]] = set()

    def late_s(self, directives: Directives) -> float:
        """How long late work takes: as this call ordered, or as the sandbox was started."""
        ordered = directives.late_ms
        return (self.options.late_ms if ordered is None else ordered) / 1000

    @staticmethod
    def now() -> int:
        """Seconds since the Unix epoch."""
        return int(time.time())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something after the answer."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    def after(seconds: float, act: Callable[[], None]) -> None:
        """Do something small once so much time has passed."""
        asyncio.get_running_loop().call_later(seconds, act)
