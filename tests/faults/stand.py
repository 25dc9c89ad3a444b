"""Deployments that tests break: their processes, their engines, and their books.

`Serving` is `purser serve` on its embedded engines. `Parted` is a proxy and a janitor as
processes of their own, each with a relay to the same Valkey, on PostgreSQL behind a relay.
"""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import redis

from storage import scripts
from storage.embedded import EmbeddedValkey
from storage.ledger import Ledger, Search
from storage.records import LedgerEntry
from storage.redis_link import RedisLink
from tests.faults.traffic import Ask, Got, Pending, Traffic, call
from tests.harness import Deployment, PurserProcess, SandboxProcess
from tests.invariants import calls_of, counters_against_ledger, name_of, problems
from tests.relay import Relay
from tests.waiting import LONG_S, wait_for

P = "{purser}:"
MONTHLY = {"name": "monthly", "limit_usd": "1000", "window": "month"}
RULES = (
    MONTHLY,
    {"name": "per-campaign", "each": "campaign", "limit_usd": "500", "window": "month"},
    {"name": "content-daily", "match": {"agent": "CONTENT"}, "limit_usd": "400", "window": "day"},
    {"name": "provider", "limit_usd": "100", "window": "month", "counts": "provider"},
)


def config(*rules: Mapping[str, Any], **sections: Any) -> dict[str, Any]:
    """A configuration with these rules; the first is the primary one."""
    named = [dict(rule) for rule in rules or RULES]
    return {"budgets": {"primary": named[0]["name"], "rules": named}, **sections}


