"""Computed traits and the ranking of customers in the browser: made, previewed, watched, asked for by a segment."""

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import api, enter, send, settle
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420), pytest.mark.xdist_group("browser")]

_AGO = (50, 40, 30, 20, 10)
"""Days since the last order of each fifth, the least recent first."""
_CELLS = {
    "Champions": (4, "€820.00"),
    "Loyal": (5, "€680.00"),
    "Potential Loyalist": (4, "€130.00"),
    "New": (2, "€20.00"),
    "At Risk": (6, "€1,000.00"),
    "Hibernating": (4, "€100.00"),
}
"""Of five fifths by recency times five by frequency and money; a customer of the nth has n orders of 10 n each."""
_POLLS_MS = 40_000


def _order(user: str, total: int, days_ago: int, category: str = "shoes") -> dict[str, Any]:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days_ago)
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": user,
        "messageId": f"m-{secrets.token_hex(8)}",
        "timestamp": at.isoformat(),
        "properties": {
            "order_id": f"o-{secrets.token_hex(6)}",
            "total": total,
            "currency": "EUR",
            "category": category,
        },
    }


@pytest.fixture
def shop(stack: Stack) -> tuple[Stack, str]:
    """A company with one customer for each pair of fifths, and one who only looked; and its source's key."""
    owner = neighbour(stack, f"Vandelay {secrets.token_hex(3)}")
    with api(owner) as theirs:
        theirs.patch("/tenants/current", json={"currency": "EUR"}).raise_for_status()
        made = theirs.post("/cdp/sources", json={"name": "Shop", "kind": "server"}).raise_for_status().json()
        key = str(made["write_key"])
        orders = [
            _order(f"u-{recency}-{fifth}", 10 * fifth, ago)
            for recency, ago in enumerate(_AGO, start=1)
            for fifth in range(1, 6)
            for _ in range(fifth)
        ]
        looked = {"type": "track", "event": "Product Viewed", "userId": "u-0", "messageId": "looked"}
        send(owner, key, *orders, looked)
        settle(theirs, len(orders) + 1)
    return owner, key


def _look(page: Page, pictures: Pictures, name: str) -> None:
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        pictures.take(page, f"{name}-{size['width']}")
        assert sideways(page) <= 0, f"{name} is wider than {size['width']}"
    assert faults_of(page) == []


def _person(page: Page, user: str) -> str:
    """The address of the person with that user id, before whom the page then stands."""
    page.goto("/people")
    page.get_by_label("Identifier").fill(user)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("group", name="Profiles").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Person")
    return page.url


def _trait(page: Page, name: str) -> Locator:
    """The trait's row in the list."""
    return page.get_by_role("group", name="Computed traits").get_by_role("row").filter(has_text=name)


def _of_person(page: Page, name: str) -> Locator:
    traits = page.get_by_role("region", name="Computed", exact=True).get_by_role(
        "region", name="Computed traits"
    )
    return traits.get_by_role("listitem").filter(has_text=name).first


def _make(page: Page, pictures: Pictures) -> None:
    """What each paid, by the form, seen before it is saved."""
    page.get_by_role("button", name="New trait").click()
    form = page.get_by_role("form", name="New trait")
    expect(form).to_contain_text("Say what to compute to see who would have it.")
    form.get_by_label("Name").fill("spent")
    form.get_by_label("What to compute").select_option(label="Sum")
    form.get_by_label("Of the event").fill("Order Completed")
    expect(form.locator("#trait-events option")).to_have_count(2)
    form.get_by_label("Currency").fill("EUR")
    preview = form.get_by_role("region", name="Preview")
    expect(preview.get_by_role("status")).to_have_text("25 of 26 people would have a value.")
    for figure in ("Smallest€10.00", "Median€90.00", "Largest€250.00"):
        expect(preview).to_contain_text(figure)
    expect(preview.get_by_role("list", name="Some of them").get_by_role("link")).to_have_count(10)
    _look(page, pictures, "traits-form")
    form.get_by_role("button", name="Create trait").click()
    expect(_trait(page, "spent")).to_contain_text("Sum of value in EUR over “Order Completed”, ever")
    expect(_trait(page, "spent").get_by_text("Live", exact=True)).to_be_visible(timeout=_POLLS_MS)
    _look(page, pictures, "traits-list")


def _be_refused_a_bad_name(page: Page) -> None:
    page.get_by_role("button", name="New trait").click()
    form = page.get_by_role("form", name="New trait")
    form.get_by_label("Name").fill("rfm")
    form.get_by_label("Of the event").fill("Order Completed")
    form.get_by_role("button", name="Create trait").click()
    expect(form.get_by_role("alert").first).to_contain_text("always computed")
    form.get_by_role("button", name="Cancel").click()
    expect(form).to_have_count(0)


