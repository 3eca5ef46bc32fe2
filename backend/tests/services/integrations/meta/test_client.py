"""The contract of an ad platform's connector, against the wire."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import cast

import pytest
from sqlalchemy import select

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.services.integrations.campaigns.ports import REMOVE_AD, REMOVE_CREATIVE
from app.services.integrations.gateway import Gateway
from app.services.integrations.meta.client import MetaClient
from app.services.integrations.ports import (
    SET_DAILY_BUDGET,
    AdPlatform,
    ConversionSettings,
    PlatformError,
    PlatformErrorKind,
)
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.permits import Change, EntityType
from tests.factories.integrations import BROAD, INTERESTS, US_ACCOUNT, Connected, connect
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> Connected:
    return await connect(scopes, sandbox)


@pytest.fixture
async def dollars(scopes: Scopes, connected: Connected, desk: Desk) -> AdPlatform:
    return await IntegrationsService(scopes, desk).connector(connected.dollars)


@pytest.fixture
async def forints(scopes: Scopes, connected: Connected, desk: Desk) -> AdPlatform:
    return await IntegrationsService(scopes, desk).connector(connected.forints)


async def calls_of(scopes: Scopes) -> list[PlatformCall]:
    async with scopes() as scope:
        return list(await scope.session.scalars(select(PlatformCall).order_by(PlatformCall.started_at)))


async def budget_change(
    platform: AdPlatform, micros: int, entity: str = BROAD, account: str = US_ACCOUNT
) -> Change:
    state = await platform.read_entity("campaign", entity)
    return Change(
        platform="meta",
        account=account,
        entity_type="campaign",
        entity=entity,
        operation=SET_DAILY_BUDGET,
        before=state.facts(SET_DAILY_BUDGET),
        after={"daily_budget_micros": micros},
    )


async def test_campaigns_are_read_over_every_page(dollars: AdPlatform) -> None:
    campaigns = await dollars.list_campaigns()
    assert {one.external_id for one in campaigns} >= {BROAD, INTERESTS}
    broad = next(one for one in campaigns if one.external_id == BROAD)
    assert (broad.status, broad.currency, broad.budget_level) == ("active", "USD", "campaign")
    assert broad.daily_budget_micros
    interests = next(one for one in campaigns if one.external_id == INTERESTS)
    assert (interests.daily_budget_micros, interests.budget_level) == (None, "unknown")


async def test_a_forint_budget_is_not_a_hundred_times_itself(forints: AdPlatform, sandbox: Sandbox) -> None:
    campaign = (await forints.list_campaigns())[0]
    raw = sandbox.graph("GET", campaign.external_id, fields="daily_budget").json()
    assert campaign.daily_budget_micros == int(raw["daily_budget"]) * 1_000_000


async def test_what_the_units_cannot_hold_spends_no_permit(dollars: AdPlatform, desk: Desk) -> None:
    change = await budget_change(dollars, 901_230_001)
    permit = desk.mint(change)
    with pytest.raises(PlatformError) as caught:
        await dollars.set_daily_budget(change, permit)
    assert caught.value.kind is PlatformErrorKind.INVALID
    assert desk.used == []


@pytest.mark.parametrize(("kind", "operation"), [("ad", REMOVE_AD), ("creative", REMOVE_CREATIVE)])
async def test_a_removal_of_an_ad_takes_no_campaign_away(
    dollars: AdPlatform, desk: Desk, kind: EntityType, operation: str
) -> None:
    """One path at Meta deletes either: what the permit calls an ad has to be one."""
    change = Change(
        platform="meta",
        account=US_ACCOUNT,
        entity_type=kind,
        entity=INTERESTS,
        operation=operation,
        before={"status": "paused"},
        after={"status": "deleted"},
    )
    permit = desk.mint(change)
    with pytest.raises(PlatformError) as caught:
        await getattr(dollars, operation)(change, permit)
    assert caught.value.kind is PlatformErrorKind.INVALID
    assert desk.used == []


async def test_an_edit_by_a_person_is_found(dollars: AdPlatform, sandbox: Sandbox) -> None:
    began = real_now() - timedelta(minutes=1)
    sandbox.control(
        "POST", "meta/edit", json={"object_id": INTERESTS, "changes": {"name": "Interests, by hand"}}
    )
    edits = await dollars.recent_edits(began, real_now() + timedelta(minutes=1))
    by_hand = [one for one in edits if one.entity == INTERESTS and one.application_id is None]
    assert by_hand[0].event_type == "update_campaign_name"
    assert (by_hand[0].entity_type, by_hand[0].renames) == ("campaign", True)


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80000, 80004])
async def test_a_rate_limit_is_obeyed_for_as_long_as_the_platform_says(
    code: int, dollars: AdPlatform, scopes: Scopes, faults: Sandbox
) -> None:
    faults.control("POST", "faults", json={"kind": "rate_limit", "code": code, "seconds": 120, "count": 1})
    with pytest.raises(PlatformError) as first:
        await dollars.read_entity("campaign", BROAD)
    assert first.value.kind is PlatformErrorKind.RATE_LIMITED
    assert first.value.retry_after == 120
    with pytest.raises(PlatformError) as second:
        await dollars.read_entity("campaign", BROAD)
    assert second.value.code == "meta.waiting"
    assert 100 < (second.value.retry_after or 0) <= 120
    assert len(await calls_of(scopes)) == 1


async def test_an_unknown_day_range_is_told_by_the_platforms_own_code(dollars: AdPlatform) -> None:
    with pytest.raises(PlatformError) as caught:
        await dollars.fetch_metrics(date(2015, 1, 1), date(2015, 1, 2), ConversionSettings())
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.INVALID, "meta.3018")


@pytest.fixture
def large(sandbox: Sandbox) -> Iterator[Callable[..., None]]:
    """Have Meta refuse reports of more rows than so many, and fail at so many that it makes in the background."""

    def limit(rows: int, failing: int = 0) -> None:
        sandbox.control("POST", "meta/quota", json={"report_rows": rows, "failing_reports": failing})

    yield limit
    limit(0)


async def _report_calls(scopes: Scopes) -> list[str]:
    return [call.path for call in await calls_of(scopes) if call.operation == "fetch_metrics"]


async def test_a_report_that_is_too_large_is_made_in_the_background(
    scopes: Scopes, dollars: AdPlatform, large: Callable[..., None]
) -> None:
    until = real_now().date() - timedelta(days=8)
    since = until - timedelta(days=4)
    whole = await dollars.fetch_metrics(since, until, ConversionSettings())
    large(1)
    assert await dollars.fetch_metrics(since, until, ConversionSettings()) == whole
    asked = await _report_calls(scopes)
    assert sum(path.startswith("act_") for path in asked) == 1 + 2, "the whole, the refusal and the start"


async def test_what_meta_fails_to_make_is_asked_for_by_halves(
    scopes: Scopes, dollars: AdPlatform, large: Callable[..., None]
) -> None:
    until = real_now().date() - timedelta(days=8)
    since = until - timedelta(days=4)
    whole = await dollars.fetch_metrics(since, until, ConversionSettings())
    large(1, failing=2)
    assert await dollars.fetch_metrics(since, until, ConversionSettings()) == whole
    asked = await _report_calls(scopes)
    refused_and_started = 2 * (2 + 3)
    assert sum(path.startswith("act_") for path in asked) == 1 + refused_and_started, (
        "five days and the first three of them fail; two, one and two days are made"
    )


async def test_a_day_that_meta_cannot_report_is_told_and_tried_again_later(
    dollars: AdPlatform, large: Callable[..., None]
) -> None:
    day = real_now().date() - timedelta(days=8)
    large(1, failing=1)
    with pytest.raises(PlatformError) as caught:
        await dollars.fetch_metrics(day, day, ConversionSettings())
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.TRANSIENT, "meta.no_report")
    assert (await dollars.fetch_metrics(day, day, ConversionSettings())).days


async def test_a_report_that_takes_too_long_is_not_waited_for(
    scopes: Scopes, dollars: AdPlatform, large: Callable[..., None]
) -> None:
    day = real_now().date() - timedelta(days=8)
    large(1)
    slow = cast("MetaClient", dollars)._reports
    slow._patience = 0.01
    with pytest.raises(PlatformError) as caught:
        await dollars.fetch_metrics(day - timedelta(days=1), day, ConversionSettings())
    assert caught.value.code == "meta.no_report"
    asked = [path for path in await _report_calls(scopes) if path.startswith("act_")]
    assert len(asked) == 2 + 2, "both days, then the first of them: each refused and started"


@pytest.mark.parametrize(
    "pixel", [f"{BROAD}?daily_budget=100&x=", f"x/../{BROAD}?daily_budget=100&x=", f"{BROAD}#", "../me"]
)
async def test_a_pixel_id_cannot_turn_a_conversion_into_a_budget_change(
    dollars: AdPlatform, desk: Desk, pixel: str
) -> None:
    before = await dollars.read_entity("campaign", BROAD)
    with pytest.raises(PlatformError) as refused:
        await dollars.send_events(pixel, [])
    assert refused.value.code == "meta.not_a_node"
    assert (await dollars.read_entity("campaign", BROAD)).daily_budget_micros == before.daily_budget_micros
    assert desk.used == []
