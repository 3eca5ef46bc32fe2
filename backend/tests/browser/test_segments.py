"""Segments in the browser: built, previewed, saved, and watched as people do things; by keyboard alone; on a phone."""

import re
import secrets
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import api, enter, send, settle
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420), pytest.mark.xdist_group("browser")]


def _order(user: str, category: str = "shoes") -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": user,
        "messageId": f"m-{secrets.token_hex(8)}",
        "properties": {
            "order_id": f"o-{secrets.token_hex(4)}",
            "total": 40,
            "currency": "EUR",
            "category": category,
        },
    }


def _viewed(user: str) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Product Added",
        "userId": user,
        "messageId": f"m-{secrets.token_hex(8)}",
    }


def _identified(user: str, plan: str) -> dict[str, Any]:
    traits = {"plan": plan, "email": f"{user}@shop.example"}
    return {"type": "identify", "userId": user, "messageId": f"m-{secrets.token_hex(8)}", "traits": traits}


@pytest.fixture
def shop(stack: Stack) -> tuple[Stack, str]:
    """A company with three buyers, two of them twice, and two who filled a cart; and its source's key."""
    owner = neighbour(stack, f"Hooli {secrets.token_hex(3)}")
    with api(owner) as theirs:
        made = theirs.post("/cdp/sources", json={"name": "Shop", "kind": "server"}).raise_for_status().json()
        key = str(made["write_key"])
        events = [
            *[_order(user) for user in ("u-1", "u-1", "u-2", "u-2", "u-3")],
            *[_viewed(user) for user in ("u-4", "u-5")],
            *[_identified(user, "pro") for user in ("u-1", "u-2", "u-4")],
        ]
        send(owner, key, *events)
        settle(theirs, len(events))
    return owner, key


def _conditions(page: Page) -> Locator:
    return page.get_by_role("group", name=re.compile("^Condition"))


def _preview(page: Page) -> Locator:
    return page.get_by_role("region", name="Who it holds for")


def _members(page: Page) -> Locator:
    return page.get_by_role("region", name="Figures").get_by_role("definition").first


def _build(page: Page, pictures: Pictures) -> None:
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_role("menuitem", name=re.compile("Something they did")).click()
    condition = _conditions(page)
    expect(_preview(page)).to_contain_text("Choose an event.")
    expect(condition.locator("datalist").first.locator("option")).to_have_count(3)
    condition.get_by_label("Event", exact=True).fill("Order Completed")
    expect(_preview(page)).to_contain_text("3 of 5 people")
    condition.get_by_label("What they did").select_option("times")
    expect(_preview(page)).to_contain_text("2 of 5 people")
    expect(_preview(page)).to_contain_text("exact, in")
    condition.get_by_role("button", name="Add a filter").click()
    condition.get_by_label("Property of filter 1").fill("category")
    condition.get_by_label("Value of category").fill("shoes")
    words = "Condition: did Order Completed at least 2 times within the last 30 days where category is shoes"
    expect(page.get_by_role("group", name=words)).to_be_visible()
    expect(_preview(page)).to_contain_text("2 of 5 people")
    pictures.take(page, "segments-builder")


def _be_told_what_cannot_be_asked(page: Page, pictures: Pictures) -> None:
    """At the condition that asks it."""
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_role("menuitem", name=re.compile("^A trait")).click()
    trait = _conditions(page).nth(1)
    trait.get_by_label("Trait", exact=True).fill("phone")
    trait.get_by_label("Test of phone").select_option("starts_with")
    trait.get_by_label("Value of phone").fill("+49")
    expect(trait.get_by_role("alert")).to_contain_text("kept sealed")
    pictures.take(page, "segments-fault")
    assert faults_of(page) == []
    trait.get_by_role("button", name="Remove the condition").click()
    expect(_preview(page)).to_contain_text("2 of 5 people")


def _ask_why(page: Page, pictures: Pictures) -> None:
    page.get_by_role("group", name="Members").get_by_role("link", name=re.compile("^Why")).first.click()
    why = page.get_by_role("region", name=re.compile("^Why: person"))
    expect(why).to_contain_text("In the segment")
    expect(why).to_contain_text("2 events counted")
    pictures.take(page, "segment")
    assert faults_of(page) == []
    why.get_by_role("link", name=re.compile("^[0-9a-f]{8}$")).click()
    expect(page.get_by_role("region", name="Segments")).to_contain_text("Shoe lovers")
    pictures.take(page, "segments-of-person")
    assert faults_of(page) == []


def test_a_segment_is_built_watched_and_explained(
    page: Page, shop: tuple[Stack, str], pictures: Pictures
) -> None:
    owner, key = shop
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/people/segments")
    expect(page.get_by_text("No segments yet.")).to_be_visible()
    assert faults_of(page) == []
    page.get_by_role("link", name="New segment").click()
    expect(page.get_by_role("button", name=re.compile("Cart left"))).to_be_visible()
    pictures.take(page, "segments-templates")
    assert faults_of(page) == []
    _build(page, pictures)
    _be_told_what_cannot_be_asked(page, pictures)

    page.get_by_label("Name").fill("Shoe lovers")
    page.get_by_role("button", name="Save segment").click()
    expect(page.get_by_role("heading", name="Shoe lovers")).to_be_visible()
    expect(_members(page)).to_have_text("2")
    expect(page.get_by_text("Live", exact=True).first).to_be_visible()
    address = page.url

    # Somebody buys again: the count follows, without a reload.
    page.evaluate("window.sameDocument = true")
    send(owner, key, _order("u-3"))
    expect(_members(page)).to_have_text("3")
    assert page.evaluate("window.sameDocument") is True
    moves = page.get_by_role("group", name="Who came and went").get_by_role("row")
    expect(moves.filter(has_text="what they did")).to_have_count(1)

    _ask_why(page, pictures)
    page.goto(address)
    page.get_by_role("link", name="Show them under Profiles").click()
    expect(page.get_by_role("group", name="Profiles").get_by_role("row")).to_have_count(4)


