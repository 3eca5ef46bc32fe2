"""A real Chromium before a whole Stratum."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from launcher.demo import Story
from tests.browser.chromium import QUIET, found
from tests.browser.screens import Pictures
from tests.browser.stack import Stack, running_stack

_PATIENCE_MS = 20_000
_PAST_DAYS = 15
"""As few as leave seven whose conversions are all in."""


_COMPLAINTS = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with running_stack() as stack:
        yield stack
        request.config.stash[_COMPLAINTS] = stack.complaints() if request.session.testsfailed else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Beside what failed, what Stratum itself had to say: its folder is gone by then."""
    if complaints := config.stash.get(_COMPLAINTS, []):
        terminalreporter.section("the last warnings of Stratum's processes")
        for line in complaints:
            terminalreporter.write_line(line[:400])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = found()
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    # Five seconds are too few where a whole Stratum shares two cores with its browser.
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, stack: Stack) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=stack.url, viewport={"width": 1280, "height": 860}, locale="en-US", reduced_motion="reduce"
    )
    context.set_default_timeout(_PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that reports what its own scripts got wrong, at the end of the test."""
    faults: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield page
    assert faults == []


@pytest.fixture(scope="session")
def story(stack: Stack) -> Iterator[Story]:
    """The demo's own steps, told one at a time beside the browser."""
    story = Story(stack.home, print)
    story._sign_in()
    yield story
    story.close()


@pytest.fixture(scope="session")
def account(story: Story) -> dict[str, Any]:
    """The demo's ad account, connected for writing, with its shop's past told and its signals healthy."""
    account = story._connect()
    story._shop_sends(_PAST_DAYS)
    story._become_healthy(account)
    return account


@pytest.fixture
def healthy(story: Story, account: dict[str, Any]) -> dict[str, Any]:
    """The account, trusted now: other tests move the clock, and what it tells is not all in at once."""
    story._become_healthy(account)
    return account


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    """Screenshots for a person's eyes, in the folder that `BROWSER_PICTURES` names; none without it."""
    folder = os.environ.get("BROWSER_PICTURES")
    return Pictures(Path(folder) if folder else None)
