"""What the gate would say of a change, by all that it would say so of the real one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.errors import FieldError, Invalid
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.trust_engine.kinds import Component
from app.services.autopilot.actions.errors import AccountNotFound, NothingToChange
from app.services.autopilot.actions.requests import origin_of
from app.services.autopilot.actions.requests_repository import CampaignTargets
from app.services.autopilot.actions.service import AutopilotActions, Decision, Wanted
from app.services.trust_engine.gate.service import EntityType, Proposal


@dataclass(frozen=True, slots=True)
class Trial:
    """A change to try: absolute values before and after, by the name of the field."""

    ad_account_id: UUID
    entity_type: EntityType
    entity: str
    changed: Mapping[str, tuple[Any, Any]]
    justified_by: tuple[Component, ...] = ()
    spend_only: bool = False


class ActionTrials:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._targets = CampaignTargets(scope)

    async def check(self, trial: Trial) -> tuple[Proposal, Decision]:
        """Decide as if it had been proposed, and leave no trace."""
        if trial.spend_only and trial.justified_by:
            wrong = FieldError("body", "Give either spend_only or justified_by.", "one_of")
            raise Invalid(fields=[wrong])
        account = await self._targets.account(trial.ad_account_id)
        if account is None:
            raise AccountNotFound(ad_account_id=str(trial.ad_account_id))
        campaign = None
        if trial.entity_type == "campaign":
            campaign = await self._targets.by_external_id(trial.ad_account_id, trial.entity)
        before = {name: was for name, (was, _) in trial.changed.items()}
        after = {name: will for name, (_, will) in trial.changed.items()}
        if before == after:
            raise NothingToChange
        wanted = Wanted(
            ad_account_id=account.id,
            campaign_id=campaign.id if campaign else None,
            platform=account.platform,
            account=account.external_id,
            entity_type=trial.entity_type,
            entity=trial.entity,
            entity_name=campaign.name if campaign else trial.entity,
            operation="trial",
            before=before,
            after=after,
            currency=account.currency,
            reason="Only tried.",
            idempotency_key=f"trial:{uuid7()}",
            origin=origin_of(self._scope),
            justified_by=trial.justified_by,
            spend_only=trial.spend_only,
            learning=bool(campaign.learning) if campaign else False,
        )
        return await AutopilotActions(self._scope).trial(wanted)
