"""The fault matrix: what each trouble on the wire becomes; nothing lost, nothing doubled."""

from datetime import timedelta

import pytest

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.integrations.connections import Connection
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import AdPlatform, PlatformError, PlatformErrorKind
from app.services.integrations.service import IntegrationsService
from tests.factories.snapchat import PROSPECTING, US_ACCOUNT, US_PIXEL, Connected, connect
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.snapchat.conftest import budget_change, calls_of, change_of
from tests.services.integrations.snapchat.test_client import prepared, purchase, raw

ENTITY = f"/campaigns/{PROSPECTING}"
PUT = {"method": "PUT", "path": f"/adaccounts/{US_ACCOUNT}/campaigns"}
KIND = PlatformErrorKind


def order(faults: Sandbox, kind: str, **facts: object) -> None:
    faults.control("POST", "faults", json={"kind": kind, "vendor": "snapchat", **facts})


async def connection(scopes: Scopes, connected: Connected) -> Connection:
    async with scopes() as scope:
        return await scope.session.get_one(Connection, (scope.tenant_id, connected.connection_id))


@pytest.mark.parametrize(
    ("kind", "facts", "becomes"),
    [
        ("timeout", {"seconds": 0.2}, KIND.TRANSIENT),
        ("connection_reset", {}, KIND.TRANSIENT),
        ("drop_response", {}, KIND.TRANSIENT),
        ("malformed_json", {}, KIND.TRANSIENT),
        ("server_error", {}, KIND.TRANSIENT),
        ("server_error", {"status": 503}, KIND.TRANSIENT),
        ("rate_limit", {}, KIND.RATE_LIMITED),
        ("token_expired", {}, KIND.AUTH),
        ("token_revoked", {}, KIND.AUTH),
    ],
)
async def test_what_a_reads_trouble_becomes(
    kind: str, facts: dict[str, object], becomes: KIND, *, dollars: AdPlatform, faults: Sandbox
) -> None:
    order(faults, kind, path=ENTITY, **facts)
    with pytest.raises(PlatformError) as caught:
        await dollars.read_entity("campaign", PROSPECTING)
    assert caught.value.kind is becomes


@pytest.mark.parametrize(
    ("kind", "facts", "becomes", "applied"),
    [
        ("timeout", {"seconds": 0.2}, KIND.AMBIGUOUS, False),
        ("connection_reset", {}, KIND.AMBIGUOUS, False),
        ("drop_response", {}, KIND.AMBIGUOUS, True),
        ("malformed_json", {}, KIND.AMBIGUOUS, False),
        ("server_error", {}, KIND.AMBIGUOUS, False),
        ("rate_limit", {"seconds": 1}, KIND.RATE_LIMITED, False),
        ("token_expired", {}, KIND.AUTH, False),
        ("token_revoked", {}, KIND.AUTH, False),
        ("partial_failure", {}, KIND.TRANSIENT, False),
    ],
)
async def test_a_write_leaves_once_and_is_never_called_failed_while_it_may_hold(
    kind: str,
    facts: dict[str, object],
    becomes: KIND,
    applied: bool,
    *,
    dollars: AdPlatform,
    desk: Desk,
    scopes: Scopes,
    faults: Sandbox,
) -> None:
    micros = 600_000_000 + abs(hash((kind, str(facts)))) % 1_000_000
    change = await budget_change(dollars, micros)
    order(faults, kind, **PUT, **facts)
    with pytest.raises(PlatformError) as caught:
        await dollars.set_daily_budget(change, desk.mint(change))
    assert caught.value.kind is becomes
    assert [call.outcome for call in await calls_of(scopes) if call.mutating] == [becomes.value]
    assert (raw(faults, "campaign", PROSPECTING)["daily_budget_micro"] == micros) is applied
    assert len(desk.used) == 1


@pytest.mark.parametrize(
    ("kind", "facts", "becomes"),
    [
        ("connection_reset", {}, KIND.TRANSIENT),
        ("drop_response", {}, KIND.TRANSIENT),
        ("malformed_json", {}, KIND.TRANSIENT),
        ("server_error", {}, KIND.TRANSIENT),
        ("rate_limit", {}, KIND.RATE_LIMITED),
        ("token_expired", {}, KIND.AUTH),
        ("partial_failure", {}, KIND.INVALID),
    ],
)
async def test_events_are_sent_again_after_trouble_and_counted_once(
    kind: str, facts: dict[str, object], becomes: KIND, *, dollars: AdPlatform, faults: Sandbox
) -> None:
    key = f"{kind}-{real_now().timestamp()}"
    event = prepared(dollars, purchase(key))
    order(faults, kind, path=f"/{US_PIXEL}/events", count=1, **facts)
    with pytest.raises(PlatformError) as caught:
        await dollars.send_events(US_PIXEL, [event])
    assert caught.value.kind is becomes
    if becomes in {KIND.RATE_LIMITED, KIND.AUTH}:
        return
    assert (await dollars.send_events(US_PIXEL, [event])).received == 1
    events = faults.control("GET", "snapchat/events", params={"pixel": US_PIXEL})["events"]
    assert sum(not one["duplicate"] for one in events if one["event_id"] == key) == 1


