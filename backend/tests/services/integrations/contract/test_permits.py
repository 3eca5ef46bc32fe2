"""No code path changes an ad account around the gate: every mutating method there is, against every bad permit."""

import hashlib
import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.models.integrations.kinds import Platform
from app.services.integrations.campaigns.service import AdMaker, offers
from app.services.integrations.ports import MUTATING, AdPlatform, PlatformError
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.errors import PermitRefused
from app.services.trust_engine.gate.permits import Change, EntityType, Permit
from app.services.trust_engine.gate.service import KillSwitch, PermitDesk
from tests.factories.access import Company
from tests.factories.permits import minted
from tests.house.source import below
from tests.services.integrations.contract.conftest import Bench
from tests.services.integrations.contract.subjects import SUBJECTS

_NEW = {
    "status": "paused",
    "objective": "sales",
    "budget_level": "campaign",
    "bid_strategy": "lowest_cost",
    # A midnight of the account's: Google takes whole days alone.
    "starts_at": "2026-01-01T05:00:00+00:00",
    "conversion": "purchase",
}
_FILE = b"a picture"
_IMAGE = {"status": "paused", "sha256": hashlib.sha256(_FILE).hexdigest(), "format": "jpeg"}
_CREATIVE = {
    "status": "paused",
    "image": "ab12",
    "page": "770000000000001",
    "brand": "Northwind",
    "headline": "Dry",
    "body": "",
    "call_to_action": "shop_now",
    "landing_url": "https://northwind.example/",
}
_AD = _CREATIVE | {"creative": "1", "image": "8140000001", "logo": "8140000002", "width": 1200, "height": 628}
"""For a platform where an ad holds what it shows itself, too."""
_MADE: dict[str, EntityType] = {
    "create_ad_set": "ad_set",
    "upload_image": "image",
    "create_creative": "creative",
    "remove_creative": "creative",
    "create_ad": "ad",
    "remove_ad": "ad",
}
_NEW_SET = _NEW | {"countries": ["US"]}
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
    "create_campaign": (
        {},
        {**_NEW, "name": "New", "daily_budget_micros": 100_000_000},
        {**_NEW, "name": "New", "daily_budget_micros": 900_000_000},
    ),
    "create_ad_set": ({}, {**_NEW_SET, "name": "New"}, {**_NEW_SET, "name": "Another"}),
    "upload_image": ({}, {**_IMAGE, "name": "a1.jpg"}, {**_IMAGE, "name": "b2.jpg"}),
    "create_creative": ({}, {**_CREATIVE, "name": "New"}, {**_CREATIVE, "name": "Another"}),
    "create_ad": ({}, {**_AD, "name": "New"}, {**_AD, "name": "Another"}),
    "remove_creative": ({"status": "paused"}, {"status": "deleted"}, {"status": "deleted"}),
    "remove_ad": ({"status": "paused"}, {"status": "deleted"}, {"status": "deleted"}),
    "set_status": ({"status": "active"}, {"status": "paused"}, {"status": "active"}),
}
"""For each mutating method what was, what shall be, and another thing that shall be."""
_CREATIVE_IDS = ("12021900104000101", "12021900104000102")
"""At Meta, which alone has them removed."""
METHODS = sorted({method.__name__ for method in MUTATING})


def has(platform: Platform, method: str) -> bool:
    """Whether the platform's connector is meant to do it: campaigns and their ads are offered by some."""
    offer = offers()[platform]
    if method in _MADE and method != "create_ad_set":
        ads = None if offer is None else offer.ads
        if ads is None or (method.endswith("_creative") and not ads.has_creatives):
            return False
        return method != "remove_creative" or ads.removes_creatives
    return not method.startswith("create_") or offer is not None


every_method = pytest.mark.parametrize(
    ("bench", "method"),
    [(name, method) for name in SUBJECTS for method in METHODS if has(name, method)],
    indirect=["bench"],
)


def change(platform: AdPlatform, method: str, *, other: bool = False) -> Change:
    before, after, another = CHANGES[method]
    subject = SUBJECTS[Platform(platform.platform)]
    entity_type: EntityType
    entity_type, entity = (
        subject.lifetime if method == "set_lifetime_budget" else ("campaign", subject.campaign)
    )
    wanted = another if other else after
    if method in _MADE:
        entity_type = _MADE[method]
    if method == "create_ad_set":
        wanted = {**wanted, "campaign": subject.campaign, "pixel": subject.pixel}
    elif method == "create_ad":
        wanted = {**wanted, "ad_set": subject.ad_set}
    elif method == "remove_ad":
        entity = f"{subject.ad[:-1]}2" if other else subject.ad
    elif method == "remove_creative":
        entity = _CREATIVE_IDS[other]
    return Change(
        platform=platform.platform,
        account=subject.account,
        entity_type=entity_type,
        entity=entity,
        operation=method,
        before=before,
        after=wanted,
    )


@pytest.fixture(autouse=True)
def paused(request: pytest.FixtureRequest) -> Iterator[None]:
    """The ad that could be taken away stands paused meanwhile: any other is refused before a permit is asked for."""
    params = getattr(getattr(request.node, "callspec", None), "params", {})
    if params.get("method") != "remove_ad":
        yield
        return
    subject, sandbox = SUBJECTS[params["bench"]], request.getfixturevalue("sandbox")
    subject.switch(sandbox, False)
    yield
    subject.switch(sandbox, True)