class Stand:
    """What both kinds share: calls, and what Redis and the ledger say."""

    def __init__(self, folder: Path, sandbox: SandboxProcess) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.prefix = f"s{uuid.uuid4().hex[:6]}"
        self.spoiled = False
        """A test left books that no later one could find in order."""
        self._numbers = itertools.count(1)
        self.deployment = Deployment(folder, config(), upstream=sandbox.url)

    # To be said by each kind.

    @property
    def processes(self) -> Sequence[PurserProcess]:
        """All that were started."""
        raise NotImplementedError

    @property
    def front(self) -> PurserProcess:
        """The process that takes calls."""
        raise NotImplementedError

    @property
    def redis_url(self) -> str:
        """Valkey itself, without a relay."""
        raise NotImplementedError

    @property
    def database_url(self) -> str:
        """The database itself, without a relay."""
        raise NotImplementedError

    @property
    def valkey(self) -> EmbeddedValkey:
        """The server, running or not."""
        raise NotImplementedError

    # Calls.

    def name(self) -> str:
        """A name for one more call, or for the calls of one `Traffic`."""
        return f"{self.prefix}-{next(self._numbers)}"

    def call(self, **more: Any) -> Got:
        """One call and its end."""
        return call(self.front.url, Ask(self.name(), **more))

    def warm_up(self) -> None:
        """The first call: from here on Redis knows every script that a call needs."""
        assert self.call().status == 200

    def pending(self, **more: Any) -> Pending:
        """One call that has reached the upstream and is not answered yet."""
        pending = Pending(self.front.url, Ask(self.name(), **more))
        wait_for(lambda: self.received(pending.ask.name), "the call to reach the upstream")
        return pending

    def traffic(self, **more: Any) -> Traffic:
        """Many calls, once entered."""
        return Traffic(self.front.url, self.name(), **more)

    def upstream(self) -> list[dict[str, Any]]:
        """The upstream's account of this deployment's calls."""
        return [
            call
            for call in calls_of(self.sandbox.url)
            if name_of(call).startswith(f"{self.prefix}-")
        ]

    def received(self, name: str) -> bool:
        """Whether the upstream has received this call."""
        return any(name_of(call) == name for call in self.upstream())

    def upstream_open(self) -> list[dict[str, Any]]:
        """Those of them that the upstream still works on."""
        return [call for call in self.upstream() if call["state"] == "open"]

    # Redis.

    @staticmethod
    def script(name: str) -> bytes:
        """What a request to run this script carries."""
        script: scripts.Script = getattr(scripts, name.upper())
        return script.sha.encode()

    def hold_state(self, hold_id: str | None) -> str:
        """The state of a hold in Redis; empty where it knows none."""
        with self.redis() as client:
            return (client.hget(f"{P}hold:{hold_id}", "s") or b"").decode()

    @contextlib.contextmanager
    def redis(self) -> Iterator["redis.Redis[bytes]"]:
        """A connection of the test's own."""
        with redis.Redis.from_url(self.redis_url, retry=None, socket_timeout=60) as client:
            yield client

    def meta(self, field: str) -> str:
        """One field of what Redis knows of itself."""
        with self.redis() as client:
            return (client.hget(f"{P}meta", field) or b"").decode()

    def open_holds(self) -> int:
        """Calls that hold money now."""
        with self.redis() as client:
            return int(client.hlen(f"{P}open"))

    def kill_valkey(self) -> None:
        """SIGKILL; whoever has to starts it again."""
        with self.redis() as client:
            pid = int(client.info("server")["process_id"])
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: _has_ended(pid), "Valkey to end")

    def wait_ready(self) -> None:
        """Until calls are admitted."""
        self.front.wait_for(lambda: self.front.readyz()[0] == 200, "/readyz to answer 200")

    def generation(self) -> str:
        """The generation of rules that the front says is in force."""
        readyz = self.front.readyz
        return str(self.front.wait_for(lambda: readyz()[1].get("generation"), "a generation"))

    def rule_names(self) -> list[str]:
        """The rules that Redis has in force."""
        with self.redis() as client:
            told = json.loads(client.get(f"{P}rules") or b'{"rules": []}')
        return [rule["name"] for rule in told["rules"]]

    def edit(self, written: Mapping[str, Any]) -> None:
        """Change the configuration and wait until it binds."""
        before = self.generation()
        self.deployment.write_config(written)
        self.front.wait_for(lambda: self.generation() != before, "the edit to bind")

    def wait_rebuilt(self, epoch: str) -> None:
        """Until Redis has begun another life than `epoch`."""

        def anew() -> bool:
            with contextlib.suppress(redis.RedisError, OSError):
                return self.meta("state") == "ready" and self.meta("epoch") != epoch
            return False

        wait_for(anew, "Redis to be rebuilt")

    def wait_recovered(self, epoch: str) -> None:
        """The same, and until calls are admitted in it."""
        self.wait_rebuilt(epoch)
        self.front.wait_log(self.meta("epoch"))
        self.wait_ready()

    # Books.

    def entries(self, name: str) -> list[LedgerEntry]:
        """What the ledger says of the call with this name, first end first."""

        async def read() -> list[LedgerEntry]:
            ledger = await Ledger.open(self.database_url)
            try:
                return sorted(await _of_execution(ledger, name), key=lambda entry: entry.entry)
            finally:
                await ledger.close()

        return asyncio.run(read())

    def wait_entries(self, name: str, count: int = 1) -> list[LedgerEntry]:
        """The same, once there are `count`."""
        return wait_for(
            lambda: found if len(found := self.entries(name)) >= count else [],
            f"{count} entries of {name}",
        )

    def problems(self, excused: Sequence[str] = ()) -> list[str]:
        """What is wrong with the books."""

        async def read() -> list[str]:
            link = RedisLink(self.redis_url)
            ledger = await Ledger.open(self.database_url)
            try:
                return await problems(link, ledger, self.upstream(), excused=excused)
            finally:
                await ledger.close()
                await link.close()

        return asyncio.run(read())

    def differences(self) -> list[str]:
        """Where counters are not what ledger and open holds add up to."""

        async def read() -> list[str]:
            link = RedisLink(self.redis_url)
            ledger = await Ledger.open(self.database_url)
            try:
                return await counters_against_ledger(link, ledger)
            finally:
                await ledger.close()
                await link.close()

        return asyncio.run(read())

    def check(self, *, excused: Sequence[str] = (), seconds: float = LONG_S) -> None:
        """All invariants hold, once nothing is in flight any more."""
        found: list[str] = []

        def sound() -> bool:
            with self.redis() as client:
                assert "a job failed" not in "".join(process.log for process in self.processes)
                if client.hlen(f"{P}open") or client.xlen(f"{P}outbox"):
                    return False
            found[:] = self.problems(excused)
            return not found

        try:
            wait_for(sound, "books without a fault", seconds)
        except AssertionError as error:
            holds = self.open_holds()
            raise AssertionError(f"{error}; {holds} open holds; {found}") from None


