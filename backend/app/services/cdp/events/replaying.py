"""Refused events tried again."""

from uuid import UUID

from app.db.session import Scopes
from app.models.cdp.events import CdpEventVerdict
from app.services.audit_logs.service import AuditLog
from app.services.cdp.events.clock_correction import moved
from app.services.cdp.events.errors import NothingToReplay
from app.services.cdp.events.reading import Delivery
from app.services.cdp.events.repository import EventRepository
from app.services.cdp.events.service import EventService, Ingestion
from app.services.cdp.events.store_repository import kept_payload
from app.services.cdp.sources.service import Sender, SourceKind, SourceService


class Replay:
    """Tries a refused event again, by today's rules and its source as it is now.

    Three short transactions, not a long one.
    """

    def __init__(self, scopes: Scopes, ingestion: Ingestion) -> None:
        self._scopes = scopes
        self._ingestion = ingestion

    async def verdict(self, verdict_id: UUID, corrected: bytes | None = None) -> CdpEventVerdict:
        """Store the event now, or its `corrected` form; the verdict says what came of it."""
        async with self._scopes() as scope:
            verdict = await EventService(scope).verdict(verdict_id)
            tenant_id, now = scope.tenant_id, scope.now()
            sender = Sender(tenant_id, None)
            if verdict.source_id is not None:
                sender = await SourceService(scope).sender(verdict.source_id)
        if verdict.payload is None:
            raise NothingToReplay
        near_the_visitor = sender.kind is not SourceKind.SERVER
        kept = kept_payload(verdict.payload, tenant_id)
        delivery = Delivery(
            tenant_id=tenant_id,
            source_id=verdict.source_id,
            dialect=verdict.dialect,
            received_at=now,
            event_type=kept.event_type,
            sent_at=moved(kept.sent_at, now - kept.received_at),
            context=kept.context.encode("latin-1"),
            integrations=kept.integrations.encode("latin-1"),
            ip=kept.ip if near_the_visitor else None,
            user_agent=kept.user_agent if near_the_visitor else None,
            gpc=kept.gpc,
            contact_suffices=kept.contact_suffices,
        )
        item = corrected if corrected is not None else kept.item.encode("latin-1")
        outcome = await self._ingestion.store(delivery, [item])
        said = "accepted" if outcome.accepted else "duplicate" if outcome.duplicates else "rejected"
        async with self._scopes() as scope:
            marked = await EventRepository(scope).mark_replayed(verdict_id, scope.now(), said)
            await AuditLog(scope).record(
                "cdp.events.replayed",
                entity="cdp_event_verdicts",
                entity_id=verdict_id,
                after={"outcome": said, "corrected": corrected is not None},
            )
        return marked
