"""Incidents: opened once, told live, closed when what was wrong is right again."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.core.logging import get_logger
from app.core.metrics import INCIDENTS
from app.db.session import TenantScope
from app.models.trust_engine.incidents import TrustIncident
from app.models.trust_engine.kinds import IncidentKind, IncidentSeverity, IncidentStatus
from app.services.audit_logs.service import AuditLog
from app.services.notifications.service import (
    Notice,
    NotificationKind,
    Notifications,
    NotificationSeverity,
    NotificationSubject,
)
from app.services.trust_engine.incidents.errors import IncidentClosed, IncidentNotFound
from app.services.trust_engine.incidents.repository import IncidentRepository

log = get_logger(__name__)

_LONGEST_TIMELINE = 100


class Incidents:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = IncidentRepository(scope)

    async def open(
        self,
        kind: IncidentKind,
        sentence: str,
        *,
        ad_account_id: UUID | None = None,
        subject: str = "",
        severity: IncidentSeverity = IncidentSeverity.WARNING,
        mend: str | None = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> TrustIncident:
        """Open an incident, or bring the one that is open up to date."""
        known = await self._rows.live_for_update(self._scope.tenant_id, kind, ad_account_id, subject)
        if known is not None:
            worse = severity is IncidentSeverity.CRITICAL and known.severity != severity
            self._note(known, sentence, evidence)
            known.severity, known.mend = severity, mend or known.mend
            if worse:
                await self._notify(known, NotificationKind.INCIDENT_OPENED)
            return known
        now = self._scope.now()
        incident = TrustIncident(
            id=uuid7(),
            ad_account_id=ad_account_id,
            kind=kind,
            subject=subject,
            severity=severity,
            status=IncidentStatus.OPEN,
            sentence=sentence,
            mend=mend,
            evidence=dict(evidence or {}),
            timeline=[{"at": now.isoformat(), "note": sentence}],
            opened_at=now,
            updated_at=now,
        )
        self._rows.add(incident)
        INCIDENTS.labels(kind, "opened").inc()
        log.warning("trust_engine.incidents.opened", kind=kind, incident_id=str(incident.id))
        await self._scope.announce("incident_opened", _told(incident))
        await self._scope.session.flush()
        await self._notify(incident, NotificationKind.INCIDENT_OPENED)
        return incident

    async def close(
        self, kind: IncidentKind, note: str, *, ad_account_id: UUID | None = None, subject: str = ""
    ) -> TrustIncident | None:
        """Close what is open of this kind, if anything is."""
        incident = await self._rows.live_for_update(self._scope.tenant_id, kind, ad_account_id, subject)
        if incident is None:
            return None
        self._note(incident, note, None)
        incident.status, incident.closed_at = IncidentStatus.CLOSED, self._scope.now()
        INCIDENTS.labels(kind, "closed").inc()
        await self._scope.announce("incident_closed", _told(incident))
        await self._notify(incident, NotificationKind.INCIDENT_CLOSED)
        return incident

    async def acknowledge(self, incident_id: UUID) -> TrustIncident:
        """A person has seen it; it stays open until what was wrong is right."""
        incident = await self._rows.for_update(incident_id)
        if incident is None:
            raise IncidentNotFound
        if incident.closed_at is not None:
            raise IncidentClosed
        before = incident.status
        incident.status, incident.acknowledged_by = IncidentStatus.ACKNOWLEDGED, self._scope.actor.label
        self._enter(incident, f"{self._scope.actor.label} acknowledged it.")
        await AuditLog(self._scope).record(
            "trust_engine.incidents.acknowledged",
            entity="trust_engine.incidents",
            entity_id=incident.id,
            before={"status": before},
            after={"status": incident.status},
        )
        return incident

    async def get(self, incident_id: UUID) -> TrustIncident:
        incident = await self._rows.find(incident_id)
        if incident is None:
            raise IncidentNotFound
        return incident

    async def live(self) -> list[TrustIncident]:
        return await self._rows.live()

    async def live_of(self, kind: IncidentKind, ad_account_id: UUID) -> list[TrustIncident]:
        """Those of one kind, of one account."""
        return await self._rows.live_of(kind, ad_account_id)

    async def listed(
        self,
        *,
        statuses: Sequence[str],
        ad_account_id: UUID | None,
        cursor: str | None,
        limit: int,
    ) -> tuple[list[TrustIncident], str | None]:
        """Those in any of the statuses, or all of them."""
        return await self._rows.listed(
            statuses=statuses, ad_account_id=ad_account_id, cursor=cursor, limit=limit
        )

    async def _notify(self, incident: TrustIncident, kind: NotificationKind) -> None:
        """One that opens and closes and opens again is one story."""
        same = f"{incident.ad_account_id}:{incident.kind}:{incident.subject}"
        opened = kind is NotificationKind.INCIDENT_OPENED
        severity = NotificationSeverity(incident.severity) if opened else NotificationSeverity.INFO
        await Notifications(self._scope).tell(
            Notice(
                kind=kind,
                severity=severity,
                subject=NotificationSubject.INCIDENT,
                subject_id=incident.id,
                key=same,
                thread=f"incident:{same}",
                facts={"sentence": incident.sentence, "mend": incident.mend or ""},
            )
        )

    def _note(self, incident: TrustIncident, sentence: str, evidence: Mapping[str, Any] | None) -> None:
        incident.updated_at = self._scope.now()
        if evidence is not None:
            incident.evidence = dict(evidence)
        if incident.sentence != sentence:
            incident.sentence = sentence
            self._enter(incident, sentence)

    def _enter(self, incident: TrustIncident, note: str) -> None:
        entry = {"at": self._scope.now().isoformat(), "note": note}
        incident.timeline = [*incident.timeline, entry][-_LONGEST_TIMELINE:]


def _told(incident: TrustIncident) -> dict[str, Any]:
    return {
        "incident_id": str(incident.id),
        "kind": incident.kind,
        "severity": incident.severity,
        "sentence": incident.sentence,
        "ad_account_id": str(incident.ad_account_id) if incident.ad_account_id else None,
    }
