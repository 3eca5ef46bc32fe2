"""A bad stretch of network between a client and the application: it fails as told, and remembers what passed."""

import contextlib
import gzip
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

Fault = Literal["429", "503", "answer lost"]
RETRY_AFTER = 1
_OF_THE_CONNECTION = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})


@dataclass(frozen=True)
class Exchange:
    """One request as it came, and what was answered; None where the answer was lost."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int | None
    came: float

    @property
    def document(self) -> dict[str, Any]:
        plain = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        document: dict[str, Any] = json.loads(plain)
        return document

    @property
    def events(self) -> list[dict[str, Any]]:
        """Each event as it was sent, with its batch's time of sending where it has none of its own."""
        document = self.document
        return [{"sentAt": document["sentAt"], **event} for event in document.get("batch", [document])]


@dataclass
class Middlebox:
    url: str
    faults: list[Fault]
    seen: list[Exchange] = field(default_factory=list)

    @property
    def posts(self) -> list[Exchange]:
        return [exchange for exchange in self.seen if exchange.method == "POST"]

    def acknowledged(self) -> list[dict[str, Any]]:
        return [event for exchange in self.posts if exchange.status == 200 for event in exchange.events]

    def replay(self) -> list[int]:
        """Send every request that was acknowledged once more, byte for byte."""
        return [
            _forward(self.url, each.method, each.path, each.headers, each.body)[0]
            for each in self.posts
            if each.status == 200
        ]


@contextlib.contextmanager
def between(upstream: str, *faults: Fault, host: str = "127.0.0.1") -> Iterator[Middlebox]:
    """A host to point a client at; the first POSTs meet the faults, in order."""
    box = Middlebox("", list(faults))
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(upstream, box)) as server:
        box.url = f"http://{host}:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


def _handler(upstream: str, box: Middlebox) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            came = time.monotonic()
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            with lock:
                fault = box.faults.pop(0) if self.command == "POST" and box.faults else None
            if fault in ("429", "503"):
                status, answer, said = (
                    int(fault),
                    b'{"code": "fault", "message": "As told."}',
                    self._cors(headers),
                )
                if fault == "429":
                    said.append(("Retry-After", str(RETRY_AFTER)))
            else:
                status, said, answer = _forward(upstream, self.command, self.path, headers, body)
            lost = fault == "answer lost"
            exchange = Exchange(self.command, self.path, headers, body, None if lost else status, came)
            with lock:
                box.seen.append(exchange)
            if lost:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in said:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _cors(self, headers: dict[str, str]) -> list[tuple[str, str]]:
            """What the application itself lets a page read of a failure."""
            _, said, _ = _forward(upstream, "GET", "/v1/nothing", headers, b"")
            return [(name, value) for name, value in said if name.lower().startswith("access-control-")]

        do_GET = do_POST = do_OPTIONS = _pass  # noqa: N815  (the names that http.server calls)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its parameter's own name)
            pass

    return Handler


def _forward(
    to: str, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection(urlsplit(to).netloc, timeout=30)
    kept = {name: value for name, value in headers.items() if name not in _OF_THE_CONNECTION}
    with contextlib.closing(connection):
        connection.request(method, path, body or None, kept)
        response = connection.getresponse()
        said = [(name, value) for name, value in response.getheaders() if name not in _OF_THE_CONNECTION]
        return response.status, said, response.read()


def until(done: Callable[[], bool], within: float) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + within
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
