"""The limits on what may be changed, and the record of what they did."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.autopilot.enforcement import AutopilotIntervention, EnforcementSettings
from app.models.trust_engine.kinds import EnforcementMode, Violation
from app.services.audit_logs.service import AuditLog
from app.services.autopilot.enforcement.errors import (
    AmountsNotNamed,
    CurrencyInUse,
    CurrencyNotTheCompanys,
    EntityNotFound,
)
from app.services.autopilot.enforcement.repository import EnforcementRepository
from app.services.autopilot.enforcement.rules import (
    AMOUNTS,
    CurrencyFault,
    Intervention,
    LimitChanges,
    company_fault,
    merged,
    override_fault,
)
from app.services.trust_engine.gate.service import Limits

__all__ = ["EnforcementService", "Intervention", "LimitChanges", "Limits"]

AppliesTo = Literal["tenant", "account", "campaign"]

_FAULTS = {
    CurrencyFault.NOT_THE_COMPANYS: CurrencyNotTheCompanys,
    CurrencyFault.NOT_NAMED: AmountsNotNamed,
    CurrencyFault.IN_USE: CurrencyInUse,
}


@dataclass(frozen=True, slots=True)
class Override:
    """What is set for one account or campaign; what it leaves out is the wider layer's."""

    applies_to: str
    entity_id: UUID
    updated_by: str
    says: LimitChanges


class EnforcementService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._settings = EnforcementRepository(scope)

    async def limits(self, ad_account_id: UUID | None = None, campaign_id: UUID | None = None) -> Limits:
        """The limits in force for a campaign, an account or the tenant."""
        layers = await self._settings.layers(ad_account_id, campaign_id)
        return Limits(**merged(*(_limits(row) for row in layers)))

    async def overrides(self, *, page: int, limit: int) -> Slice[Override]:
        """Accounts and campaigns that differ from the tenant, with what is set for each."""
        names = [field.name for field in fields(LimitChanges)]
        found = await self._settings.overrides(names, page=page, limit=limit)
        shown = [
            Override(row.applies_to, row.entity_id, row.updated_by, _limits(row))
            for row in found.items
            if row.entity_id is not None
        ]
        return Slice(shown, found.total, found.total_capped, page, limit)

    async def set_limits(
        self,
        changes: Mapping[str, Any],
        *,
        applies_to: AppliesTo = "tenant",
        entity_id: UUID | None = None,
    ) -> Limits:
        """Set what `changes` names, fields of `LimitChanges`; None takes a limit back, what is left out stays.

        The currency is the company's to set. An account or campaign may name it, so that amounts that were meant in
        another one are refused.
        """
        await self._settings.lock()
        ids = await self._found(applies_to, entity_id)
        said = {**changes}
        await self._refuse_other_currencies(said, applies_to)
        if applies_to != "tenant":
            said.pop("currency", None)
        before = await self.limits(*ids)
        await self._settings.save(applies_to, entity_id, {**said, "updated_by": self._scope.actor.label})
        after = await self.limits(*ids)
        await AuditLog(self._scope).record(
            "autopilot.enforcement.limits_changed",
            entity="autopilot.enforcement",
            entity_id=entity_id or applies_to,
            before=msgspec.structs.asdict(before),
            after=msgspec.structs.asdict(after),
        )
        await self._scope.announce(
            "autopilot_mode_change", {"mode": after.mode, "level": after.level, "applies_to": applies_to}
        )
        return after

    async def _found(self, applies_to: AppliesTo, entity_id: UUID | None) -> tuple[UUID | None, UUID | None]:
        """The account and campaign whose layers hold for this entity."""
        if entity_id is None:
            return None, None
        if applies_to == "account":
            if not await self._settings.has_account(entity_id):
                raise EntityNotFound
            return entity_id, None
        account = await self._settings.account_of(entity_id)
        if account is None:
            raise EntityNotFound
        return account, entity_id

    async def _refuse_other_currencies(self, changes: Mapping[str, Any], applies_to: AppliesTo) -> None:
        layers = await self._settings.layers(None, None)
        company = _limits(layers[0]) if layers else LimitChanges()
        if applies_to != "tenant":
            fault = override_fault(changes, company)
        else:
            other = await self._settings.one_with_any(AMOUNTS)
            fault = company_fault(changes, company, [] if other is None else [_limits(other)])
        if fault is not None:
            raise _FAULTS[fault]

    async def record(
        self,
        kind: Intervention,
        sentence: str,
        *,
        violation: Violation | None = None,
        action_id: UUID | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None:
        self._settings.record(
            AutopilotIntervention(
                at=self._scope.now(),
                kind=kind,
                violation=violation,
                action_id=action_id,
                actor=self._scope.actor.label,
                sentence=sentence,
                detail=detail or {},
            )
        )

    async def interventions(
        self, *, cursor: str | None, limit: int
    ) -> tuple[list[AutopilotIntervention], str | None]:
        return await self._settings.interventions(cursor=cursor, limit=limit)

    async def violations_since(self, since: datetime) -> list[AutopilotIntervention]:
        return [row for row in await self._settings.recent(since) if row.violation is not None]


def _limits(row: EnforcementSettings) -> LimitChanges:
    values = {field.name: getattr(row, field.name) for field in fields(LimitChanges)}
    if values["mode"] is not None:
        values["mode"] = EnforcementMode(values["mode"])
    return LimitChanges(**values)
