"""The house rules that a reader relies on: short files, short functions, tests that mirror."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.source import ROOMS, ROOT, Module, calls_of, local_imports, modules_in, product_modules

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
LAST_RESORT = {"proxy/app.py", "app/jobs.py", "budget/lifeline.py", "dashboard/errors.py"}
"""Where whatever went wrong is caught, once each: a call is answered with a 500, a periodic
job is tried again while the others go on, a process beats on, and what Dash raises on a bad
request is a 400."""
MARKS = re.compile(
    r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b"
)


def long_files(modules: list[Module]) -> Iterator[str]:
    """Files past the bound."""
    for module in modules:
        lines = module.text.count("\n")
        if lines > FILE_LINES_MAX:
            yield f"{module.path}: {lines} lines: the design wants another noun"


def long_functions(modules: list[Module]) -> Iterator[str]:
    """Functions past the bound, from `def` to their last line."""
    for module in modules:
        for function in module.functions():
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield f"{module.path}:{function.lineno}: {function.name} has {lines} lines"


def marks(modules: list[Module]) -> Iterator[str]:
    """Notes to do something later."""
    for module in modules:
        for number, line in enumerate(module.text.splitlines(), 1):
            if MARKS.search(line):
                yield f"{module.path}:{number}: {line.strip()}"


def broad_excepts(modules: list[Module], allowed: set[str] = LAST_RESORT) -> Iterator[str]:
    """`except:`, and `except Exception` (or its base) but in the last resort."""
    for module in modules:
        found = 0
        for node in module.nodes:
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = (
                {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
                if node.type
                else {""}
            )
            reraises = any(isinstance(n, ast.Raise) and n.exc is None for n in node.body)
            if (
                "" in caught
                or "Exception" in caught
                or ("BaseException" in caught and not reraises)
            ):
                found += 1
                if str(module.path) not in allowed or found > 1:
                    yield f"{module.path}:{node.lineno}: catch what can happen here, by name"


def globals_declared(modules: list[Module]) -> Iterator[str]:
    """Functions that rebind a module's names."""
    for module in modules:
        for node in module.nodes:
            if isinstance(node, ast.Global):
                yield f"{module.path}:{node.lineno}: global {', '.join(node.names)}"


def blocking_sleeps(modules: list[Module]) -> Iterator[str]:
    """`time.sleep`, however it was imported."""
    for module in modules:
        for imported, line in module.imports():
            if imported == "time.sleep":
                yield f"{module.path}:{line}: wait for the condition (tests/waiting.py)"
        for line in calls_of(module.tree, "time.sleep"):
            yield f"{module.path}:{line}: wait for the condition (tests/waiting.py)"


def undocumented(modules: list[Module]) -> Iterator[str]:
    """Modules that do not say what they are."""
    for module in modules:
        if not ast.get_docstring(module.tree):
            yield f"{module.path}: no docstring"


def untested(modules: list[Module], tests: list[Module]) -> Iterator[str]:
    """Modules without a test of their own name, that no test of their room reaches by imports.

    A package's `__init__` counts only if it holds more than its docstring. What runs only as a
    process of its own (`__main__`, migrations) is tested by running it.
    """
    named = {str(test.path) for test in tests}
    graph = local_imports([*modules, *tests])
    for runner, run in RUN_BY.items():
        graph.setdefault(runner, set()).update(run & graph.keys())
    for module in modules:
        if module.is_package and len(module.tree.body) <= 1:
            continue
        if module.path.stem == "__main__" or "migrations" in module.path.parts:
            continue
        folder = Path("tests") / module.path.parent
        if str(folder / f"test_{module.path.stem}.py") in named:
            continue
        room = Path("tests") / module.room
        mirrored = {test.name for test in tests if room in test.path.parents}
        if module.name not in reachable(graph, mirrored, module.room):
            yield f"{module.path}: no test in tests/{module.path.parent} reaches it"


def reachable(graph: Mapping[str, set[str]], starts: set[str], room: str) -> set[str]:
    """What these tests import, directly or through tests and modules of this room."""
    seen: set[str] = set()
    ahead = list(starts)
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += [n for n in graph[name] if n.partition(".")[0] in (room, "tests")]
    return seen


LEFT_OUT = ("skip", "skipif", "xfail", "importorskip")


