"""Funnels and retention in the browser, on events that were sent over HTTP: what is shown is what was sent."""

import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import api, enter, settle
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]

_GET_ON = {"pro": (4, 3, 2), "free": (6, 3, 0)}
"""People of each plan who looked, put something into their cart, and paid."""


def _shop() -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    events = []
    for plan, reached in _GET_ON.items():
        for number in range(reached[0]):
            steps = ("Viewed", "Added", "Paid")[: sum(number < each for each in reached)]
            for place, name in enumerate(steps):
                at = now - timedelta(hours=20, minutes=-10 * place)
                event = {"event_name": name, "user_id": f"{plan}-{number}", "event_time": at.isoformat()}
                events.append({**event, "properties": {"price": 20, "plan": plan}})
    return events


def _look(page: Page, name: str, pictures: Pictures) -> list[str]:
    """What does not fit on a phone or a desk, and what a person who cannot see it well stumbles over."""
    faults = []
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        pictures.take(page, f"{name}-{size['width']}")
        faults += [f"{name}: wider than {size['width']}"] if sideways(page) > 0 else []
    return faults + faults_of(page)


def _make_a_funnel(page: Page) -> None:
    page.get_by_role("link", name="New funnel").click()
    page.get_by_role("button", name="Add a step").click()
    for place, event in enumerate(("Viewed", "Added", "Paid"), start=1):
        page.get_by_label(f"Event of step {place}", exact=True).fill(event)
    page.get_by_label("Name of step 1").fill("Looked")
    page.get_by_role("button", name="Only where… Event of step 2").click()
    condition = page.get_by_role("group", name="Event of step 2, condition 1")
    condition.get_by_label("Property").fill("price")
    condition.get_by_label("Comparison").select_option("at_least")
    condition.get_by_label("Value").fill("10,5")
    page.get_by_label("Compare by").select_option("property")
    page.get_by_label("Its name").fill("plan")


def _check_the_figures(page: Page) -> None:
    """Chart and table say alike what was sent."""
    chart = page.get_by_role("list", name="Steps", exact=True)
    rows = page.get_by_role("group", name="Figures by step").get_by_role("row")
    expect(rows).to_have_count(1 + 3 * 3)
    whole = _everybody()
    for place, (name, people) in enumerate(zip(("Looked", "Added", "Paid"), whole, strict=True)):
        expect(chart).to_contain_text(re.compile(rf"{name}.*{people} pe"))
        expect(rows.nth(1 + place)).to_contain_text(name)
        expect(rows.nth(1 + place).get_by_role("cell").nth(2)).to_have_text(str(people))
    for row, plan in ((4, "free"), (7, "pro")):
        for place, people in enumerate(_GET_ON[plan]):
            cells = rows.nth(row + place).get_by_role("cell")
            expect(cells.first).to_have_text(plan)
            expect(cells.nth(2)).to_have_text(str(people))
    times = page.get_by_role("region", name="All the way: Looked → Paid")
    expect(times).to_contain_text("Half within 20 min")
    with page.expect_download() as kept:
        page.get_by_role("button", name="Download CSV").click()
    assert kept.value.suggested_filename == "To-the-till.csv"
    lines = kept.value.path().read_text("utf-8-sig").splitlines()
    assert [line.split(",")[3] for line in lines[1:4]] == [str(each) for each in whole]
    assert lines[3].startswith("Everybody,3,Paid,2,0.2,")


def _everybody() -> list[int]:
    return [sum(each) for each in zip(*_GET_ON.values(), strict=True)]


def _make_a_segment(page: Page, pictures: Pictures) -> list[str]:
    page.get_by_role("button", name="4 dropped off before Added").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link")).to_have_count(4)
    faults = _look(page, "funnel-people", pictures)
    dialog.get_by_label("Make a segment of them").fill("Left before the cart")
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_role("status")).to_contain_text("has 4 people")
    page.keyboard.press("Escape")
    return faults


