"""What was approved comes to stand at the platform once, paused, whatever breaks on the way, and the log says so."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.campaigns import AdSet, Campaign
from app.models.campaigns.kinds import DraftStatus
from app.models.trust_engine.permits import TrustPermit
from app.services.autopilot.enforcement.service import EnforcementService
from app.services.campaigns.drafts.parts_rules import marker
from app.services.campaigns.drafts.publishing import ABANDONED_AFTER, MOST_ATTEMPTS, DraftPublishing
from app.services.campaigns.drafts.service import Drafts
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import EntityState
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.service import GateService, KillSwitch, read_entry
from app.services.trust_engine.incidents.service import Incidents
from tests.factories import google, snapchat, tiktok
from tests.factories.drafts import DAILY, UNIT, asked_to_publish, local_in, log_of, read_draft
from tests.factories.integrations import US_ACCOUNT, connect
from tests.sandbox_process import Sandbox


@dataclass(frozen=True)
class Vendor:
    """A platform, and where its requests that create go."""

    name: str
    connect: Callable[[Scopes, Sandbox], Awaitable[UUID]]
    campaigns: str
    ad_sets: str
    before: int = 0
    """Requests at `ad_sets` that are the campaign's."""


async def _meta(scopes: Scopes, sandbox: Sandbox) -> UUID:
    return (await connect(scopes, sandbox)).dollars


async def _tiktok(scopes: Scopes, sandbox: Sandbox) -> UUID:
    return (await tiktok.connect(scopes, sandbox)).dollars


async def _google(scopes: Scopes, sandbox: Sandbox) -> UUID:
    return (await google.connect(scopes, sandbox)).dollars


async def _snapchat(scopes: Scopes, sandbox: Sandbox) -> UUID:
    return (await snapchat.connect(scopes, sandbox)).dollars


_MUTATE = f"/customers/{google.US_ACCOUNT}/googleAds:mutate"
VENDORS = {
    "google": Vendor("google", _google, _MUTATE, _MUTATE, before=1),
    "meta": Vendor("meta", _meta, f"/act_{US_ACCOUNT}/campaigns", f"/act_{US_ACCOUNT}/adsets"),
    "tiktok": Vendor("tiktok", _tiktok, "/campaign/create", "/adgroup/create"),
    "snapchat": Vendor("snapchat", _snapchat, f"/adaccounts/{snapchat.US_ACCOUNT}/campaigns", "/campaigns/"),
}


@pytest.fixture(params=sorted(VENDORS))
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return VENDORS[request.param]


@pytest.fixture
async def account(scopes: Scopes, sandbox: Sandbox, platforms: Gateway, vendor: Vendor) -> Any:
    yield await vendor.connect(scopes, sandbox)
    sandbox.repair()


async def standing(
    scopes: Scopes, account: UUID, draft_id: UUID
) -> tuple[list[EntityState], list[EntityState]]:
    """The campaigns and ad sets that the platform has of a draft, by its markers."""
    platform = await IntegrationsService(scopes).connector(account)
    campaigns = [
        each
        for each in await platform.list_campaigns()
        if any(f"[{marker(draft_id, version, 'campaign')}]" in each.name for version in (1, 2))
    ]
    ids = {each.external_id for each in campaigns}
    return campaigns, [each for each in await platform.list_ad_sets() if each.campaign in ids]


async def outcomes(scopes: Scopes, draft_id: UUID) -> list[tuple[str, str]]:
    return [(each.part, each.outcome) for each in await log_of(scopes, draft_id)]


def breaks(sandbox: Sandbox, vendor: Vendor, kind: str, path: str, **more: Any) -> None:
    fault = {"kind": kind, "vendor": vendor.name, "path": path, "method": "POST", "count": 1}
    sandbox.control("POST", "faults", json=fault | more)


ALL = [
    (part, outcome)
    for part in ("campaign", "ad_sets.0", "ad_sets.1")
    for outcome in ("started", "created", "verified")
]


