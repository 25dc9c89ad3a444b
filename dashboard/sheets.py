"""The style sheets, put together once: one for the panel, one for the login page."""

from dashboard.static import ASSETS
from dashboard.theme import stylesheet

LOGIN_PARTS = ("tokens.css", "login.css")


def made() -> dict[str, bytes]:
    """Each sheet by the name under which it is served."""
    panel = f"{stylesheet()}\n{(ASSETS / 'shell.css').read_text()}"
    return {"panel.css": panel.encode(), "door.css": _joined(LOGIN_PARTS)}


def _joined(parts: tuple[str, ...]) -> bytes:
    return "\n".join((ASSETS / part).read_text() for part in parts).encode()
