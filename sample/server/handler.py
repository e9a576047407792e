"""The HTTP side of the replay server: connections, requests in, answers and faults out."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import socketserver
import sys
import time
import uuid
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from assay.sample.server import faults as faulty
from assay.sample.server.wire import Api, ApiError, Request, Response

log = logging.getLogger(__name__)

SLOW_SECONDS = 2.0
TIMEOUT_SECONDS = 60.0
IDLE_SECONDS = 120.0
BODY_LIMIT = 1 << 20


class Replay(Protocol):
    """What connections are served for: which API answers, with which faults, until when."""

    url: str
    apis: Sequence[Api]
    faults: faulty.Faults
    closing: Event

    def admit(self) -> tuple[bool, bool]:
        """(Whether the server still lives, whether this is its last answer)."""

    def stop_accepting(self) -> None:
        """Refuse connections from now on."""

    def route(self, path: str) -> Api | None:
        """The API that owns a path."""

    def note(self, method: str, target: str, outcome: int | str) -> None:
        """Remember one request."""


class LoopbackServer(ThreadingHTTPServer):
    """Binds to 127.0.0.1 and nothing else; `app` is the replay that it answers for."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, app: Replay) -> None:
        self.app, self._open = app, set[socket.socket]()
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's name, which can hang without DNS."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def process_request(self, request: socket.socket, client_address: Any) -> None:
        """Remember the connection, and serve it in a thread."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:
        """Forget the connection, and end it."""
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Close what clients keep alive."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what a thread died of; a client that leaves is no news."""
        quiet = isinstance(sys.exception(), OSError | ValueError)
        log.log(logging.DEBUG if quiet else logging.ERROR, "connection failed", exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive between requests."""

    server: LoopbackServer
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server_version, sys_version = "replay", ""

    def do_GET(self) -> None:
        """Answer one request of any method."""
        app = self.server.app
        lives, last = app.admit()
        if not lives:
            self.close_connection = True
            return
        if last:  # before the answer, so that who has it finds nobody there
            self.close_connection = True
            app.stop_accepting()
        request = self._request()
        if request is None:
            self.send_error(HTTPStatus.BAD_REQUEST)
        else:
            self._serve(app, request)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _request(self) -> Request | None:
        try:
            length = int(self.headers.get("Content-Length", 0))
            parts = urlsplit(self.path)
            query = parse_qsl(parts.query, keep_blank_values=True)
        except ValueError:
            return None
        if not 0 <= length <= BODY_LIMIT or "Transfer-Encoding" in self.headers:
            return None
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        method = "GET" if self.command == "HEAD" else self.command
        base, body = self.server.app.url, self.rfile.read(length)
        return Request(method, target, parts.path, query, self.headers, base, body)

    def _serve(self, app: Replay, request: Request) -> None:
        api = app.route(request.path)
        if api is None:
            app.note(self.command, request.target, 404)
            self._send(self._plain_error(404, f"no API of this replay has {request.path}"))
            return
        kind = app.faults.pick(request.target)
        by_caller = getattr(api, "meter_caller", None)
        limits, refusal = by_caller(request) if by_caller else api.meter()
        if refusal is not None:
            app.note(self.command, request.target, refusal.status)
            self._send(refusal)
        elif kind is None:
            response = self._honest(api, request)
            response.headers = limits | response.headers
            app.note(self.command, request.target, response.status)
            self._send(response)
        else:
            app.note(self.command, request.target, kind)
            self._strike(kind, api, request, limits)

    def _honest(self, api: Api, request: Request) -> Response:
        try:
            return api.answer(request)
        except ApiError as refused:
            return refused.response
        except Exception:
            log.exception("%s %s failed", request.method, request.target)
            return api.error(500, "the replay server failed on this request; see its log")

    def _strike(self, kind: str, api: Api, request: Request, limits: dict[str, str]) -> None:
        if kind in ("gone", "timeout"):
            if kind == "timeout":
                self._wait_until_client_leaves()
            self.close_connection = True
            return
        if kind == "slow":
            self.server.app.closing.wait(SLOW_SECONDS)
        response = faulty.spoil(kind, api, request, lambda: self._honest(api, request))
        if not kind.startswith("429"):  # these say themselves what they tell about the limit
            response.headers = limits | response.headers
        self._send(response, cut=kind == "cut")

    def _wait_until_client_leaves(self) -> None:
        ends = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < ends and not self.server.app.closing.is_set():
            if select.select([self.connection], [], [], 0.2)[0]:
                return  # nothing but the end of the connection can come from a waiting client

    def _send(self, response: Response, *, cut: bool = False) -> None:
        self.close_connection = self.close_connection or cut
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.send_header("X-Request-Id", f"Root=1-{uuid.uuid4().hex}")
        for name, value in response.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body[: len(response.body) // 2] if cut else response.body)

    def _plain_error(self, status: int, message: str) -> Response:
        # no API owns the request: the first one's limits, so that every answer carries some
        response = self.server.app.apis[0].error(status, message)
        response.headers |= self.server.app.apis[0].meter()[0]
        return response

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses, as JSON and with the connection closed."""
        self.close_connection = True
        self._send(self._plain_error(code, message or HTTPStatus(code).phrase))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """To the log, for debugging only; `--log` has its own lines."""
        log.debug(format, *args)
