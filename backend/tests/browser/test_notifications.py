"""Notifications in the browser: Slack is connected and tested, and what a colleague does rings the bell, live."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import api, enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour, partner

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]


def _sandbox_of(stack: Stack) -> str:
    found: str = json.loads((stack.home / "demo.json").read_text())["sandbox_url"]
    return found


def _look(page: Page, pictures: Pictures, name: str) -> None:
    assert faults_of(page) == []
    pictures.take(page, name)
    page.set_viewport_size(PHONE)
    assert sideways(page) == 0
    pictures.take(page, f"{name}-phone")
    page.set_viewport_size(DESK)


def _connect_slack(page: Page, sandbox: str) -> None:
    page.goto("/settings/channels")
    page.get_by_label("Bot token").fill("xoxb-nobody-12345")
    page.get_by_role("button", name="Connect Slack").click()
    expect(page.get_by_role("alert").first).to_contain_text("invalid_auth")
    page.get_by_label("Bot token").fill(httpx2.get(f"{sandbox}/control/slack").json()["bot_token"])
    page.get_by_role("button", name="Connect Slack").click()
    expect(page.get_by_text("Northwind")).to_be_visible()
    page.get_by_label("Channel for all").select_option(label="#general (invite the bot first)")
    page.get_by_role("button", name="Post a test").click()
    expect(page.get_by_text("Given up").nth(1)).to_be_visible()
    page.locator("summary", has_text="#general").click()
    expect(page.get_by_text("not_in_channel").last).to_be_visible()
    page.get_by_label("Channel for all").select_option(label="#growth-alerts")
    expect(page.get_by_role("button", name="Post a test")).to_be_enabled()
    page.get_by_role("button", name="Post a test").click()
    expect(page.get_by_text("Sent", exact=True).first).to_be_visible()


class _Taker(BaseHTTPRequestHandler):
    """Takes whatever is posted, and keeps it."""

    taken: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.taken.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(204)
        self.end_headers()


@pytest.fixture
def taker() -> Iterator[str]:
    """The address of a receiver."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Taker) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


def _set_webhook(page: Page, url: str) -> None:
    page.get_by_label("Address").fill("ftp://nowhere")
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_text("Use an address that begins with https://")).to_be_visible()
    page.get_by_label("Address").fill(url)
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator("[data-secret]")).to_contain_text("whsec_")
    page.get_by_role("button", name="Post a test there").click()
    line = page.locator("summary", has_text="127.0.0.1").first
    expect(line.get_by_text("Sent", exact=True)).to_be_visible()
    assert _Taker.taken[-1]["type"] == "test"


def test_a_colleagues_act_rings_the_bell_and_reaches_slack(
    page: Page, stack: Stack, pictures: Pictures, taker: str
) -> None:
    own, sandbox = neighbour(stack, "Bellringers"), _sandbox_of(stack)
    with api(own) as client:
        tenant_id = client.get("/auth/me").json()["tenant"]["id"]
    colleague = partner(stack, tenant_id)
    enter(page, own)
    expect(page.get_by_role("button", name="Notifications", exact=True)).to_be_visible()
    _connect_slack(page, sandbox)
    _set_webhook(page, taker)
    # Anew, so that nothing is on its way from one look to another while its colours are measured.
    page.reload()
    expect(page.get_by_text("Northwind")).to_be_visible()
    _look(page, pictures, "channels")
    with api(colleague) as client:
        turned = client.post("/autopilot/kill-switch", json={"engaged": True, "reason": "Look first."})
        assert turned.is_success, turned.text
    bell = page.get_by_role("button", name="Notifications: 1 unread")
    expect(bell).to_be_visible()
    bell.click()
    panel = page.get_by_role("dialog", name="Notifications")
    expect(panel.get_by_text("Kill switch on")).to_be_visible()
    # The mark of the kill switch changes its colours at the same moment.
    page.wait_for_timeout(1_000)
    pictures.take(page, "bell")
    assert faults_of(page) == []
    panel.get_by_role("link", name="All of them").click()
    expect(page.get_by_text("turned it on: Look first.")).to_be_visible()
    _look(page, pictures, "inbox")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_role("button", name="Notifications", exact=True)).to_be_visible()
    posted = httpx2.get(f"{sandbox}/control/slack/messages", params={"channel": "C0ALERTS01"}).json()
    assert "Critical: Kill switch on" in [each["text"] for each in posted]
    assert [each["notification"]["title"] for each in _Taker.taken if each["notification"]] == [
        "Kill switch on"
    ]
    mails = httpx2.get(f"{sandbox}/control/mailbox", params={"to": own.email}).json()
    assert [each["subject"] for each in mails] == ["[Bellringers] Critical: Kill switch on"]
    page.goto("/settings/notifications")
    page.get_by_label("The kill switch was turned: by mail").uncheck()
    expect(page.get_by_label("The kill switch was turned: by mail")).not_to_be_checked()
    page.get_by_label("Quiet from").fill("22:00")
    page.get_by_label("until", exact=True).fill("07:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    _look(page, pictures, "preferences")
