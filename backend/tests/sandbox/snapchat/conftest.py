from collections.abc import Iterator
from typing import Any

import pytest

from tests.factories.snapchat import US_ACCOUNT
from tests.sandbox_process import Sandbox, running_sandbox

START = "2026-03-02T15:00:00+00:00"


@pytest.fixture(scope="session")
def snap() -> Iterator[Sandbox]:
    """A world of its own, of short memory; who breaks something is mended after."""
    with running_sandbox("--seed", "7", "--start", START, "--history", "40") as running:
        yield running


@pytest.fixture(autouse=True)
def _healthy(snap: Sandbox) -> Iterator[None]:
    yield
    snap.repair()


def one(sandbox: Sandbox, plural: str, entity: str) -> dict[str, Any]:
    """An entity as the API serves it."""
    answer = sandbox.snapchat("GET", f"{plural}/{entity}")
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()[plural]
    found: dict[str, Any] = item[plural.removesuffix("s")]
    return found


def settable(row: dict[str, Any]) -> dict[str, Any]:
    """What of it a PUT may say."""
    made = ("created_at", "updated_at", "delivery_status", "review_status")
    return {name: value for name, value in row.items() if name not in made}


def campaign(name: str, **facts: Any) -> dict[str, Any]:
    return {
        "ad_account_id": US_ACCOUNT,
        "name": name,
        "status": "PAUSED",
        "start_time": "2026-03-02T15:00:00.000Z",
        **facts,
    }
