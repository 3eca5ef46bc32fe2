"""A token is exchanged ahead of its end, by one at a time, and given up only when nothing is left to try."""

import asyncio
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from sqlalchemy import func, select, update

from app.core.clock import real_now
from app.core.config import Settings
from app.core.security import seal
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.models.integrations.connections import Connection
from app.models.integrations.kinds import Platform
from app.schemas.integrations.connections import PlatformName
from app.services.integrations.gateway import Gateway, gateway_by
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.service import IntegrationsService
from app.services.integrations.vendors import VENDORS
from tests.conftest import pointed_at
from tests.factories.integrations import Connected, connect
from tests.sandbox_process import Sandbox


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> Connected:
    return await connect(scopes, sandbox)


async def put(scopes: Scopes, connected: Connected, **values: Any) -> None:
    async with scopes() as scope:
        await scope.session.execute(
            update(Connection).where(Connection.id == connected.connection_id).values(**values)
        )


async def row(scopes: Scopes, connected: Connected) -> Connection:
    async with scopes() as scope:
        return (
            await scope.session.scalars(select(Connection).where(Connection.id == connected.connection_id))
        ).one()


async def exchanges(scopes: Scopes) -> int:
    async with scopes() as scope:
        statement = (
            select(func.count()).select_from(PlatformCall).where(PlatformCall.operation == "exchange_token")
        )
        return int(await scope.session.scalar(statement) or 0)


def soon() -> datetime:
    return real_now() + timedelta(days=2)


async def usable(scopes: Scopes, connected: Connected) -> str:
    return (await IntegrationsService(scopes).tokens.usable(await row(scopes, connected))).token


async def test_a_token_that_lasts_is_used_as_it_is(
    scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    assert await usable(scopes, connected) == sandbox.meta_token
    assert await exchanges(scopes) == 0


async def test_many_who_use_a_token_that_ends_soon_exchange_it_once(
    scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    await put(scopes, connected, expires_at=soon())
    tokens = await asyncio.gather(*(usable(scopes, connected) for _ in range(6)))
    assert await exchanges(scopes) == 1
    fresh = await usable(scopes, connected)
    assert fresh != sandbox.meta_token
    assert set(tokens) == {fresh, sandbox.meta_token}, "the old one is still good for who came second"
    assert (await row(scopes, connected)).expires_at > soon()  # type: ignore[operator]


async def test_who_finds_an_ended_token_waits_for_the_one_who_exchanges_it(
    scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    ended = real_now() - timedelta(seconds=5)
    await put(scopes, connected, expires_at=ended, refresh_claimed_until=real_now() + timedelta(seconds=60))
    waiting = asyncio.create_task(usable(scopes, connected))
    await asyncio.sleep(0.4)
    assert not waiting.done()
    await put(scopes, connected, expires_at=soon())
    assert await waiting == sandbox.meta_token
    assert await exchanges(scopes) == 0


async def test_an_exchange_that_fails_is_not_tried_at_each_use(
    scopes: Scopes, connected: Connected, faults: Sandbox
) -> None:
    await put(scopes, connected, expires_at=soon())
    faults.control(
        "POST", "faults", json={"kind": "server_error", "path": "/oauth/access_token", "status": 503}
    )
    first = await usable(scopes, connected)
    tried = await exchanges(scopes)
    assert await usable(scopes, connected) == first == faults.meta_token
    assert await exchanges(scopes) == tried > 0
    assert (await row(scopes, connected)).status == "active"


async def test_a_refused_token_with_something_to_redeem_is_exchanged_at_the_next_use(
    scopes: Scopes, connected: Connected
) -> None:
    async with scopes() as scope:
        sealed = seal("redeem-me", purpose="integrations.refresh_token", tenant_id=scope.tenant_id)
    await put(scopes, connected, refresh_token_sealed=sealed)
    tokens = IntegrationsService(scopes).tokens
    await tokens.refused(await row(scopes, connected), "meta.190")
    found = await row(scopes, connected)
    assert (found.status, found.expires_at is not None and found.expires_at <= real_now()) == ("active", True)
    await usable(scopes, connected)
    assert await exchanges(scopes) == 1
    await tokens.refused(await row(scopes, connected), "meta.190")
    assert (await row(scopes, connected)).status == "needs_sign_in", "a new one was refused as well"


async def test_a_refused_token_with_nothing_to_redeem_needs_a_person(
    scopes: Scopes, connected: Connected
) -> None:
    await IntegrationsService(scopes).tokens.refused(await row(scopes, connected), "meta.190")
    found = await row(scopes, connected)
    assert (found.status, found.last_error_code) == ("needs_sign_in", "meta.190")
    with pytest.raises(PlatformError) as caught:
        await usable(scopes, connected)
    assert caught.value.kind is PlatformErrorKind.AUTH


async def test_an_ended_token_with_nothing_to_redeem_it_by_needs_a_person(
    scopes: Scopes, connected: Connected, settings: Settings, sandbox: Sandbox
) -> None:
    """A token that a person pasted, where no app of ours could exchange it."""
    await put(scopes, connected, expires_at=real_now() - timedelta(seconds=5))
    alone = pointed_at(settings, sandbox).model_copy(update={"meta_app_id": None, "meta_app_secret": None})
    async with gateway_by(alone):
        with pytest.raises(PlatformError) as caught:
            await usable(scopes, connected)
    assert caught.value.kind is PlatformErrorKind.AUTH
    assert (await row(scopes, connected)).status == "needs_sign_in"


async def test_a_token_that_nothing_can_exchange_is_used_to_its_end(
    scopes: Scopes, connected: Connected, settings: Settings, sandbox: Sandbox
) -> None:
    await put(scopes, connected, expires_at=soon())
    alone = pointed_at(settings, sandbox).model_copy(update={"meta_app_id": None, "meta_app_secret": None})
    async with gateway_by(alone):
        assert await usable(scopes, connected) == sandbox.meta_token
    assert (await row(scopes, connected)).status == "active"


def test_every_platform_that_can_be_named_has_its_vendor() -> None:
    assert set(VENDORS) == set(Platform) == set(get_args(PlatformName))
    assert all(vendor.platform is platform for platform, vendor in VENDORS.items())
