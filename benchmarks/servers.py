"""What is measured: a sandbox upstream, reached directly, through nginx and through Purser."""

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.harness import Deployment, Process, SandboxProcess, free_port

BUDGETS = """
server: {in_flight_max: 4096}
log: {level: warning}
budgets:
  rules:
    - {name: monthly, limit_usd: 5000000, window: month}
    - {name: per-campaign, each: campaign, limit_usd: 5000000, window: month}
    - {name: content-daily, match: {agent: CONTENT}, limit_usd: 5000000, window: day}
"""
"""Three rules that apply to every call, as a real deployment has them."""

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream sandbox {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port};
    keepalive_requests 1000000;
    location / {{
      proxy_pass http://sandbox; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the same upstream."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Cores:
    """Which cores a process may use; empty where nothing is pinned."""

    upstream: str = ""
    proxy: str = ""


def cores() -> tuple[Cores, str]:
    """The pinning for this machine, and a line that says what it is."""
    count = os.cpu_count() or 1
    if shutil.which("taskset") is None or count < 2:
        return Cores(), f"{count} core(s), nothing pinned (needs taskset and two cores)"
    last = count - 1
    return Cores("0", str(last)), f"{count} cores: client and upstream on 0, proxy on {last}"


@contextlib.contextmanager
def pinned_here(core: str) -> Iterator[None]:
    """This process, the client, on this core until the block ends."""
    before = os.sched_getaffinity(0)
    if core:
        os.sched_setaffinity(0, {int(core)})
    yield
    os.sched_setaffinity(0, before)


def pin(process: Process, core: str) -> None:
    """Starts the process on this core, and with it all that comes from it."""
    if core:
        process.command = ["taskset", "-c", core, *process.command]


class NginxProcess(Process):
    """nginx with one worker, in front of the sandbox."""

    def __init__(self, binary: str, folder: Path, upstream_port: int) -> None:
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=self.port, upstream=upstream_port))
        command = [binary, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
        super().__init__(command, folder, name="nginx", measured=False)

    def wait_ready(self, seconds: float = 10.0) -> None:
        """Until it takes connections."""
        self.wait_for(lambda: _listens(self.port), "a connection", seconds)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def ways(folder: Path, pinned: Cores, nginx: str | None) -> Iterator[list[Way]]:
    """Everything started, and the ways to the upstream: direct, nginx if there is one, Purser."""
    with contextlib.ExitStack() as stack:
        sandbox = SandboxProcess(folder, measured=False)
        pin(sandbox, pinned.upstream)
        stack.enter_context(sandbox)
        found = [Way("direct", sandbox.url)]
        if nginx is not None:
            process = NginxProcess(nginx, folder / "nginx", sandbox.port)
            pin(process, pinned.proxy)
            stack.enter_context(process)
            found.append(Way("nginx", f"http://127.0.0.1:{process.port}"))
        deployment = Deployment(folder / "purser", BUDGETS, upstream=sandbox.url)
        purser = deployment.process("serve", measured=False)
        pin(purser, pinned.proxy)
        stack.enter_context(purser)
        found.append(Way("Purser", purser.url))
        yield found
