from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.cdp.consents import CdpConsent, CdpConsentString
from app.models.cdp.events import CdpEvent, CdpEventVerdict
from app.models.cdp.privacy import CdpPrivacyExportPart, CdpPrivacyRequest, CdpPrivacySettings, CdpTombstone
from app.models.cdp.segments import CdpSegment, CdpSegmentListEntry, CdpSegmentMember
from app.models.integrations.connections import Connection
from app.models.integrations.conversions import ConversionDelivery
from app.models.integrations.kinds import Platform
from app.services.cdp.privacy.rules import OPEN, RequestKind, RequestStatus

# One that was tried may have arrived, whatever came of it; and one that is under way has been tried.
_DELIVERIES = """
WITH found AS (
  SELECT d.id, d.sent_at IS NOT NULL OR d.first_tried_at IS NOT NULL AS sent
  FROM conversion_deliveries AS d JOIN cdp_events AS e
    ON e.tenant_id = d.tenant_id AND e.received_at = d.event_received_at AND e.id = d.event_id
  WHERE d.tenant_id = $1 AND e.tenant_id = $1 AND e.person_key = ANY($2::uuid[])
  FOR UPDATE OF d),
theirs AS (
  UPDATE conversion_deliveries AS d SET dedupe_key = 'erased:' || d.id, match_keys = '{}', response = NULL,
    status = CASE WHEN d.status IN ('queued', 'failed') THEN 'skipped' ELSE d.status END,
    reason = CASE WHEN d.status IN ('queued', 'failed') THEN 'person_erased' ELSE d.reason END,
    next_attempt_at = NULL
  FROM found WHERE d.tenant_id = $1 AND d.id = found.id
  RETURNING d.platform, found.sent)
SELECT platform, count(*), count(*) FILTER (WHERE sent) FROM theirs GROUP BY platform ORDER BY platform
"""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Deliveries of one person to a platform; how many had left, or may have."""

    platform: str
    rows: int
    sent: int


class PrivacyRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def add(self, request: CdpPrivacyRequest) -> None:
        self._session.add(request)
        await self._session.flush()

    async def add_proposal(self, request: CdpPrivacyRequest) -> CdpPrivacyRequest | None:
        """None where another of this person came first, by whoever was at it in the same moment."""
        table = CdpPrivacyRequest.__table__
        given = {c.name: v for c in table.columns if (v := getattr(request, c.name)) is not None}
        statement = (
            insert(CdpPrivacyRequest)
            .values(**given, tenant_id=self._tenant_id)
            .on_conflict_do_nothing(
                index_elements=["tenant_id", "profile_id"],
                index_where=text("status = 'proposed'"),
            )
            .returning(CdpPrivacyRequest)
        )
        found: CdpPrivacyRequest | None = await self._session.scalar(statement)
        return found

    async def end_proposals(self, keys: Sequence[UUID], now: datetime) -> Sequence[UUID]:
        """Of these people, who are erased by another request."""
        row = CdpPrivacyRequest
        ended = await self._session.scalars(
            update(row)
            .where(
                row.tenant_id == self._tenant_id,
                row.status == RequestStatus.PROPOSED,
                row.profile_id.in_(keys),
            )
            .values(status=RequestStatus.OVERTAKEN, finished_at=now)
            .returning(row.id)
            .execution_options(synchronize_session=False)
        )
        return ended.all()

    async def find(self, request_id: UUID, *, for_update: bool = False) -> CdpPrivacyRequest | None:
        statement = select(CdpPrivacyRequest).where(
            CdpPrivacyRequest.tenant_id == self._tenant_id, CdpPrivacyRequest.id == request_id
        )
        found: CdpPrivacyRequest | None = await self._session.scalar(
            statement.with_for_update() if for_update else statement
        )
        return found

    async def is_decided(self, profile_id: UUID, reason: str) -> bool:
        """Whether an erasure of theirs is open, or was dismissed for this very reason."""
        row = CdpPrivacyRequest
        statement = select(row.id).where(
            row.tenant_id == self._tenant_id,
            row.profile_id == profile_id,
            row.kind == RequestKind.ERASURE,
            or_(row.status.in_(OPEN), and_(row.status == RequestStatus.DISMISSED, row.reason == reason)),
        )
        return await self._session.scalar(statement.limit(1)) is not None

    async def newest(
        self, *, kind: str | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpPrivacyRequest], str | None]:
        statement = select(CdpPrivacyRequest).where(CdpPrivacyRequest.tenant_id == self._tenant_id)
        if kind is not None:
            statement = statement.where(CdpPrivacyRequest.kind == kind)
        return await newest_first(
            self._session,
            statement,
            at=CdpPrivacyRequest.requested_at,
            id=CdpPrivacyRequest.id,
            cursor=cursor,
            limit=limit,
        )

    async def erased_since(self, since: datetime) -> Sequence[UUID]:
        statement = select(CdpPrivacyRequest.id).where(
            CdpPrivacyRequest.tenant_id == self._tenant_id,
            CdpPrivacyRequest.kind == "erasure",
            CdpPrivacyRequest.finished_at >= since,
        )
        return (await self._session.scalars(statement)).all()

    async def add_part(self, request_id: UUID, number: int, section: str, sealed: bytes) -> None:
        values = {"section": section, "sealed": sealed}
        statement = insert(CdpPrivacyExportPart).values(
            tenant_id=self._tenant_id, request_id=request_id, number=number, **values
        )
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["tenant_id", "request_id", "number"], set_=values)
        )

    async def part_numbers(self, request_id: UUID) -> dict[str, list[int]]:
        """Of each section, in the order in which they were begun."""
        part = CdpPrivacyExportPart
        statement = (
            select(part.section, part.number)
            .where(part.tenant_id == self._tenant_id, part.request_id == request_id)
            .order_by(CdpPrivacyExportPart.number)
        )
        numbers: dict[str, list[int]] = {}
        for section, number in await self._session.execute(statement):
            numbers.setdefault(section, []).append(number)
        return numbers

    async def part(self, request_id: UUID, number: int) -> bytes | None:
        part = CdpPrivacyExportPart
        found: bytes | None = await self._session.scalar(
            select(part.sealed).where(
                part.tenant_id == self._tenant_id, part.request_id == request_id, part.number == number
            )
        )
        return found

    async def end_exports_of(self, keys: Sequence[UUID], now: datetime) -> int:
        """Exports of these people end now, under way or done; how many parts of them went."""
        of_them = or_(
            CdpPrivacyRequest.profile_id.in_(keys), CdpPrivacyRequest.subject_keys.overlap(list(keys))
        )
        return await self._end(of_them, now)

    async def end_export(self, request_id: UUID, now: datetime) -> int:
        return await self._end(CdpPrivacyRequest.id == request_id, now)

    async def _end(self, which: Any, now: datetime) -> int:
        ended = await self._session.scalars(
            update(CdpPrivacyRequest)
            .where(
                CdpPrivacyRequest.tenant_id == self._tenant_id,
                CdpPrivacyRequest.kind == RequestKind.EXPORT,
                which,
            )
            .values(
                status=RequestStatus.DONE,
                finished_at=func.coalesce(CdpPrivacyRequest.finished_at, now),
                expires_at=func.least(CdpPrivacyRequest.expires_at, now),
            )
            .returning(CdpPrivacyRequest.id)
            .execution_options(synchronize_session=False)
        )
        return await self._drop(CdpPrivacyExportPart.request_id.in_(ended.all()))

    async def drop_expired_exports(self, now: datetime, longest: timedelta) -> int:
        """Also of those that were given up half-way, `longest` after they were asked for."""
        old = select(CdpPrivacyRequest.id).where(
            CdpPrivacyRequest.tenant_id == self._tenant_id,
            or_(
                CdpPrivacyRequest.expires_at <= now,
                CdpPrivacyRequest.expires_at.is_(None) & (CdpPrivacyRequest.requested_at <= now - longest),
            ),
        )
        return await self._drop(CdpPrivacyExportPart.request_id.in_(old))

    async def _drop(self, which: Any) -> int:
        gone = await self._session.execute(
            delete(CdpPrivacyExportPart)
            .where(CdpPrivacyExportPart.tenant_id == self._tenant_id, which)
            .returning(CdpPrivacyExportPart.number)
        )
        return len(gone.all())

    async def segments_of(self, profile_id: UUID) -> list[dict[str, Any]]:
        statement = (
            select(CdpSegment.name, CdpSegmentMember.entered_at)
            .join(
                CdpSegment,
                (CdpSegment.tenant_id == CdpSegmentMember.tenant_id)
                & (CdpSegment.id == CdpSegmentMember.segment_id),
            )
            .where(CdpSegmentMember.tenant_id == self._tenant_id, CdpSegmentMember.profile_id == profile_id)
        )
        return [{"name": row[0], "entered_at": row[1]} for row in await self._session.execute(statement)]

    async def memberships(self, keys: Sequence[UUID]) -> int:
        statement = select(func.count()).where(
            CdpSegmentMember.tenant_id == self._tenant_id, CdpSegmentMember.profile_id.in_(keys)
        )
        return int(await self._session.scalar(statement) or 0)

    async def deliveries_of(self, events: Sequence[CdpEvent]) -> list[dict[str, Any]]:
        statement = select(ConversionDelivery).where(
            ConversionDelivery.tenant_id == self._tenant_id,
            ConversionDelivery.event_id.in_([event.id for event in events]),
        )
        return [
            {
                "platform": each.platform,
                "event": each.platform_event,
                "event_time": each.event_time,
                "status": each.status,
                "reason": each.reason,
                "sent_at": each.sent_at,
                "match_keys": each.match_keys,
            }
            for each in await self._session.scalars(statement)
        ]

    async def erase_deliveries(self, keys: Sequence[UUID]) -> list[Delivered]:
        """Take the shop's ids out, and hold back what has not left; before their events go."""
        rows = await (await self._scope.driver()).fetch(_DELIVERIES, self._tenant_id, list(keys))
        return [Delivered(row[0], row[1], row[2]) for row in rows]

    async def platforms(self) -> Sequence[str]:
        statement = (
            select(Connection.platform)
            .where(Connection.tenant_id == self._tenant_id, Connection.platform.in_(list(Platform)))
            .distinct()
        )
        return sorted(await self._session.scalars(statement))

    async def erase_consents(self, keys: Sequence[UUID]) -> tuple[int, int]:
        """What they said before they were buried; what they say since counts."""
        past, kept = CdpTombstone, CdpConsent
        theirs = (
            kept.tenant_id == self._tenant_id,
            kept.person_key.in_(keys),
            past.tenant_id == kept.tenant_id,
            past.key == kept.person_key,
        )
        granted, refused = kept.granted_at >= past.before, kept.refused_at >= past.before
        await self._session.execute(
            update(kept)
            .where(*theirs)
            .values(
                granted_at=case((granted, kept.granted_at)),
                granted_source=case((granted, kept.granted_source)),
                refused_at=case((refused, kept.refused_at)),
                refused_source=case((refused, kept.refused_source)),
            )
            .execution_options(synchronize_session=False)
        )
        consents = await self._session.execute(
            delete(kept)
            .where(*theirs, kept.granted_at.is_(None), kept.refused_at.is_(None))
            .returning(kept.purpose)
        )
        strings = await self._session.execute(
            delete(CdpConsentString)
            .where(
                CdpConsentString.tenant_id == self._tenant_id,
                CdpConsentString.person_key.in_(keys),
                past.tenant_id == CdpConsentString.tenant_id,
                past.key == CdpConsentString.person_key,
                CdpConsentString.at < past.before,
            )
            .returning(CdpConsentString.kind)
        )
        return len(consents.all()), len(strings.all())

    async def erase_receipts(self, request_id: UUID) -> int:
        return int(await self._session.scalar(select(func.cdp_consent_receipts_erase(request_id))) or 0)

    async def erase_list_entries(self, keys: Sequence[UUID]) -> int:
        gone = await self._session.execute(
            delete(CdpSegmentListEntry)
            .where(CdpSegmentListEntry.tenant_id == self._tenant_id, CdpSegmentListEntry.key.in_(keys))
            .returning(CdpSegmentListEntry.key)
        )
        return len(gone.all())

    async def erase_transitions(self, request_id: UUID) -> int:
        return int(await self._session.scalar(select(func.cdp_segment_transitions_erase(request_id))) or 0)

    async def erase_events(self, request_id: UUID, most: int) -> int:
        return int(await self._session.scalar(select(func.cdp_events_erase(request_id, most))) or 0)

    async def verdicts(self, after: UUID | None, most: int) -> Sequence[CdpEventVerdict]:
        """Those that are kept with their content."""
        statement = (
            select(CdpEventVerdict)
            .where(CdpEventVerdict.tenant_id == self._tenant_id, CdpEventVerdict.payload.is_not(None))
            .order_by(CdpEventVerdict.id)
            .limit(most)
        )
        if after is not None:
            statement = statement.where(CdpEventVerdict.id > after)
        return (await self._session.scalars(statement)).all()

    async def empty_verdicts(self, ids: Sequence[UUID]) -> None:
        await self._session.execute(
            update(CdpEventVerdict)
            .where(CdpEventVerdict.tenant_id == self._tenant_id, CdpEventVerdict.id.in_(ids))
            .values(payload=None)
        )

    async def settings(self) -> CdpPrivacySettings | None:
        found: CdpPrivacySettings | None = await self._session.scalar(
            select(CdpPrivacySettings)
            .where(CdpPrivacySettings.tenant_id == self._tenant_id)
            .execution_options(populate_existing=True)
        )
        return found

    async def save_settings(self, values: Mapping[str, Any]) -> None:
        statement = insert(CdpPrivacySettings).values(tenant_id=self._tenant_id, **values)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=[CdpPrivacySettings.tenant_id], set_=dict(values))
        )

    async def expire_events(self, until: datetime, most: int) -> int:
        return int(await self._session.scalar(select(func.cdp_events_expire(until, most))) or 0)

    async def expire_verdicts(self, until: datetime, most: int) -> int:
        return int(await self._session.scalar(select(func.cdp_event_verdicts_expire(until, most))) or 0)
