"""The Lua scripts: each is its file behind the shared prelude, known to Redis by its SHA-1."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "lua"
_ENDING: Final = ("end", "assume", "correct", "manual")
_ASKING: Final = ("reserve", "manual", "levels")
_MAY_EXCEED_MEMORY: Final = "#!lua flags=allow-oom\n"
_NOT_BEYOND_MEMORY: Final = "#!lua\n"


@dataclass(frozen=True, slots=True)
class Script:
    """One atomic step. `sha` is the SHA-1 of its text, which EVALSHA takes."""

    name: str
    text: str
    sha: str


def _load(name: str) -> Script:
    parts = [_FOLDER / "common.lua", _FOLDER / f"{name}.lua"]
    if name in _ENDING:
        parts.insert(1, _FOLDER / "ending.lua")
    if name in _ASKING:
        parts.insert(1, _FOLDER / "asking.lua")
    # Only what takes money is stopped by a full Redis: giving back and recording go on.
    flags = _NOT_BEYOND_MEMORY if name == "reserve" else _MAY_EXCEED_MEMORY
    text = flags + "\n".join(part.read_text("utf-8") for part in parts)
    return Script(name, text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


RESERVE: Final = _load("reserve")
END: Final = _load("end")
ASSUME: Final = _load("assume")
CORRECT: Final = _load("correct")
MANUAL: Final = _load("manual")
LEVELS: Final = _load("levels")
OVERRIDE: Final = _load("override")
BLOCK: Final = _load("block")
ACKNOWLEDGE: Final = _load("acknowledge")
BEAT: Final = _load("beat")
LEAVE: Final = _load("leave")
FREEZE: Final = _load("freeze")
REFUSALS: Final = _load("refusals")
PUBLISH: Final = _load("publish")
RECOVER: Final = _load("recover")
SNAPSHOT: Final = _load("snapshot")
GLANCE: Final = _load("glance")
FLIGHT: Final = _load("flight")
REPAIR: Final = _load("repair")
TIDY: Final = _load("tidy")
HANDOVER: Final = _load("handover")
KEYS: Final = _load("keys")
