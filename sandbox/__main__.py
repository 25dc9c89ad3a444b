"""`python -m sandbox`: run the stand-in upstream."""

import argparse
from pathlib import Path

from sandbox.app import create_app
from sandbox.options import EVENT_DELAY_MS, LATE_MS, Options
from sandbox.server import serve


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A stand-in for api.openai.com: deterministic text, true usage, an account.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument(
        "--event-delay-ms",
        type=float,
        default=EVENT_DELAY_MS,
        help="time between two events of a stream (default %(default)s)",
    )
    parser.add_argument(
        "--late-ms",
        type=float,
        default=LATE_MS,
        help="time until a batch, a background response or a video is done (default %(default)s)",
    )
    parser.add_argument(
        "--ready-file", type=Path, help="file to write {url, pid} to once it listens"
    )
    given = parser.parse_args()
    app = create_app(Options(event_delay_ms=given.event_delay_ms, late_ms=given.late_ms))
    serve(app, given.host, given.port, given.ready_file)


if __name__ == "__main__":
    main()
