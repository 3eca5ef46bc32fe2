"""The dashboard in a real browser, before a whole Stratum: sign in, watch the gate close, stop everything."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from launcher.demo import Story
from tests.browser.people import enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, colleague, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]

_ROOMS = (
    "/", "/trust", "/trust/incidents", "/trust/policy", "/trust/calendar", "/trust/rates", "/autopilot",
    "/autopilot/recommendations", "/autopilot/strategies", "/autopilot/limits", "/autopilot/stops",
    "/autopilot/interventions", "/campaigns", "/people",
    "/people/segments", "/people/consent", "/people/requests", "/people/imports", "/people/exports",
    "/people/traits", "/analytics/funnels", "/analytics/funnels/new", "/analytics/retention",
    "/analytics/retention/new", "/events", "/events?show=rejected", "/events?show=stored", "/events?show=aside",
    "/events/sources", "/operations/calls", "/operations/health",
    "/operations/conversions", "/operations/dead-letters", "/connect", "/settings", "/settings/company",
    "/settings/members", "/settings/api-keys", "/settings/webhooks", "/settings/audit-log",
)  # fmt: skip
_EMPTY = (
    "/", "/trust", "/trust/incidents", "/trust/calendar", "/trust/rates", "/autopilot",
    "/autopilot/stops", "/autopilot/interventions", "/campaigns", "/people/requests", "/people/consent", "/events",
    "/events?show=rejected", "/events/sources", "/operations/calls", "/operations/health",
    "/operations/conversions", "/operations/dead-letters", "/connect", "/analytics/funnels", "/analytics/retention",
)  # fmt: skip
"""The rooms that look otherwise where nothing has happened yet."""


def test_every_room_opens_fits_its_window_and_is_free_of_accessibility_faults(
    page: Page, stack: Stack, story: Story, account: dict[str, Any], pictures: Pictures
) -> None:
    campaign = story._campaign(account)
    enter(page, stack)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    faults: list[str] = []
    for room in (*_ROOMS, f"/campaigns/{campaign['id']}"):
        faults += _faults(page, room, pictures)
    assert faults == []


def test_every_room_says_something_where_nothing_has_happened_yet(
    page: Page, stack: Stack, pictures: Pictures
) -> None:
    enter(page, neighbour(stack, "Hooli"))
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("banner").get_by_text("Not started")).to_be_visible()
    page.set_viewport_size(PHONE)
    faults: list[str] = []
    for room in _EMPTY:
        _open(page, room)
        pictures.take(page, f"empty-{_name(room)}")
        faults += [f"{room}: wider than a phone"] if sideways(page) > 0 else []
    assert faults == []


def _open(page: Page, room: str) -> None:
    page.goto(room)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("Loading", exact=True)).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_text([])


def _name(room: str) -> str:
    return re.sub(r"\W+", "-", re.sub(r"/[0-9a-f-]{36}", "-one", room).strip("/")) or "overview"


def _faults(page: Page, room: str, pictures: Pictures) -> list[str]:
    """What does not fit on a phone or a desk, and what a person who cannot see it well stumbles over."""
    _open(page, room)
    faults: list[str] = []
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        pictures.take(page, f"{_name(room)}-{size['width']}")
        faults += [f"{room}: wider than {size['width']} px"] if sideways(page) > 0 else []
    return faults + faults_of(page)


@pytest.mark.last
def test_a_person_with_a_second_factor_sees_the_gate_close_and_stops_everything(
    page: Page,
    stack: Stack,
    story: Story,
    healthy: dict[str, Any],
    pictures: Pictures,
) -> None:
    person = colleague(stack)
    enter(page, person)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/settings")
    page.get_by_role("button", name="Set up an authenticator").click()
    totp = pyotp.TOTP(page.locator("form code").inner_text())
    page.get_by_label("The code it shows").fill(totp.now())
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_text("Your backup codes, shown this once")).to_be_visible()

    page.context.clear_cookies()
    enter(page, person)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    # The step that switched it on is spent; the next one is within the drift that is allowed.
    page.get_by_label("Code").fill(totp.at(datetime.now(UTC) + timedelta(seconds=totp.interval)))
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()

    approved = _approve_on_a_phone(page, story, healthy, pictures)

    page.get_by_role("link", name="Trust", exact=True).click()
    decisions = page.get_by_role("group", name="Decisions of the gate")
    expect(page.get_by_role("banner").get_by_text("Normal")).to_be_visible()
    story._raise(story._campaign(healthy), 1.10)
    expect(decisions.get_by_text("PASS").first).to_be_visible()
    pictures.take(page, "gate-open")

    story._drop_the_pixel(healthy)
    expect(page.get_by_role("banner").get_by_text(re.compile("Frozen|Cuts only"))).to_be_visible()
    stopped = story._raise(story._campaign(healthy), 1.10)
    expect(decisions.get_by_text(stopped["verdict"].upper()).first).to_be_visible()
    assert stopped["verdict"] in {"hold", "block"}
    pictures.take(page, "gate-closed")

    page.get_by_role("button", name="Kill switch").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Reason").focus()
    page.keyboard.type("The pixel is dead")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Frozen.", exact=True)).to_be_visible()
    pictures.take(page, "frozen")
    assert story._get("/autopilot/kill-switch")["engaged"] is True

    page.goto("/campaigns")
    expect(page.get_by_text("Frozen.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Release").click()
    page.get_by_label("Reason").fill("Seen that it works")
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    expect(page.get_by_text("Frozen.", exact=True)).to_have_count(0)

    incident = story._get("/trust/incidents?status=open")["items"][0]
    told = (
        "/", "/autopilot?show=all", f"/autopilot/actions/{approved['id']}",
        f"/trust/decisions/{stopped['decision_id']}", f"/trust/incidents/{incident['id']}",
    )  # fmt: skip
    assert [fault for room in told for fault in _faults(page, room, pictures)] == []


def _approve_on_a_phone(
    page: Page, story: Story, account: dict[str, Any], pictures: Pictures
) -> dict[str, Any]:
    """A raise over its campaign's limit waits; a person confirms it, with a reason, on a small screen."""
    campaign = story._campaign(account, worst=True)
    limit = {"mode": "soft_block", "max_campaign_budget_micros": campaign["daily_budget_micros"]}
    story._send(
        "PUT", "/autopilot/enforcement", limit | {"applies_to": "campaign", "entity_id": campaign["id"]}
    )
    held = story._raise(campaign, 1.05)
    assert held["state"] == "held"
    page.set_viewport_size(PHONE)
    page.get_by_role("link", name="Autopilot", exact=True).click()
    expect(page.get_by_text(campaign["name"])).to_be_visible()
    assert sideways(page) == 0
    pictures.take(page, "phone-held")
    page.get_by_role("button", name="Approve anyway").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("The season starts")
    pictures.take(page, "phone-approving")
    dialog.get_by_role("button", name="Approve anyway").click()
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    assert story._get(f"/autopilot/actions/{held['id']}")["state"] not in {"held", "dismissed", "blocked"}
    expect(page.get_by_role("button", name="Kill switch")).to_be_in_viewport()
    page.set_viewport_size(DESK)
    return held
