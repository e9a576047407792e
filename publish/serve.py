"""Serve the published issues and the catalog: the bundled PocketBase with their pages, until it
is interrupted.

python -m publish.serve [--port 8090]
"""

import argparse
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from assay import warehouse
from assay.publish.catalog import place
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.server import bundled, one_server, own_settings, served, show
from assay.publish.pocketbase.settings import PublishError, retry_policy
from assay.publish.pocketbase.superuser import folder

WEB = Path(__file__).resolve().parent / "web"
PORT = 8090


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m publish.serve",
        description="Serve the live page and the API of the bundled PocketBase on 127.0.0.1. "
        "`python -m publish.pocketbase` publishes to it while it runs.",
    )
    parser.add_argument("--port", type=_port, default=PORT, help=f"default {PORT}; 0 takes any")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        with _stopped_by_signals():
            _serve(args.port)
    except KeyboardInterrupt:
        return 0
    except (PublishError, warehouse.WarehouseError, OSError) as error:
        sys.stderr.write(f"publish.serve: {warehouse.first_line(error)}\n")
        return 1
    return 0


def _serve(port: int) -> None:
    with one_server():
        if port:
            _check_free(port)
        show("catalog-data", place.data())
        show("reports", warehouse.reports_dir())
        with bundled(port, WEB, serving=True) as server:
            with Client(server, retry_policy()) as client:
                own_settings(client)
            with served(server.url):
                sys.stdout.write(
                    f"The page:  {server.url}/\n"
                    f"Catalog:   {server.url}/catalog.html\n"
                    f"Feed:      {server.url}/issues.atom, once `make digest` wrote it\n"
                    f"Dashboard: {server.url}/_/ as {server.email}, password in "
                    f"{folder() / 'superuser.json'}\n"
                    "Ctrl-C stops it.\n"
                )
                sys.stdout.flush()
                signal.pause()


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _check_free(port: int) -> None:
    """Raise PublishError when something else listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PublishError(
                f"port {port} is in use: stop what listens there, or choose another with --port"
            ) from error


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM end the server as Ctrl-C does: in order; started in the background, too."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in ends}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
