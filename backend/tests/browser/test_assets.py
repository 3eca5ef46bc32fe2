"""Images in the browser: uploaded with one that is refused, looked at, and chosen for a plan."""

import secrets

import pytest
from playwright.sync_api import FilePayload, Page, expect

from launcher.demo import Story
from tests.browser.people import enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack
from tests.factories.assets import jpeg, png

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]


def _file(name: str, content: bytes) -> FilePayload:
    kind = "png" if name.endswith(".png") else "jpeg"
    return {"name": name, "mimeType": f"image/{kind}", "buffer": content}


def test_images_are_uploaded_judged_and_chosen_for_a_plan(
    page: Page, stack: Stack, story: Story, pictures: Pictures
) -> None:
    account, mark = story._connect(), secrets.token_hex(3)
    square, tiny = f"square-{mark}.jpg", f"tiny-{mark}.png"
    enter(page, stack)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/campaigns/images")
    page.get_by_label("Choose images, or drop them here").set_input_files(
        [
            _file(square, jpeg(1080, 1080, shade=secrets.randbelow(200))),
            _file(tiny, png(40, 30)),
            _file("half.jpg", jpeg(1080, 1080)[:4_000]),
        ]
    )
    expect(page.get_by_text("The file ends before the image does")).to_be_visible()
    expect(page.get_by_role("button", name=square)).to_contain_text("Fits Meta, Google, TikTok")
    expect(page.get_by_role("button", name=square).locator("img")).to_have_js_property("naturalWidth", 320)
    pictures.take(page, "images")
    assert faults_of(page) == []
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        assert sideways(page) == 0

    page.get_by_role("button", name=tiny).press("Enter")
    dialog = page.get_by_role("dialog", name=tiny)
    meta = dialog.get_by_role("region", name="Meta")
    expect(meta.get_by_text("It needs to be 600 px wide or more: it has 40.")).to_be_visible()
    pictures.take(page, "image")
    page.keyboard.press("Escape")

    page.goto("/campaigns/drafts")
    page.get_by_role("button", name="Plan a campaign").click()
    begun = page.get_by_role("dialog", name="Plan a campaign")
    begun.get_by_label("Ad account").select_option(account["id"])
    begun.get_by_label("Name").fill(f"With images {mark}")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Choose images of the campaign").click()
    for name in (square, tiny):
        page.get_by_role("checkbox", name=name).press("Space")
    assert faults_of(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_text("It fits no placement of meta.")).to_be_visible()
    pictures.take(page, "draft-images")
    page.get_by_role("button", name=f"Leave out {tiny}").click()
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_text("It fits no placement of meta.")).to_have_count(0)
    expect(page.get_by_text("For the ads that a person makes at Meta")).to_be_visible()
