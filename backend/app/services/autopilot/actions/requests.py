"""What people and programs ask for, turned into actions: a campaign's budget or status."""

from dataclasses import dataclass
from uuid import UUID

from app.core.context import ActorKind
from app.core.errors import FieldError, Invalid
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns import Campaign
from app.models.trust_engine.kinds import Component, Origin
from app.services.autopilot.actions.errors import CampaignNotFound, StateUnknown
from app.services.autopilot.actions.requests_repository import CampaignTargets
from app.services.autopilot.actions.service import AutopilotActions, Wanted


@dataclass(frozen=True, slots=True)
class CampaignChange:
    """Exactly one of `daily_budget_micros` and `status`."""

    campaign_id: UUID
    reason: str
    daily_budget_micros: int | None = None
    status: str | None = None
    justified_by: tuple[Component, ...] = ()
    idempotency_key: str | None = None


class ActionRequests:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._actions = AutopilotActions(scope)
        self._targets = CampaignTargets(scope)

    async def pause_campaign(self, campaign_id: UUID, *, reason: str) -> AutopilotAction:
        """A person's pause: a safety action, which nothing can stop."""
        return await self._want(CampaignChange(campaign_id, reason, status="paused"), safety=True)

    async def change_campaign(self, change: CampaignChange) -> AutopilotAction:
        if (change.daily_budget_micros is None) == (change.status is None):
            wrong = FieldError("body", "Give either daily_budget_micros or status.", "one_of")
            raise Invalid(fields=[wrong])
        return await self._want(change, safety=self._asked_by_a_person and change.status == "paused")

    @property
    def _asked_by_a_person(self) -> bool:
        return self._scope.actor.kind in {ActorKind.USER, ActorKind.SUPERADMIN}

    async def _want(self, change: CampaignChange, *, safety: bool) -> AutopilotAction:
        found = await self._targets.find(change.campaign_id)
        if found is None:
            raise CampaignNotFound(campaign_id=str(change.campaign_id))
        campaign, account = found
        operation, before, after = _values(campaign, change)
        return await self._actions.propose(
            Wanted(
                ad_account_id=account.id,
                campaign_id=campaign.id,
                platform=campaign.platform,
                account=account.external_id,
                entity_type="campaign",
                entity=campaign.external_id,
                entity_name=campaign.name,
                operation=operation,
                before=before,
                after=after,
                currency=campaign.currency,
                reason=change.reason,
                idempotency_key=f"request:{change.idempotency_key or uuid7()}",
                origin=Origin.PERSON if self._asked_by_a_person else Origin.API,
                justified_by=change.justified_by,
                safety=safety,
                learning=bool(campaign.learning),
            )
        )


def _values(
    campaign: Campaign, change: CampaignChange
) -> tuple[str, dict[str, int | str], dict[str, int | str]]:
    if change.status is not None:
        return "set_status", {"status": campaign.status}, {"status": change.status}
    if campaign.daily_budget_micros is None or change.daily_budget_micros is None:
        raise StateUnknown("This campaign has no daily budget of its own to change.")
    return (
        "set_daily_budget",
        {"daily_budget_micros": campaign.daily_budget_micros},
        {"daily_budget_micros": change.daily_budget_micros},
    )
