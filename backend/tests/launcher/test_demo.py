"""The story, told whole: what is claimed of the main job happens, over the API, on a Stratum of its own."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.demo import Story
from launcher.system import free_port

BACKEND = Path(__file__).resolve().parents[2]
READY = "Stratum is ready"
_OWN = ("DATABASE_", "REDIS_URL", "APP_ENV", "STRATUM_")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A running Stratum in a folder of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    environment |= {"STRATUM_HOME": str(tmp_path / "home"), "STRATUM_PORT": str(free_port())}
    process = subprocess.Popen(
        [sys.executable, "-m", "launcher.command", "up"],
        cwd=BACKEND,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert any(READY in line for line in process.stdout)
        yield tmp_path / "home"
    finally:
        process.terminate()
        process.communicate(timeout=60)


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
