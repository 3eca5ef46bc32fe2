"""A webhook in the browser: made, tried against a receiver, its signature checked by the code that the room gives."""

import json
import secrets
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import api, enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]


@dataclass
class Got:
    """What a receiver on this machine got; `status` is what it answers."""

    url: str
    status: int = 200
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Got]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(got.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        got = Got(f"http://127.0.0.1:{server.server_address[1]}/hook")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield got
        server.shutdown()


def _python_says(code: str, secret: str, headers: dict[str, str], body: bytes) -> bool:
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  (the room's own snippet)
    return bool(names["verify"](secret, headers, body))


def _node_says(code: str, secret: str, headers: dict[str, str], body: bytes) -> bool:
    node = shutil.which("node")
    assert node is not None
    given = json.dumps([secret, headers, body.decode()])
    call = f"{code}\nconst [s, h, b] = {given};\nconsole.log(verify(s, h, Buffer.from(b)));"
    return subprocess.run([node, "-e", call], check=True, capture_output=True, text=True).stdout == "true\n"


def _make(page: Page, receiver: Got, pictures: Pictures) -> str:
    """The secret, which the room shows once."""
    page.get_by_role("button", name="New webhook").click()
    dialog = page.get_by_role("dialog", name="New webhook")
    dialog.get_by_role("textbox", name="Name").fill("Warehouse")
    dialog.get_by_role("textbox", name="Address").fill("https://no-such-host.invalid/")
    dialog.get_by_label("Somebody new appears").check()
    dialog.get_by_label("Somebody enters a segment").check()
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("no-such-host.invalid")
    pictures.take(page, "webhook-new")
    dialog.get_by_role("textbox", name="Address").fill(receiver.url)
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog).to_have_count(0)
    shown = page.get_by_text("shown this once").locator("..").locator("[data-secret]")
    return shown.inner_text().strip()


def _verify(page: Page, secret: str, post: tuple[dict[str, str], bytes]) -> None:
    """By both snippets, as they stand in the room."""
    wrong = "whsec_" + "A" * 44
    for language, says in (("Python", _python_says), ("Node.js", _node_says)):
        page.get_by_role("group", name="Language").get_by_role("button", name=language).click()
        code = page.get_by_role("group", name=f"Checking a signature in {language}").inner_text()
        assert says(code, secret, *post)
        assert not says(code, wrong, *post)
        assert not says(code, secret, post[0], post[1] + b" ")


def test_a_webhook_is_made_tried_verified_and_watched(
    page: Page, stack: Stack, receiver: Got, pictures: Pictures
) -> None:
    owner = neighbour(stack, f"Umbrella {secrets.token_hex(3)}")
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/settings/webhooks")
    expect(page.get_by_text("No webhooks.")).to_be_visible()
    secret = _make(page, receiver, pictures)
    pictures.take(page, "webhook-secret")

    page.get_by_text("Warehouse", exact=True).click()
    page.get_by_role("button", name="Send a test event").click()
    expect(page.get_by_text("It arrived: answered 200")).to_be_visible()
    [test] = receiver.posts
    assert json.loads(test[1])["items"][0]["topic"] == "webhook.test"
    _verify(page, secret, test)
    rows = page.get_by_role("group", name="Deliveries").get_by_role("row")
    expect(rows.filter(has_text="Test, 1 item")).to_contain_text("Arrived")

    with api(owner) as theirs:
        theirs.post(
            "/cdp/events", json={"event_name": "Product Viewed", "anonymous_id": "a-1"}
        ).raise_for_status()
    expect(rows.filter(has_text="1 item").filter(has_not_text="Test")).to_contain_text("Arrived")
    [item] = json.loads(receiver.posts[1][1])["items"]
    assert item["topic"] == "profile.created"

    receiver.status = 500
    rows.get_by_role("button", name="Send again").click()
    expect(rows.filter(has_text="Sent again")).to_contain_text("It answered 500.")
    assert receiver.posts[2][0]["webhook-id"] == receiver.posts[1][0]["webhook-id"]

    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Somebody switched it off.")).to_be_visible()
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        pictures.take(page, f"webhook-{size['width']}")
        assert sideways(page) <= 0
    assert faults_of(page) == []
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text("shown this once")).to_have_count(0)
    page.get_by_role("button", name="Switch on…").click()
    pictures.take(page, "webhook-on")
    page.get_by_role("button", name="Go on where it stopped").click()
    expect(page.get_by_role("button", name="Switch off")).to_be_visible()

    page.get_by_role("button", name="New secret…").click()
    page.get_by_role("button", name="Make a new secret").click()
    expect(page.get_by_role("dialog").get_by_text("shown this once")).to_be_visible()
    pictures.take(page, "webhook-rotated")
