"""What a person does again and again, in the browser and beside it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


def send(stack: Stack, key: str, *events: dict[str, Any]) -> None:
    """As Segment's SDKs send a batch, by a source's write key."""
    answer = httpx2.post(f"{stack.url}/v1/batch", json={"batch": list(events)}, auth=(key, ""))
    assert answer.status_code == 200, answer.text


def settle(theirs: httpx2.Client, events: int) -> None:
    """Until each event is somebody's."""
    people: list[dict[str, Any]] = []
    for _ in range(300):
        people = theirs.get("/cdp/profiles", params={"limit": 200}).raise_for_status().json()["items"]
        if sum(each["event_count"] for each in people) == events:
            return
        time.sleep(0.1)
    raise AssertionError(people)
