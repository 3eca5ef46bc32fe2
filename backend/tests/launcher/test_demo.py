"""The story, told whole: what is claimed of the main job happens, over the API, on a Stratum of its own."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.demo import Story
from tests.browser.stack import running_stack


@pytest.fixture
def home() -> Iterator[Path]:
    """A running Stratum in a folder of its own."""
    with running_stack() as stack:
        yield stack.home


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_story_holds(home: Path) -> None:
    told: list[str] = []
    with contextlib.closing(Story(home, told.append)) as story:
        story.tell()
    text = "\n".join(told)
    assert text.count("PASS  decision") == 3
    assert text.count("BLOCK  decision") + text.count("HOLD  decision") == 1
    assert '"whole": true' in text
    assert "one person, customer, 7 events, EUR 49.90" in text
    assert "sent again, is refused: erased" in text
