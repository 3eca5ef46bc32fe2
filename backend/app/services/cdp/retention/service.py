"""Retention reports: kept by name, and answered."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.errors import FieldError
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.cdp.retention import CdpRetentionReport
from app.schemas.cdp.retention import RetentionDefinition
from app.services.audit_logs.service import AuditLog
from app.services.cdp.conditions.service import PATIENCE, Span, span_of, starts_at
from app.services.cdp.retention.computing_repository import RetentionComputing
from app.services.cdp.retention.errors import RetentionNotFound, TooManyCohorts
from app.services.cdp.retention.repository import RetentionRepository
from app.services.cdp.retention.rules import (
    MOST_COHORTS,
    Retention,
    cohorts,
    later,
    overall,
    periods_between,
)
from app.services.tenants.service import TenantService

__all__ = ["RetentionService"]

_TOO_MANY = FieldError(
    "body.definition.days",
    f"Ask for {MOST_COHORTS} periods at most: fewer days, or longer periods.",
    "too_many_cohorts",
)


class RetentionService:
    def __init__(self, scope: TenantScope, *, patience: timedelta = PATIENCE) -> None:
        self._scope = scope
        self._patience = patience
        self._reports = RetentionRepository(scope)
        self._computing = RetentionComputing(scope)
        self._tenants = TenantService(scope)
        self._audit = AuditLog(scope)

    async def page(
        self, *, page: int, limit: int, sort: str, search: str | None
    ) -> Slice[CdpRetentionReport]:
        return await self._reports.page(page=page, limit=limit, sort=sort, search=search)

    async def get(self, report_id: UUID) -> CdpRetentionReport:
        return self._there(await self._reports.find(report_id), report_id)

    async def create(self, name: str, definition: RetentionDefinition) -> CdpRetentionReport:
        now = self._scope.now()
        report = CdpRetentionReport(
            id=uuid7(),
            name=name,
            definition=definition.model_dump(mode="json"),
            created_by=self._scope.actor.id,
            created_at=now,
            updated_at=now,
            updated_by=self._scope.actor.label,
        )
        await self._reports.add(report)
        await self._audit.record(
            "cdp.retention.created", entity="cdp_retention_reports", entity_id=report.id, after=_said(report)
        )
        return report

    async def change(
        self, report_id: UUID, *, name: str | None, definition: RetentionDefinition | None
    ) -> CdpRetentionReport:
        report = self._there(await self._reports.for_update(report_id), report_id)
        before = _said(report)
        if name is not None:
            report.name = name
        if definition is not None:
            report.definition = definition.model_dump(mode="json")
        if (after := _said(report)) != before:
            report.updated_at = self._scope.now()
            report.updated_by = self._scope.actor.label
            await self._reports.save()
            await self._audit.record(
                "cdp.retention.changed",
                entity="cdp_retention_reports",
                entity_id=report.id,
                before=before,
                after=after,
            )
        return report

    async def remove(self, report_id: UUID) -> None:
        report = self._there(await self._reports.for_update(report_id), report_id)
        await self._reports.remove(report)
        await self._audit.record(
            "cdp.retention.removed", entity="cdp_retention_reports", entity_id=report_id, before=_said(report)
        )

    async def compute_saved(self, report_id: UUID) -> Retention:
        report = await self.get(report_id)
        return await self.compute(RetentionDefinition.model_validate(report.definition))

    async def compute(self, definition: RetentionDefinition) -> Retention:
        """The answer as of now. `TookTooLong` where it would keep its reader waiting."""
        name = (await self._tenants.current()).timezone
        zone, now = ZoneInfo(name), self._scope.now()
        asked = span_of(definition.days, zone, now)
        begins = periods_between(asked.first, asked.last, definition.period)
        if len(begins) > MOST_COHORTS:
            raise TooManyCohorts(fields=[_TOO_MANY])
        kind = definition.period
        first, ends = begins[0], later(begins[-1], kind, 1)
        whole = Span(first, ends - timedelta(days=1), starts_at(first, zone), starts_at(ends, zone))
        horizon = starts_at(later(ends, kind, definition.periods), zone)
        counts = await self._computing.counted(
            definition, whole, horizon=horizon, zone=name, patience=self._patience
        )
        today = now.astimezone(zone).date()
        rows = cohorts(definition, begins, counts.sizes, counts.returns, today)
        shares = overall(rows, definition.periods)
        return Retention(whole.first, whole.last, name, kind, rows, shares)

    @staticmethod
    def _there(report: CdpRetentionReport | None, report_id: UUID) -> CdpRetentionReport:
        if report is None:
            raise RetentionNotFound(report_id=str(report_id))
        return report


def _said(report: CdpRetentionReport) -> dict[str, object]:
    return {"name": report.name, "definition": report.definition}
