"""A browser is found where there is one, and got where there is none, as this machine allows."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser import install


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """What would be run, on a machine without a browser."""
    monkeypatch.setattr(install, "SYSTEM", tmp_path / "chromium")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    commands: list[list[str]] = []

    def run(command: list[str], **_options: Any) -> Any:
        commands.append(command)
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr(install.subprocess, "run", run)
    return commands


def test_what_is_there_is_taken(asked: list[list[str]], tmp_path: Path) -> None:
    assert install.executable() is None
    (tmp_path / "chromium").touch()
    assert install.executable() == str(tmp_path / "chromium")
    install.install()
    assert asked == []


def test_root_on_debian_gets_the_package(
    asked: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(install.os, "geteuid", lambda: 0)
    monkeypatch.setattr(install.shutil, "which", lambda _name: "/usr/bin/apt-get")
    ordinary = install.subprocess.run

    def installs(command: list[str], **options: Any) -> Any:
        if "chromium" in command:
            (tmp_path / "chromium").touch()
        return ordinary(command, **options)

    monkeypatch.setattr(install.subprocess, "run", installs)
    install.install()
    assert [command[:2] for command in asked] == [["apt-get", "update"], ["apt-get", "install"]]


@pytest.mark.parametrize(("user", "has_apt"), [(1000, True), (0, False)])
def test_everybody_else_gets_playwrights_own(
    asked: list[list[str]], monkeypatch: pytest.MonkeyPatch, user: int, has_apt: bool
) -> None:
    monkeypatch.setattr(install.os, "geteuid", lambda: user)
    found = "/usr/bin/apt-get" if has_apt else None
    monkeypatch.setattr(install.shutil, "which", lambda _name: found)
    install.install()
    assert [command[1:] for command in asked] == [["-m", "playwright", "install", "chromium"]]
