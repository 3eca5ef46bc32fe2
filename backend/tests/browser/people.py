"""What a person does again and again, in the browser and beside it."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from playwright.sync_api import Page

from tests.browser.stack import Stack


def enter(page: Page, person: Stack) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()


@contextmanager
def api(person: Stack) -> Iterator[httpx2.Client]:
    """The public API, as that person."""
    with httpx2.Client(base_url=f"{person.url}/api/v1", timeout=30) as client:
        said = client.post("/auth/login", json={"email": person.email, "password": person.password}).json()
        client.headers["Authorization"] = f"Bearer {said['access_token']}"
        yield client
