"""A call that failed, in a real browser: found, understood, made again; and how its platform has answered since."""

import json
import secrets
import time
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import api, enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]

_ACCOUNT = "102030405060702"
"""The forint account: of the other browser tests only that of stops connects it."""
_PATIENCE_SECONDS = 60


def _until_one_failed(client: httpx2.Client) -> dict[str, Any]:
    for _ in range(_PATIENCE_SECONDS * 2):
        found = client.get("/integrations/calls", params={"failed": True}).raise_for_status().json()["items"]
        if found:
            first: dict[str, Any] = found[0]
            return first
        time.sleep(0.5)
    raise AssertionError("no call failed")


def _look(page: Page, pictures: Pictures, name: str) -> None:
    assert faults_of(page) == []
    pictures.take(page, name)
    page.set_viewport_size(PHONE)
    assert sideways(page) == 0
    pictures.take(page, f"{name}-phone")
    page.set_viewport_size(DESK)


def test_a_failed_read_is_made_again_from_its_line(page: Page, stack: Stack, pictures: Pictures) -> None:
    demo = json.loads((stack.home / "demo.json").read_text())
    person = neighbour(stack, f"Callers {secrets.token_hex(3)}")
    faults = f"{demo['sandbox_url']}/control/faults"
    with api(person) as client:
        body = {"platform": "meta", "access_token": demo["sandbox_meta_token"], "read_only": True}
        client.post("/integrations/connections", json=body).raise_for_status()
        accounts = client.get("/integrations/ad-accounts").json()["items"]
        account = next(each for each in accounts if each["external_id"] == _ACCOUNT)
        fault = {"kind": "server_error", "path": f"/act_{_ACCOUNT}/campaigns"}
        httpx2.post(faults, json=fault).raise_for_status()
        try:
            changed = client.patch(f"/integrations/ad-accounts/{account['id']}", json={"enabled": True})
            changed.raise_for_status()
            _until_one_failed(client)
        finally:
            httpx2.delete(faults, params={"forget": "true"}).raise_for_status()
    enter(page, person)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/operations/calls")
    line = page.locator("summary", has_text="List campaigns").last
    line.click()
    expect(page.get_by_text("What it asked").first).to_be_visible()
    page.get_by_role("button", name="Make it again").first.click()
    expect(page.get_by_role("heading", name="Made again")).to_be_visible()
    expect(page.get_by_text("OK", exact=True).first).to_be_visible()
    _look(page, pictures, "failed-call")
    page.get_by_role("link", name="Connector health").click()
    expect(page.get_by_role("heading", name="How the platforms answer")).to_be_visible()
    page.locator("summary", has_text=account["name"]).click()
    expect(page.get_by_role("list", name="Uptime by day")).to_be_visible()
    expect(page.get_by_text("Uptime in 30 days")).to_be_visible()
    _look(page, pictures, "connector-health")
