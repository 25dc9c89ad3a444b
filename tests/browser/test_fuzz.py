"""No request, however malformed, makes the panel fail (5xx), or changes anything."""

import random

import httpx

from tests.browser.conftest import Panel

REQUESTS = 600
PARTS = ["url", "content", "top", "nav", "toasts", "live", "..", "", "\x00", "a" * 500, "%2e%2e"]
VALUES = [None, -1, 0, 1e308, "", "x" * 2000, [], {}, True, "\ud7ff", [[[]]], {"id": {"id": 1}}]


def body_of(dice: random.Random) -> object:
    one = {"id": dice.choice([*PARTS, {"type": "tick", "page": 1}]), "property": "children"}
    if dice.random() < 0.5:
        one["value"] = dice.choice(VALUES)
    whole = {
        "output": dice.choice(["..nav.children...top.children...content.children..", *PARTS]),
        "outputs": dice.choice([one, [one], [], None, {"id": "nav", "property": "children"}]),
        "inputs": dice.choice([[one], [one, one], {}, None, "x", dice.choice(VALUES)]),
        "changedPropIds": dice.choice([["url.pathname"], [], None, 3]),
        "state": dice.choice([[one], None, {}]),
    }
    keep = [name for name in whole if dice.random() < 0.85]
    return dice.choice([{name: whole[name] for name in keep}, whole, dice.choice(VALUES)])


def test_malformed_requests_are_refused_and_change_nothing(panel: Panel) -> None:
    dice = random.Random(7)
    before = panel.purser.deployment.cli("audit", "show").stdout
    found: dict[int, int] = {}
    with panel.client() as client:
        for number in range(REQUESTS):
            path = "/admin/budget/" + "/".join(dice.choices(PARTS, k=2)).replace("\x00", "%00")
            cookies = {"cookie": dice.choice(["purser_session=" + "x" * 4000, ";=;", 'a="'])}
            match number % 4:
                case 0 | 1:
                    answer = client.post("/admin/budget/_dash-update-component", json=body_of(dice))
                case 2:
                    answer = client.get(httpx.URL(panel.purser.url + "/").copy_with(
                        raw_path=path.encode()
                    ))  # fmt: skip
                case _:
                    answer = httpx.get(
                        f"{panel.url}agents?period={dice.choice(PARTS[:4])}",
                        headers=cookies,
                        trust_env=False,
                    )
            found[answer.status_code] = found.get(answer.status_code, 0) + 1
            assert answer.status_code < 500, (number, answer.text)
        assert client.get("/admin/budget/_dash-layout").status_code == 200
    assert panel.purser.deployment.cli("audit", "show").stdout == before
    assert "Traceback" not in panel.purser.log
