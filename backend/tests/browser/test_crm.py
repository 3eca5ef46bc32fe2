"""A CRM in the browser: connected, allowed to be written, its mapping given directions, its writes watched."""

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
_WORKS_SECONDS = 90


def _written(theirs: httpx2.Client) -> list[dict[str, Any]]:
    """The rounds of writing, once one of them has written somebody."""
    [account] = theirs.get("/integrations/crm").raise_for_status().json()["items"]
    for _ in range(_WORKS_SECONDS):
        rounds: list[dict[str, Any]] = theirs.get(f"/integrations/crm/{account['id']}/writes").json()["items"]
        if any(each["written"] for each in rounds):
            return rounds
        time.sleep(1)
    raise AssertionError(rounds)


def test_what_is_worked_out_here_is_written_there(page: Page, stack: Stack, pictures: Pictures) -> None:
    owner = neighbour(stack, f"Initech {secrets.token_hex(3)}")
    page.set_viewport_size(DESK)
    enter(page, owner)
    expect(page).not_to_have_url("/sign-in")
    page.goto("/connect")
    page.get_by_role("button", name="Connect HubSpot").click()
    page.get_by_role("button", name="Connect app").click()
    expect(page.get_by_text("Not allowed")).to_be_visible()
    page.get_by_role("button", name="Allow writing").click()
    page.get_by_role("button", name="Connect app").click()
    expect(page.get_by_text("Allowed,")).to_be_visible()
    page.get_by_role("button", name="What is told").click()
    form = page.get_by_role("dialog")
    form.get_by_role("combobox", name="Property 1", exact=True).wait_for()
    places = form.get_by_role("button", name="Leave out property").count()
    form.get_by_role("button", name="One more").click()
    last = places + 1
    form.get_by_role("combobox", name=f"Property {last}", exact=True).select_option("stratum_lifecycle")
    form.get_by_role("combobox", name=f"Property {last} is told as").select_option("lifecycle")
    expect(form.get_by_role("combobox", name=f"Direction of property {last}")).to_have_value("to")
    form.get_by_role("combobox", name="Direction of property 5").select_option("both")
    assert faults_of(page) == []
    pictures.take(page, "crm-mapping")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    page.get_by_role("button", name="Run now").click()
    with api(owner) as theirs:
        rounds = _written(theirs)
    assert [each["error_code"] for each in rounds if each["error_code"]] == []
    page.reload()
    expect(page.get_by_role("columnheader", name="Told here", exact=True)).to_be_visible()
    assert faults_of(page) == []
    pictures.take(page, "crm-writes")
    page.set_viewport_size(PHONE)
    assert sideways(page) == 0
