"""What no single setting can know: how settings fit each other."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from config.budget_sections import Budgets
from config.environment import LIMIT_VARIABLE
from config.explain import origin_of, rule_names
from config.origins import Origin, Problem, Steps, dotted
from config.rules import fold
from config.sections import Endpoints, Upstream
from config.suggest import nearest
from config.yaml_text import Tree


def place_primary_limit(tree: Tree, environ: Mapping[str, str]) -> None:
    """Lay `MAX_MONTHLY_BUDGET` over the limit of the rule that will be the primary one."""
    limit = environ.get(LIMIT_VARIABLE, "")
    budgets = tree.values.get("budgets")
    rules = budgets.get("rules") if isinstance(budgets, dict) else None
    if not limit or not isinstance(budgets, dict) or not isinstance(rules, list):
        return
    rules = [rule if isinstance(rule, dict) else {} for rule in rules]
    wanted = fold(str(budgets.get("primary") or "monthly"))
    named = [i for i, rule in enumerate(rules) if fold(str(rule.get("name"))) == wanted]
    single = [i for i, rule in enumerate(rules) if rule and not rule.get("each")]
    index = next(iter(named or ([] if budgets.get("primary") else single)), None)
    origin = Origin(variable=LIMIT_VARIABLE)
    if index is None:
        allowed = "this variable only where there is a primary rule"
        tree.problems.append(Problem(origin, "budgets.primary", "no such rule", allowed))
        return
    rules[index]["limit_usd"] = limit
    tree.origins[("budgets", "rules", index, "limit_usd")] = origin


def check(
    environment: str, upstream: Upstream, budgets: Budgets, endpoints: Endpoints, tree: Tree
) -> list[Problem]:
    """All problems between settings."""
    checks = _Checks(tree)
    return [
        *checks.rules(budgets),
        *checks.primary(budgets),
        *checks.endpoints(endpoints),
        *checks.production(environment, upstream),
    ]


class _Checks:
    def __init__(self, tree: Tree) -> None:
        self._origins = tree.origins
        self._names = rule_names(tree.values)

    def _problem(self, path: Steps, found: str, allowed: str) -> Problem:
        return Problem(origin_of(path, self._origins), dotted(path, self._names), found, allowed)

    def rules(self, budgets: Budgets) -> Iterator[Problem]:
        place: Steps = ("budgets", "rules")
        for index, rule in enumerate(budgets.rules):
            for dimension in rule.each:
                if dimension in rule.match:
                    found = f"{dimension.value}, which match fixes to one value"
                    yield self._problem((*place, index, "each"), found, "other dimensions")
        made = [(rule, rule.as_rule(budgets.timezone)) for rule in budgets.rules]
        for (i, (_, one)), (j, (_, other)) in combinations(enumerate(made), 2):
            if fold(one.name) == fold(other.name):
                line = origin_of((*place, i), self._origins)
                found = f'"{other.name}" a second time, after {line}'
                yield self._problem((*place, j, "name"), found, "a name of its own")
            elif one.counter == other.counter:
                found = f'the same match, each, window and counts as "{one.name}"'
                yield self._problem((*place, j), found, "one rule for one counter")

    def primary(self, budgets: Budgets) -> Iterator[Problem]:
        place: Steps = ("budgets", "primary")
        names = [rule.name for rule in budgets.rules]
        index = budgets.primary_index()
        if index is None and budgets.primary is not None and names:
            near = nearest(budgets.primary, names)
            yield self._problem(place, f'"{budgets.primary}"', ", ".join(names) + near)
        elif index is not None and budgets.rules[index].each:
            found = f'"{names[index]}", a budget for each of many'
            yield self._problem(place, found, "a rule without each: it has one limit to show")

    def endpoints(self, endpoints: Endpoints) -> Iterator[Problem]:
        for path in sorted(set(endpoints.free) & set(endpoints.assume_usd)):
            found = f"{path}, which is free already"
            yield self._problem(("endpoints", "assume_usd", path), found, "it in one of the two")

    def production(self, environment: str, upstream: Upstream) -> Iterator[Problem]:
        if environment == "production" and upstream.key_from == "sandbox":
            allowed = "a key (OPENAI_API_KEY) or client: production never answers from the sandbox"
            yield self._problem(("upstream", "api_key"), "nothing", allowed)
