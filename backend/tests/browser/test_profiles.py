"""Who is who, in the browser: a person is found, merged with another, taken apart and split."""

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import api, enter
from tests.browser.screens import DESK, PHONE, Pictures, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]

_ADA, _TABLET = "ada@shop.example", "tablet-7f3a"
_EVENTS = (
    {"event_name": "Product Viewed", "anonymous_id": "laptop-19c2"},
    {
        "event_name": "Order Completed",
        "anonymous_id": "laptop-19c2",
        "user_id": "u-1815",
        "email": _ADA,
        "properties": {"order_id": "o-1", "value": 49.9, "currency": "EUR"},
    },
    {"event_name": "Product Viewed", "anonymous_id": _TABLET},
    {"event_name": "Cart Viewed", "anonymous_id": _TABLET},
)


def _open(page: Page, identifier: str) -> str:
    """The address of the one person who has it, before whom the page then stands."""
    page.goto("/people")
    page.get_by_label("Identifier").fill(identifier)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("group", name="Profiles").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Person")
    return page.url


def _settle(theirs: httpx2.Client) -> None:
    """Until each event is somebody's."""
    for _ in range(300):
        people = theirs.get("/cdp/profiles").raise_for_status().json()["items"]
        if sum(each["event_count"] for each in people) == len(_EVENTS):
            return
        time.sleep(0.1)
    raise AssertionError(people)


def _events(page: Page) -> Locator:
    return page.get_by_role("region", name="Figures").get_by_role("definition").first


@contextmanager
def _decided(page: Page, button: str, comes_to: str) -> Iterator[Locator]:
    """The dialog that is open: what is filled in there, then a reason, the button, and what it says it came to."""
    dialog = page.get_by_role("dialog")
    yield dialog
    dialog.get_by_label("Why").fill("She told us at the till")
    dialog.get_by_role("button", name=button).click()
    expect(dialog.get_by_role("status")).to_contain_text(comes_to)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def _merge(page: Page, pictures: Pictures) -> None:
    page.get_by_role("button", name="Merge with…").click()
    with _decided(page, "Merge them", "They are one person now") as dialog:
        dialog.get_by_label("identifier").fill(_TABLET)
        dialog.get_by_label("identifier").press("Enter")
        dialog.get_by_role("radio").check()
        expect(dialog.get_by_text("Together: 4 events.")).to_be_visible()
        pictures.take(page, "merge")


def _split(page: Page, pictures: Pictures) -> None:
    page.get_by_role("checkbox", name=re.compile(_TABLET)).check()
    page.get_by_role("button", name="Split off 1…").click()
    with _decided(page, "Split them", "They are 2 people now"):
        pictures.take(page, "split")


def _undo(page: Page, link: Locator, pictures: Pictures) -> None:
    link.get_by_role("button", name="Undo").click()
    with _decided(page, "Take it back", "They are 2 people now"):
        pictures.take(page, "undo")


def test_two_people_are_merged_split_and_merged_again_and_old_links_lead_to_who_it_is_now(
    page: Page, stack: Stack, pictures: Pictures
) -> None:
    owner = neighbour(stack, f"Initech {secrets.token_hex(3)}")
    with api(owner) as theirs:
        for event in _EVENTS:
            theirs.post("/cdp/events", json=event).raise_for_status()
        _settle(theirs)
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    identifiers = page.get_by_role("group", name="Identifiers").get_by_role("row")
    links = page.get_by_role("group", name="Links").get_by_role("row")

    tablet, ada = _open(page, _TABLET), _open(page, _ADA)
    assert tablet != ada
    expect(_events(page)).to_have_text("2")
    expect(identifiers).to_have_count(4)
    pictures.take(page, "person")

    _merge(page, pictures)
    for address in (ada, tablet):
        page.goto(address)
        expect(_events(page)).to_have_text("4")
        expect(identifiers).to_have_count(5)
        pictures.take(page, f"merged-{address[-4:]}")
    expect(links.filter(has_text="merged them")).to_have_count(1)

    _open(page, _ADA)
    _undo(page, links.filter(has_text="merged them"), pictures)
    _open(page, _TABLET)
    expect(_events(page)).to_have_text("2")

    _open(page, _ADA)
    _merge(page, pictures)
    expect(_events(page)).to_have_text("4")
    _split(page, pictures)
    for identifier, known in ((_TABLET, 1), (_ADA, 3)):
        _open(page, identifier)
        expect(_events(page)).to_have_text("2")
        expect(identifiers).to_have_count(1 + known)
    # One act, whatever number of identifiers it keeps apart; one undo, and they are who they were.
    apart = links.filter(has_text="Kept apart")
    expect(apart).to_have_count(1)
    pictures.take(page, "apart")
    apart.get_by_role("button", name="Undo").click()
    with _decided(page, "Take it back", "They are one person now"):
        pictures.take(page, "undo-split")
    expect(_events(page)).to_have_text("4")
    expect(links.filter(has_text="Kept apart")).to_have_count(0)
    _split(page, pictures)
    _open(page, _ADA)
    expect(_events(page)).to_have_text("2")

    _merge(page, pictures)
    expect(_events(page)).to_have_text("4")
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        pictures.take(page, f"merged-again-{size['width']}")
        assert sideways(page) <= 0
