"""Sends a plan of calls by @segment/analytics-next in Chromium: JSON on stdin, what failed on stdout.

The page comes from an origin of its own, as a shop's does: every call has to pass the browser's rules of CORS.
"""

import json
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Response, sync_playwright

from tests.browser.chromium import QUIET, found

_PATIENCE = 40_000
_HERE = ("127.0.0.1", None)


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its parameter's own name)
        pass


def main() -> None:
    plan = json.load(sys.stdin)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=Path(__file__).parent)) as shop:
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        failed = _sent_by_a_page(f"http://127.0.0.1:{shop.server_port}/page.html", plan)
        shop.shutdown()
    json.dump({"failed": failed}, sys.stdout)


def _sent_by_a_page(address: str, plan: dict[str, Any]) -> list[str]:
    """The page lives until each call was answered 200, or as long as a visitor has patience.

    Whatever it asks of the rest of the world is a failure.
    """
    answered: set[str] = set()
    asked_for: list[str] = []

    def note(response: Response) -> None:
        request = response.request
        if request.method == "POST" and response.ok:
            answered.add(json.loads(request.post_data or "{}")["messageId"])

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found(), args=list(QUIET))
        page = browser.new_page()
        page.on("response", note)
        page.on(
            "request",
            lambda asked: asked_for.append(asked.url) if urlsplit(asked.url).hostname not in _HERE else None,
        )
        page.goto(address)
        failed: list[str] = page.evaluate("send", plan)
        waited = 0
        while len(answered) < len(plan["calls"]) and waited < _PATIENCE:
            page.wait_for_timeout(50)
            waited += 50
        browser.close()
    return failed + [url for url in asked_for if urlsplit(url).hostname not in _HERE]


if __name__ == "__main__":
    main()
