"""The fault matrix of Google's connector: what each fault becomes, nothing lost, nothing doubled."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field

import pytest

from app.db.session import Scopes
from app.services.integrations.ports import (
    SET_STATUS,
    AdPlatform,
    ConversionEvent,
    PlatformError,
)
from app.services.integrations.ports import PlatformErrorKind as Kind
from tests.factories.google import BRAND, DISPLAY, US_ACCOUNT, google_value
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.google.test_client import calls_of, change_of


@dataclass(frozen=True)
class Case:
    """A fault, what it is ordered with, what a read and a write become by it, and whether the write was applied."""

    fault: str
    read: Kind | None
    written: Kind
    facts: Mapping[str, object] = field(default_factory=dict)
    applied: bool = False

    def __str__(self) -> str:
        return f"{self.fault}{self.facts.get('status', '')}"


MATRIX = [
    Case("connection_reset", Kind.TRANSIENT, Kind.AMBIGUOUS),
    Case("timeout", Kind.TRANSIENT, Kind.AMBIGUOUS, {"seconds": 0.2}),
    Case("malformed_json", Kind.TRANSIENT, Kind.AMBIGUOUS),
    Case("server_error", Kind.TRANSIENT, Kind.AMBIGUOUS),
    Case("server_error", Kind.TRANSIENT, Kind.AMBIGUOUS, {"status": 503}),
    Case("rate_limit", Kind.RATE_LIMITED, Kind.RATE_LIMITED, {"seconds": 120}),
    Case("token_expired", Kind.AUTH, Kind.AUTH),
    Case("token_revoked", Kind.AUTH, Kind.AUTH),
    Case("drop_response", Kind.TRANSIENT, Kind.AMBIGUOUS, applied=True),
    Case("partial_failure", None, Kind.TRANSIENT),
]


def order(sandbox: Sandbox, kind: str, path: str, **facts: object) -> None:
    sandbox.control("POST", "faults", json={"kind": kind, "vendor": "google", "path": path, **facts})


async def kind_of(call: Awaitable[object]) -> Kind | None:
    try:
        await call
    except PlatformError as error:
        return error.kind
    return None


def _taken(sandbox: Sandbox, event: ConversionEvent) -> list[dict[str, object]]:
    events = sandbox.control("GET", "google/events", params={"limit": 5000})["events"]
    return [one for one in events if one["transaction_id"] == event.dedupe_key]


async def test_a_rate_limit_is_obeyed_for_as_long_as_the_platform_says(
    dollars: AdPlatform, scopes: Scopes, faults: Sandbox
) -> None:
    order(faults, "rate_limit", f"/customers/{US_ACCOUNT}", seconds=120, count=1)
    with pytest.raises(PlatformError) as first:
        await dollars.read_entity("campaign", BRAND)
    assert (first.value.retry_after, first.value.code) == (120, "google.resource_temporarily_exhausted")
    with pytest.raises(PlatformError) as second:
        await dollars.read_entity("campaign", BRAND)
    assert second.value.code == "google.waiting"
    assert len(await calls_of(scopes)) == 1


async def test_a_spent_days_operations_are_waited_for_and_hold_no_stop_back(
    dollars: AdPlatform, desk: Desk, project: Sandbox
) -> None:
    used = project.vendor("google")["operations_used"]
    project.control("POST", "google/quota", json={"operations_per_day": max(1, used)})
    with pytest.raises(PlatformError) as caught:
        await dollars.read_entity("campaign", DISPLAY)
    assert (caught.value.kind, caught.value.code) == (Kind.RATE_LIMITED, "google.resource_exhausted")
    assert 0 < (caught.value.retry_after or 0) <= 24 * 3600
    project.control("POST", "google/quota", json={"operations_per_day": 1_000_000})
    stop = change_of(SET_STATUS, {"status": "paused"}, entity=DISPLAY)
    await dollars.set_status(stop, desk.mint(stop))
    assert google_value(project, "campaign", "status", DISPLAY) == "PAUSED"


async def test_a_project_without_rights_is_told_of_by_name(dollars: AdPlatform, project: Sandbox) -> None:
    project.control("POST", "google/quota", json={"approved": False})
    with pytest.raises(PlatformError) as caught:
        await dollars.list_campaigns()
    assert caught.value.kind is Kind.PERMISSION
    assert caught.value.code == "google.cloud_project_not_approved_for_production"