def _until_counted(theirs: httpx2.Client) -> None:
    for _ in range(300):
        found = theirs.get("/cdp/segments").raise_for_status().json()["items"]
        if [each["state"] for each in found] == ["live"]:
            return
        time.sleep(0.1)
    raise AssertionError(found)


def test_a_funnel_is_made_read_and_leads_to_who_dropped_off(
    page: Page, stack: Stack, pictures: Pictures
) -> None:
    owner, events = neighbour(stack, f"Hooli {secrets.token_hex(3)}"), _shop()
    with api(owner) as theirs:
        theirs.post("/cdp/events", json={"events": events}).raise_for_status()
        settle(theirs, len(events))
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("link", name="Analytics").click()
    expect(page.get_by_text("No funnel is saved yet.")).to_be_visible()
    faults = _look(page, "funnels-empty", pictures)
    _make_a_funnel(page)
    faults += _look(page, "funnel-form", pictures)
    page.get_by_label("Name", exact=True).fill("To the till")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("10 people entered, 20.0% came to the end.")).to_be_visible()
    _check_the_figures(page)
    faults += _look(page, "funnel", pictures)
    faults += _make_a_segment(page, pictures)
    with api(owner) as theirs:
        _until_counted(theirs)

    page.get_by_role("link", name="All funnels").click()
    faults += _look(page, "funnels", pictures)
    page.get_by_role("link", name="To the till").click()
    expect(page.get_by_text("10 people entered")).to_be_visible()
    page.get_by_role("button", name="Change").click()
    page.get_by_label("Only people of the segment").select_option("Left before the cart")
    page.get_by_role("button", name="Show the answer").click()
    expect(page.get_by_text("4 people entered, 0% came to the end.")).to_be_visible()
    assert faults == []


def test_a_retention_report_shows_who_came_back_and_what_is_not_over(
    page: Page, stack: Stack, pictures: Pictures
) -> None:
    owner = neighbour(stack, f"Pied {secrets.token_hex(3)}")
    with api(owner) as theirs:  # whose clock another test may have moved
        now = datetime.fromisoformat(theirs.get("/dashboard/summary").raise_for_status().json()["as_of"])
    noon, sent = now.replace(hour=0, minute=30), []
    # Three began three days ago: all came back a day later, one of them today too.
    for number in range(3):
        for ago in (3, 2, *([0] if number == 0 else [])):
            at = min(noon, now - timedelta(minutes=1)) - timedelta(days=ago)
            sent.append({"event_name": "Opened", "user_id": f"u-{number}", "event_time": at.isoformat()})
    with api(owner) as theirs:
        theirs.post("/cdp/events", json={"events": sent}).raise_for_status()
        settle(theirs, len(sent))
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/analytics/retention")
    faults = _look(page, "retention-empty", pictures)
    page.get_by_role("link", name="New report").click()
    page.get_by_label("A person begins").select_option("first")
    page.get_by_label("Event that begins it", exact=True).fill("Opened")
    page.get_by_label("and comes back").select_option("same")
    page.get_by_label("Periods of").select_option("day")
    page.get_by_label("How many after the first").fill("4")
    page.get_by_label("Days", exact=True).fill("7")
    faults += _look(page, "retention-form", pictures)
    page.get_by_label("Name", exact=True).fill("By day")
    page.get_by_role("button", name="Save", exact=True).click()

    grid = page.get_by_role("group", name="Cohorts").get_by_role("row")
    began = noon - timedelta(days=3)
    cells = grid.filter(has_text=f"{began:%b} {began.day}, {began.year}").get_by_role("cell")
    expect(cells).to_have_text(
        [
            re.compile(each)
            for each in (r"\d", "^3$", "^0%0$", "^100%3$", "^0%0$", "^33.3%1 so far", "to come")
        ]
    )
    together = (
        page.get_by_role("group", name="Who comes back, all cohorts together").get_by_role("row").nth(1)
    )
    expect(together).to_contain_text("100%3 of 3")
    faults += _look(page, "retention", pictures)
    assert faults == []
