"""What each trouble of the wire becomes for a read, for a write and for events. One table for every vendor."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select

from app.models.integrations.calls import PlatformCall
from app.services.integrations.ports import PlatformError
from app.services.integrations.ports import PlatformErrorKind as Kind
from tests.factories.access import Company
from tests.services.integrations.contract.conftest import Bench


@dataclass(frozen=True)
class Trouble:
    """A fault, and what a read (or events) and a write become by it; `applied`: the platform has done it anyway."""

    fault: str
    read: Kind | None
    write: Kind | None
    facts: Mapping[str, object] = field(default_factory=dict)
    applied: bool = False

    def __str__(self) -> str:
        return f"{self.fault}{self.facts.get('status', '')}"


TROUBLES = [
    Trouble("connection_reset", Kind.TRANSIENT, Kind.AMBIGUOUS),
    Trouble("timeout", Kind.TRANSIENT, Kind.AMBIGUOUS, {"seconds": 0.2}),
    Trouble("malformed_json", Kind.TRANSIENT, Kind.AMBIGUOUS),
    Trouble("server_error", Kind.TRANSIENT, Kind.AMBIGUOUS),
    Trouble("server_error", Kind.TRANSIENT, Kind.AMBIGUOUS, {"status": 503}),
    Trouble("drop_response", Kind.TRANSIENT, Kind.AMBIGUOUS, applied=True),
    Trouble("rate_limit", Kind.RATE_LIMITED, Kind.RATE_LIMITED, {"seconds": 120}),
    Trouble("rate_limit", Kind.RATE_LIMITED, Kind.RATE_LIMITED, {"seconds": 120, "status": 429}),
    Trouble("token_expired", Kind.AUTH, Kind.AUTH),
    Trouble("token_revoked", Kind.AUTH, Kind.AUTH),
    Trouble("duplicate_request", None, None, applied=True),
]


_ANY_CALL = select(func.count()).select_from(PlatformCall)


async def kind_of(call: Awaitable[object]) -> Kind | None:
    try:
        await call
    except PlatformError as error:
        return error.kind
    return None


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
async def test_a_read(bench: Bench, trouble: Trouble) -> None:
    bench.order(trouble.fault, bench.subject.read, **trouble.facts)
    platform = await bench.platform()
    assert await kind_of(platform.read_entity("campaign", bench.subject.campaign)) is trouble.read


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
async def test_a_write_leaves_once_and_is_never_called_failed_while_it_may_hold(
    bench: Bench, trouble: Trouble
) -> None:
    change, (method, path) = bench.raised(), bench.subject.write
    bench.order(trouble.fault, path, method=method, **trouble.facts)
    platform = await bench.platform()
    assert await kind_of(platform.set_daily_budget(change, bench.desk.mint(change))) is trouble.write
    assert await bench.writes() == [trouble.write.value if trouble.write else "ok"]
    assert bench.desk.used == [change]
    bench.sandbox.repair()
    wanted = change.after if trouble.applied else change.before
    assert bench.subject.held(bench.sandbox) == wanted["daily_budget_micros"]


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
async def test_events_may_be_sent_again_and_count_once(bench: Bench, trouble: Trouble) -> None:
    event = bench.event()
    prepared = [await bench.prepared(event)]
    bench.order(trouble.fault, bench.subject.events, method="POST", **trouble.facts)
    platform = await bench.platform()
    assert await kind_of(platform.send_events(bench.subject.pixel, prepared)) is trouble.read
    bench.sandbox.repair()
    arrived = bench.subject.arrived(bench.sandbox, event.dedupe_key)
    assert arrived.count(True) == trouble.applied
    if trouble.read is Kind.TRANSIENT:
        await platform.send_events(bench.subject.pixel, prepared)
        assert bench.subject.arrived(bench.sandbox, event.dedupe_key).count(True) == 1


async def test_a_write_whose_item_is_refused_was_not_applied(bench: Bench) -> None:
    change, (method, path) = bench.raised(), bench.subject.write
    bench.order("partial_failure", path, method=method)
    platform = await bench.platform()
    becomes = bench.subject.partial.get("write")
    assert await kind_of(platform.set_daily_budget(change, bench.desk.mint(change))) is becomes
    assert await bench.writes() == [becomes.value if becomes else "ok"]
    wanted = change.before if becomes else change.after
    assert bench.subject.held(bench.sandbox) == wanted["daily_budget_micros"]


async def test_a_passing_fault_is_read_through(bench: Bench) -> None:
    platform = await bench.platform()
    bench.order("server_error", bench.subject.read, count=2)
    assert (await platform.read_entity("campaign", bench.subject.campaign)).status == "active"
    assert [call.outcome for call in await bench.calls()] == ["transient", "transient", "ok"]


async def test_a_rate_limit_is_obeyed_for_as_long_as_the_platform_says(bench: Bench) -> None:
    platform = await bench.platform()
    bench.order("rate_limit", bench.subject.read, seconds=120, count=1, status=429)
    read = platform.read_entity
    with pytest.raises(PlatformError) as first:
        await read("campaign", bench.subject.campaign)
    assert (first.value.kind, first.value.retry_after) == (Kind.RATE_LIMITED, 120)
    with pytest.raises(PlatformError) as second:
        await read("campaign", bench.subject.campaign)
    assert second.value.code == f"{bench.name.value}.waiting"
    assert 100 < (second.value.retry_after or 0) <= 120
    assert len(await bench.calls()) == 1


async def test_the_circuit_opens_after_five_failures_and_spares_the_platform(bench: Bench) -> None:
    platform = await bench.platform()
    bench.order("server_error", bench.subject.read)
    for _ in range(2):
        assert await kind_of(platform.read_entity("campaign", bench.subject.campaign)) is not None
    made = len(await bench.calls())
    with pytest.raises(PlatformError, match="circuit_open"):
        await platform.read_entity("campaign", bench.subject.campaign)
    assert len(await bench.calls()) == made == 5


async def test_an_outage_of_the_platforms_own_is_transient(bench: Bench) -> None:
    bench.order("platform_outage")
    assert await kind_of((await bench.platform()).list_campaigns()) is Kind.TRANSIENT


async def test_every_call_is_in_the_log_without_its_secrets_and_for_no_other_tenant(
    bench: Bench, globex: Company
) -> None:
    platform, event = await bench.platform(), bench.event()
    await platform.read_entity("campaign", bench.subject.campaign)
    await platform.send_events(bench.subject.pixel, [await bench.prepared(event)])
    calls = await bench.calls()
    assert {"read_entity", "send_events"} <= {call.operation for call in calls}
    for call in calls:
        assert (call.ad_account_id, call.status) == (bench.place.account, 200)
        assert bench.subject.token(bench.sandbox) not in repr(vars(call))
        assert event.identifiers["email"] not in repr(vars(call))
    async with globex.scopes() as scope:
        assert not await scope.session.scalar(_ANY_CALL)