def test_every_room_of_segments_fits_a_phone(page: Page, shop: tuple[Stack, str], pictures: Pictures) -> None:
    owner, _ = shop
    nested = {
        "kind": "all",
        "of": [
            {"kind": "event", "event": "Order Completed", "window": {"kind": "last", "days": 30}},
            {"kind": "not", "of": {"kind": "any", "of": [
                {"kind": "trait", "name": "plan", "test": {"op": "one_of", "texts": ["pro", "team"]}},
                {"kind": "money", "field": "net", "currency": "EUR", "op": "more_than", "micros": 500_000_000},
            ]}},
            {"kind": "lifecycle", "one_of": ["customer"]},
        ],
    }  # fmt: skip
    with api(owner) as theirs:
        body = {"name": "Small buyers", "rule": nested, "description": "For the autumn letter"}
        made = theirs.post("/cdp/segments", json=body).raise_for_status().json()["id"]
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        for room, name in (("", "list"), (f"/{made}", "one"), (f"/{made}/edit", "edit"), ("/new", "new")):
            page.goto(f"/people/segments{room}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.get_by_role("status", name="Loading")).to_have_count(0)
            page.wait_for_timeout(1_000)
            pictures.take(page, f"segments-{name}-{size['width']}")
            assert sideways(page) <= 0, (name, size)
            assert faults_of(page) == []


def _press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def _tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """By Tab alone."""
    for _ in range(most):
        if target.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not come to {target}")


def test_a_nested_condition_is_built_by_keyboard_alone(page: Page, shop: tuple[Stack, str]) -> None:
    owner, _ = shop
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/people/segments/new")
    add_group = page.get_by_role("button", name="Add a group").first
    expect(add_group).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Cart left"))).to_be_visible()
    _tab_to(page, add_group)
    _press(page, "Enter")
    group = page.get_by_role("region", name=re.compile("^A group"))
    expect(group).to_be_visible()
    event = group.get_by_label("Event", exact=True)
    page.get_by_label("Which of the conditions must hold").focus()
    _tab_to(page, event)
    page.keyboard.type("Product Added")
    _press(page, "Escape")
    _tab_to(page, group.get_by_role("button", name="Add a condition"))
    _press(page, "Enter")
    # The focus of a menu follows a key in a task of its own: the next key is for where it went.
    expect(page.get_by_role("menuitem").first).to_be_focused()
    _press(page, "ArrowDown")
    expect(page.get_by_role("menuitem", name=re.compile("^A trait"))).to_be_focused()
    _press(page, "Enter")
    expect(_conditions(page)).to_have_count(2)
    page.get_by_label("Which conditions of the group must hold").focus()
    _tab_to(page, group.get_by_label("Trait", exact=True))
    page.keyboard.type("plan")
    _press(page, "Escape")
    # The trait is known to be a text: so `is` is offered first.
    expect(group.get_by_label("Test of plan")).to_have_value("is")
    _tab_to(page, group.get_by_label("Value of plan"))
    page.keyboard.type("pro")
    _press(page, "Escape")
    # Who filled a cart, or is on the plan.
    expect(_preview(page)).to_contain_text("4 of 5 people")
    _tab_to(page, page.get_by_label("Name"))
    page.keyboard.type("By keyboard")
    _press(page, "Enter")
    expect(page.get_by_role("heading", name="By keyboard")).to_be_visible()
    expect(_members(page)).to_have_text("4")


def test_a_list_is_uploaded_with_its_faults_shown(
    page: Page, shop: tuple[Stack, str], pictures: Pictures
) -> None:
    owner, _ = shop
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/people/segments")
    page.get_by_role("button", name="Upload a list").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Guests")
    file = b"email,note\nu-1@shop.example,yes\nnobody,no\nu-2@shop.example,yes\n"
    dialog.get_by_label("CSV file").set_input_files(
        {"name": "guests.csv", "mimeType": "text/csv", "buffer": file}
    )
    dialog.get_by_role("button", name="Upload").click()
    expect(dialog.get_by_role("alert")).to_contain_text("1 of 3 rows cannot be used")
    expect(dialog.get_by_role("alert")).to_contain_text("row 3, email")
    pictures.take(page, "segments-upload")
    assert faults_of(page) == []
    dialog.get_by_role("button", name="Use the other rows").click()
    expect(dialog.get_by_role("status")).to_contain_text("2 of 3 rows used")
    dialog.get_by_role("button", name="Show the segment").click()
    expect(page.get_by_role("heading", name="Guests")).to_be_visible()
    expect(_members(page)).to_have_text("2")
    pictures.take(page, "segments-listed")
