"""A file of people comes in and goes out again, in the browser."""

import csv
import io
import secrets
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import api, enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]

_FILE = (
    "email;first_name;plan;spent;consent.ads\n"
    "ada@shop.example;Ada;pro;1.204,50;yes\n"
    "grace@shop.example;Grace;'=free;12,00;no\n"
    "nobody;Nobody;free;0,00;no\n"
)


def _look(page: Page, pictures: Pictures, name: str) -> None:
    """Nothing that a screen reader trips over, nothing beside the window, on a desk and on a phone."""
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        assert sideways(page) <= 0, f"{name} is wider than its window"
        pictures.take(page, f"{name}-{size['width']}")
    assert faults_of(page) == []


def _settle(owner: Stack, people: int) -> None:
    with api(owner) as theirs:
        for _ in range(300):
            if len(theirs.get("/cdp/profiles").raise_for_status().json()["items"]) == people:
                return
            time.sleep(0.1)
    raise AssertionError("they do not appear")


def _bring_in(page: Page, pictures: Pictures) -> None:
    page.get_by_role("navigation").get_by_role("link", name="People").first.click()
    page.get_by_role("link", name="Imports").click()
    expect(page.get_by_text("No file has been brought in yet.")).to_be_visible()
    _look(page, pictures, "imports-empty")
    page.get_by_label("Choose a file").set_input_files(
        {"name": "customers.csv", "mimeType": "text/csv", "buffer": _FILE.encode()}
    )
    expect(page.get_by_role("heading", name="customers.csv")).to_be_visible()
    page.get_by_label("Numbers are written").select_option(label="1.234,56")
    page.get_by_label("How spent is read").select_option(label="Number")
    # A trait's name is anybody's to choose, whatever the file and the people so far call it.
    page.get_by_label("Name for plan").fill("tier")
    expect(page.get_by_role("group", name="First rows")).to_contain_text("tier")
    expect(page.get_by_text("1 of the 3 rows looked at cannot be taken in")).to_be_visible()
    expect(page.get_by_role("group", name="What is wrong")).to_contain_text("This is no e-mail address")
    expect(page.get_by_role("group", name="First rows")).to_contain_text("1204.5")
    _look(page, pictures, "import-plan")
    page.get_by_role("button", name="Take it in").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    expect(page.get_by_text("3 of 3 rows")).to_be_visible()
    _look(page, pictures, "import-done")
    with page.expect_download() as rejected:
        page.get_by_role("button", name="Download the rejected rows").click()
    (row,) = csv.DictReader(io.StringIO(Path(rejected.value.path()).read_text("utf-8-sig")))
    assert (row["row"], row["email"]) == ("4", "nobody")


def _take_out(page: Page, pictures: Pictures) -> list[dict[str, str]]:
    page.get_by_role("link", name="Exports").click()
    expect(page.get_by_text("Nothing has been exported yet.")).to_be_visible()
    page.get_by_role("button", name="New export").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Everybody")
    find = dialog.get_by_label("Find one, or name a trait")
    for sought in ("tier", "spent", "shoe_size"):
        find.fill(sought)
        dialog.get_by_role("checkbox", name=f"trait:{sought}").check()
    _look(page, pictures, "export-columns")
    find.fill("")
    expect(dialog.get_by_role("checkbox", name="trait:shoe_size")).to_be_checked()
    dialog.get_by_label("Segment").fill("With mail")
    expect(dialog.locator("option[value='With mail']")).to_have_count(1)
    dialog.get_by_role("checkbox", name="in the clear, not hashed").check()
    dialog.get_by_label("Why in the clear").fill("We move house")
    _look(page, pictures, "export-dialog")
    dialog.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    page.get_by_text("What is in it: 2 rows").click()
    expect(page.get_by_text("In the clear because")).to_be_visible()
    _look(page, pictures, "exports")
    with page.expect_download() as file:
        page.get_by_role("button", name="Download").click()
    assert file.value.suggested_filename == "Everybody.csv"
    return list(csv.DictReader(io.StringIO(Path(file.value.path()).read_text("utf-8-sig"))))


def test_people_are_brought_in_by_a_file_seen_and_taken_out_again(
    page: Page, stack: Stack, pictures: Pictures
) -> None:
    owner = neighbour(stack, f"Initrode {secrets.token_hex(3)}")
    enter(page, owner)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    _bring_in(page, pictures)
    _settle(owner, people=2)
    page.get_by_role("link", name="Profiles").click()
    expect(page.get_by_role("group", name="Profiles").get_by_role("row")).to_have_count(3)
    with api(owner) as theirs:
        rule = {"kind": "has", "identifier": "email"}
        theirs.post("/cdp/segments", json={"name": "With mail", "rule": rule}).raise_for_status()
    rows = {row["email"]: row for row in _take_out(page, pictures)}
    assert rows.keys() == {"ada@shop.example", "grace@shop.example"}
    ada = rows["ada@shop.example"]
    assert [ada[f"trait:{name}"] for name in ("tier", "spent", "shoe_size")] == ["pro", "1204.5", ""]
    assert rows["grace@shop.example"]["trait:tier"] == "'=free"

    # The next file is offered the name.
    page.goto("/people/imports")
    page.get_by_label("Choose a file").set_input_files(
        {"name": "more.csv", "mimeType": "text/csv", "buffer": b"email,level\nada@shop.example,gold\n"}
    )
    expect(page.locator("#known-traits option[value=tier]")).to_have_count(1)
