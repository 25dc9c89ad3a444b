"""No request, however malformed, makes the panel fail (5xx), tells a secret or changes anything.

`python -m tests.security.panel_fuzz --requests 10000 --seed 7`. Every callback that the panel has
is read from the panel itself, so that those to come are attacked too. As an admin a button is
never pressed with values that are right; as a viewer it is, and nothing happens either.
"""

import argparse
import json
import random
import re
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.security.panel import CALLBACK, LOGIN, PASSWORD, PREFIX, Target, given_viewer, started

NASTY: list[Any] = [
    -1, 0, 1e308, -1e-9, 2**63, "", " ", "x" * 3000, "\x00", "\ud7ff", "../../etc/passwd", "NaN",
    "Infinity", "1e999", "'; DROP TABLE billing_log; --", "<script>alert(1)</script>", "{{7*7}}",
    [], {}, [[[]]], {"id": {"id": 1}}, [None], [1, "a", {}], {"__proto__": 1},
]  # fmt: skip
PLAUSIBLE: list[Any] = [
    "120", 120, "monthly", "CONTENT", "holiday-2024", "paused", "admin", True, ["CONTENT"], None,
    "2026-11-01", {"name": "monthly", "version": 0},
]  # fmt: skip
NO_CLICK: list[Any] = [None, 0, -1, True, "1", [], {}, 1.5]
CLICKS = ("n_clicks", "n_submit", "submit_n_clicks", "n_clicks_timestamp", "n_blur")
PIECES = [
    "", ".", "..", "%2e%2e", "%2f", "%5c", "%00", "assets", "_dash-component-suites", "dash", ";",
    "agents", "a" * 500, "%ff%fe", "login", "panel.key", "valkey", "%252e", "export",
]  # fmt: skip
COOKIES = [
    "purser_session=" + "x" * 4000, ";=;", 'purser_session="', "purser_session=\xff",
    "purser_session=a; purser_session=b", "purser_csrf=a; purser_device=" + "." * 200,
]  # fmt: skip
SECRETS = re.compile(
    r"Traceback|File \"/|\$argon2|sqlite3?\.|sk-[A-Za-z0-9]{8}|pk-purser-[A-Za-z0-9]{20}"
)


