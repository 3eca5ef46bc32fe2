from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.sandbox_process import Sandbox

Ask = Callable[..., Any]


@pytest.fixture(autouse=True)
def _healthy(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.repair()


@pytest.fixture
def get(sandbox: Sandbox) -> Ask:
    """A GET's `data`, or its refusal."""

    def ask(path: str, **params: Any) -> Any:
        return told(sandbox.tiktok("GET", path, **params).json())

    return ask


@pytest.fixture
def post(sandbox: Sandbox) -> Ask:
    def ask(path: str, **params: Any) -> Any:
        return told(sandbox.tiktok("POST", path, **params).json())

    return ask


def told(body: dict[str, Any]) -> Any:
    """The data of a good answer; of a refusal its code and its words."""
    assert set(body) == {"code", "message", "request_id", "data"}
    assert body["request_id"]
    return body["data"] if body["code"] == 0 else (body["code"], body["message"])
