"""Everything is paused in a real browser: seen how much, watched, and given back under the gate's eyes."""

import json
import re
import secrets
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import api, enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]

_ACCOUNT = "102030405060702"
"""The forint account: nobody else writes to it."""


@pytest.fixture
def person(stack: Stack) -> Iterator[Stack]:
    """Of a company of its own, which may write to the one account and has not switched the other on."""
    demo = json.loads((stack.home / "demo.json").read_text())
    person = neighbour(stack, f"Stoppers {secrets.token_hex(3)}")
    with api(person) as client:
        body = {"platform": "meta", "access_token": demo["sandbox_meta_token"], "read_only": False}
        client.post("/integrations/connections", json=body).raise_for_status()
        accounts = client.get("/integrations/ad-accounts").json()["items"]
        account = next(each for each in accounts if each["external_id"] == _ACCOUNT)
        url = f"/integrations/ad-accounts/{account['id']}"
        client.patch(url, json={"enabled": True, "write_lease": True}).raise_for_status()
        ran = _active(client)
        yield person
        for each in ran:
            change = {"object_id": each["external_id"], "changes": {"status": "ACTIVE"}}
            httpx2.post(f"{demo['sandbox_url']}/control/meta/edit", json=change).raise_for_status()
        client.patch(url, json={"enabled": False, "write_lease": False}).raise_for_status()


def _active(client: httpx2.Client) -> list[dict[str, Any]]:
    for _ in range(120):
        found: list[dict[str, Any]] = client.get("/campaigns", params={"limit": 200}).json()["items"]
        if active := [each for each in found if each["status"] == "active"]:
            return active
        time.sleep(0.5)
    raise AssertionError("its campaigns were not read")


def test_everything_is_paused_from_the_kill_switch_and_given_back(
    page: Page, stack: Stack, person: Stack, pictures: Pictures
) -> None:
    with api(person) as client:
        count = len(_active(client))
    enter(page, person)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Kill switch").click()
    page.get_by_role("button", name="Pause everything…").click()
    dialog = page.get_by_role("dialog", name="Pause everything?")
    expect(dialog.get_by_text(f"{count} active campaigns in 1 account.")).to_be_visible()
    expect(dialog.get_by_text("1 account is out of reach, and run on:")).to_be_visible()
    expect(dialog.get_by_text("It is not switched on here")).to_be_visible()
    dialog.get_by_label("Reason").fill("The pixel is dead")
    assert sideways(page) == 0
    assert faults_of(page) == []
    pictures.take(page, "stop-dialog-phone")
    dialog.get_by_role("button", name=f"Pause {count} campaigns").click()

    expect(page.get_by_role("heading", name="Pause all", exact=True)).to_be_visible()
    expect(page.get_by_text(f"{count} of {count} campaigns paused, 1 account out of reach.")).to_be_visible()
    expect(page.get_by_role("link", name="Pause", exact=True)).to_have_count(count)
    _look(page, pictures, "stop")
    demo = json.loads((stack.home / "demo.json").read_text())
    asked = {"access_token": demo["sandbox_meta_token"], "fields": "status", "limit": "100"}
    held = httpx2.get(f"{demo['sandbox_url']}/v25.0/act_{_ACCOUNT}/campaigns", params=asked).json()["data"]
    assert {each["status"] for each in held} == {"PAUSED"}

    page.get_by_role("button", name="Give back").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("It counts again")
    dialog.get_by_role("button", name="Give back").click()
    # Nothing is known of its signals: the gate lets none of them pass by itself.
    expect(page.get_by_text(re.compile("Given back in part|Waits for approval"))).to_be_visible()
    expect(page.get_by_role("link", name="Enable", exact=True)).to_have_count(count)
    _look(page, pictures, "stop-given-back")
    page.goto("/autopilot/stops")
    expect(page.get_by_role("link", name="Pause all")).to_be_visible()
    _look(page, pictures, "stops")


def _look(page: Page, pictures: Pictures, name: str) -> None:
    for screen in (PHONE, DESK):
        page.set_viewport_size(screen)
        assert sideways(page) == 0
        pictures.take(page, f"{name}-{screen['width']}")
    assert faults_of(page) == []