async def test_an_approved_plan_comes_to_stand_paused_and_is_in_the_list_after_a_sync(
    scopes: Scopes, account: UUID
) -> None:
    draft_id = await asked_to_publish(scopes, account)
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    (campaign,), ad_sets = await standing(scopes, account, draft_id)
    assert (campaign.status, campaign.daily_budget_micros) == ("paused", DAILY)
    assert campaign.name.startswith("Spring trail sale [")
    assert [each.status for each in ad_sets] == ["paused", "paused"]
    assert {each.name.partition(" [")[0] for each in ad_sets} == {"Runners", "Hikers"}
    assert await outcomes(scopes, draft_id) == ALL
    draft = await read_draft(scopes, draft_id)
    assert draft.external_id == campaign.external_id
    await AccountSyncService(scopes).sync(account)
    async with scopes() as scope:
        shown = await Drafts(scope).shown(draft_id)
        listed = await scope.session.get(Campaign, (scope.tenant_id, shown.campaign_id))
        count = await scope.session.scalar(
            select(func.count()).select_from(AdSet).where(AdSet.campaign_id == shown.campaign_id)
        )
    assert listed is not None
    assert (listed.external_id, listed.status, count) == (campaign.external_id, "paused", 2)


async def test_every_write_has_its_decision_in_the_ledger_and_its_permit_used(
    scopes: Scopes, account: UUID
) -> None:
    draft_id = await asked_to_publish(scopes, account)
    await DraftPublishing(scopes).run(draft_id)
    started = [each for each in await log_of(scopes, draft_id) if each.outcome == "started"]
    async with scopes() as scope:
        entries = await GateService(scope).decisions(before_seq=None, limit=10)
        facts = {entry.id: read_entry(entry)[0] for entry in entries}
        used = await scope.session.scalar(
            select(func.count()).select_from(TrustPermit).where(TrustPermit.used_at.is_not(None))
        )
    assert {each.decision_id for each in started} == set(facts)
    assert used == len(started) == 3
    operations = sorted(each.change.operation for each in facts.values())
    assert operations == ["create_ad_set", "create_ad_set", "create_campaign"]
    assert {each.ask.actor for each in facts.values()} == {"max@acme.example"}
    assert all(each.ask.approval is not None for each in facts.values())


@pytest.mark.parametrize("vendor", sorted(VENDORS.keys() - {"google"}), indirect=True)
async def test_ad_sets_with_budgets_of_their_own_and_a_schedule(
    scopes: Scopes, account: UUID, vendor: Vendor
) -> None:
    async with scopes() as scope:
        now = scope.now()
    zone = "America/New_York"
    schedule = {
        "starts_at": local_in(zone, now, timedelta(days=2)),
        "ends_at": local_in(zone, now, timedelta(days=12)),
    }
    ad_sets = [
        {"name": each, "countries": ["US"], "budget_micros": amount * UNIT}
        for each, amount in (("Runners", 400), ("Hikers", 600))
    ]
    draft_id = await asked_to_publish(
        scopes,
        account,
        objective="sales",
        budget={"level": "ad_set", "kind": "lifetime"},
        schedule=schedule,
        ad_sets=ad_sets,
    )
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    (campaign,), below = await standing(scopes, account, draft_id)
    assert (campaign.daily_budget_micros, campaign.lifetime_budget_micros) == (None, None)
    assert sorted(each.lifetime_budget_micros or 0 for each in below) == [400 * UNIT, 600 * UNIT]
    ends = {each.ends_at for each in below}
    assert len(ends) == 1
    (end,) = ends
    assert end is not None
    assert abs(end - now - timedelta(days=12)) < timedelta(seconds=2), vendor.name


async def test_running_twice_creates_once(scopes: Scopes, account: UUID) -> None:
    draft_id = await asked_to_publish(scopes, account)
    for _ in range(3):
        assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    campaigns, ad_sets = await standing(scopes, account, draft_id)
    assert (len(campaigns), len(ad_sets)) == (1, 2)