class Serving(Stand):
    """`purser serve` on an embedded Valkey and SQLite."""

    def __init__(self, folder: Path, sandbox: SandboxProcess) -> None:
        super().__init__(folder, sandbox)
        self.process = self.deployment.process("serve", measured=False)

    def start(self) -> None:
        """Everything runs."""
        self.process.start()
        self.warm_up()

    def close(self) -> None:
        """Nothing runs any more."""
        self.process.close()

    @property
    def processes(self) -> Sequence[PurserProcess]:
        """The one."""
        return [self.process]

    @property
    def front(self) -> PurserProcess:
        """`purser serve`."""
        return self.process

    @property
    def valkey(self) -> EmbeddedValkey:
        """The one in the data folder."""
        folder = self.deployment.data_dir / "valkey"
        return EmbeddedValkey(folder, Path((folder / "socket").read_text()), 0)

    @property
    def redis_url(self) -> str:
        """The private socket."""
        return self.valkey.url

    @property
    def database_url(self) -> str:
        """The file in the data folder."""
        return f"sqlite:///{self.deployment.data_dir / 'purser.sqlite3'}"


class Parted(Stand):
    """A proxy and a janitor, with relays to Valkey and to PostgreSQL."""

    def __init__(
        self, folder: Path, sandbox: SandboxProcess, postgres_folder: Path, database: str
    ) -> None:
        super().__init__(folder, sandbox)
        self._database_url = f"postgresql://postgres@/{database}?host={postgres_folder}"
        self._valkey = EmbeddedValkey.start(folder / "own")
        self.to_redis = Relay(self._valkey.socket)
        self.janitor_to_redis = Relay(self._valkey.socket)
        self.to_sql = Relay(postgres_folder / ".s.PGSQL.5432")
        self._database = database
        self._relays = contextlib.ExitStack()
        self._running: list[PurserProcess] = []

    def start(self) -> None:
        """Everything runs."""
        for relay in (self.to_redis, self.janitor_to_redis, self.to_sql):
            self._relays.enter_context(relay)
        self.janitor = self.role("janitor")
        self.proxy = self.role("proxy")
        self.janitor.start()
        self.proxy.start()
        self.warm_up()

    def role(self, role: str, **env: str) -> PurserProcess:
        """A process of this deployment that has yet to be started."""
        relay = self.janitor_to_redis if role == "janitor" else self.to_redis
        sql = f"postgresql://postgres@127.0.0.1:{self.to_sql.port}/{self._database}"
        process = self.deployment.process(
            role,
            measured=False,
            env={
                "PURSER_STORAGE__REDIS_URL": f"redis://127.0.0.1:{relay.port}",
                "PURSER_STORAGE__DATABASE_URL": sql,
                **env,
            },
        )
        self._running.append(process)
        return process

    def restart_valkey(self) -> None:
        """SIGKILL, and it starts again with everything that it had acknowledged."""
        self.kill_valkey()
        EmbeddedValkey.start(self.folder / "own")

    def close(self) -> None:
        """Nothing runs any more."""
        for process in self._running:
            process.close()
        self._relays.close()
        EmbeddedValkey.start(self.folder / "own").stop()

    @property
    def processes(self) -> Sequence[PurserProcess]:
        """Every proxy and janitor so far."""
        return self._running

    @property
    def front(self) -> PurserProcess:
        """The proxy."""
        return self.proxy

    @property
    def valkey(self) -> EmbeddedValkey:
        """The test's own server."""
        return self._valkey

    @property
    def redis_url(self) -> str:
        """Past the relays."""
        return self._valkey.url

    @property
    def database_url(self) -> str:
        """Past the relay."""
        return self._database_url


def _has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def _of_execution(ledger: Ledger, name: str) -> list[LedgerEntry]:
    return await ledger.search(Search(execution_id=name))
