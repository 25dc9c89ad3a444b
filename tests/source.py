"""The project's own Python source, parsed: what the tests about structure look at."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "config",
    "storage",
    "budget",
    "proxy",
    "insights",
    "api",
    "dashboard",
    "sandbox",
    "app",
)


@dataclass(frozen=True)
class Module:
    """One Python file; `name` is dotted, a package's own name standing for its `__init__`."""

    name: str
    text: str
    path: Path = Path("example.py")

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, str(self.path))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Everything in the file, in the order of `ast.walk`."""
        return list(ast.walk(self.tree))

    @property
    def room(self) -> str:
        """The top-level package."""
        return self.name.partition(".")[0]

    @property
    def is_package(self) -> bool:
        """Whether this is an `__init__.py`."""
        return self.path.name == "__init__.py"

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method, nested ones too."""
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every imported name, dotted and absolute, with its line: `from a import b` is `a.b`."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.name, node.lineno
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                for alias in node.names:
                    yield f"{base}.{alias.name}" if base else alias.name, node.lineno

    def hidden_imports(self) -> Iterator[int]:
        """The lines of imports inside functions."""
        for function in self.functions():
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield node.lineno

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        package = parts if self.is_package else parts[:-1]
        above = package[: len(package) - node.level + 1]
        return ".".join([*above, *([node.module] if node.module else [])])


@cache
def module(path: Path) -> Module:
    """The module that a file of this project is; read and parsed once in a run."""
    relative = path.relative_to(ROOT)
    parts = list(relative.with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return Module(".".join(parts), path.read_text(), relative)


def modules_in(*folders: str) -> list[Module]:
    """Every module below these folders; one that does not exist has none."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [module(path) for path in paths if "node_modules" not in path.parts]


def product_modules() -> list[Module]:
    """Every module of every room."""
    return modules_in(*ROOMS)


def local_imports(modules: list[Module]) -> dict[str, set[str]]:
    """Which of these modules imports which other of them."""
    names = {m.name for m in modules}
    graph: dict[str, set[str]] = {m.name: set() for m in modules}
    for m in modules:
        for imported, _line in m.imports():
            target = imported if imported in names else imported.rpartition(".")[0]
            if target in names and target != m.name:
                graph[m.name].add(target)
    return graph


def calls_of(tree: ast.AST, *dotted: str) -> Iterator[int]:
    """The lines on which one of these dotted names is mentioned."""
    last = {name.rpartition(".")[2] for name in dotted}
    for node in ast.walk(tree):
        # To write every name out takes long: most are known by their last word.
        if (
            (isinstance(node, ast.Attribute) and node.attr in last)
            or (isinstance(node, ast.Name) and node.id in last)
        ) and ast.unparse(node) in dotted:
            yield node.lineno
