"""A draft held against the past, and a decision made again, in a real browser; a person says yes on a phone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from launcher.demo import Story
from tests.browser.people import enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, colleague

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]


def _fits(page: Page, name: str, pictures: Pictures) -> list[str]:
    faults = []
    for size, suffix in ((PHONE, "-phone"), (DESK, "")):
        page.set_viewport_size(size)
        if sideways(page) > 0:
            faults.append(f"{name}{suffix}: wider than its window")
        pictures.take(page, f"{name}{suffix}")
    return faults + faults_of(page)


def test_a_draft_is_held_against_the_past_before_it_is_brought_in(
    page: Page, stack: Stack, story: Story, healthy: dict[str, Any], pictures: Pictures
) -> None:
    decided = story._raise(story._campaign(healthy), 1.02)
    assert decided["verdict"] == "pass", decided["reasons"]
    enter(page, colleague(stack))
    page.get_by_role("link", name="Trust", exact=True).click()
    expect(page.get_by_role("heading", name="How what passed ended")).to_be_visible()
    faults = _fits(page, "trust-calibration", pictures)

    page.get_by_role("link", name="Policy", exact=True).click()
    page.get_by_role("button", name="Change it").click()
    page.get_by_role("textbox", name="High", exact=True).fill("100")
    page.get_by_role("button", name="Decide them again").click()
    report = page.get_by_role("region", name="What it would have decided")
    expect(report.get_by_text("made again, as known at their time")).to_be_visible()
    expect(report.get_by_text("would have been").first).to_be_visible()
    faults += _fits(page, "policy-counterfactual", pictures)

    # Within the application: the draft is kept as long as the page is.
    page.get_by_role("link", name="Evidence and decisions").click()
    page.get_by_role("group", name="Decisions of the gate").get_by_role("link").first.click()
    page.get_by_role("button", name="Replay this decision").click()
    expect(page.get_by_text("By its own policy it comes out the same, to the letter.")).to_be_visible()
    expect(page.get_by_role("row", name="By the draft")).to_be_visible()
    faults += _fits(page, "decision-again", pictures)
    assert faults == []
