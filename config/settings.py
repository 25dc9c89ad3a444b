"""Reads what ops decide: defaults, a YAML file, the environment; the only reader of `os.environ`.

`load` gives everything at once, checked, or a `ConfigError` that names every problem.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.budget_sections import DEFAULT_RULES, Budgets
from config.check import check, place_primary_limit
from config.environment import CONFIG_VARIABLE, PREFIX, is_setting, overlay
from config.explain import explain
from config.models import ModelTable
from config.money import usd_to_nano
from config.origins import DEFAULT, ConfigError, Origin, Problem
from config.price_sections import Prices
from config.published import published_rule
from config.rates import RateCard
from config.rules import Rule
from config.sections import (
    Admission,
    Auth,
    Charging,
    Endpoints,
    Identity,
    Log,
    Refusal,
    Server,
    Storage,
    Upstream,
)
from config.trace import effective_origins
from config.yaml_text import Tree, read_yaml

DEFAULT_FILE: Final = Path("config") / "purser.yaml"
CARRIED_FILE: Final = Path(__file__).parent / "purser.yaml"


class Settings(BaseSettings):
    """Everything that ops decide."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, env_prefix=PREFIX
    )

    environment: Literal["development", "production"] = "development"
    server: Server = Field(default_factory=Server)
    upstream: Upstream = Field(default_factory=Upstream)
    storage: Storage = Field(default_factory=Storage)
    auth: Auth = Field(default_factory=Auth)
    identity: Identity = Field(default_factory=Identity)
    charging: Charging = Field(default_factory=Charging)
    prices: Prices = Field(default_factory=Prices)
    budgets: Budgets = Field(default_factory=Budgets)
    admission: Admission = Field(default_factory=Admission)
    endpoints: Endpoints = Field(default_factory=Endpoints)
    refusal: Refusal = Field(default_factory=Refusal)
    log: Log = Field(default_factory=Log)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """One source: `load` has merged file and environment, to know where each value is from."""
        return (init_settings,)


@dataclass(frozen=True)
class Loaded:
    """A configuration in force. `origins` tells of every dotted setting where it comes from."""

    settings: Settings
    rules: tuple[Rule, ...]
    primary: Rule | None
    """The rule behind the overview; None only where there is no rule that it could be."""
    rates: RateCard
    models: ModelTable
    origins: Mapping[str, Origin]
    path: Path
    digest: str
    """Changes exactly when something changes that binds calls."""
    content_digest: str
    """Changes with any byte of the file."""


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """The file to read: `PURSER_CONFIG`, else `config/purser.yaml` here, else the carried one."""
    environ = os.environ if environ is None else environ
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.exists() else CARRIED_FILE


def environment_without_settings(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a child process whose file alone says how it is set."""
    environ = os.environ if environ is None else environ
    return {name: value for name, value in environ.items() if not is_setting(name)}


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read, merge and check everything; raises `ConfigError` with all problems."""
    environ = os.environ if environ is None else environ
    path = path or config_path(environ)
    try:
        raw = path.read_bytes()
    except OSError as problem:
        found = f"no readable file ({problem.strerror or problem})"
        allowed = f"a YAML file; {CONFIG_VARIABLE} names another"
        raise ConfigError([Problem(Origin(str(path)), "", found, allowed)]) from None
    return parse(raw, path, environ)


def content_digest(raw: bytes) -> str:
    """Changes with any byte of a file."""
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def parse(raw: bytes, path: Path, environ: Mapping[str, str] | None = None) -> Loaded:
    """As `load`, from the bytes of a file."""
    environ = os.environ if environ is None else environ
    tree = read_yaml(raw, str(path), environ)
    overlay(tree, environ, Settings)
    _fill_rules(tree)
    place_primary_limit(tree, environ)
    try:
        settings = Settings(**tree.values)
    except ValidationError as invalid:
        raise ConfigError([*tree.problems, *explain(invalid.errors(), tree, Settings)]) from None
    misfits = check(
        settings.environment, settings.upstream, settings.budgets, settings.endpoints, tree
    )
    if problems := [*tree.problems, *misfits]:
        raise ConfigError(problems)
    rules = tuple(rule.as_rule(settings.budgets.timezone) for rule in settings.budgets.rules)
    index = settings.budgets.primary_index()
    rates = settings.charging.rate_card()
    models = settings.prices.table(settings.upstream.url)
    return Loaded(
        settings=settings,
        rules=rules,
        primary=None if index is None else rules[index],
        rates=rates,
        models=models,
        origins=MappingProxyType(effective_origins(settings, tree)),
        path=path,
        digest=_digest(settings, rules, rates, models),
        content_digest=content_digest(raw),
    )


def _fill_rules(tree: Tree) -> None:
    """Rules that nobody wrote stand in the tree as if written, so that a limit can be laid over."""
    budgets = tree.values.setdefault("budgets", {})
    if isinstance(budgets, dict) and "rules" not in budgets:
        budgets["rules"] = [dict(rule) for rule in DEFAULT_RULES]
        tree.origins[("budgets", "rules")] = DEFAULT


def _digest(
    settings: Settings, rules: tuple[Rule, ...], rates: RateCard, models: ModelTable
) -> str:
    """What binds calls, in integers, so that 0.05 and 0.050 are the same."""
    assumed = settings.endpoints.assume_usd
    binding = {
        "rules": [published_rule(rule) for rule in rules],
        "primary": settings.budgets.primary_index(),
        "models": models.version,
        "basis": settings.charging.basis,
        "rates": sorted(rates.rates.items()),
        "unattributed": rates.unattributed,
        "implicit_share_mille": settings.admission.implicit_share_mille,
        "min_output_tokens": settings.admission.min_output_tokens,
        "unpriced_model": settings.admission.unpriced_model,
        "free": sorted(settings.endpoints.free),
        "assumed": sorted((path, usd_to_nano(usd)) for path, usd in assumed.items()),
        "aliases": settings.identity.aliases,
        "require": sorted(settings.auth.require),
        "refusal": settings.refusal.status,
    }
    text = json.dumps(binding, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