def skipped_tests(modules: list[Module]) -> Iterator[str]:
    """Tests that may be left out: set-up is part of the tests, so nothing is ever missing.

    Only who runs them may decide: root may do what others may not.
    """
    for module in modules:
        root_only = {
            id(node.func)
            for node in module.nodes
            if "geteuid" in module.text
            and isinstance(node, ast.Call)
            and "geteuid" in ast.unparse(node)
        }
        for node in module.nodes:
            if (
                isinstance(node, ast.Attribute)
                and node.attr in LEFT_OUT
                and re.fullmatch(
                    r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)", ast.unparse(node)
                )
                and id(node) not in root_only
            ):
                yield f"{module.path}:{node.lineno}: a test that is left out proves nothing"


RUN_BY = {
    "tests.harness": {
        "app.cli",
        *(m.name for m in product_modules() if m.name.startswith("app.commands.")),
    }
}
"""What a test runs as a process of its own, instead of importing it."""

EVERYTHING = modules_in(*ROOMS, "tests", "benchmarks")
TESTS = modules_in("tests")


@pytest.mark.parametrize("check", [long_files, long_functions, marks, globals_declared])
def test_every_file_keeps_to_the_house_rules(check) -> None:  # type: ignore[no-untyped-def]
    assert list(check(EVERYTHING)) == []


def test_every_module_says_what_it_is() -> None:
    assert list(undocumented([*product_modules(), *modules_in("benchmarks")])) == []


def test_no_error_is_swallowed() -> None:
    assert list(broad_excepts(product_modules())) == []


def test_tests_wait_for_conditions() -> None:
    assert list(blocking_sleeps(TESTS)) == []


def test_no_test_is_left_out() -> None:
    assert list(skipped_tests(TESTS)) == []


def test_every_module_has_a_test() -> None:
    assert list(untested(product_modules(), TESTS)) == []


# The checks above are worth something only if they fail on bad source.


def example(text: str, path: str = "proxy/call.py") -> list[Module]:
    return [Module(path.removesuffix(".py").replace("/", "."), text, Path(path))]


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (long_files, "x = 1\n" * (FILE_LINES_MAX + 1)),
        (long_functions, "def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX),
        (marks, "x = 1  # TO" + "DO: later\n"),
        (broad_excepts, "try:\n    f()\nexcept:\n    pass\n"),
        (broad_excepts, "try:\n    f()\nexcept (OSError, Exception):\n    pass\n"),
        (broad_excepts, "try:\n    f()\nexcept BaseException:\n    pass\n"),
        (globals_declared, "def f():\n    global x\n"),
        (blocking_sleeps, "import time\ntime.sleep(1)\n"),
        (blocking_sleeps, "from time import sleep\n"),
        (undocumented, "x = 1\n"),
        (skipped_tests, "import pytest\n@pytest.mark.skip\ndef test_x(): ...\n"),
        (lambda modules: untested(modules, []), "x = 1\n"),
    ],
)
def test_a_breach_is_found(check, text: str) -> None:  # type: ignore[no-untyped-def]
    assert len(list(check(example(text)))) == 1


def test_the_last_resort_may_catch_everything_once() -> None:
    once = "try:\n    f()\nexcept Exception:\n    pass\n"
    assert list(broad_excepts(example(once, "proxy/app.py"))) == []
    assert len(list(broad_excepts(example(once * 2, "proxy/app.py")))) == 1


def test_cleaning_up_and_raising_on_is_allowed() -> None:
    assert not list(
        broad_excepts(example("try:\n    f()\nexcept BaseException:\n    g()\n    raise\n"))
    )


def test_a_mirrored_test_or_one_that_imports_the_module_is_enough() -> None:
    module = example("x = 1\n")
    assert not list(untested(module, example("", "tests/proxy/test_call.py")))
    assert not list(untested(module, example("import proxy.call", "tests/proxy/test_way.py")))
    through = [*module, *example("from proxy import call", "proxy/app.py")]
    assert not list(untested(through, example("import proxy.app", "tests/proxy/test_way.py")))
    assert list(untested(module, example("import proxy.call", "tests/budget/test_way.py")))


def test_a_test_that_root_cannot_run_may_be_left_out() -> None:
    text = "import pytest\n@pytest.mark.skipif(os.geteuid() == 0, reason='root')\ndef test_x(): ..."
    assert not list(skipped_tests(example(text)))


def test_the_source_that_is_looked_at_is_all_of_it() -> None:
    assert {m.path.parts[0] for m in EVERYTHING} >= {"config", "storage", "budget", "tests"}
    assert (ROOT / "tests/test_tidy.py").exists()
