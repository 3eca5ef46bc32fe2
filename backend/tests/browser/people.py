"""What a person does again and again in the browser."""

from playwright.sync_api import Page

from tests.browser.stack import Stack


def enter(page: Page, person: Stack) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
