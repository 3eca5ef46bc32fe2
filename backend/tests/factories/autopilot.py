"""Actions to test with, over a campaign that the sandbox really has."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns import Campaign
from app.models.trust_engine.kinds import Origin
from app.models.trust_engine.permits import TrustPermit
from app.services.autopilot.actions.rules import ActionState
from app.services.autopilot.actions.service import change_of
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.desk import mint
from app.services.trust_engine.gate.service import Change
from tests.factories.integrations import BROAD, US_ACCOUNT


@dataclass(frozen=True)
class Target:
    """A campaign at the sandbox, as it was found."""

    ad_account_id: UUID
    campaign_id: UUID
    budget_micros: int
    platform: str = "meta"
    account: str = US_ACCOUNT
    entity: str = BROAD


async def find_target(
    scopes: Scopes,
    ad_account_id: UUID,
    *,
    platform: str = "meta",
    account: str = US_ACCOUNT,
    entity: str = BROAD,
) -> Target:
    """A campaign (Meta's broad one), read from the platform and written down as a synchronisation would."""
    connector = await IntegrationsService(scopes).connector(ad_account_id)
    state = await connector.read_entity("campaign", entity)
    assert state.daily_budget_micros is not None
    campaign_id = uuid7()
    async with scopes() as scope:
        scope.session.add(
            Campaign(
                id=campaign_id,
                ad_account_id=ad_account_id,
                platform=platform,
                external_id=entity,
                name=state.name,
                status=state.status,
                effective_status=state.effective_status,
                budget_level=state.budget_level,
                daily_budget_micros=state.daily_budget_micros,
                currency=state.currency,
                synced_at=scope.now(),
            )
        )
    return Target(ad_account_id, campaign_id, state.daily_budget_micros, platform, account, entity)


async def approved_action(scopes: Scopes, target: Target, after_micros: int, **columns: Any) -> UUID:
    """An action that the gate let pass, with its permit."""
    async with scopes() as scope:
        now = scope.now()
        action = AutopilotAction(
            id=uuid7(),
            ad_account_id=target.ad_account_id,
            campaign_id=target.campaign_id,
            platform=target.platform,
            account=target.account,
            entity_type="campaign",
            entity=target.entity,
            entity_name="Broad",
            operation="set_daily_budget",
            before={"daily_budget_micros": target.budget_micros},
            after={"daily_budget_micros": after_micros},
            currency="USD",
            justified_by=[],
            reason="A test wants it.",
            evidence={},
            origin=Origin.PERSON,
            requested_label="test",
            idempotency_key=uuid7().hex,
            state=ActionState.APPROVED,
            proposed_at=now,
            expires_at=now,
            attempts=0,
        )
        for name, value in columns.items():
            setattr(action, name, value)
        scope.session.add(action)
        await scope.session.flush()
        _permit(scope, action)
        if action.applied_at is not None:
            await permits_spent(scope)
        return action.id


def _permit(scope: TenantScope, action: AutopilotAction) -> None:
    change: Change = change_of(action)
    permit = mint(
        scope, change, decision_id=uuid7(), action_id=action.id, policy_version=1, evidence_hash="0" * 64
    )
    action.permit_id, action.permit_expires_at = permit.id, permit.expires_at


async def permits_spent(scope: TenantScope) -> None:
    """As if a write of every action had left."""
    for action in await scope.session.scalars(
        select(AutopilotAction).where(AutopilotAction.permit_id.is_(None))
    ):
        _permit(scope, action)
    await scope.session.flush()
    await scope.session.execute(
        update(TrustPermit).where(TrustPermit.used_at.is_(None)).values(used_at=real_now())
    )