async def test_a_lost_answer_is_looked_for_by_the_marker_and_nothing_is_sent_again(
    scopes: Scopes, account: UUID, vendor: Vendor, sandbox: Sandbox
) -> None:
    draft_id = await asked_to_publish(scopes, account)
    for path in (vendor.campaigns, vendor.ad_sets):
        breaks(sandbox, vendor, "drop_response", path)
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    campaigns, ad_sets = await standing(scopes, account, draft_id)
    assert (len(campaigns), len(ad_sets)) == (1, 2)
    found = await outcomes(scopes, draft_id)
    assert found[:3] == [("campaign", "started"), ("campaign", "found"), ("campaign", "verified")]


async def test_a_worker_that_died_between_write_and_record_doubles_nothing(
    scopes: Scopes, account: UUID
) -> None:
    """What it wrote down before the request left is all that the next worker knows."""
    draft_id = await asked_to_publish(scopes, account)
    await DraftPublishing(scopes).run(draft_id)
    async with scopes() as scope:
        draft = await Drafts(scope).locked(draft_id)
        draft.status, draft.external_id = DraftStatus.PUBLISHING, None
        steps = await Drafts(scope).steps(draft_id)
        for step in steps:
            if step.outcome != "started":
                await scope.session.delete(step)
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    campaigns, ad_sets = await standing(scopes, account, draft_id)
    assert (len(campaigns), len(ad_sets)) == (1, 2)
    assert ("campaign", "found") in await outcomes(scopes, draft_id)
    assert (await read_draft(scopes, draft_id)).external_id == campaigns[0].external_id


async def test_a_worker_that_died_before_the_write_begins_again(scopes: Scopes, account: UUID) -> None:
    draft_id = await asked_to_publish(scopes, account)
    long_ago = real_now() - ABANDONED_AFTER - timedelta(seconds=1)
    async with scopes() as scope:
        (await Drafts(scope).locked(draft_id)).publishing_at = long_ago
    assert await DraftPublishing(scopes).resume_abandoned() == 1
    async with scopes() as scope:
        rows = await scope.session.execute(
            text("select payload ->> 'draft_id' from outbox where name = 'campaigns.drafts.publish'")
        )
        assert list(rows.scalars()) == [str(draft_id)]
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    assert await DraftPublishing(scopes).resume_abandoned() == 0


async def test_what_the_platform_refuses_fails_and_says_what_stands_paused_there(
    scopes: Scopes, account: UUID, vendor: Vendor, sandbox: Sandbox
) -> None:
    draft_id = await asked_to_publish(scopes, account)
    breaks(sandbox, vendor, "token_revoked", vendor.ad_sets, skip=vendor.before)
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.FAILED
    (campaign,), ad_sets = await standing_by_sandbox(scopes, account, draft_id, sandbox)
    assert (campaign.status, ad_sets) == ("paused", [])
    draft, log = await read_draft(scopes, draft_id), await log_of(scopes, draft_id)
    assert draft.error_code is not None
    assert draft.error_code.startswith(f"{vendor.name}.")
    assert [(each.part, each.outcome) for each in log[-2:]] == [
        ("ad_sets.0", "failed"),
        ("campaign", "left_paused"),
    ]
    assert log[-1].external_id == campaign.external_id


async def standing_by_sandbox(
    scopes: Scopes, account: UUID, draft_id: UUID, sandbox: Sandbox
) -> tuple[list[EntityState], list[EntityState]]:
    """As `standing`, after a fault that had the connection looked upon as ended."""
    sandbox.repair()
    async with scopes() as scope:
        await scope.session.execute(text("update connections set status = 'active'"))
    return await standing(scopes, account, draft_id)


async def test_a_failed_publication_goes_on_where_it_broke_off(
    scopes: Scopes, account: UUID, vendor: Vendor, sandbox: Sandbox
) -> None:
    draft_id = await asked_to_publish(scopes, account)
    breaks(sandbox, vendor, "token_revoked", vendor.ad_sets, skip=vendor.before)
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.FAILED
    await standing_by_sandbox(scopes, account, draft_id, sandbox)
    async with scopes() as scope:
        await Drafts(scope).publish(draft_id, 1, ())
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    campaigns, ad_sets = await standing(scopes, account, draft_id)
    assert (len(campaigns), len(ad_sets)) == (1, 2)


