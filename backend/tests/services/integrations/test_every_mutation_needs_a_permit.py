"""No code path changes an ad account around the gate: every mutating method there is, against every bad permit."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.services.integrations.gateway import Gateway
from app.services.integrations.google.client import GoogleClient
from app.services.integrations.meta.client import MetaClient
from app.services.integrations.ports import MUTATING, AdPlatform
from app.services.integrations.service import IntegrationsService
from app.services.integrations.snapchat.client import SnapchatClient
from app.services.integrations.tiktok.client import TikTokClient
from app.services.integrations.vendors import VENDORS
from app.services.trust_engine.gate.errors import PermitRefused
from app.services.trust_engine.gate.permits import Change, Permit
from app.services.trust_engine.gate.service import KillSwitch, PermitDesk
from tests.factories import google, snapchat, tiktok
from tests.factories.access import Company
from tests.factories.integrations import BROAD, US_ACCOUNT, connect
from tests.factories.permits import minted
from tests.house.source import below
from tests.sandbox_process import Sandbox


@dataclass(frozen=True)
class Case:
    """A connector, an account that it speaks for, and a campaign there whose daily budget is its own.

    `lifetime` is one with a lifetime budget, where the vendor sets both kinds by the same field.
    """

    connector: type
    account: str
    campaign: str
    connect: Callable[[Scopes, Sandbox], Awaitable[UUID]]
    lifetime: str | None = None

    def campaign_for(self, method: str) -> str:
        return self.lifetime if self.lifetime and method == "set_lifetime_budget" else self.campaign


async def meta_account(scopes: Scopes, sandbox: Sandbox) -> UUID:
    return (await connect(scopes, sandbox)).dollars


async def google_account(scopes: Scopes, sandbox: Sandbox) -> UUID:
    google.as_laid(sandbox)
    return (await google.connect(scopes, sandbox)).dollars


async def tiktok_account(scopes: Scopes, sandbox: Sandbox) -> UUID:
    return (await tiktok.connect(scopes, sandbox)).dollars


async def snapchat_account(scopes: Scopes, sandbox: Sandbox) -> UUID:
    return (await snapchat.connect(scopes, sandbox)).dollars


CASES = {
    "meta": Case(MetaClient, US_ACCOUNT, BROAD, meta_account),
    "google": Case(GoogleClient, google.US_ACCOUNT, google.BRAND, google_account),
    "tiktok": Case(TikTokClient, tiktok.US_ADVERTISER, tiktok.BROAD, tiktok_account, tiktok.REACH),
    "snapchat": Case(SnapchatClient, snapchat.US_ACCOUNT, snapchat.PROSPECTING, snapchat_account),
}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "set_daily_budget": (
        {"daily_budget_micros": 400_000_000},
        {"daily_budget_micros": 410_000_000},
        {"daily_budget_micros": 420_000_000},
    ),
    "set_lifetime_budget": (
        {"lifetime_budget_micros": 400_000_000},
        {"lifetime_budget_micros": 410_000_000},
        {"lifetime_budget_micros": 420_000_000},
    ),
    "set_status": ({"status": "active"}, {"status": "paused"}, {"status": "active"}),
}
"""For each mutating method what was, what shall be, and another thing that shall be."""
METHODS = sorted({method.__name__ for method in MUTATING})


def change(platform: AdPlatform, method: str, *, other: bool = False) -> Change:
    before, after, another = CHANGES[method]
    case = CASES[platform.platform]
    return Change(
        platform=platform.platform,
        account=case.account,
        entity_type="campaign",
        entity=case.campaign_for(method),
        operation=method,
        before=before,
        after=another if other else after,
    )


@pytest.fixture(params=sorted(CASES))
async def platform(
    request: pytest.FixtureRequest, scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> AdPlatform:
    account = await CASES[request.param].connect(scopes, sandbox)
    return await IntegrationsService(scopes, PermitDesk(scopes)).connector(account)


async def refused(
    scopes: Scopes,
    platform: AdPlatform,
    method: str,
    permit: Permit,
    code: str,
    *,
    wanted: Change | None = None,
) -> None:
    call: Callable[[Change, Permit], Any] = getattr(platform, method)
    with pytest.raises(PermitRefused) as caught:
        await call(wanted or change(platform, method), permit)
    assert caught.value.code == f"trust_engine.gate.permit_{code}"
    async with scopes() as scope:
        left = await scope.session.scalar(
            select(func.count()).select_from(PlatformCall).where(PlatformCall.mutating)
        )
    assert left == 0, "a request left"


def test_every_method_that_takes_a_permit_is_marked_and_tried_here() -> None:
    assert set(CASES) == set(VENDORS)
    marked = {method.__qualname__ for method in MUTATING}
    taking = {
        function.__qualname__
        for case in CASES.values()
        for name, function in inspect.getmembers(case.connector, inspect.isfunction)
        if not name.startswith("_") and "permit" in inspect.signature(function).parameters
    }
    assert marked == taking
    assert set(METHODS) == set(CHANGES)


def test_a_connector_writes_at_one_place_and_asks_the_desk_first() -> None:
    """`_transport.write` is what leaves; it stands once in each vendor's client, behind the permit."""
    places = []
    for module in below("app.services.integrations."):
        text = module.path.read_text(encoding="utf-8")
        for line, code in enumerate(text.splitlines(), 1):
            if "_transport.write(" in code:
                before = text.splitlines()[line - 2]
                places.append((module.name, "self._permits.use(permit, change)" in before))
    assert sorted(places) == sorted((case.connector.__module__, True) for case in CASES.values())


