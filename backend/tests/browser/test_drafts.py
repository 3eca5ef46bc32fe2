"""A campaign in the browser: planned, approved by somebody else, published, and standing at the platform."""

import json
import secrets

import httpx2
import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from launcher.demo import Story
from tests.browser.people import enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, colleague
from tests.factories.assets import jpeg

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]

PAGE = "770000000000001"


def _begin(page: Page, name: str, account: str) -> None:
    page.goto("/campaigns/drafts")
    page.get_by_role("button", name="Plan a campaign").click()
    dialog = page.get_by_role("dialog", name="Plan a campaign")
    dialog.get_by_label("Ad account").select_option(account)
    dialog.get_by_label("Name").fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def _save(page: Page) -> None:
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_text("All of it is saved.")).to_be_visible()


def _plan(page: Page) -> None:
    """With half a plan, then one under the account's minimum, then one that the platform takes."""
    submit = page.get_by_role("button", name="Submit for approval")
    expect(page.get_by_text("Choose what the campaign is for.")).to_be_visible()
    expect(page.get_by_text("Add an ad set: a campaign without one reaches nobody.")).to_be_visible()
    expect(submit).to_be_disabled()
    page.get_by_label("Objective").select_option("traffic")
    page.get_by_label("Campaign budget, USD").fill("0.50")
    page.get_by_role("button", name="Add an ad set").click()
    page.get_by_label("Name of ad set 1").fill("Runners")
    page.get_by_label("Countries of ad set 1").fill("us, hu")
    _save(page)
    expect(page.get_by_text("The platform takes 1.00 USD or more here.")).to_be_visible()
    expect(submit).to_be_disabled()
    page.get_by_label("Campaign budget, USD").fill("42.50")
    _save(page)
    expect(submit).to_be_enabled()
    page.get_by_label("Campaign budget, USD").fill("43")
    expect(submit).to_be_disabled()
    page.get_by_label("Campaign budget, USD").fill("42.50")
    _ad(page, submit)
    submit.click()
    expect(page.get_by_text("Submitted", exact=True).first).to_be_visible()


def _ad(page: Page, submit: Locator) -> None:
    """First without where it leads, then whole, with an image that is uploaded on the way."""
    of, file = "ad 1 of ad set 1", f"ridge-{secrets.token_hex(3)}.jpg"
    page.get_by_role("button", name="Add an ad to ad set 1").click()
    for label, words in (("Name", "Ridge"), ("Headline", "Down the ridge, dry"), ("Text", "Light shoes.")):
        page.get_by_label(f"{label} of {of}").fill(words)
    page.get_by_label(f"Button of {of}").select_option("shop_now")
    page.get_by_label("Ads are shown as").fill(PAGE)
    page.get_by_role("button", name=f"Choose the image of {of}").click()
    dialog = page.get_by_role("dialog", name=f"Image of {of}")
    content = jpeg(1200, 628, shade=secrets.randbelow(200))
    picture: FilePayload = {"name": file, "mimeType": "image/jpeg", "buffer": content}
    dialog.get_by_label("Choose images, or drop them here").set_input_files(picture)
    dialog.get_by_role("checkbox", name=file).check()
    dialog.get_by_role("button", name="Done").click()
    preview = page.get_by_role("figure", name=f"Preview of {of}")
    expect(preview.locator("img")).to_have_js_property("naturalWidth", 320)
    _save(page)
    expect(page.get_by_text("Say where it leads, as an https address.")).to_be_visible()
    expect(submit).to_be_disabled()
    page.get_by_label(f"Landing page of {of}").fill("https://northwind.example/trail")
    _save(page)
    expect(submit).to_be_enabled()


def _approve(browser: Browser, other: Stack, address: str, pictures: Pictures) -> None:
    context = browser.new_context(base_url=other.url, viewport=DESK, locale="en-US", reduced_motion="reduce")
    page = context.new_page()
    enter(page, other)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto(address)
    page.get_by_role("button", name="Approve", exact=True).click()
    dialog = page.get_by_role("dialog", name="Approve exactly this version?")
    dialog.get_by_label("Reason").fill("It is in the plan for spring.")
    pictures.take(page, "draft-approve")
    dialog.get_by_role("button", name="Approve").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("Approved", exact=True).first).to_be_visible()
    context.close()


