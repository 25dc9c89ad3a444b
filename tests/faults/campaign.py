"""Faults at random under load, then equal books.

`python -m tests.faults.campaign --seed 7 --minutes 10`, or `make soak`.

One fault at a time, each followed until calls succeed again. Two at once may lose what nothing
can bring back (a Redis emptied while the only process that knew dies too), so they are not
mixed; what is in flight when a fault strikes is left to chance.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from storage.database import upgrade
from tests.engines import Postgres
from tests.faults.stand import MONTHLY, RULES, P, Parted, config
from tests.faults.traffic import Traffic
from tests.harness import SandboxProcess
from tests.waiting import wait_for

Tell = Callable[[str], None]
SPRING = {"name": "spring", "match": {"campaign": "spring"}, "limit_usd": "300", "window": "week"}
EDITS = (RULES, (*RULES, SPRING), (MONTHLY,), (MONTHLY, SPRING))


class Campaign:
    """What may happen to a deployment, one after the other."""

    def __init__(self, stand: Parted, seed: int, tell: Tell) -> None:
        self._stand = stand
        self._random = Random(seed)
        self._tell = tell
        self.done: Counter[str] = Counter()
        self.faults: dict[str, Callable[[], None]] = {
            "redis restarted": self._restart_redis,
            "redis emptied": self._empty_redis,
            "scripts flushed": self._flush_scripts,
            "replies lost": self._lose_replies,
            "requests lost": self._lose_requests,
            "line to redis cut": self._cut_redis,
            "sql away": self._cut_sql,
            "janitor killed": self._kill_janitor,
            "janitor paused": self._pause_janitor,
            "rules edited": self._edit,
            "proxy killed": self._kill_proxy,
            "proxy paused": self._pause_proxy,
        }

    def run(self, seconds: float) -> None:
        """Break things for so long, each kind once before any comes again."""
        deadline = time.monotonic() + seconds
        traffic = self._traffic()
        with traffic:
            waiting: list[str] = []
            while time.monotonic() < deadline:
                if not waiting:
                    waiting = sorted(self.faults)
                    self._random.shuffle(waiting)
                name = waiting.pop()
                self._tell(f"{name} after {traffic.succeeded} calls")
                self.faults[name]()
                self.done[name] += 1
                self._until_calls_succeed(traffic)
        self._tell(f"calls by status: {dict(traffic.statuses)}")
        self._stand.check()

    def _traffic(self) -> Traffic:
        return self._stand.traffic(clients=8, stream_ms=20, seed=self._random.randrange(1 << 30))

    def _until_calls_succeed(self, traffic: Traffic) -> None:
        before = traffic.succeeded
        enough = before + self._random.randint(3, 20)
        wait_for(lambda: traffic.succeeded >= enough, "calls to succeed again")

    def _restart_redis(self) -> None:
        epoch = self._stand.meta("epoch")
        self._stand.restart_valkey()
        self._stand.wait_recovered(epoch)

    def _empty_redis(self) -> None:
        epoch = self._stand.meta("epoch")
        with self._stand.redis() as client:
            client.flushall()
        self._stand.wait_recovered(epoch)

    def _flush_scripts(self) -> None:
        with self._stand.redis() as client:
            client.script_flush()

    def _lose_replies(self) -> None:
        script = self._random.choice(("reserve", "end"))
        self._stand.to_redis.drop_replies(self._stand.script(script), once=True)
        wait_for(lambda: not self._stand.to_redis.dropping, "a reply to be lost")

    def _lose_requests(self) -> None:
        script = self._random.choice(("reserve", "end"))
        self._stand.to_redis.drop_requests(self._stand.script(script), once=True)
        wait_for(lambda: not self._stand.to_redis.dropping, "a request to be lost")

    def _cut_redis(self) -> None:
        self._stand.to_redis.refuse()
        self._stand.front.wait_for(lambda: self._stand.front.readyz()[0] == 503, "a 503")
        self._stand.to_redis.heal()
        self._stand.wait_ready()

    def _cut_sql(self) -> None:
        self._stand.to_sql.refuse()
        with self._stand.redis() as client:
            wait_for(lambda: client.xlen(f"{P}outbox") > 20, "calls to wait for SQL")
        self._stand.to_sql.heal()

    def _kill_janitor(self) -> None:
        self._stand.janitor.kill()
        self._stand.janitor.start()

    def _pause_janitor(self) -> None:
        self._stand.janitor.stop()
        with self._stand.redis() as client:
            wait_for(lambda: client.xlen(f"{P}outbox") > 20, "calls to wait for a janitor")
        self._stand.janitor.cont()

    def _edit(self) -> None:
        self._stand.deployment.write_config(config(*self._random.choice(EDITS)))

    def _kill_proxy(self) -> None:
        self._stand.proxy.kill()
        self._stand.proxy.start()
        wait_for(self._one_proxy, "the sweep")

    def _pause_proxy(self) -> None:
        """Long enough to be given up, or hardly at all."""
        self._stand.proxy.stop()
        if self._random.random() < 0.5:
            wait_for(lambda: self._stand.open_holds() == 0, "the sweep")
        self._stand.proxy.cont()
        wait_for(self._one_proxy, "the proxy to be back")

    def _one_proxy(self) -> bool:
        with self._stand.redis() as client:
            names = [name for name in client.hkeys(f"{P}beats") if name.startswith(b"proxy-")]
            return len(names) == 1 and set(client.hvals(f"{P}open")) <= set(names)


@contextmanager
def _stand(folder: Path) -> Iterator[Parted]:
    postgres = Postgres(folder / "postgres")
    try:
        database = postgres.create()
        asyncio.run(upgrade(postgres.url(database)))
        with SandboxProcess(folder / "sandbox", measured=False) as sandbox:
            stand = Parted(folder / "stand", sandbox, postgres.folder, database)
            try:
                stand.start()
                yield stand
            finally:
                stand.close()
    finally:
        postgres.stop()


def main() -> None:
    """Read the arguments, break things, say what was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="repeats a campaign")
    parser.add_argument("--minutes", type=float, default=10.0, help="default %(default)s")
    given = parser.parse_args()
    started = time.monotonic()

    def tell(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - started:7.1f} s  {text}\n")
        sys.stdout.flush()

    tell(f"seed {given.seed}, {given.minutes:g} minutes")
    with tempfile.TemporaryDirectory(prefix="purser-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with _stand(folder) as stand:
            campaign = Campaign(stand, given.seed, tell)
            campaign.run(given.minutes * 60)
            for fault, times in sorted(campaign.done.items()):
                tell(f"{times:4} × {fault}")
    tell("all invariants hold")


if __name__ == "__main__":
    main()
