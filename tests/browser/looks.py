"""What is looked at on every page: for those who cannot see it, on any screen, by its policy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.clients.node_packages import install

FOLDER = Path(__file__).parent / "node"
GRAVE = ("serious", "critical")

WATCH_POLICY = """
window.purserRefused = [];
document.addEventListener('securitypolicyviolation', event =>
  window.purserRefused.push(event.violatedDirective + ' ' + event.blockedURI));
"""

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

OVERLAPS = """(() => {
  const blocks = '#content > *, #content > * > section, #content > * > .card';
  const seen = [...document.querySelectorAll(blocks)]
    .filter(one => !['fixed', 'absolute', 'sticky'].includes(getComputedStyle(one).position))
    .map(one => ({one, box: one.getBoundingClientRect()}))
    .filter(({box}) => box.width > 1 && box.height > 1);
  const named = one => one.tagName + (one.id ? '#' + one.id : '.' + one.className);
  const found = [];
  for (let a = 0; a < seen.length; a++) for (let b = a + 1; b < seen.length; b++) {
    const [p, q] = [seen[a], seen[b]];
    if (p.one.contains(q.one) || q.one.contains(p.one)) continue;
    const wide = Math.min(p.box.right, q.box.right) - Math.max(p.box.left, q.box.left);
    const high = Math.min(p.box.bottom, q.box.bottom) - Math.max(p.box.top, q.box.top);
    if (wide > 1 && high > 1) found.push(named(p.one) + ' over ' + named(q.one));
  }
  return found;
})()"""

AXE = """async () => {
  const found = await axe.run(document, {
    resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  });
  return found.violations.map(one => ({
    id: one.id, impact: one.impact, nodes: one.nodes.map(node => node.target.join(' ')),
  }));
}"""


@dataclass(frozen=True)
class Known:
    """A violation of somebody else's element that we cannot cure, and why that does no harm."""

    rule: str
    within: str
    why: str


KNOWN = (
    Known(
        "aria-required-children",
        ".ag-",
        "AG Grid's row groups stay empty until its rows are there, and between blocks of rows",
    ),
)


def axe_script() -> str:
    """axe-core, to be put into each page before it loads."""
    return (install(FOLDER) / "node_modules" / "axe-core" / "axe.min.js").read_text()


def barriers(page: Page) -> list[str]:
    """Serious and critical violations that axe finds on a page, each with its elements."""
    found: list[dict[str, Any]] = page.evaluate(AXE)
    return [
        f"{one['impact']} {one['id']}: {', '.join(one['nodes'][:5])}"
        for one in found
        if one["impact"] in GRAVE and not all(_known(one["id"], node) for node in one["nodes"])
    ]


def _known(rule: str, node: str) -> bool:
    return any(known.rule == rule and known.within in node for known in KNOWN)


def overflow_px(page: Page) -> int:
    """By how much a page is wider than its screen."""
    return int(page.evaluate(OVERFLOW))


def overlaps(page: Page) -> list[str]:
    """Blocks of a section that lie over each other."""
    return [str(one) for one in page.evaluate(OVERLAPS)]


def refused_by_policy(page: Page) -> list[str]:
    """What the Content-Security-Policy has refused since the page was loaded."""
    return [str(one) for one in page.evaluate("window.purserRefused")]
