"""What a process says when it is up: where it is, and the lines that an agent needs."""

from app.engines import Engines
from config.money import usd_text
from config.rules import Rule, Window
from config.settings import Loaded
from proxy.local import is_loopback


def banner(loaded: Loaded, engines: Engines, url: str, door: str) -> str:
    """The text, for standard error. `door` says how to log in; empty where there is no panel."""
    settings = loaded.settings
    is_open = settings.auth.proxy == "auto" and is_loopback(settings.server.host)
    key = "anything" if is_open else "<what `purser keys create` prints>"
    upstream = (
        "the sandbox (no OPENAI_API_KEY: answers are made up, money is not real)"
        if engines.sandbox
        else settings.upstream.url
    )
    limits = ", ".join(_limit(rule) for rule in loaded.rules[:4])
    more = f" and {len(loaded.rules) - 4} more" if len(loaded.rules) > 4 else ""
    panel = f"\n    panel      {url}/admin/budget\n    log in     {door}" if door else ""
    return f"""
  Purser is up.

    proxy      {url}/v1
    billing    {url}/api/billing{panel}
    health     {url}/readyz
    upstream   {upstream}
    budgets    {limits or "none: nothing is refused"}{more}
    config     {loaded.path}
    data       {engines.data_dir}

  An agent needs three lines:

    export OPENAI_BASE_URL={url}/v1
    export OPENAI_API_KEY={key}
    export OPENAI_CUSTOM_HEADERS=$'X-Agent-Type: CONTENT\\nX-Campaign-Id: holiday-2024'

"""


def panel_banner(loaded: Loaded, engines: Engines, url: str, door: str) -> str:
    """The same, of a process that serves the panel and no calls."""
    return f"""
  Purser's panel is up.

    panel      {url}/admin/budget
    log in     {door}
    billing    {url}/api/billing
    health     {url}/readyz
    config     {loaded.path}
    data       {engines.data_dir}

"""


def _limit(rule: Rule) -> str:
    length = "in all" if rule.window == Window.TOTAL else f"per {rule.window}"
    return f"{rule.name} {usd_text(rule.limit_nano)} USD {length}"
