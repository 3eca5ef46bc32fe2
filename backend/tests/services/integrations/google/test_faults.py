"""The fault matrix of Google's connector: what each fault becomes, nothing lost, nothing doubled."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.integrations.connections import Connection
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import (
    SET_STATUS,
    AdPlatform,
    ConversionEvent,
    PlatformError,
    PreparedEvent,
)
from app.services.integrations.ports import PlatformErrorKind as Kind
from app.services.integrations.service import IntegrationsService, circuit_key
from tests.factories.google import BRAND, DISPLAY, US_ACCOUNT, US_PURCHASE, Connected, google_value
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.google.test_client import calls_of, change_of, daily


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


@pytest.mark.parametrize("case", MATRIX, ids=str)
async def test_a_read(case: Case, dollars: AdPlatform, faults: Sandbox) -> None:
    order(faults, case.fault, f"/customers/{US_ACCOUNT}/googleAds:search", **case.facts)
    assert await kind_of(dollars.read_entity("campaign", BRAND)) is case.read


@pytest.mark.parametrize("case", MATRIX, ids=str)
async def test_a_write_is_sent_once_and_its_outcome_is_told_as_it_is(
    case: Case, dollars: AdPlatform, desk: Desk, scopes: Scopes, faults: Sandbox
) -> None:
    change = daily(190_000_000)
    order(faults, case.fault, f"/customers/{US_ACCOUNT}/campaignBudgets:mutate", **case.facts)
    assert await kind_of(dollars.set_daily_budget(change, desk.mint(change))) is case.written
    sent = [call.outcome for call in await calls_of(scopes) if call.mutating]
    assert sent == [case.written.value]
    assert desk.used == [change]
    faults.repair()
    held = google_value(faults, "campaign_budget", "amount_micros", "11400000001")
    assert (held == "190000000") is case.applied


@pytest.mark.parametrize("case", MATRIX, ids=str)
async def test_events_may_be_sent_again_and_count_once(
    case: Case, dollars: AdPlatform, faults: Sandbox
) -> None:
    now = real_now()
    order_placed = ConversionEvent(
        dedupe_key=f"{case}-{now.timestamp()}",
        name="purchase",
        at=now - timedelta(hours=1),
        identifiers={"email": "alexz@example.com"},
        value_micros=10_000_000,
        currency="USD",
    )
    event = dollars.prepare_event(order_placed, now)
    assert isinstance(event, PreparedEvent)
    order(faults, case.fault, "/v1/events:ingest", **case.facts)
    assert await kind_of(dollars.send_events(US_PURCHASE, [event])) is case.read
    faults.repair()
    assert bool(_taken(faults, order_placed)) is (case.applied or case.fault == "partial_failure")
    if case.read is Kind.TRANSIENT:
        await dollars.send_events(US_PURCHASE, [event])
        verdicts = [one["verdict"] for one in _taken(faults, order_placed)]
        assert verdicts.count("") == 1, "it counts once, however often it was sent"


def _taken(sandbox: Sandbox, event: ConversionEvent) -> list[dict[str, object]]:
    events = sandbox.control("GET", "google/events", params={"limit": 5000})["events"]
    return [one for one in events if one["transaction_id"] == event.dedupe_key]


async def test_a_passing_fault_is_read_through(dollars: AdPlatform, scopes: Scopes, faults: Sandbox) -> None:
    order(faults, "server_error", f"/customers/{US_ACCOUNT}", count=2)
    assert (await dollars.read_entity("campaign", BRAND)).external_id == BRAND
    assert [call.outcome for call in await calls_of(scopes)] == ["transient", "transient", "ok"]


async def test_the_circuit_opens_and_spares_the_platform(
    dollars: AdPlatform, scopes: Scopes, faults: Sandbox
) -> None:
    order(faults, "server_error", f"/customers/{US_ACCOUNT}")
    for _ in range(2):
        assert await kind_of(dollars.read_entity("campaign", BRAND)) is not None
    made = len(await calls_of(scopes))
    with pytest.raises(PlatformError, match=r"google\.circuit_open"):
        await dollars.read_entity("campaign", BRAND)
    assert len(await calls_of(scopes)) == made == 5


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


@pytest.mark.parametrize("kind", ["token_expired", "token_revoked"])
async def test_a_refused_token_is_exchanged_once_and_then_asks_for_a_person(
    kind: str,
    dollars: AdPlatform,
    connected: Connected,
    scopes: Scopes,
    faults: Sandbox,
) -> None:
    """There is a refresh token: the first refusal of an old token fetches a new one, that one's asks for a person."""
    async with scopes() as scope:
        row = await scope.session.get_one(Connection, (scope.tenant_id, connected.connection_id))
        row.refreshed_at = real_now() - timedelta(minutes=30)
    order(faults, kind, f"/customers/{US_ACCOUNT}", count=1)
    assert await kind_of(dollars.list_campaigns()) is Kind.AUTH
    again = await IntegrationsService(scopes).connector(connected.dollars)
    assert await again.list_campaigns()
    order(faults, kind, f"/customers/{US_ACCOUNT}", count=1)
    assert await kind_of(again.list_campaigns()) is Kind.AUTH
    async with scopes() as scope:
        statement = select(Connection.status).where(Connection.id == connected.connection_id)
        assert await scope.session.scalar(statement) == "needs_sign_in"
    with pytest.raises(PlatformError, match=r"google\.not_connected"):
        await IntegrationsService(scopes).connector(connected.dollars)


async def test_a_stop_goes_out_while_reads_wait(
    dollars: AdPlatform, desk: Desk, scopes: Scopes, platforms: Gateway, sandbox: Sandbox
) -> None:
    async with scopes() as scope:
        circuit = circuit_key(scope.tenant_id, "google", US_ACCOUNT)
    await platforms.breaker.wait(circuit, 120)
    raised = daily(181_000_000)
    with pytest.raises(PlatformError, match=r"google\.waiting"):
        await dollars.set_daily_budget(raised, desk.mint(raised))
    stop = change_of(SET_STATUS, {"status": "paused"}, entity=DISPLAY)
    await dollars.set_status(stop, desk.mint(stop))
    assert desk.used == [stop]
    assert google_value(sandbox, "campaign", "status", DISPLAY) == "PAUSED"