async def test_a_fault_that_passes_is_waited_out_and_given_up_after_so_many_attempts(
    scopes: Scopes, account: UUID, vendor: Vendor, sandbox: Sandbox
) -> None:
    draft_id = await asked_to_publish(scopes, account)
    breaks(sandbox, vendor, "rate_limit", vendor.campaigns, seconds=30, count=2)
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHING
    assert ("campaign", "retried") in await outcomes(scopes, draft_id)
    async with scopes() as scope:
        waits = await scope.session.execute(
            text(
                "select count(*) from outbox where name = 'campaigns.drafts.publish' and available_at > now()"
            )
        )
        assert waits.scalar_one() == 1
        (await Drafts(scope).locked(draft_id)).publish_attempts = MOST_ATTEMPTS - 1
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.FAILED
    assert not any(each.external_id for each in await log_of(scopes, draft_id))


async def test_the_kill_switch_stops_a_publication_before_anything_leaves(
    scopes: Scopes, account: UUID
) -> None:
    draft_id = await asked_to_publish(scopes, account)
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Stop.")
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.FAILED
    assert (await read_draft(scopes, draft_id)).error_code == "trust_engine.gate.block"
    assert await outcomes(scopes, draft_id) == [("campaign", "refused")]
    assert (await standing(scopes, account, draft_id))[0] == []


async def test_what_was_changed_after_its_approval_is_not_published(scopes: Scopes, account: UUID) -> None:
    """Even where the row itself was changed, past every rule of the service."""
    draft_id = await asked_to_publish(scopes, account)
    async with scopes() as scope:
        draft = await Drafts(scope).locked(draft_id)
        draft.plan = {**draft.plan, "name": "Something else"}
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.FAILED
    assert (await read_draft(scopes, draft_id)).error_code == "campaigns.drafts.not_as_approved"
    assert (await standing(scopes, account, draft_id))[0] == []


async def test_a_limit_that_was_set_after_the_approval_holds(scopes: Scopes, account: UUID) -> None:
    draft_id = await asked_to_publish(scopes, account)
    async with scopes() as scope:
        await EnforcementService(scope).set_limits(
            {"max_campaign_budget_micros": DAILY}, applies_to="account", entity_id=account
        )
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.FAILED
    draft = await read_draft(scopes, draft_id)
    assert draft.error_code == "campaigns.drafts.not_fit"
    assert "plan.budget.amount_micros" in str(draft.error_detail)
    assert (await standing(scopes, account, draft_id))[0] == []


async def test_what_the_platform_holds_otherwise_than_asked_opens_an_incident(
    scopes: Scopes, account: UUID, vendor: Vendor, sandbox: Sandbox
) -> None:
    """Somebody enables it between the write and the read-back."""
    draft_id = await asked_to_publish(scopes, account)
    await DraftPublishing(scopes).run(draft_id)
    (campaign,), _ = await standing(scopes, account, draft_id)
    if vendor.name == "meta":
        sandbox.graph("POST", campaign.external_id, name="Renamed by somebody")
    elif vendor.name == "google":
        name = f"customers/{google.US_ACCOUNT}/campaigns/{campaign.external_id}"
        edit = {"resource_name": name, "changes": {"name": f"Renamed {campaign.external_id}"}}
        sandbox.control("POST", "google/edit", json=edit)
    else:
        changes = {"campaign_name" if vendor.name == "tiktok" else "name": "Renamed"}
        edit = {"object_id": campaign.external_id, "changes": changes}
        sandbox.control("POST", f"{vendor.name}/edit", json=edit)
    async with scopes() as scope:
        (await Drafts(scope).locked(draft_id)).status = DraftStatus.PUBLISHING
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.FAILED
    assert (await read_draft(scopes, draft_id)).error_code == "campaigns.drafts.read_back_mismatch"
    async with scopes() as scope:
        assert [each.kind for each in await Incidents(scope).live()] == ["read_back_mismatch"]
