"""Chromium for the tests: found, or installed. `python -m tests.browser.install`

As root on Debian or Ubuntu its package, whose libraries come with it; else Playwright's own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SYSTEM = Path("/usr/bin/chromium")


def executable() -> str | None:
    """Where Chromium is; None where there is none."""
    if SYSTEM.exists():
        return str(SYSTEM)
    with sync_playwright() as play:
        own = play.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> None:
    """Make sure that there is one, and say what was done."""
    found = executable()
    if found is not None:
        print(f"browser: {found}")
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("browser: installing Debian's chromium")
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-qy", "chromium"]):
            if subprocess.run(command, env=os.environ | quiet, check=False).returncode:
                break
        if SYSTEM.exists():
            return
    print("browser: installing Playwright's chromium")
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    install()
