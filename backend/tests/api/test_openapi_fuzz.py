"""Generated requests, right and wrong, at every operation: no 5xx, no undocumented status, answers as described."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.factories.access import Company
from tests.house.source import BACKEND
from tests.sandbox_process import Sandbox
from tests.workers.processes import api

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
FEW, MANY = 4, 100
FRAMING = {"content-length", "transfer-encoding", "connection", "expect", "upgrade"}
"""Headers that are the server's own: what breaks the framing of HTTP never reaches the application."""
ENDLESS = "GET /api/v1/events/stream"
"""Answers until the client leaves; `tests/api/events` has its tests."""

schema = schemathesis.openapi.from_path(str(BACKEND / "openapi.json"))
# Each is a Result; one that is not Ok has no `ok()`, and so cannot pass unseen.
OPERATIONS: list[Any] = [getattr(found, "ok")() for found in schema.get_all_operations()]  # noqa: B009  (untyped)


@pytest.fixture(scope="module")
async def server(sandbox: Sandbox) -> AsyncIterator[str]:
    # Limits on how often would answer 429 to nearly all of it.
    limits = {"RATE_LIMIT_PER_MINUTE": "1000000", "LOG_LEVEL": "WARNING"}
    async with api(**limits, **sandbox.control("GET", "platforms")) as (_, url):
        yield url


def fuzz(operation: Any, url: str, headers: dict[str, str], examples: int) -> None:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def once(case: Any) -> None:
            for name in [each for each in case.headers or () if each.lower() in FRAMING]:
                del case.headers[name]
            answer = case.call(base_url=url, headers=headers, timeout=15)
            case.validate_response(answer, checks=CHECKS)

        # Some operations take nothing that could be wrong.
        with contextlib.suppress(*([Unsatisfiable] if mode is GenerationMode.NEGATIVE else [])):
            once()


def label(operation: Any) -> str:
    return str(operation.label)


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_an_admins_requests_are_answered_as_described(server: str, acme: Company, operation: Any) -> None:
    if operation.label == ENDLESS:
        return
    fuzz(operation, server, {"Authorization": f"Bearer {acme.person().token}"}, FEW)


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_anybodys_requests_are_answered_as_described(server: str, operation: Any) -> None:
    fuzz(operation, server, {}, FEW // 2)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_many_requests_are_answered_as_described(server: str, acme: Company, operation: Any) -> None:
    if operation.label == ENDLESS:
        return
    fuzz(operation, server, {"Authorization": f"Bearer {acme.person().token}"}, MANY)