def _change(page: Page) -> None:
    _trait(page, "spent").get_by_role("button", name="Change").click()
    form = page.get_by_role("form", name="Change spent")
    form.get_by_label("Within the last days").fill("15")
    # Those whose orders are ten days old, and whoever has ordered today.
    expect(form.get_by_role("status")).to_have_text("5 of 26 people would have a value.")
    form.get_by_role("button", name="Save").click()
    expect(_trait(page, "spent")).to_contain_text("last 15 days")
    expect(_trait(page, "spent").get_by_text("Live", exact=True)).to_be_visible(timeout=_POLLS_MS)


def _delete(page: Page, owner: Stack, pictures: Pictures) -> None:
    """Not while a segment asks for it."""
    rule = {"kind": "computed", "name": "spent", "test": {"op": "at_least", "number": 100_000_000}}
    with api(owner) as theirs:
        asks = theirs.post("/cdp/segments", json={"name": "Spenders", "rule": rule}).raise_for_status().json()
        for refused in (True, False):
            _trait(page, "spent").get_by_role("button", name="Delete").click()
            dialog = page.get_by_role("dialog")
            dialog.get_by_role("button", name="Delete").click()
            if refused:
                expect(dialog.get_by_role("alert")).to_contain_text("“Spenders”")
                pictures.take(page, "traits-in-use")
                page.keyboard.press("Escape")
                theirs.delete(f"/cdp/segments/{asks['id']}").raise_for_status()
    expect(page.get_by_text("No trait is computed yet.")).to_be_visible()


def test_a_trait_is_made_seen_on_a_person_follows_them_and_goes(
    page: Page, shop: tuple[Stack, str], pictures: Pictures
) -> None:
    owner, key = shop
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/people/traits")
    expect(page.get_by_text("No trait is computed yet.")).to_be_visible()
    _look(page, pictures, "traits-empty")
    _be_refused_a_bad_name(page)
    _make(page, pictures)

    person = _person(page, "u-5-4")
    expect(_of_person(page, "spent")).to_contain_text("€160.00")
    page.get_by_role("button", name="Why spent").click()
    expect(_of_person(page, "spent")).to_contain_text("Of 4 events")
    _look(page, pictures, "traits-of-person")

    # They order again: what is computed of them follows, without a reload.
    page.evaluate("window.sameDocument = true")
    send(owner, key, _order("u-5-4", 40, days_ago=0))
    expect(_of_person(page, "spent")).to_contain_text("€200.00", timeout=_POLLS_MS)
    expect(_of_person(page, "spent")).to_contain_text("Of 5 events", timeout=_POLLS_MS)
    assert page.evaluate("window.sameDocument") is True

    page.goto("/people/traits")
    _change(page)
    page.goto(person)
    expect(_of_person(page, "spent")).to_contain_text("€200.00")
    _person(page, "u-1-5")
    expect(_of_person(page, "spent")).not_to_contain_text("€")
    page.goto("/people/traits")
    _delete(page, owner, pictures)
    page.goto(person)
    expect(page.get_by_role("region", name="Computed", exact=True)).to_contain_text(
        "No trait is computed yet."
    )


def test_customers_are_ranked_and_a_cell_becomes_a_segment(
    page: Page, shop: tuple[Stack, str], pictures: Pictures
) -> None:
    owner, _ = shop
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/people/traits")
    page.get_by_role("button", name="Rank them now").click()
    cells = page.get_by_role("list", name="Cells").get_by_role("listitem")
    expect(cells).to_have_count(6, timeout=_POLLS_MS)
    for cell, (customers, revenue) in _CELLS.items():
        one = cells.filter(has=page.get_by_role("link", name=re.compile(f"^{cell} {customers} customers")))
        expect(one).to_contain_text(revenue)
        expect(one).to_contain_text(f"{customers * 4}%")
    _look(page, pictures, "traits-cells")

    page.get_by_role("link", name=re.compile("^At Risk 6 customers")).click()
    expect(page.get_by_role("group", name="Profiles").get_by_role("row")).to_have_count(1 + 6)
    page.goto("/people/traits")
    page.get_by_role("link", name="Make a segment of At Risk").click()
    preview = page.get_by_role("region", name="Who it holds for")
    expect(preview).to_contain_text("6 of 26 people")
    expect(page.get_by_label("Name")).to_have_value("At Risk")
    _look(page, pictures, "traits-cell-segment")
    page.get_by_role("button", name="Save segment").click()
    expect(page.get_by_role("heading", name="At Risk")).to_be_visible()
    figures = page.get_by_role("region", name="Figures").get_by_role("definition")
    expect(figures.first).to_have_text("6")

    # Who is in it: those who spent, and stayed away.
    page.get_by_role("link", name="Show them under Profiles").click()
    page.get_by_role("group", name="Profiles").get_by_role("link").first.click()
    computed = page.get_by_role("region", name="Computed", exact=True)
    among = computed.get_by_role("region", name="Among your customers")
    expect(among).to_contain_text("At Risk")
    expect(among).to_contain_text(re.compile("Recency[12] of 5"))
    expect(among).to_contain_text(re.compile("Frequency[345] of 5"))
    expect(page.get_by_role("region", name="Segments")).to_contain_text("At Risk")
    _look(page, pictures, "traits-cell-person")
