"""A platform is changed by one exact change on one permit: it reads back, and nothing else is touched."""

import pytest

from app.services.integrations.ports import (
    SET_DAILY_BUDGET,
    SET_LIFETIME_BUDGET,
    SET_STATUS,
    PlatformError,
    PlatformErrorKind,
)
from app.services.integrations.service import IntegrationsService
from tests.factories.access import Company
from tests.services.integrations.contract.conftest import Bench
from tests.services.integrations.contract.subjects import CENT


async def test_a_daily_budget_is_set_at_the_platform_and_reads_back(bench: Bench) -> None:
    platform, change = await bench.platform(), bench.raised()
    await platform.set_daily_budget(change, bench.desk.mint(change))
    assert (await platform.read_entity("campaign", bench.subject.campaign)).holds(change)
    assert bench.subject.held(bench.sandbox) == change.after["daily_budget_micros"]
    assert await bench.writes() == ["ok"]


async def test_a_lifetime_budget_is_set_and_reads_back(bench: Bench) -> None:
    platform, (entity_type, entity) = await bench.platform(), bench.subject.lifetime
    before = (await platform.read_entity(entity_type, entity)).lifetime_budget_micros
    assert before
    change = bench.change(
        SET_LIFETIME_BUDGET, before + CENT, before=before, entity=entity, entity_type=entity_type
    )
    await platform.set_lifetime_budget(change, bench.desk.mint(change))
    state = await platform.read_entity(entity_type, entity)
    assert state.holds(change)
    assert state.daily_budget_micros is None
    back = change.reversed()
    await platform.set_lifetime_budget(back, bench.desk.mint(back))


@pytest.mark.parametrize("level", ["campaign", "ad_set"])
async def test_what_delivers_is_stopped_and_started(bench: Bench, level: str) -> None:
    platform = await bench.platform()
    entity = bench.subject.campaign if level == "campaign" else bench.subject.ad_set
    for before, after in (("active", "paused"), ("paused", "active")):
        change = bench.change(SET_STATUS, after, before=before, entity=entity, entity_type=level)  # type: ignore[arg-type]
        await platform.set_status(change, bench.desk.mint(change))
        assert (await platform.read_entity(level, entity)).status == after  # type: ignore[arg-type]
        if level == "campaign":
            assert bench.subject.delivers(bench.sandbox) is (after == "active")


@pytest.mark.parametrize("micros", [0, -5, True, "7", 2**63])
async def test_what_is_no_budget_spends_no_permit(bench: Bench, micros: int) -> None:
    change = bench.change(SET_DAILY_BUDGET, micros)
    with pytest.raises(PlatformError) as caught:
        await (await bench.platform()).set_daily_budget(change, bench.desk.mint(change))
    assert caught.value.kind is PlatformErrorKind.INVALID
    assert bench.desk.used == []
    assert await bench.writes() == []


async def test_deleting_is_nothing_that_we_do(bench: Bench) -> None:
    change = bench.change(SET_STATUS, "deleted")
    with pytest.raises(PlatformError, match="status_not_set_here"):
        await (await bench.platform()).set_status(change, bench.desk.mint(change))
    assert bench.desk.used == []


@pytest.mark.parametrize("limit", [{"read_only": True}, {"write_lease": False}])
async def test_who_may_only_read_changes_nothing_and_sends_nothing(
    bench: Bench, globex: Company, limit: dict[str, bool]
) -> None:
    place = await bench.subject.connect(globex.scopes, bench.sandbox, **limit)
    platform = await IntegrationsService(globex.scopes, bench.desk).connector(place.account)
    change = bench.raised()
    with pytest.raises(PlatformError, match="read_only"):
        await platform.set_daily_budget(change, bench.desk.mint(change))
    with pytest.raises(PlatformError, match="read_only"):
        await platform.send_events(bench.subject.pixel, [await bench.prepared(bench.event())])
    assert bench.desk.used == []
    assert bench.subject.held(bench.sandbox) == change.before["daily_budget_micros"]


@pytest.mark.parametrize("operation", [SET_DAILY_BUDGET, SET_STATUS])
async def test_an_entity_of_another_account_of_the_same_token_is_not_written_to(
    bench: Bench, operation: str
) -> None:
    """A permit names the one account, and a campaign of the other: the token reaches both."""
    other = await bench.other()
    was = await other.read_entity("campaign", bench.subject.foreign)
    change = bench.change(
        operation,
        70_000_000 if operation == SET_DAILY_BUDGET else "paused",
        entity=bench.subject.foreign,
    )
    with pytest.raises(PlatformError, match="other_account"):
        await getattr(await bench.platform(), operation)(change, bench.desk.mint(change))
    assert bench.desk.used == []
    assert await other.read_entity("campaign", bench.subject.foreign) == was


async def test_a_change_for_another_account_spends_no_permit(bench: Bench) -> None:
    change = bench.raised()
    with pytest.raises(PlatformError, match="other_change"):
        await (await bench.other()).set_daily_budget(change, bench.desk.mint(change))
    assert bench.desk.used == []


@pytest.mark.parametrize("entity", ["", "1; DROP", "../me", "1?daily_budget=100&x=", "1/../2", "-1 OR 1=1\n"])
async def test_an_id_is_no_way_to_another_call(bench: Bench, entity: str) -> None:
    platform = await bench.platform()
    change = bench.change(SET_STATUS, "paused", entity=entity or " ")
    with pytest.raises(PlatformError) as caught:
        await platform.set_status(change, bench.desk.mint(change))
    assert caught.value.kind is PlatformErrorKind.INVALID
    assert bench.desk.used == []
    assert await bench.calls() == []


async def test_a_call_that_may_not_leave_costs_no_permit(bench: Bench) -> None:
    platform, change = await bench.platform(), bench.raised()
    permit = bench.desk.mint(change)
    await bench.gateway.breaker.wait(await bench.circuit(), 120)
    with pytest.raises(PlatformError) as refused:
        await platform.set_daily_budget(change, permit)
    assert (refused.value.code, bench.desk.used) == (f"{bench.name.value}.waiting", [])
    await bench.gateway.redis.delete(f"{await bench.circuit()}:wait")
    await platform.set_daily_budget(change, permit)


async def test_a_stop_goes_out_while_everything_else_waits(bench: Bench) -> None:
    platform = await bench.platform()
    await bench.gateway.breaker.wait(await bench.circuit(), 120)
    raised = bench.raised()
    with pytest.raises(PlatformError, match="waiting"):
        await platform.set_daily_budget(raised, bench.desk.mint(raised))
    stop = bench.change(SET_STATUS, "paused", before="active")
    await platform.set_status(stop, bench.desk.mint(stop))
    assert bench.desk.used == [stop]
    assert not bench.subject.delivers(bench.sandbox)


async def test_a_write_goes_through_as_soon_as_an_open_circuit_may_be_tried(bench: Bench) -> None:
    """Whoever asks whether a call may leave does not take the one trial call from the read that follows."""
    platform, circuit = await bench.platform(), await bench.circuit()
    for _ in range(5):
        await bench.gateway.breaker.failed(circuit)
    await bench.gateway.redis.delete(f"{circuit}:open")
    change = bench.raised()
    await platform.set_daily_budget(change, bench.desk.mint(change))
    assert bench.subject.held(bench.sandbox) == change.after["daily_budget_micros"]
    assert (await bench.gateway.breaker.state(circuit))[0] == "closed"
