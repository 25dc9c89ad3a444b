"""How this process logs: JSON lines for machines, or plain lines for people."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from config.sections import Log

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a caller put beside the message."""
    extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    nested = extra.pop("fields", None)
    return extra | nested if isinstance(nested, dict) else extra


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:
            # Half a surrogate pair, a number beyond 64 bits: no reason to lose the line.
            return json.dumps(line, default=str)


class PlainLines(logging.Formatter):
    """Time, level, message, then what else is known."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        told = ((k, v) for k, v in fields_of(record).items() if v not in (None, (), ""))
        more = " ".join(f"{name}={_on_one_line(value)}" for name, value in told)
        text = f"{time} {record.levelname.lower():8} {record.getMessage()} {more}".rstrip()
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def _on_one_line(value: object) -> str:
    """A value as text that begins no line of its own and tells a terminal nothing."""
    text = str(value)
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def set_up_logs(log: Log) -> None:
    """Log to standard error from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log.format == "json" else PlainLines())
    logging.basicConfig(level=log.level.upper(), handlers=[handler], force=True)
    for quiet in ("uvicorn", "asyncio", "aiosqlite", "sqlalchemy", "alembic"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
