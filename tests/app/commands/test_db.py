"""`purser db upgrade` makes the tables, once."""

from pathlib import Path

from tests.app.conftest import Shop


def test_a_database_without_tables_is_upgraded(shop: Shop, tmp_path: Path) -> None:
    shop.write(database_url=f"sqlite:///{tmp_path / 'new.sqlite3'}")
    refused = shop.run("ledger", "list")
    assert (refused.exit_code, "purser db upgrade" in refused.stderr) == (1, True)
    for _ in range(2):
        done = shop.run("db", "upgrade")
        assert (done.exit_code, "is at revision" in done.stdout) == (0, True)
    assert shop.run("ledger", "list").exit_code == 0
