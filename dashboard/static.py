"""Scripts, styles and fonts: each file compressed once, kept on disk, and named for ever.

Compressing on the fly costs half a second of CPU a load; at brotli's level 9, once, a third
of the bytes remain.
"""

import asyncio
import gzip
import hashlib
import mimetypes
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import brotli

from dashboard.context import PREFIX
from dashboard.http import HeaderList, Refused, answer, header_or_none
from proxy.asgi import Receive, Scope, Send

ASSETS: Final = Path(__file__).parent / "assets"
VENDOR: Final = Path(__file__).parent / "vendor"
SUITES: Final = f"{PREFIX}_dash-component-suites/"
ASSETS_URL: Final = f"{PREFIX}assets/"
REPLACED: Final = {
    ("plotly", "package_data/plotly.min.js"): VENDOR / "plotly-basic.min.js",
    ("dash", "deps/polyfill@7.12.1.min.js"): VENDOR / "regenerator-runtime.js",
}
"""Bundles that are served smaller: package and path, and the file instead."""
BROTLI_LEVEL: Final = 9
COMPRESSED: Final = frozenset({".js", ".css", ".svg", ".json", ".html", ".ico"})
SMALL_BYTES: Final = 512
_IMMUTABLE: Final = (b"cache-control", b"public, max-age=31536000, immutable")
Make = Callable[[], bytes]
_ASK_AGAIN: Final = (b"cache-control", b"no-cache")


@dataclass(frozen=True, slots=True)
class File:
    """One file in the forms in which it is sent; `etag` is of what it says."""

    kind: str
    etag: str
    plain: bytes
    brotli: bytes | None
    gzip: bytes | None


class Files:
    """Files by path, read and compressed at their first use; `cache` keeps the results."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._files: dict[Path, asyncio.Task[File]] = {}

    async def file(self, path: Path) -> File:
        """The file, ready to be sent. Raises `OSError`."""
        task = self._files.get(path)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.create_task(asyncio.to_thread(self._made, path))
            self._files[path] = task
        return await asyncio.shield(task)

    def _made(self, path: Path) -> File:
        return _file(path, path.read_bytes(), self._kept)

    def _kept(self, name: str, make: Make) -> bytes:
        kept = self._cache / name
        try:
            return kept.read_bytes()
        except OSError:
            made = make()
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            new = kept.with_suffix(f"{kept.suffix}.{id(made):x}")
            new.write_bytes(made)
            new.replace(kept)
        except OSError:
            # A folder that cannot be written costs a second at each start, nothing else.
            return made
        return made


def _file(path: Path, plain: bytes, keep: Callable[[str, Make], bytes] | None = None) -> File:
    digest = hashlib.sha256(plain).hexdigest()[:32]
    kind = mimetypes.types_map.get(path.suffix, "application/octet-stream")
    if path.suffix not in COMPRESSED or len(plain) < SMALL_BYTES:
        return File(kind, digest, plain, None, None)
    kept = keep or (lambda _name, make: make())
    return File(
        kind,
        digest,
        plain,
        kept(f"{digest}.br", lambda: brotli.compress(plain, quality=BROTLI_LEVEL)),
        kept(f"{digest}.gz", lambda: gzip.compress(plain, 9, mtime=0)),
    )


class Static:
    """Serves Dash's bundles and the panel's own assets, and nothing else from the disk."""

    def __init__(self, cache: Path, made: Mapping[str, bytes]) -> None:
        self._files = Files(cache)
        self._made = {name: _file(Path(name), text) for name, text in made.items()}
        self._assets = {
            str(path.relative_to(ASSETS)): path for path in ASSETS.rglob("*") if path.is_file()
        }
        self._bundles: dict[tuple[str, str], Path] = {}

    def register(self, paths: Mapping[str, set[str]]) -> None:
        """The bundles that Dash's index may name, by package."""
        for package, names in paths.items():
            root = sys.modules[package].__path__[0]
            for name in names:
                if not name.endswith(".map"):
                    at = (package, name)
                    self._bundles[at] = REPLACED.get(at, Path(root) / name)

    def url(self, name: str) -> str:
        """Where an asset that was made at start is, named for ever by what it says."""
        return f"{ASSETS_URL}{name}?m={self._made[name].etag[:12]}"

    async def serve(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer a GET for one file. Raises `Refused`."""
        named = scope["query_string"].startswith(b"m=")
        ready = self._made.get(scope["path"].removeprefix(ASSETS_URL))
        if ready is not None:
            await _send(scope, send, ready, immutable=named)
            return
        path, fingerprinted = self._found(scope["path"])
        if path is None:
            raise Refused(404, "there is no such file")
        try:
            file = await self._files.file(path)
        except OSError:
            raise Refused(404, "there is no such file") from None
        await _send(scope, send, file, immutable=named or fingerprinted)

    async def warm_up(self) -> None:
        """Have the large bundles ready before a browser asks for them."""
        for path in self._bundles.values():
            if path.suffix == ".js" and "async-" not in path.name and path.exists():
                await self._files.file(path)

    def _found(self, url: str) -> tuple[Path | None, bool]:
        if url.startswith(ASSETS_URL):
            return self._assets.get(url.removeprefix(ASSETS_URL)), False
        package, _, rest = url.removeprefix(SUITES).partition("/")
        name, fingerprinted = _without_fingerprint(rest)
        return self._bundles.get((package, name)), fingerprinted


def _without_fingerprint(path: str) -> tuple[str, bool]:
    """`a/b.v1_2m16.min.js` is `a/b.min.js`, by its version and time."""
    folder, slash, name = path.rpartition("/")
    parts = name.split(".")
    if len(parts) > 2 and parts[1].startswith("v") and "m" in parts[1]:
        return f"{folder}{slash}{'.'.join([parts[0], *parts[2:]])}", True
    return path, False


async def _send(scope: Scope, send: Send, file: File, *, immutable: bool) -> None:
    accepts = (header_or_none(scope, b"accept-encoding") or "").lower()
    body, coding = file.plain, ""
    if file.brotli is not None and "br" in accepts:
        body, coding = file.brotli, "br"
    elif file.gzip is not None and "gzip" in accepts:
        body, coding = file.gzip, "gzip"
    etag = f'"{file.etag}{"-" if coding else ""}{coding}"'.encode()
    headers: HeaderList = [
        (b"content-type", _typed(file.kind).encode()),
        (b"etag", etag),
        (b"vary", b"accept-encoding"),
        _IMMUTABLE if immutable else _ASK_AGAIN,
    ]
    if header_or_none(scope, b"if-none-match") == etag.decode():
        await answer(scope, send, 304, headers, b"")
        return
    if coding:
        headers.append((b"content-encoding", coding.encode()))
    await answer(scope, send, 200, headers, body)


def _typed(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or "javascript" in kind else kind
