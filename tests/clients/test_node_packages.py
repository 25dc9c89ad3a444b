"""The npm lock file names versions and hashes, and nothing of where they came from."""

import json

import pytest

from tests.clients import node_packages
from tests.harness import ROOT


@pytest.mark.parametrize(
    "folder", ["tests/clients/node", "tests/browser/node", "tests/frameworks/node"]
)
def test_the_lock_file_has_hashes_and_no_addresses(folder: str) -> None:
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    installed = {name: entry for name, entry in packages.items() if name}
    assert installed
    assert all(entry["integrity"].startswith("sha512-") for entry in installed.values())
    assert not any("resolved" in entry for entry in installed.values())


def test_node_is_new_enough() -> None:
    folder = node_packages.node_folder()
    assert node_packages._major(folder / "node") >= node_packages.NODE_MAJOR_MIN
    assert (folder / "npm").exists()
