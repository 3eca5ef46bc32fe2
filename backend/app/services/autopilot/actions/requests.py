"""What people and programs ask for, turned into actions: a campaign's budget or status."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.context import ActorKind
from app.core.errors import FieldError, Invalid
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns import Campaign
from app.models.trust_engine.kinds import Component, Origin
from app.services.autopilot.actions.errors import CampaignNotFound, NotAMove, StateUnknown
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
    spend_only: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class BudgetMove:
    """Daily budgets that shall hold on both sides, in micros of each campaign's own currency."""

    from_campaign_id: UUID
    from_daily_budget_micros: int
    to_campaign_id: UUID
    to_daily_budget_micros: int
    reason: str
    justified_by: tuple[Component, ...] = ()
    idempotency_key: str | None = None


def origin_of(scope: TenantScope) -> Origin:
    """A person's wish, or a program's."""
    person = scope.actor.kind in {ActorKind.USER, ActorKind.SUPERADMIN}
    return Origin.PERSON if person else Origin.API


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

    async def move_budget(self, move: BudgetMove) -> tuple[AutopilotAction, AutopilotAction]:
        """Less in one account and more in another: answers the cut and the raise."""
        cut = await self._wanted(
            CampaignChange(
                move.from_campaign_id,
                move.reason,
                daily_budget_micros=move.from_daily_budget_micros,
                justified_by=move.justified_by,
                idempotency_key=f"{move.idempotency_key}:from" if move.idempotency_key else None,
            )
        )
        raised = await self._wanted(
            CampaignChange(
                move.to_campaign_id,
                move.reason,
                daily_budget_micros=move.to_daily_budget_micros,
                justified_by=move.justified_by,
                idempotency_key=f"{move.idempotency_key}:to" if move.idempotency_key else None,
            )
        )
        if cut.ad_account_id == raised.ad_account_id:
            raise NotAMove("Both campaigns are of one account: propose two changes.")
        if not (_budget(cut.after) < _budget(cut.before) and _budget(raised.after) > _budget(raised.before)):
            raise NotAMove("A move gives less to the one and more to the other.")
        return await self._actions.propose_move(cut, raised)

    @property
    def _asked_by_a_person(self) -> bool:
        return origin_of(self._scope) is Origin.PERSON

    async def _want(self, change: CampaignChange, *, safety: bool) -> AutopilotAction:
        return await self._actions.propose(await self._wanted(change, safety=safety))

    async def _wanted(self, change: CampaignChange, *, safety: bool = False) -> Wanted:
        if change.spend_only and change.justified_by:
            wrong = FieldError("body", "Give either spend_only or justified_by.", "one_of")
            raise Invalid(fields=[wrong])
        found = await self._targets.find(change.campaign_id)
        if found is None:
            raise CampaignNotFound(campaign_id=str(change.campaign_id))
        campaign, account = found
        operation, before, after = _values(campaign, change)
        return Wanted(
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
            origin=origin_of(self._scope),
            justified_by=change.justified_by,
            spend_only=change.spend_only,
            safety=safety,
            learning=bool(campaign.learning),
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


def _budget(state: Mapping[str, Any]) -> int:
    found = state.get("daily_budget_micros")
    return found if isinstance(found, int) else 0