def test_a_campaign_is_planned_approved_published_and_stands_at_the_platform(
    page: Page, browser: Browser, stack: Stack, story: Story, pictures: Pictures
) -> None:
    account, other = story._connect(), colleague(stack)
    name = f"Spring trail sale {secrets.token_hex(3)}"
    enter(page, stack)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    _begin(page, name, account["id"])
    pictures.take(page, "draft-begun")
    _plan(page)
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    _approve(browser, other, page.url, pictures)

    page.reload()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("It stands at the platform, paused.")).to_be_visible()
    steps = page.get_by_role("group", name="Steps of the publication").get_by_role("row")
    expect(steps.filter(has_text="Read back")).to_have_count(5)
    pictures.take(page, "draft-published")
    assert faults_of(page) == []
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        assert sideways(page) == 0

    told = json.loads((stack.home / "demo.json").read_text())
    found = httpx2.get(
        f"{told['sandbox_url']}/v25.0/act_{account['external_id']}/campaigns",
        params={
            "fields": "name,status,daily_budget,objective",
            "limit": "200",
            "access_token": told["sandbox_meta_token"],
        },
    ).json()["data"]
    (campaign,) = [each for each in found if each["name"].startswith(f"{name} [")]
    assert (campaign["status"], campaign["daily_budget"], campaign["objective"]) == (
        "PAUSED",
        "4250",
        "OUTCOME_TRAFFIC",
    )
    expect(steps.filter(has_text=campaign["id"]).first).to_be_visible()
    ads = httpx2.get(
        f"{told['sandbox_url']}/v25.0/{campaign['id']}/ads",
        params={"fields": "status,creative{object_story_spec}", "access_token": told["sandbox_meta_token"]},
    ).json()["data"]
    (shown,) = [each["creative"]["object_story_spec"]["link_data"] for each in ads]
    assert ([each["status"] for each in ads], shown["name"]) == (["PAUSED"], "Down the ridge, dry")
    page.get_by_role("link", name="Open the campaign").click()
    expect(page.get_by_role("heading", name=campaign["name"], level=1)).to_be_visible()
    page.goto("/campaigns/drafts")
    expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("Published")
    assert faults_of(page) == []


def test_many_campaigns_are_labelled_found_and_paused_each_with_its_answer(
    page: Page, stack: Stack, story: Story, pictures: Pictures
) -> None:
    account = story._connect()
    label = f"Season {secrets.token_hex(3)}"
    enter(page, stack)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/campaigns/labels")
    page.get_by_role("button", name="New label").click()
    page.get_by_role("dialog", name="New label").get_by_label("Name").fill(label)
    page.keyboard.press("Enter")
    expect(page.get_by_role("row").filter(has_text=label)).to_contain_text("0 campaigns")

    page.get_by_role("link", name="Campaigns", exact=True).first.click()
    names = ("Lookalike | Buyers 1%", "Retargeting | Cart 14d")
    _wait_for_campaign(page, names[0])
    for name in names:
        page.get_by_label(f"Choose {name}").check()
    bar = page.get_by_role("region", name="The chosen campaigns")
    expect(bar).to_contain_text("2 campaigns chosen")
    bar.get_by_label("Label").select_option(label)
    bar.get_by_role("button", name="Put it on").click()
    expect(page.get_by_role("row").filter(has_text=label)).to_have_count(2)
    page.get_by_label("Only with the label").select_option(label)
    expect(page.get_by_role("row")).to_have_count(3)
    assert faults_of(page) == []

    bar.get_by_role("button", name="Pause").click()
    dialog = page.get_by_role("dialog", name="Pause 2 campaigns?")
    dialog.get_by_label("Reason").fill("The season is over.")
    dialog.get_by_role("button", name="Pause").click()
    answers = dialog.get_by_role("list", name="What became of each").get_by_role("listitem")
    expect(answers.filter(has_text="Approved")).to_have_count(2)
    pictures.take(page, "campaigns-paused")
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        assert sideways(page) == 0
    told = json.loads((stack.home / "demo.json").read_text())

    def held() -> dict[str, str]:
        found = httpx2.get(
            f"{told['sandbox_url']}/v25.0/act_{account['external_id']}/campaigns",
            params={"fields": "name,status", "limit": "200", "access_token": told["sandbox_meta_token"]},
        ).json()["data"]
        return {each["name"]: each["status"] for each in found if each["name"] in names}

    for _ in range(100):
        if set(held().values()) == {"PAUSED"}:
            break
        page.wait_for_timeout(200)
    assert held() == dict.fromkeys(names, "PAUSED")
    for name in names:
        _resume(told, account["external_id"], name)


def _wait_for_campaign(page: Page, name: str) -> None:
    """Until a first sync has read the account's campaigns."""
    for _ in range(60):
        expect(page.get_by_role("heading", name="All campaigns")).to_be_visible()
        if page.get_by_label(f"Choose {name}").count():
            return
        page.wait_for_timeout(1_000)
        page.reload()
    raise AssertionError(name)


def _resume(told: dict[str, str], account: str, name: str) -> None:
    """As somebody at the platform would: other stories of this stack go on with these campaigns."""
    token = told["sandbox_meta_token"]
    url = f"{told['sandbox_url']}/v25.0"
    asked = {"fields": "name", "limit": "200", "access_token": token}
    rows = httpx2.get(f"{url}/act_{account}/campaigns", params=asked).json()["data"]
    (one,) = [each["id"] for each in rows if each["name"] == name]
    httpx2.post(f"{url}/{one}", data={"status": "ACTIVE", "access_token": token}).raise_for_status()
