"""Events of which nothing could be made: set aside, seen, and tried again once what broke is mended.

The event stays stored as it was sent, anchored to its person; but no profile counts it, and it joins nobody. What reads
the events themselves finds it as soon as its person is known, so the feed tells of it like of any other.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.core.errors import StratumError
from app.core.logging import get_logger, redact_text
from app.core.metrics import CDP_IDENTITY_QUARANTINED
from app.db.session import TenantScope
from app.services.audit_logs.service import AuditLog
from app.services.cdp.identity.errors import NotQuarantined
from app.services.cdp.identity.quarantine_repository import COUNTED_TO, QuarantineRepository
from app.services.cdp.profiles.service import Change, tell

log = get_logger(__name__)

_REASON_LENGTH = 300


class Quarantined(NamedTuple):
    """An event that stands apart, and why."""

    event_id: UUID
    message_id: str
    event_type: str
    event_name: str
    source_id: UUID | None
    event_time: datetime
    received_at: datetime
    quarantined_at: datetime
    code: str
    reason: str


class Standing(NamedTuple):
    """How many events stand apart (not `is_exact`: so many or more), and since when the first of them does."""

    events: int
    is_exact: bool
    since: datetime | None


class Quarantine:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._apart = QuarantineRepository(scope)

    async def set_aside(self, received_at: datetime, event_id: UUID, error: BaseException) -> None:
        """The caller has taken it from the queue, in this transaction."""
        code = error.code if isinstance(error, StratumError) else "internal"
        await self._apart.set_aside(received_at, event_id, self._scope.now(), code, _said(error))
        if (whose := await self._apart.whose(received_at, event_id)) is not None:
            await tell(self._scope, [Change("events", [whose[0]], [whose[1]])])
        CDP_IDENTITY_QUARANTINED.inc()
        log.error("cdp.identity.quarantined", event_id=str(event_id), code=code, exc_info=error)

    async def anchored(self, keys: Iterable[UUID]) -> dict[UUID, set[str]]:
        """By identifier the names of the events that stand apart and are anchored to it."""
        wanted = list(keys)
        return await self._apart.anchored(wanted) if wanted else {}

    async def newest(
        self, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[Quarantined], str | None, int]:
        """The last set aside first; and how many there are in all."""
        found, following = await self._apart.newest(cursor=cursor, limit=limit)
        return [Quarantined(*row) for row in found], following, await self._apart.count()

    async def standing(self) -> Standing:
        count = await self._apart.count()
        return Standing(count, count < COUNTED_TO, await self._apart.oldest())

    async def retry(self, event_id: UUID) -> int:
        """Resolve this one again."""
        queued = await self._again([event_id])
        if not queued:
            raise NotQuarantined(event_id=str(event_id))
        return queued

    async def retry_all(self) -> int:
        """Resolve all of them again; how many. What still cannot be resolved comes back here."""
        return await self._again(None)

    async def _again(self, event_ids: Sequence[UUID] | None) -> int:
        queued = await self._apart.back(event_ids)
        if queued:
            await self._scope.enqueue("cdp.identity.resolve", {}, queue="cdp", unless_pending=True)
            await AuditLog(self._scope).record(
                "cdp.identity.retried",
                entity="cdp_identity_quarantine",
                entity_id=None if event_ids is None else event_ids[0],
                after={"events": queued},
            )
        return queued


def _said(error: BaseException) -> str:
    """What broke, without what it was about: a database's details may hold a person's data."""
    text = str(error).replace("\x00", "").partition("\n")[0]
    return redact_text(f"{type(error).__name__}: {text}" if text else type(error).__name__)[:_REASON_LENGTH]
