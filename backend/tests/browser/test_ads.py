"""A campaign's ads in the browser: one is turned down, says why, and is an incident that leads back to it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from launcher.demo import Story
from tests.browser.people import enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]

AD = "120210000010300101"
WHY = "No coat keeps you dry in every weather."


@pytest.fixture
def refused(story: Story) -> Iterator[None]:
    """An ad of Prospecting | Broad, read after Meta turned it down."""
    account = story._connect()
    reasons = [{"topic": "MISLEADING_CLAIMS", "text": WHY}]
    story._control("POST", "meta/review", {"ad": AD, "verdict": "disapproved", "reasons": reasons})
    story._control("POST", "clock", {"advance_hours": 2})

    def is_read() -> bool:
        # A synchronisation that had begun before time moved reads no ads.
        story._synchronise(account)
        found = story._get("/campaigns/ads?review=disapproved")["items"]
        return any(each["external_id"] == AD for each in found)

    story._until("the verdict", is_read)
    yield
    story._control("POST", "meta/review", {"ad": AD, "verdict": "approved"})


@pytest.mark.usefixtures("refused")
def test_a_disapproved_ad_says_why_and_is_an_incident(page: Page, stack: Stack, pictures: Pictures) -> None:
    enter(page, stack)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/trust/incidents")
    page.get_by_role("link", name=re.compile("disapproved")).first.click()
    expect(page.get_by_text("ask for another review there")).to_be_visible()
    page.get_by_role("link", name="Prospecting | Broad", exact=True).click()
    ads = page.get_by_role("region", name="Ads", exact=True)
    expect(ads.get_by_text(f"Misleading claims: {WHY}").first).to_be_visible()
    expect(ads.get_by_text("4 ads", exact=True)).to_be_visible()
    pictures.take(page, "campaign-ads")
    ads.get_by_label("Review").select_option("disapproved")
    expect(ads.get_by_text("1 ad", exact=True)).to_be_visible()
    ads.get_by_text("Broad 18+ | creative 1").click()
    verdicts = ads.get_by_role("region", name="Verdicts")
    expect(verdicts.get_by_text("Disapproved")).to_be_visible()
    assert faults_of(page) == []
    for screen in (DESK, PHONE):
        page.set_viewport_size(screen)
        assert sideways(page) <= 0
    pictures.take(page, "campaign-ads-phone")
