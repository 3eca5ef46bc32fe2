"""A source is made in the browser, its snippet is pasted into a page, and its events are seen as they come."""

import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import api, enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]


@contextmanager
def _shop(snippet: str) -> Iterator[str]:
    """The address of a page of another origin, into which somebody pasted the snippet."""
    page = f"<!doctype html><html lang=en><head><title>Shop</title>{snippet}</head><body>Shop</body></html>"

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path.startswith("/shop")
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if found:
                self.wfile.write(page.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its parameter's own name)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/shop"
        server.shutdown()


def _make_source(page: Page, pictures: Pictures) -> tuple[str, str]:
    """The write key of a new source, and the snippet for a web page."""
    page.goto("/events/sources")
    page.get_by_role("button", name="New source").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Web shop")
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_text("Your write key, shown this once")).to_be_visible()
    pictures.take(page, "source-made")
    key = dialog.get_by_text(re.compile("^wk_")).first.inner_text()
    snippet = dialog.get_by_label("The snippet").first.inner_text()
    assert key in snippet
    dialog.get_by_role("link", name="Watch its events").click()
    return key, snippet


def _lines(page: Page) -> Locator:
    return page.get_by_role("list", name="Live events").get_by_role("listitem")


def _refuse_one(person: Stack, key: str) -> None:
    sent = {"type": "track", "userId": "u-1", "messageId": "m-refused"}
    httpx2.post(f"{person.url}/v1/track", json=sent, auth=(key, "")).raise_for_status()


def test_a_pasted_snippet_sends_and_its_events_are_seen_live_the_refused_with_the_reason(
    page: Page, stack: Stack, pictures: Pictures
) -> None:
    owner = neighbour(stack, f"Sirius {secrets.token_hex(3)}")
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    key, snippet = _make_source(page, pictures)
    expect(page.get_by_text("Listening")).to_be_visible()
    asked: list[str] = []
    with _shop(snippet) as address:
        shop = page.context.new_page()
        shop.on("request", lambda request: asked.append(request.url))
        shop.goto(address)
        shop.evaluate(
            "analytics.track('Order Completed', {order_id: '1001', revenue: 49.9, currency: 'EUR'})"
        )
        # In the time that a developer waits for it: two seconds, and what a machine that runs all of this needs.
        expect(_lines(page).filter(has_text="Order Completed")).to_have_count(1, timeout=10_000)
        shop.close()
    assert [url for url in asked if "127.0.0.1" not in url] == [], "nothing is loaded from elsewhere"
    _refuse_one(owner, key)
    refused = _lines(page).filter(has_text="Refused")
    expect(refused).to_contain_text("event")
    refused.locator("summary").click()
    expect(refused.get_by_text("event_missing")).to_be_visible()
    expect(refused.get_by_role("button", name="Send it through again")).to_be_visible()
    order = _lines(page).filter(has_text="Order Completed")
    order.locator("summary").click()
    expect(order.get_by_role("term").filter(has_text="Person")).to_be_visible()
    expect(order.get_by_role("link", name=re.compile("^[0-9a-f]{8}$"))).to_be_visible()
    expect(order.get_by_text("Its clock")).to_be_visible()
    pictures.take(page, "live")
    _pause(page, owner, key)
    _look_at_the_source(page, pictures)


def _pause(page: Page, owner: Stack, key: str) -> None:
    count = _lines(page).count()
    page.get_by_role("button", name="Pause").click()
    sent = {"type": "track", "userId": "u-1", "event": "Unseen", "messageId": "m-unseen"}
    httpx2.post(f"{owner.url}/v1/track", json=sent, auth=(key, "")).raise_for_status()
    expect(page.get_by_text("came meanwhile")).to_be_visible()
    assert _lines(page).count() == count
    page.get_by_label("User or anonymous id").fill("u-1")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("listitem").filter(has_text="Unseen")).to_have_count(1)
    assert "u-1" not in page.url


def _look_at_the_source(page: Page, pictures: Pictures) -> None:
    page.get_by_role("navigation", name="Events").get_by_role("link", name="Sources").click()
    expect(page.get_by_role("row").filter(has_text="Web shop")).to_contain_text("Live")
    found = faults_of(page)
    page.get_by_role("link", name="Web shop").click()
    sends = page.get_by_role("region", name="What it sends")
    expect(sends.get_by_role("listitem").filter(has_text="Order Completed")).to_have_count(1)
    sends.get_by_role("listitem").filter(has_text="Order Completed").locator("summary").click()
    expect(sends.get_by_role("row").filter(has_text="order_id")).to_contain_text("text")
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        pictures.take(page, f"source-{size['width']}")
        assert sideways(page) <= 0
    found += faults_of(page)
    page.get_by_role("button", name="New write key").click()
    page.get_by_role("dialog").get_by_role("button", name="New write key").click()
    expect(page.get_by_role("dialog").get_by_text("Your write key, shown this once")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Switch off").click()
    pictures.take(page, "switch-off")
    page.get_by_role("dialog").get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("region", name="Web shop").get_by_text("Switched off")).to_be_visible()
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("button", name="Switch off")).to_be_visible()
    assert found == []


def test_a_room_says_never_seen_before_the_first_event(page: Page, stack: Stack, pictures: Pictures) -> None:
    owner = neighbour(stack, f"Vega {secrets.token_hex(3)}")
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/events/sources")
    expect(page.get_by_text("There is no source yet.")).to_be_visible()
    pictures.take(page, "sources-empty")
    with api(owner) as theirs:
        theirs.post("/cdp/sources", json={"name": "App", "kind": "mobile"}).raise_for_status()
    page.reload()
    expect(page.get_by_role("row").filter(has_text="App")).to_contain_text("Never seen")
    page.get_by_role("link", name="App").click()
    expect(page.get_by_text("It has sent nothing yet.")).to_be_visible()
    pictures.take(page, "source-empty")
    assert faults_of(page) == []
