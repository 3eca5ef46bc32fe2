import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.core.clock import RemoteClock, real_now

SIMULATED = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


class _Clock(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(
            {"now": SIMULATED.isoformat(), "rate": 3600, "real": real_now().isoformat()}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        return


@pytest.fixture
def clock_url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Clock)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_domain_time_follows_the_clock_that_was_named(clock_url: str) -> None:
    clock = RemoteClock(clock_url)
    await clock.sync()
    assert abs(clock.now() - SIMULATED) < timedelta(hours=2)


async def test_an_unreachable_clock_leaves_real_time() -> None:
    clock = RemoteClock("http://127.0.0.1:9/")
    await clock.sync()
    assert abs(clock.now() - real_now()) < timedelta(seconds=5)
