"""Attributes for those who do not see the page: Dash takes them by names with a hyphen."""

from typing import Any


def aria(**attributes: str) -> Any:
    """`aria(label="Open")` is `aria-label="Open"`; untyped, as Dash's own signatures know none."""
    return {f"aria-{name}": value for name, value in attributes.items()}
