"""Takes started files in, part by part, by the way that all events come.

The part that is done is the memory of how far it is: a part's progress and its rejected rows are committed together,
after its events. Whoever dies between the two reads the part again: its events have the same ids, so none is stored
twice, and those that were stored the first time are counted as accepted.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.config import settings
from app.core.logging import get_logger
from app.db.platform import Platform
from app.db.session import Scopes, TenantScope, door, scopes_for
from app.models.cdp.imports import CdpImport
from app.schemas.cdp.imports import ImportPlan
from app.services.cdp.events.service import Envelope, Ingestion, Outcome, event_message_id
from app.services.cdp.files.service import in_turn
from app.services.cdp.imports.pieces import KeptRow, Rejected, opened_rows, sealed_rows
from app.services.cdp.imports.reading import Cells, Faulty, ReadRow, RowReader, event_of, row_message_id
from app.services.cdp.imports.repository import ImportRepository, tenants_waiting
from app.services.cdp.imports.rules import WAITING, ImportStatus
from app.services.cdp.sources.service import Sender

log = get_logger(__name__)

DIALECT = "segment"
REJECTS_KEPT = timedelta(days=7)
_TURN_SECONDS = 90.0
_MOST_ATTEMPTS = 20
_DEATHS = f"It was tried {_MOST_ATTEMPTS} times at the same rows and never got past them: cut the file there."
_FORGOTTEN = (
    "It stood still for longer than ids of events are remembered, so that rows could have been taken in twice: "
    "upload the rows that are missing."
)


@dataclass(frozen=True, slots=True)
class _Turn:
    """The part that is to be taken in next."""

    import_id: UUID
    tenant_id: int
    kind: str
    plan: ImportPlan
    columns: Sequence[str]
    started_at: datetime
    since: datetime
    number: int
    sealed: bytes


@dataclass(slots=True)
class _Taken:
    """What became of a part."""

    rows: int
    accepted: int
    duplicates: int
    rejected: list[Rejected]
    message_ids: Sequence[str]


def shared_context(import_id: UUID) -> bytes:
    """What all events of an import say of where they come from."""
    return b'{"import":{"id":"%s"}}' % str(import_id).encode()


def message_id_of(row: ReadRow, import_id: UUID, tenant_id: int) -> str:
    """The file's own id of the event, or one made of the import and the row."""
    if row.message_id is None:
        return row_message_id(import_id, row.row)
    return event_message_id(row.message_id, tenant_id)


class ImportWork:
    """One worker at a time for a tenant; it hands over to a fresh task after a while."""

    def __init__(self, scopes: Scopes, *, seconds: float = _TURN_SECONDS) -> None:
        self._scopes = scopes
        self._seconds = seconds

    async def run(self) -> None:
        if await in_turn(self._scopes, "imports", self._seconds, self._work, _is_waiting):
            async with self._scopes() as scope:
                await scope.enqueue("cdp.imports.work", {})

    async def _work(self, ends_at: float) -> bool:
        """Whether nothing waits any more."""
        async with self._scopes() as scope:
            engine, clock = scope.session.bind, scope.clock
        ingestion = Ingestion(door(engine, clock=clock), clock, settings)  # type: ignore[arg-type]  # a scope's bind is its engine
        try:
            attempt = 1
            while turn := await self._next(attempt):
                attempt = 0
                if isinstance(turn, _Turn):
                    await self._finish(turn, await _take_in(turn, ingestion))
                if time.monotonic() >= ends_at:
                    return False
        finally:
            await ingestion.close()
        return True

    async def _next(self, attempt: int) -> _Turn | bool:
        """The next part; True where only its end was to be written down, False where nothing waits."""
        async with self._scopes() as scope:
            rows = ImportRepository(scope)
            row = await rows.next_waiting()
            if row is None:
                return False
            if row.status == ImportStatus.RUNNING:
                row.attempts += attempt
            fault = _stuck(row)
            sealed = None if fault else await rows.part(row.id, row.parts_done)
            if fault or sealed is None or row.started_at is None:
                await _end(rows, row, fault, scope.now())
                return True
            row.status = ImportStatus.RUNNING
            row.progressed_at = row.progressed_at or real_now()
            return _Turn(
                row.id,
                scope.tenant_id,
                row.kind,
                ImportPlan.model_validate(row.plan),
                row.columns,
                row.started_at,
                row.chunk_from or row.started_at,
                row.parts_done,
                sealed,
            )

    async def _finish(self, turn: _Turn, taken: _Taken) -> None:
        """Write down how far it is: with the rows that were refused, and without the part."""
        async with self._scopes() as scope:
            rows = ImportRepository(scope)
            row = await rows.find(turn.import_id, for_update=True)
            if row is None or row.parts_done != turn.number:
                return
            if taken.duplicates:
                ours = await rows.taken_since(turn.import_id, taken.message_ids, turn.since)
                again = min(max(ours - taken.accepted, 0), taken.duplicates)
                taken.accepted, taken.duplicates = taken.accepted + again, taken.duplicates - again
            row.rows_read += taken.rows
            # An erasure may have taken rows out of the part after it was read: they were dealt with all the same.
            row.rows_total = max(row.rows_total, row.rows_read)
            row.accepted += taken.accepted
            row.duplicates += taken.duplicates
            row.rejected += len(taken.rejected)
            row.parts_done, row.attempts = turn.number + 1, 0
            row.chunk_from, row.progressed_at = scope.now(), real_now()
            if taken.rejected:
                await rows.add_rejects(row.id, turn.number, sealed_rows(taken.rejected, scope.tenant_id))
            await rows.drop_parts(row.id, turn.number)
            if row.parts_done == row.parts_total and row.status in WAITING:
                await _end(rows, row, None, scope.now())


