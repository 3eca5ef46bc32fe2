"""Consent is written down, somebody is erased, and what became of their data is read, in the browser."""

import re
import secrets
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import api, enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]

_ADA = "ada@shop.example"
_EVENT = {
    "event_name": "Order Completed",
    "user_id": "u-1815",
    "email": _ADA,
    "properties": {"order_id": "o-1", "value": 49.9, "currency": "EUR"},
    "context": {"consent": {"categoryPreferences": {"Advertising": True, "Analytics": False}}},
}


def _ada(owner: Stack) -> str:
    """The profile of somebody who has ordered."""
    with api(owner) as theirs:
        theirs.post("/cdp/events", json=_EVENT).raise_for_status()
        for _ in range(300):
            found = theirs.get("/cdp/profiles").raise_for_status().json()["items"]
            if found:
                return str(found[0]["id"])
            time.sleep(0.1)
    raise AssertionError("nobody was made of the event")


def _consent(page: Page, profile: str, pictures: Pictures) -> list[str]:
    page.goto(f"/people/{profile}")
    panel = page.get_by_role("region", name="Consent", exact=True)
    expect(panel.get_by_role("row").filter(has_text="Ads")).to_contain_text("they said yes")
    expect(panel.get_by_role("row").filter(has_text="SMS")).to_contain_text("their country is not known")
    panel.get_by_role("button", name="Record a yes").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("SMS").check()
    dialog.get_by_label("Where and how they said it").fill("By telephone, ticket 4711")
    pictures.take(page, "consent-record")
    dialog.get_by_role("button", name="Write it down").click()
    expect(panel.get_by_role("row").filter(has_text="SMS")).to_contain_text("they said yes")
    panel.get_by_role("button", name="Withdraw").click()
    dialog.get_by_label("Ads").check()
    dialog.get_by_label("Where and how they said it").fill("In the shop")
    dialog.get_by_role("button", name="Withdraw it").click()
    expect(panel.get_by_role("row").filter(has_text="Ads")).to_contain_text("they said no")
    receipt = (
        panel.get_by_role("region", name="Receipts").get_by_role("listitem").filter(has_text="SMS").first
    )
    receipt.locator("summary").click()
    expect(receipt.get_by_text("By telephone, ticket 4711")).to_be_visible()
    pictures.take(page, "consent-person")
    found = faults_of(page)
    page.goto("/people/consent")
    expect(page.get_by_text("Silence is a no, and stays one")).to_be_visible()
    page.get_by_role("button", name="Count now").click()
    row = page.get_by_role("group", name="People by purpose").get_by_role("row").filter(has_text="SMS")
    expect(row).to_contain_text("1 100%")
    page.get_by_label("Another country").fill("DE")
    expect(page.get_by_text("There silence is always a no.")).to_be_visible()
    page.get_by_label("Another country").fill("BR")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Save the policy").click()
    expect(page.get_by_role("button", name="Save the policy")).to_be_disabled()
    page.get_by_label("Another category").fill("C0005")
    page.get_by_label("Personalization").check()
    page.get_by_role("button", name="Save the category").click()
    expect(page.get_by_role("row").filter(has_text="C0005")).to_contain_text("Yours")
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        pictures.take(page, f"consent-{size['width']}")
        assert sideways(page) <= 0
    return found + faults_of(page)


def _ask(page: Page, kind: str) -> None:
    page.goto("/people/requests")
    page.get_by_role("button", name="New request").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("They want").select_option(kind)
    dialog.get_by_label(re.compile("s identifier$")).fill(_ADA)
    dialog.get_by_label(re.compile("s identifier$")).press("Enter")
    dialog.get_by_role("radio").check()
    dialog.get_by_label("Why").fill("She asked by e-mail")


def test_consent_is_written_down_and_a_person_is_exported_and_erased_with_a_certificate(
    page: Page, stack: Stack, pictures: Pictures
) -> None:
    owner = neighbour(stack, f"Deneb {secrets.token_hex(3)}")
    profile = _ada(owner)
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    found = _consent(page, profile, pictures)

    page.goto("/people/requests")
    expect(page.get_by_text("Nobody has asked yet.")).to_be_visible()
    _ask(page, "export")
    page.get_by_role("button", name="Make the export").click()
    expect(page.get_by_role("status").filter(has_text="Done")).to_be_visible()
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Fetch the export").click()
    assert _ADA in fetched.value.path().read_text()
    pictures.take(page, "export")

    _ask(page, "erasure")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Erase them")).to_be_disabled()
    dialog.get_by_label(re.compile("^Type ")).fill(f"erase {profile[-8:]}")
    pictures.take(page, "erase")
    dialog.get_by_role("button", name="Erase them").click()
    certificate = page.get_by_role("region", name="Certificate of erasure")
    expect(certificate.get_by_text("Valid: nobody has altered it")).to_be_visible()
    expect(certificate.get_by_role("row").filter(has_text="Audit log")).to_contain_text("Kept")
    expect(certificate.get_by_role("row").filter(has_text="what they did")).to_contain_text("Erased")
    with page.expect_download() as saved:
        certificate.get_by_role("button", name="Download").click()
    assert "signature" in saved.value.path().read_text()
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        pictures.take(page, f"certificate-{size['width']}")
        assert sideways(page) <= 0
    page.emulate_media(media="print")
    if pictures.folder is not None:
        page.screenshot(path=pictures.folder / "certificate-print.png", full_page=True)
    page.emulate_media(media="screen")
    found += faults_of(page)

    page.goto("/people/requests")
    rows = page.get_by_role("group", name="Requests").get_by_role("row")
    expect(rows.filter(has_text="Done")).to_have_count(2)
    page.get_by_label("Days that events are kept").fill("400")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    pictures.take(page, "requests")
    found += faults_of(page)
    page.goto("/people")
    page.get_by_label("Identifier").fill(_ADA)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("Nobody is like that.")).to_be_visible()
    assert found == []
