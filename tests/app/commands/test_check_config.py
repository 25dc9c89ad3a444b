"""`purser check-config` says what is in effect and where from, or what is wrong and where."""

from tests.app.conftest import Shop


def test_it_prints_values_with_their_origins(shop: Shop) -> None:
    result = shop.run(
        "check-config", env={"PURSER_SERVER__PORT": "9000", "OPENAI_API_KEY": "sk-hid"}
    )
    assert result.exit_code == 0
    (port,) = [line for line in result.stdout.splitlines() if line.startswith("server.port")]
    assert port.split() == ["server.port", "9000", "environment", "PURSER_SERVER__PORT"]
    (limit,) = [
        line
        for line in result.stdout.splitlines()
        if line.startswith("budgets.rules[monthly].limit_usd")
    ]
    assert limit.split()[1:] == ["10", f"{shop.config}:8"]
    assert "models can cost more than" in result.stdout
    assert "sk-hid" not in result.output


def test_a_mistake_is_told_with_file_and_line(shop: Shop) -> None:
    shop.config.write_text("budgets:\n  rules:\n    - {name: a, limit_usd: lots, window: month}\n")
    for command in (("check-config",), ("serve",), ("freeze", "--reason", "x"), ("reconcile",)):
        result = shop.run(*command)
        assert result.exit_code == 2, command
        assert f"{shop.config}:3: " in result.stderr
        assert "lots" in result.stderr
        assert "Traceback" not in result.stderr


def test_a_file_that_is_not_there_is_told(shop: Shop) -> None:
    shop.config.unlink()
    result = shop.run("check-config")
    assert (result.exit_code, str(shop.config) in result.stderr) == (2, True)


def test_it_says_which_file_is_read(shop: Shop) -> None:
    assert shop.run("check-config", "--path").stdout == f"{shop.config}\n"