@dataclass
class Seen:
    """What was answered so far."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, answer: httpx.Response, what: str) -> None:
        """Keep what must not be."""
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            self.wrong.append(f"{answer.status_code} to {what}: {answer.text[:200]}")
        kind = answer.headers.get("content-type", "")
        if "javascript" not in kind and (told := SECRETS.search(answer.text)):
            self.wrong.append(f"{told[0]!r} told to {what}")


def callbacks(client: httpx.Client) -> list[dict[str, Any]]:
    """All that the panel answers to, but what the browser does by itself."""
    found: list[dict[str, Any]] = client.get(f"{PREFIX}_dash-dependencies").json()
    return [one for one in found if not one.get("clientside_function")]


def asked(one: dict[str, Any], dice: random.Random, clicks: list[Any], values: list[Any]) -> Any:
    """A request for this callback as the browser would make it, with such clicks and values."""

    def given(part: dict[str, Any]) -> Any:
        clicked = part["property"] in CLICKS
        there = {"id": _id(part["id"], dice), "property": part["property"]}
        filled = there | {"value": dice.choice(clicks if clicked else values)}
        return [filled] if '["ALL"]' in part["id"] else filled

    outputs = [_output(text, dice) for text in one["output"].strip(".").split("...")]
    inputs = [given(part) for part in one["inputs"]]
    first = inputs[0][0] if isinstance(inputs[0], list) else inputs[0]
    name = first["id"] if isinstance(first["id"], str) else json.dumps(first["id"], sort_keys=True)
    return {
        "output": one["output"],
        "outputs": outputs if one["output"].startswith("..") else outputs[0],
        "inputs": inputs,
        "changedPropIds": [f"{name}.{first['property']}"],
        "state": [given(part) for part in one["state"]],
    }


def _id(text: str, dice: random.Random) -> Any:
    """An id, with something in the place of each wildcard."""
    if not text.startswith("{"):
        return text
    parts = json.loads(text)
    return {k: dice.choice(PLAUSIBLE) if isinstance(v, list) else v for k, v in parts.items()}


def _output(text: str, dice: random.Random) -> Any:
    name, _, prop = text.rpartition(".")
    return {"id": _id(name.replace("\\.", "."), dice), "property": prop.partition("@")[0]}


def broken(body: Any, dice: random.Random) -> Any:
    """The same with something missing, of another kind, or too much."""
    body = json.loads(json.dumps(body))
    for _ in range(dice.randint(1, 3)):
        at = body
        while isinstance(at, dict | list) and at and dice.random() < 0.7:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            key = dice.choice(keys)
            if dice.random() < 0.35:
                if dice.random() < 0.4:
                    del at[key]
                else:
                    at[key] = dice.choice(NASTY)
                break
            at = at[key]
    return body


def attack(target: Target, requests: int, seed: int) -> Seen:
    """Throw so many requests at a panel, as an admin, as a viewer and as nobody."""
    dice, seen = random.Random(seed), Seen()
    with target.log_in() as admin, target.log_in("vera") as viewer, target.client() as nobody:
        known = callbacks(admin)
        for number in range(requests):
            who = dice.choice((admin, viewer))
            one = dice.choice(known)
            match number % 5:
                case 0:
                    body = broken(asked(one, dice, NO_CLICK, NASTY), dice)
                    seen.note(_post(who, body), f"broken {body}"[:400])
                case 1:
                    body = asked(one, dice, NO_CLICK, NASTY if who is admin else NASTY + PLAUSIBLE)
                    seen.note(_post(who, body), f"without a click {body}"[:400])
                case 2:
                    body = asked(one, dice, [1], PLAUSIBLE)
                    seen.note(_post(viewer, body), f"of a viewer {body}"[:400])
                case 3:
                    path = PREFIX + "/".join(dice.choices(PIECES, k=dice.randint(1, 4)))
                    url = httpx.URL(f"{target.origin}/").copy_with(raw_path=path.encode())
                    seen.note(dice.choice((who, nobody)).get(url), path)
                case _:
                    seen.note(_stranger(target, nobody, dice), "a stranger")
    return seen


def press_all(target: Target, seed: int) -> Seen:
    """Every callback of the panel, made by hand by a viewer as an admin's browser would."""
    dice, seen = random.Random(seed), Seen()
    with target.log_in("vera") as viewer:
        for one in callbacks(viewer):
            for _ in range(2):
                body = asked(one, dice, [1], PLAUSIBLE)
                seen.note(_post(viewer, body), f"of a viewer {body}"[:400])
    return seen


def _post(client: httpx.Client, body: Any) -> httpx.Response:
    content = json.dumps(body).encode()
    return client.post(CALLBACK, content=content, headers={"content-type": "application/json"})


def _stranger(target: Target, nobody: httpx.Client, dice: random.Random) -> httpx.Response:
    cookie = {"cookie": dice.choice(COOKIES).encode("latin-1")}
    place = dice.choice((LOGIN, PREFIX, CALLBACK, f"{PREFIX}agents", f"{PREFIX}logout"))
    query = dice.choice(
        ("", "?next=//evil", "?next=%0d%0aset-cookie:a=b", "?period=%00", "?" + "&" * 300)
    )
    if dice.random() < 0.6:
        return nobody.get(target.origin + place + query, headers=cookie)
    if place == LOGIN:
        # Not a try of a password: what is sent there is none.
        return nobody.post(place, content=b"\xff" * 9000, headers=cookie)
    return nobody.post(place, content=b"{", headers=cookie)


def main() -> None:
    """Start a panel, attack it, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as process:
        target = Target(process)
        assert given_viewer(target) == PASSWORD
        before, began = target.books(), time.monotonic()
        seen = attack(target, given.requests, given.seed)
        changed = [name for name, kept in target.books().items() if kept != before[name]]
        failures = [line for line in process.log.splitlines() if "Exception in ASGI" in line]
    print(f"{given.requests} requests in {time.monotonic() - began:.0f} s: {dict(seen.statuses)}")
    problems = [*seen.wrong, *(f"changed: {name}" for name in changed), *failures]
    print("\n".join(problems) or "nothing failed, nothing was told, nothing was changed")
    raise SystemExit(1 if problems else 0)


if __name__ == "__main__":
    main()
