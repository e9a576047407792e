"""A proxy before a real PocketBase that counts what is asked, and misbehaves when told to."""

import json
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.publish.pocketbase.support import PocketBase

Answer = tuple[int, dict[str, str], bytes]
Hook = Callable[[int, str, bytes], Answer | None]


class Proxy:
    """Stands before a PocketBase, remembers what was asked, and can misbehave.

    before: called with the number of the write (from 1), its path and body ahead of forwarding; an
    answer given there is the one the client gets. after: called once the server has answered and
    before the client hears of it.
    """

    def __init__(self, server: PocketBase) -> None:
        self.writes: list[tuple[str, str, bytes]] = []
        self.asked: list[tuple[str, str]] = []
        self.before: Hook = lambda number, path, body: None
        self.after: Hook = lambda number, path, body: None
        self.server = server
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                proxy.handle(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """Say nothing of clients that were killed."""

        self._http = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        method, path = request.command, request.path
        is_write = method != "GET" and "/auth-" not in path
        with self._lock:
            self.asked.append((method, path))
            if is_write:
                self.writes.append((method, path, body))
            number = len(self.writes)
        try:
            answer = self.before(number, path, body) if is_write else None
            answer = answer or self._forward(request, method, path, body)
            if is_write:
                answer = self.after(number, path, body) or answer
            self._answer(request, answer)
        except (OSError, HTTPException, Cut):
            request.close_connection = True

    def _answer(self, request: BaseHTTPRequestHandler, answer: Answer) -> None:
        status, headers, content = answer
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("content-length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def _forward(
        self, request: BaseHTTPRequestHandler, method: str, path: str, body: bytes
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        kept = {
            name: request.headers[name]
            for name in ("authorization", "content-type")
            if request.headers[name]
        }
        connection.request(method, path, body or None, kept)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        kind = {"content-type": response.headers.get("content-type", "")}
        return response.status, kind, content

    def records(self) -> list[tuple[str, str]]:
        """Return method and id of every record that was sent, batches taken apart."""
        found = []
        for method, path, body in self.writes:
            if path == "/api/batch":
                for part in json.loads(body)["requests"]:
                    identity = part.get("body", {}).get("id") or part["url"].rsplit("/", 1)[1]
                    found.append((part["method"], identity))
            elif "/records" in path:
                identity = path.split("?")[0].rsplit("/", 1)[1]
                found.append((method, identity if method != "POST" else json.loads(body)["id"]))
        return found


class Cut(Exception):  # noqa: N818
    """Raised by a hook: the connection ends without an answer."""


def refuse(status: int, **headers: str) -> Answer:
    """Return an answer of PocketBase's form with a status."""
    body = json.dumps({"data": {}, "message": "Not now.", "status": status}).encode()
    return status, {"content-type": "application/json", **headers}, body