async def _is_waiting(scope: TenantScope) -> bool:
    return await ImportRepository(scope).is_waiting()


def _stuck(row: CdpImport) -> str | None:
    """Why it cannot go on."""
    if row.attempts > _MOST_ATTEMPTS:
        return _DEATHS
    # An hour less, so that what is remembered now is remembered still when it is asked for.
    remembered = timedelta(hours=settings.cdp_dedupe_hours - 1)
    if row.attempts and row.progressed_at and real_now() - row.progressed_at > remembered:
        return _FORGOTTEN
    return None


async def _end(rows: ImportRepository, row: CdpImport, fault: str | None, now: datetime) -> None:
    row.status = ImportStatus.FAILED if fault else ImportStatus.DONE
    row.error, row.finished_at, row.expires_at = fault, now, now + REJECTS_KEPT
    await rows.drop_parts(row.id)
    log.info("cdp.imports.ended", import_id=str(row.id), status=row.status, rows=row.rows_read)


async def _take_in(turn: _Turn, ingestion: Ingestion) -> _Taken:
    reader = RowReader(turn.plan, turn.columns, turn.kind, turn.started_at)
    kept = opened_rows(turn.sealed, turn.tenant_id)
    rejected: list[Rejected] = []
    items: list[bytes] = []
    sent: dict[bytes, KeptRow] = {}
    message_ids: dict[str, KeptRow] = {}
    for number, cells in kept:
        try:
            found = reader.read(number, cells)
        except Faulty as faulty:
            rejected.append((number, cells, _reasons(faulty)))
            continue
        message_id = message_id_of(found, turn.import_id, turn.tenant_id)
        event = event_of(found, message_id, turn.kind)
        items.append(event)
        sent.setdefault(event, (number, cells))
        message_ids.setdefault(message_id, (number, cells))
    outcome = Outcome()
    if items:
        outcome = await ingestion.receive(
            Sender(turn.tenant_id, None),
            Envelope(items, context=shared_context(turn.import_id)),
            dialect=DIALECT,
            contact_suffices=True,
        )
    rejected += _refused(outcome, sent, message_ids)
    rejected.sort(key=lambda each: each[0])
    return _Taken(len(kept), outcome.accepted, outcome.duplicates, rejected, list(message_ids))


def _reasons(faulty: Faulty) -> str:
    return " ".join(
        each.message if each.column == "row" else f"{each.column}: {each.message}" for each in faulty.faults
    )


def _refused(
    outcome: Outcome, sent: Mapping[bytes, KeptRow], message_ids: Mapping[str, KeptRow]
) -> list[Rejected]:
    """Which rows ingestion refused; a verdict without its event is known by its id."""
    found: list[Rejected] = []
    for verdict in outcome.rejected:
        unknown: tuple[int, Cells] = (0, [])
        number, cells = sent.get(verdict.payload) or message_ids.get(verdict.message_id or "") or unknown
        if not verdict.payload:  # of an erased person: to keep the row would be to let it in
            cells = []
        found.append((number, cells, f"{verdict.code.value}: {verdict.reason}"))
    return found


async def import_stragglers(platform: Platform) -> None:
    """Go on with what a worker's death has left behind."""
    await platform.clock.sync()
    async with platform.maintenance() as session:
        waiting = await tenants_waiting(session)
    for tenant_id in waiting:
        async with scopes_for(platform.engine, tenant_id, clock=platform.clock)() as scope:
            await scope.enqueue("cdp.imports.work", {}, unless_pending=True)