@pytest.mark.parametrize("method", METHODS)
async def test_refuses_a_permit_that_was_never_minted(
    scopes: Scopes, platform: AdPlatform, method: str
) -> None:
    invented = Permit(1, uuid7(), change(platform, method).digest, real_now() + timedelta(minutes=5))
    await refused(scopes, platform, method, invented, "missing")


@pytest.mark.parametrize("method", METHODS)
async def test_refuses_another_tenants_permit(
    scopes: Scopes, platform: AdPlatform, globex: Company, method: str
) -> None:
    await refused(scopes, platform, method, await minted(globex.scopes, change(platform, method)), "missing")


@pytest.mark.parametrize("method", METHODS)
async def test_refuses_a_used_permit(scopes: Scopes, platform: AdPlatform, method: str) -> None:
    permit = await minted(scopes, change(platform, method))
    await PermitDesk(scopes).use(permit, change(platform, method))
    await refused(scopes, platform, method, permit, "used")


@pytest.mark.parametrize("method", METHODS)
async def test_refuses_an_expired_permit(scopes: Scopes, platform: AdPlatform, method: str) -> None:
    permit = await minted(scopes, change(platform, method), expired=True)
    await refused(scopes, platform, method, permit, "expired")


@pytest.mark.parametrize("method", METHODS)
async def test_refuses_a_permit_for_another_change(scopes: Scopes, platform: AdPlatform, method: str) -> None:
    permit = await minted(scopes, change(platform, method))
    await refused(scopes, platform, method, permit, "mismatch", wanted=change(platform, method, other=True))


@pytest.mark.parametrize("method", METHODS)
async def test_refuses_while_the_kill_switch_is_engaged(
    scopes: Scopes, platform: AdPlatform, method: str
) -> None:
    permit = await minted(scopes, change(platform, method))
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Stop.")
    await refused(scopes, platform, method, permit, "frozen")


async def test_a_good_permit_changes_the_platform_once(scopes: Scopes, platform: AdPlatform) -> None:
    wanted = change(platform, "set_daily_budget")
    permit = await minted(scopes, wanted)
    await platform.set_daily_budget(wanted, permit)
    assert (await platform.read_entity("campaign", wanted.entity)).holds(wanted)
    with pytest.raises(PermitRefused) as caught:
        await platform.set_daily_budget(wanted, permit)
    assert caught.value.code == "trust_engine.gate.permit_used"
