"""What is written is complete and true: settings, commands, headers, links, and nothing private."""

import ast
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel

from app.cli import cli
from config import settings
from tests.source import ROOMS, ROOT, Module, modules_in, product_modules

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
HEADER = re.compile(r"\bx-purser-[a-z]+(?:-[a-z]+)*\b", re.IGNORECASE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
QUOTED_PATH = re.compile(
    r"`((?:\.ci|deploy|docs|benchmarks|tests|" + "|".join(ROOMS) + r")/[\w./-]+)`"
)
INDEX_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("pypi", "python", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("npmmirror", "com"),
    )
)
WORKPLACE = re.compile(r"(?<![\w.$}-])/(?:work|root|home/\w+|opt/wheels|opt/pypi|tmp/lab)/")
"""Folders of one machine: a path that is there for nobody else."""
TEXT_BYTES_MAX = 1_000_000


def undocumented_settings(model: type[BaseModel], text: str) -> Iterator[str]:
    """Settings, dotted, that do not stand in backticks in `text`.

    Of a mapping or list that stands there by its own name, the values are explained there.
    """
    for name in setting_names(model):
        outer = [name[: step.start()] for step in re.finditer(r"(?:\.\*|\[\])\.", name)]
        if not any(f"`{told}`" in text for told in (name, *outer)):
            yield name


def setting_names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every leaf of a settings model: `server.port`, `rules[].name`, `overrides.*.mode`."""
    for name, info in model.model_fields.items():
        field = info.alias or name
        inner = list(models_in(info.annotation))
        for nested, container in inner:
            yield from setting_names(nested, f"{prefix}{field}{container}.")
        if not inner:
            yield f"{prefix}{field}"


def models_in(annotation: Any, container: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    """The models inside an annotation, each with how one is reached: `[]`, `.*` or directly."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, container
        return
    origin = get_origin(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        container = ".*"
    elif isinstance(origin, type) and issubclass(origin, Collection):
        container = "[]"
    for argument in get_args(annotation):
        yield from models_in(argument, container)


def undocumented_commands(application: typer.Typer, text: str) -> Iterator[str]:
    """Commands, with the groups they stand in, that `text` does not mention."""
    for name in command_names(typer.main.get_command(application), "purser"):
        if name not in text:
            yield name


def command_names(command: Any, path: str) -> Iterator[str]:
    """The full names of all commands below this one."""
    commands: Mapping[str, Any] = getattr(command, "commands", {})
    if not commands:
        yield path
    for name, nested in commands.items():
        if not nested.hidden:
            yield from command_names(nested, f"{path} {name}")


def undocumented_headers(modules: list[Module], text: str) -> Iterator[str]:
    """Headers of ours that stand in the code but not in `text`."""
    known = {header.lower() for header in HEADER.findall(text)}
    for module in modules:
        for node in ast.walk(module.tree):
            value = node.value if isinstance(node, ast.Constant) else None
            string = value.decode("latin-1") if isinstance(value, bytes) else value
            if isinstance(string, str):
                for header in HEADER.findall(string):
                    if header.lower() not in known:
                        yield f"{module.path}:{node.lineno}: {header}"  # type: ignore[attr-defined]


def broken_links(document: Path, text: str, root: Path = ROOT) -> Iterator[str]:
    """Local links and quoted paths that lead nowhere, and anchors without their heading."""
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if path and not target.exists():
            yield f"{document.name}: {link}"
        elif anchor and anchor not in anchors(text if not path else target.read_text()):
            yield f"{document.name}: {link}: no such heading"
    for path in QUOTED_PATH.findall(text):
        if not (root / path).exists():
            yield f"{document.name}: `{path}`"


def anchors(text: str) -> set[str]:
    """The anchors of a Markdown text's headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def private_matters(path: str, text: str) -> Iterator[str]:
    """Package indexes by name, and folders of one machine."""
    for number, line in enumerate(text.splitlines(), 1):
        for host in INDEX_HOSTS:
            if host in line:
                yield f"{path}:{number}: names {host}"
        if found := WORKPLACE.search(line):
            yield f"{path}:{number}: names {found.group()}"


def committed_files() -> Iterable[Path]:
    """What stands in version control; everything but caches where there is none."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        )
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [m.path for m in modules_in(*ROOMS, "tests", "benchmarks")]


def readable_text(path: Path) -> str:
    """A file's text; empty for what is not text or is data."""
    if not path.is_file() or path.stat().st_size > TEXT_BYTES_MAX:
        return ""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    assert list(undocumented_settings(settings.Settings, text)) == []


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs/cli.md").read_text()
    assert list(undocumented_commands(cli, text)) == []


def test_every_header_is_documented() -> None:
    text = (ROOT / "docs/headers.md").read_text()
    assert list(undocumented_headers(product_modules(), text)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    assert list(broken_links(document, document.read_text())) == []


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        document = ahead.pop()
        if document in reached:
            continue
        reached.add(document)
        for link in LINK.findall(document.read_text()):
            target = (document.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists():
                ahead.append(target)
    assert set(DOCUMENTS) <= reached


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^## \[?Unreleased\]?$", text, re.MULTILINE)


def test_no_committed_file_names_a_package_index_or_a_folder_of_one_machine() -> None:
    found = [
        line
        for path in committed_files()
        for line in private_matters(str(path.relative_to(ROOT)), readable_text(path))
    ]
    assert found == []


# The checks above are worth something only if they fail on bad examples.


class Rule(BaseModel):
    limit_usd: str


class Server(BaseModel):
    port: int = 1


class Settings(BaseModel):
    server: Server
    rules: list[Rule] | None = None
    names: dict[str, int] = {}
    servers: dict[str, Server] = {}


def test_an_undocumented_setting_is_found() -> None:
    assert list(setting_names(Settings)) == [
        "server.port",
        "rules[].limit_usd",
        "names",
        "servers.*.port",
    ]
    text = "`server.port`, `names` and `servers.*.port`"
    assert list(undocumented_settings(Settings, text)) == ["rules[].limit_usd"]


def test_an_undocumented_command_is_found() -> None:
    application, group = typer.Typer(), typer.Typer()
    for part, name in ((application, "serve"), (group, "correct"), (group, "show")):
        part.command(name)(lambda: None)
    application.add_typer(group, name="ledger")
    assert list(undocumented_commands(application, "`purser serve`, `purser ledger show`")) == [
        "purser ledger correct"
    ]


def test_an_undocumented_header_is_found() -> None:
    module = Module("proxy.headers", 'A = b"x-purser-key"\nB = "X-Purser-Secret-Door"\n')
    assert list(undocumented_headers([module], "X-Purser-Key")) == [
        "example.py:2: X-Purser-Secret-Door"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[here](nowhere.md)",
        "[here](#no-such-heading)",
        "see `docs/nowhere.md`",
        "[here](README.md#no-such-heading)",
    ],
)
def test_a_broken_link_is_found(text: str) -> None:
    assert len(list(broken_links(ROOT / "README.md", text))) == 1


def test_a_good_link_is_left_alone() -> None:
    text = "# A `first` budget\n[a](#a-first-budget) [b](https://example.com/x) `deploy/install`"
    assert list(broken_links(ROOT / "README.md", text)) == []


@pytest.mark.parametrize(
    "line", [f"--index-url https://{INDEX_HOSTS[0]}/simple", "cd /" + "work/main"]
)
def test_a_private_matter_is_found(line: str) -> None:
    assert len(list(private_matters("a.txt", line))) == 1


def test_a_path_inside_the_project_is_not_private() -> None:
    assert list(private_matters("a.txt", "./deploy/work/x ${HOME}/root/x")) == []
