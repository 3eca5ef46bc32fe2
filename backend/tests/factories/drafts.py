"""Drafts of campaigns to test with."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.db.session import Scopes
from app.models.campaigns.drafts import CampaignDraft, CampaignPublishStep
from app.models.campaigns.kinds import DraftStatus
from app.schemas.campaigns.drafts import CampaignPlan
from app.services.campaigns.drafts.rules import digest
from app.services.campaigns.drafts.service import Drafts

UNIT = 1_000_000
DAILY = 60 * UNIT


def plan_json(**changes: Any) -> dict[str, Any]:
    """A plan that Meta and TikTok would both take."""
    return {
        "name": "Spring trail sale",
        "objective": "traffic",
        "budget": {"level": "campaign", "kind": "daily", "amount_micros": DAILY},
        "schedule": {"starts_at": None, "ends_at": None},
        "bid": {"strategy": "lowest_cost", "amount_micros": None},
        "ad_sets": [
            {"name": "Runners", "countries": ["US"]},
            {"name": "Hikers", "countries": ["US", "HU"]},
        ],
    } | changes


def local_in(zone: str, now: datetime, delta: timedelta) -> str:
    """A time of the account's clock, as a plan tells it."""
    return f"{(now + delta).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M:%S}"


async def make_draft(scopes: Scopes, ad_account_id: UUID, **changes: Any) -> CampaignDraft:
    async with scopes() as scope:
        plan = CampaignPlan.model_validate(plan_json(**changes))
        return await Drafts(scope).create(ad_account_id, plan)


async def asked_to_publish(scopes: Scopes, ad_account_id: UUID, **changes: Any) -> UUID:
    """A draft that somebody approved and had published, which no worker has taken on yet."""
    draft_id = (await make_draft(scopes, ad_account_id, **changes)).id
    async with scopes() as scope:
        draft = await Drafts(scope).locked(draft_id)
        draft.status = DraftStatus.PUBLISHING
        draft.submitted_by = "ana@acme.example"
        draft.decided_by, draft.decided_at = "max@acme.example", scope.now()
        draft.approved_version = draft.version
        draft.approved_digest = digest(ad_account_id, CampaignPlan.model_validate(draft.plan))
    return draft_id


async def log_of(scopes: Scopes, draft_id: UUID) -> list[CampaignPublishStep]:
    async with scopes() as scope:
        return await Drafts(scope).steps(draft_id)


async def read_draft(scopes: Scopes, draft_id: UUID) -> CampaignDraft:
    async with scopes() as scope:
        return await Drafts(scope).get(draft_id)


def ad_json(asset_id: UUID, **changes: Any) -> dict[str, Any]:
    """An ad that every platform takes of which ads are made from here."""
    return {
        "name": "Shoes on a ridge",
        "headline": "Down the ridge, dry",
        "body": "Light shoes for wet trails.\nFree returns.",
        "call_to_action": "shop_now",
        "landing_url": "https://northwind.example/trail",
        "asset": str(asset_id),
    } | changes


def with_ads(page: str, *ads: dict[str, Any], **identity: Any) -> dict[str, Any]:
    """Of a plan with two ad sets, the second of which has no ads."""
    return {
        "identity": {"page": page, **identity},
        "ad_sets": [
            {"name": "Runners", "countries": ["US"], "ads": list(ads)},
            {"name": "Hikers", "countries": ["US", "HU"]},
        ],
    }
