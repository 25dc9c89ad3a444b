"""Each kind of bad value: where it stands, what was found, what is allowed."""

import pytest

from tests.config.helpers import problems, rule

AMOUNT = "an amount in USD"
BAD = [
    # text, dotted place, found, allowed
    ("server: {port: many}", "server.port", '"many"', "a whole number"),
    ("server: {port: 70000}", "server.port", '"70000"', "at most 65535"),
    ("server: {workers: 0}", "server.workers", '"0"', "at least 1"),
    ("server: {host: ''}", "server.host", '""', "not empty"),
    ("server: {host: [a]}", "server.host", "a list", "one text"),
    ("server: {body_bytes_max: 1 big}", "server.body_bytes_max", '"1 big"', "64 MiB"),
    ("server: 5", "server", '"5"', "a mapping of settings"),
    ("server: {prot: 1}", "server.prot", "an unknown setting", 'did you mean "port"?'),
    ("sever: {}", "sever", "an unknown setting", 'did you mean "server"?'),
    ("upstream: {url: 'ftp://x'}", "upstream.url", '"ftp://x"', "https://"),
    ("upstream: {url: 'http://[::1'}", "upstream.url", '"http://[::1"', "https://"),
    ("upstream: {read_s: nan}", "upstream.read_s", '"nan"', "finite"),
    ("upstream: {read_s: 0}", "upstream.read_s", '"0"', "more than 0"),
    ("storage: {redis_url: 'http://u:secret@h'}", "storage.redis_url", '"http://…@h"', "redis"),
    ("storage: {database_url: 'mysql://u:secret@h'}", "storage.database_url", "…@h", "postgresql"),
    ("auth: {proxy: open}", "auth.proxy", '"open"', "auto, keys"),
    ("auth: {require: [agnet]}", "auth.require[0]", '"agnet"', 'did you mean "agent"?'),
    ("identity: {aliases: bagage}", "identity.aliases[0]", '"bagage"', "baggage"),
    ("charging: {basis: agentrate}", "charging.basis", '"agentrate"', "agent_rate, provider_price"),
    (
        "charging: {agent_rates_usd_per_1k: {CONTNT: 0.1}}",
        "charging.agent_rates_usd_per_1k",
        "a mapping",
        'did you mean "CONTENT"?',
    ),
    (
        "charging: {agent_rates_usd_per_1k: {SEO: 0.1, seo: 0.2}}",
        "charging.agent_rates_usd_per_1k",
        "a mapping",
        "each agent type once",
    ),
    (
        "charging: {agent_rates_usd_per_1k: 5}",
        "charging.agent_rates_usd_per_1k",
        '"5"',
        "a mapping",
    ),
    (
        "charging: {unattributed_usd_per_1k: 0.0000000000001}",
        "charging.unattributed_usd_per_1k",
        '"0.0000000000001"',
        "finer",
    ),
    ("prices: {region: mars}", "prices.region", '"mars"', "auto, none, eu, us"),
    (
        "prices: {overrides: {x: {input_usd_per_1k: 1}}}",
        "prices.overrides.x.input_usd_per_1k",
        "an unknown setting",
        'did you mean "input_usd_per_1m"?',
    ),
    ("budgets: {timezone: Europe/Berln}", "budgets.timezone", "Berln", "Europe/Berlin"),
    ("budgets: {timezone: ../../etc/passwd}", "budgets.timezone", "passwd", "IANA"),
    ("budgets: {timezone: America}", "budgets.timezone", "America", "IANA"),
    ("budgets: {rules: many}", "budgets.rules", '"many"', "a list"),
    ("budgets: {rules: [text]}", "budgets.rules[0]", '"text"', "a mapping of settings"),
    (rule(limit_usd="''"), "budgets.rules[one].limit_usd", '""', AMOUNT),
    (rule(limit_usd=""), "budgets.rules[one].limit_usd", "nothing", "no default"),
    (rule(limit_usd="-5"), "budgets.rules[one].limit_usd", '"-5"', AMOUNT),
    (rule(limit_usd="1e3"), "budgets.rules[one].limit_usd", '"1e3"', AMOUNT),
    (rule(limit_usd="'1,000'"), "budgets.rules[one].limit_usd", '"1,000"', AMOUNT),
    (rule(limit_usd="$10"), "budgets.rules[one].limit_usd", '"$10"', AMOUNT),
    (rule(limit_usd="١٢"), "budgets.rules[one].limit_usd", '"١٢"', AMOUNT),
    (rule(limit_usd="0.0000000001"), "budgets.rules[one].limit_usd", "0.0000000001", "finer"),
    (rule(limit_usd="9007199.254740992"), "budgets.rules[one].limit_usd", "9007", "largest"),
    (rule(window="fortnight"), "budgets.rules[one].window", '"fortnight"', "hour, day, week"),
    (rule(name="'a b'"), "budgets.rules[a b].name", '"a b"', "text of the form"),
    (rule(each="colour"), "budgets.rules[one].each[0]", '"colour"', "agent, campaign, task"),
    (rule(each="[task, task]"), "budgets.rules[one].each", "a list", "once"),
    (rule(match="{agnt: SEO}"), "budgets.rules[one].match.agnt", '"SEO"', "agent, campaign"),
    (rule(match="{agent: SEOO}"), "budgets.rules[one].match", "a mapping", 'did you mean "SEO"?'),
    (rule(match="{task: ''}"), "budgets.rules[one].match", "a mapping", "printable"),
    (rule(counts="cheaper"), "budgets.rules[one].counts", '"cheaper"', "charge, provider, dearer"),
    (rule(alert_at="2.5"), "budgets.rules[one].alert_at[0]", '"2.5"', "at most 2"),
    (rule(alert_at="0"), "budgets.rules[one].alert_at[0]", '"0"', "above 0"),
    (rule(alert_at="[0.0005]"), "budgets.rules[one].alert_at[0]", '"0.0005"', "steps of 0.001"),
    (rule(alert_at="[0.5, 0.50]"), "budgets.rules[one].alert_at", "a list", "once"),
    (
        rule(alert_at=str([n / 10 for n in range(1, 10)])),
        "budgets.rules[one].alert_at",
        "a list",
        "8",
    ),
    (rule(slider_usd="[5, 5]"), "budgets.rules[one].slider_usd", "a list", "smaller first"),
    (rule(slider_usd="[5]"), "budgets.rules[one].slider_usd[1]", "nothing", "a value"),
    (rule(locked="perhaps"), "budgets.rules[one].locked", '"perhaps"', "true or false"),
    ("admission: {implicit_share: 2}", "admission.implicit_share", '"2"', "at most 1"),
    ("admission: {unpriced_model: ask}", "admission.unpriced_model", '"ask"', "refuse, admit"),
    ("refusal: {status: 500}", "refusal.status", '"500"', "429, 402"),
    ("endpoints: {free: [models]}", "endpoints.free[0]", '"models"', "/v1/"),
    ("endpoints: {assume_usd: {/v1/x: x}}", "endpoints.assume_usd./v1/x", '"x"', AMOUNT),
    ("log: {level: loud}", "log.level", '"loud"', "debug, info, warning, error"),
    ("environment: prod", "environment", '"prod"', "development, production"),
]


@pytest.mark.parametrize(("text", "place", "found", "allowed"), BAD)
def test_a_bad_value(text: str, place: str, found: str, allowed: str) -> None:
    (problem,) = problems(f"# a comment\n{text}")
    assert problem.place == place
    assert found in problem.found
    assert allowed in problem.allowed
    assert (problem.origin.file, problem.origin.line) == ("purser.yaml", 2)
    assert "secret" not in str(problem)


def test_all_problems_are_told_at_once_each_with_its_line() -> None:
    lines = ["server:", "  port: x", "log:", "  level: loud", "budgets:", "  rules:"]
    text = "\n".join([*lines, "    - name: a", "      window: x"])
    found = {(p.place, p.origin.line) for p in problems(text)}
    assert found == {
        ("server.port", 2),
        ("log.level", 4),
        ("budgets.rules[a].limit_usd", 7),
        ("budgets.rules[a].window", 8),
    }


def test_a_secret_is_never_shown() -> None:
    found = problems("upstream: {api_key: [sk-very-secret]}")
    assert "sk-very-secret" not in str(found[0])


def test_a_long_value_is_cut() -> None:
    (problem,) = problems(f"log: {{level: {'x' * 500}}}")
    assert len(problem.found) < 100
