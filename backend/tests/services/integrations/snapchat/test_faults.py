"""The fault matrix: what each trouble on the wire becomes; nothing lost, nothing doubled."""

import pytest

from app.db.session import Scopes
from app.models.integrations.connections import Connection
from app.services.integrations.ports import AdPlatform, PlatformError, PlatformErrorKind
from app.services.integrations.service import IntegrationsService
from tests.factories.snapchat import PROSPECTING, US_ACCOUNT, Connected
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.snapchat.conftest import calls_of, change_of
from tests.services.integrations.snapchat.test_client import raw

ENTITY = f"/campaigns/{PROSPECTING}"
PUT = {"method": "PUT", "path": f"/adaccounts/{US_ACCOUNT}/campaigns"}
KIND = PlatformErrorKind


def order(faults: Sandbox, kind: str, **facts: object) -> None:
    faults.control("POST", "faults", json={"kind": kind, "vendor": "snapchat", **facts})


async def connection(scopes: Scopes, connected: Connected) -> Connection:
    async with scopes() as scope:
        return await scope.session.get_one(Connection, (scope.tenant_id, connected.connection_id))


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


async def test_a_token_that_is_taken_back_needs_a_person_where_nothing_can_be_redeemed(
    dollars: AdPlatform, connected: Connected, scopes: Scopes, faults: Sandbox
) -> None:
    order(faults, "token_revoked", count=1)
    with pytest.raises(PlatformError):
        await dollars.list_campaigns()
    assert (await connection(scopes, connected)).status == "needs_sign_in"
    with pytest.raises(PlatformError, match=r"snapchat\.not_connected"):
        await IntegrationsService(scopes).connector(connected.dollars)