async def test_a_passing_fault_is_read_through(dollars: AdPlatform, scopes: Scopes, faults: Sandbox) -> None:
    order(faults, "server_error", count=2, path=ENTITY)
    assert (await dollars.read_entity("campaign", PROSPECTING)).external_id == PROSPECTING
    assert [call.outcome for call in await calls_of(scopes)] == ["transient", "transient", "ok"]


@pytest.mark.parametrize(("seconds", "asked"), [(120, 120), (None, 10)])
async def test_a_rate_limit_is_obeyed(
    seconds: int | None, asked: int, *, dollars: AdPlatform, scopes: Scopes, faults: Sandbox
) -> None:
    """Snapchat says 429 and no more; where something in between says how long, that is obeyed."""
    order(faults, "rate_limit", count=1, **({} if seconds is None else {"seconds": seconds}))
    with pytest.raises(PlatformError) as first:
        await dollars.read_entity("campaign", PROSPECTING)
    assert (first.value.kind, first.value.retry_after) == (KIND.RATE_LIMITED, asked)
    with pytest.raises(PlatformError) as second:
        await dollars.read_entity("campaign", PROSPECTING)
    assert second.value.code == "snapchat.waiting"
    assert len(await calls_of(scopes)) == 1


async def test_a_stop_is_asked_for_thrice_before_it_is_given_up(
    dollars: AdPlatform, desk: Desk, scopes: Scopes, faults: Sandbox
) -> None:
    order(faults, "server_error", count=2, path=ENTITY)
    stop = change_of("set_status", {"status": "paused"})
    await dollars.set_status(stop, desk.mint(stop))
    assert raw(faults, "campaign", PROSPECTING)["status"] == "PAUSED"
    faults.control("POST", "snapchat/edit", json={"object_id": PROSPECTING, "changes": {"status": "ACTIVE"}})
    order(faults, "server_error", count=3, path=ENTITY)
    with pytest.raises(PlatformError) as caught:
        await dollars.set_status(stop, desk.mint(stop))
    assert (caught.value.kind, len(desk.used)) == (KIND.TRANSIENT, 1)


async def test_the_circuit_opens_after_five_failures_and_spares_the_platform(
    dollars: AdPlatform, scopes: Scopes, faults: Sandbox
) -> None:
    order(faults, "server_error", path=ENTITY)
    for _ in range(2):
        with pytest.raises(PlatformError):
            await dollars.read_entity("campaign", PROSPECTING)
    made = len(await calls_of(scopes))
    assert made == 5
    with pytest.raises(PlatformError, match=r"snapchat\.circuit_open"):
        await dollars.read_entity("campaign", PROSPECTING)
    assert len(await calls_of(scopes)) == made


async def test_a_token_that_is_taken_back_needs_a_person_where_nothing_can_be_redeemed(
    dollars: AdPlatform, connected: Connected, scopes: Scopes, faults: Sandbox
) -> None:
    order(faults, "token_revoked", count=1)
    with pytest.raises(PlatformError):
        await dollars.list_campaigns()
    assert (await connection(scopes, connected)).status == "needs_sign_in"
    with pytest.raises(PlatformError, match=r"snapchat\.not_connected"):
        await IntegrationsService(scopes).connector(connected.dollars)


async def test_a_token_of_an_hour_is_exchanged_as_it_is_used(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    refresh_token = sandbox.snapchat_facts["refresh_token"]
    connected = await connect(
        scopes, sandbox, refresh_token=refresh_token, expires_at=real_now() + timedelta(minutes=5)
    )
    platform = await IntegrationsService(scopes).connector(connected.dollars)
    assert (await platform.read_entity("campaign", PROSPECTING)).external_id == PROSPECTING
    operations = [call.operation for call in await calls_of(scopes)]
    assert operations == ["exchange_token", "read_entity"]
    found = await connection(scopes, connected)
    assert found.status == "active"
    assert found.expires_at is not None
    assert timedelta(minutes=50) < found.expires_at - real_now() <= timedelta(hours=1)
    await IntegrationsService(scopes).connector(connected.dollars)
    assert len(await calls_of(scopes)) == 2, "one that is fresh is not exchanged again"


async def test_a_refresh_token_that_is_taken_back_needs_a_person(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(
        scopes, sandbox, refresh_token="snapr-gone", expires_at=real_now() - timedelta(minutes=1)
    )
    with pytest.raises(PlatformError) as caught:
        await IntegrationsService(scopes).connector(connected.dollars)
    assert caught.value.kind is KIND.AUTH
    found = await connection(scopes, connected)
    assert (found.status, found.last_error_code) == ("needs_sign_in", "snapchat.invalid_grant")