@pytest.fixture
async def platform(bench: Bench) -> AdPlatform:
    """It asks the gate's own desk."""
    return await IntegrationsService(bench.scopes, PermitDesk(bench.scopes)).connector(bench.place.account)


async def refused(
    scopes: Scopes,
    platform: AdPlatform,
    method: str,
    permit: Permit,
    code: str,
    *,
    wanted: Change | None = None,
) -> None:
    call: Callable[..., Any] = getattr(platform, method)
    more = [_FILE] if method == "upload_image" else []
    with pytest.raises(PermitRefused) as caught:
        await call(wanted or change(platform, method), permit, *more)
    assert caught.value.code == f"trust_engine.gate.permit_{code}"
    async with scopes() as scope:
        left = await scope.session.scalar(
            select(func.count()).select_from(PlatformCall).where(PlatformCall.mutating)
        )
    assert left == 0, "a request left"


def test_every_method_that_takes_a_permit_is_marked_and_tried_here() -> None:
    marked = {method.__qualname__ for method in MUTATING}
    taking = {
        function.__qualname__
        for subject in SUBJECTS.values()
        for name, function in inspect.getmembers(subject.connector, inspect.isfunction)
        if not name.startswith("_") and "permit" in inspect.signature(function).parameters
    }
    assert marked == taking
    assert set(METHODS) == set(CHANGES)


def test_a_connector_writes_at_one_place_and_asks_the_desk_first() -> None:
    """`_transport.write` is what leaves; it stands once in each vendor's drawer, behind the permit."""
    places = []
    for module in below("app.services.integrations."):
        text = module.path.read_text(encoding="utf-8")
        for line, code in enumerate(text.splitlines(), 1):
            if "_transport.write(" in code:
                before = text.splitlines()[line - 2]
                drawer = module.name.rpartition(".")[0]
                places.append((drawer, "self._permits.use(permit, change)" in before))
    drawers = (subject.connector.__module__.rpartition(".")[0] for subject in SUBJECTS.values())
    assert sorted(places) == sorted((drawer, True) for drawer in drawers)


@every_method
async def test_refuses_a_permit_that_was_never_minted(
    scopes: Scopes, platform: AdPlatform, method: str
) -> None:
    invented = Permit(1, uuid7(), change(platform, method).digest, real_now() + timedelta(minutes=5))
    await refused(scopes, platform, method, invented, "missing")


@every_method
async def test_refuses_another_tenants_permit(
    scopes: Scopes, platform: AdPlatform, globex: Company, method: str
) -> None:
    await refused(scopes, platform, method, await minted(globex.scopes, change(platform, method)), "missing")


@every_method
async def test_refuses_a_used_permit(scopes: Scopes, platform: AdPlatform, method: str) -> None:
    permit = await minted(scopes, change(platform, method))
    await PermitDesk(scopes).use(permit, change(platform, method))
    await refused(scopes, platform, method, permit, "used")


@every_method
async def test_refuses_an_expired_permit(scopes: Scopes, platform: AdPlatform, method: str) -> None:
    permit = await minted(scopes, change(platform, method), expired=True)
    await refused(scopes, platform, method, permit, "expired")


@every_method
async def test_refuses_a_permit_for_another_change(scopes: Scopes, platform: AdPlatform, method: str) -> None:
    permit = await minted(scopes, change(platform, method, other=True))
    await refused(scopes, platform, method, permit, "mismatch")


@every_method
async def test_refuses_while_the_kill_switch_is_engaged(
    scopes: Scopes, platform: AdPlatform, method: str
) -> None:
    permit = await minted(scopes, change(platform, method))
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Stop.")
    await refused(scopes, platform, method, permit, "frozen")


@pytest.mark.parametrize("bench", [name for name in SUBJECTS if has(name, "remove_ad")], indirect=True)
async def test_an_ad_that_somebody_has_switched_on_stays_and_spends_no_permit(
    bench: Bench, scopes: Scopes, platform: AdPlatform
) -> None:
    """It was thought of as paused: what it is now is asked just before."""
    wanted = change(platform, "remove_ad")
    permit = await minted(scopes, wanted)
    with pytest.raises(PlatformError, match="not_paused"):
        await cast("AdMaker", platform).remove_ad(wanted, permit)
    assert await bench.writes() == []
    await PermitDesk(scopes).use(permit, wanted)
    (left,) = [one for one in await platform.list_ads() if one.external_id == bench.subject.ad]
    assert left.status == "active"


async def test_a_good_permit_changes_the_platform_once(scopes: Scopes, platform: AdPlatform) -> None:
    wanted = change(platform, "set_daily_budget")
    permit = await minted(scopes, wanted)
    await platform.set_daily_budget(wanted, permit)
    assert (await platform.read_entity("campaign", wanted.entity)).holds(wanted)
    with pytest.raises(PermitRefused) as caught:
        await platform.set_daily_budget(wanted, permit)
    assert caught.value.code == "trust_engine.gate.permit_used"
