"""The style sheets, put together once: one for the panel, one for the login page."""

from dashboard.theme import ASSETS, stylesheet


def made() -> dict[str, bytes]:
    """Each sheet by the name under which it is served."""
    tokens, shell, door = (
        (ASSETS / f"{name}.css").read_text() for name in ("tokens", "shell", "login")
    )
    return {
        "panel.css": f"{stylesheet()}\n{shell}".encode(),
        "door.css": f"{tokens}\n{door}".encode(),
    }
