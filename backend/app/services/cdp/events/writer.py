"""Group commit: requests of a tenant that arrive together share one transaction.

While one group is being written the next one gathers. A request is answered after the commit that holds its
events. The queue is bounded; past its bound a request is told to come back, never kept waiting for ever.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.core.logging import get_logger
from app.core.metrics import CDP_EVENTS, CDP_GROUP_EVENTS, CDP_QUEUE_EVENTS
from app.services.cdp.events.errors import Overloaded, StoreUnavailable
from app.services.cdp.events.reading import Delivery, Row, Verdict
from app.services.cdp.events.rules import VerdictCode
from app.services.cdp.events.store_repository import EventStore, Group, Interrupted, Poisoned

log = get_logger(__name__)

_LINGER_SECONDS = 0.002
_GROUP_EVENTS = 2_500
_QUEUE_EVENTS = 20_000
_WRITERS = 6
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.1


@dataclass(slots=True)
class Outcome:
    """What became of one request's events."""

    accepted: int = 0
    duplicates: int = 0
    rejected: list[Verdict] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Waiting:
    """One request in the queue."""

    rows: Sequence[Row]
    verdicts: Sequence[Verdict]
    raw: Sequence[bytes]
    delivery: Delivery
    outcome: Outcome
    done: asyncio.Future[Outcome]

    @property
    def size(self) -> int:
        return len(self.rows) + len(self.verdicts)


@dataclass(frozen=True, slots=True)
class _Entry:
    row: Row
    raw: bytes
    request: _Waiting


class GroupWriter:
    """One per process. `submit` returns when the events are committed."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._queues: dict[int, deque[_Waiting]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(_WRITERS)
        self._queued = 0

    def refuse_when_full(self) -> None:
        if self._queued >= _QUEUE_EVENTS:
            raise Overloaded

    async def submit(
        self,
        delivery: Delivery,
        rows: Sequence[Row],
        raw: Sequence[bytes],
        verdicts: Sequence[Verdict],
    ) -> Outcome:
        """Commit `rows` (each with its `raw` JSON) and `verdicts`; `Overloaded` or `StoreUnavailable` if not."""
        tenant_id = delivery.tenant_id
        waiting = _Waiting(
            rows,
            verdicts,
            raw,
            delivery,
            Outcome(rejected=list(verdicts)),
            asyncio.get_running_loop().create_future(),
        )
        if not waiting.size:
            return waiting.outcome
        if self._queued and self._queued + waiting.size > _QUEUE_EVENTS:
            raise Overloaded
        self._queued += waiting.size
        CDP_QUEUE_EVENTS.set(self._queued)
        self._queues.setdefault(tenant_id, deque()).append(waiting)
        if tenant_id not in self._tasks:
            self._tasks[tenant_id] = asyncio.create_task(self._drain(tenant_id))
        return await waiting.done

    async def close(self) -> None:
        """Write what waits, then end."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _drain(self, tenant_id: int) -> None:
        queue = self._queues[tenant_id]
        try:
            await asyncio.sleep(_LINGER_SECONDS)
            while queue:
                async with self._slots:
                    await self._write(tenant_id, _take(queue))
        finally:
            del self._tasks[tenant_id], self._queues[tenant_id]

    async def _write(self, tenant_id: int, requests: list[_Waiting]) -> None:
        entries = [
            _Entry(row, raw, request)
            for request in requests
            for row, raw in zip(request.rows, request.raw, strict=True)
        ]
        verdicts = [verdict for request in requests for verdict in request.verdicts]
        failure: Exception | None = None
        try:
            await self._settle(tenant_id, entries, verdicts)
        except Interrupted as error:
            log.warning("cdp.events.store_interrupted", error=str(error))
            failure = error
        except Exception as error:
            log.exception("cdp.events.write_failed")
            failure = error
        for request in requests:
            self._queued -= request.size
            if request.done.done():
                continue
            if failure is None:
                request.done.set_result(request.outcome)
            else:
                request.done.set_exception(
                    StoreUnavailable() if isinstance(failure, Interrupted) else failure
                )
        CDP_QUEUE_EVENTS.set(self._queued)

    async def _settle(self, tenant_id: int, entries: Sequence[_Entry], verdicts: Sequence[Verdict]) -> None:
        """Write all, or halve until the one event that cannot be stored stands alone, with its verdict."""
        firsts: dict[str, _Entry] = {}
        repeats = [entry for entry in entries if firsts.setdefault(entry.row.message_id, entry) is not entry]
        group = Group(
            tenant_id,
            [entry.row for entry in firsts.values()],
            [entry.row for entry in repeats],
            verdicts,
        )
        try:
            new = await self._persist(group)
        except Poisoned as error:
            await self._halve(tenant_id, entries, verdicts, str(error))
            return
        for entry in firsts.values():
            if entry.row.message_id in new:
                entry.request.outcome.accepted += 1
            else:
                entry.request.outcome.duplicates += 1
        for entry in repeats:
            entry.request.outcome.duplicates += 1
        CDP_GROUP_EVENTS.observe(len(entries))
        CDP_EVENTS.labels("accepted").inc(len(new))
        CDP_EVENTS.labels("duplicate").inc(len(entries) - len(new))
        CDP_EVENTS.labels("rejected").inc(len(verdicts))

    async def _halve(
        self, tenant_id: int, entries: Sequence[_Entry], verdicts: Sequence[Verdict], reason: str
    ) -> None:
        if len(entries) > 1:
            middle = len(entries) // 2
            await self._settle(tenant_id, entries[:middle], verdicts)
            await self._settle(tenant_id, entries[middle:], ())
            return
        log.warning("cdp.events.poisoned", tenant_id=tenant_id, reason=reason)
        refused = [_unstorable(entry) for entry in entries]
        await self._persist(Group(tenant_id, (), (), [*verdicts, *refused]))
        for entry, verdict in zip(entries, refused, strict=True):
            entry.request.outcome.rejected.append(verdict)
        CDP_EVENTS.labels("rejected").inc(len(verdicts) + len(refused))

    async def _persist(self, group: Group) -> frozenset[str]:
        """Try again after a fault of the moment: what was committed after all is then found as a duplicate."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._store.write(group)
            except Interrupted:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS * attempt)
        raise AssertionError("unreachable")


def _take(queue: deque[_Waiting]) -> list[_Waiting]:
    """The next group: whole requests, up to the size that writes best."""
    taken = [queue.popleft()]
    size = taken[0].size
    while queue and size + queue[0].size <= _GROUP_EVENTS:
        taken.append(queue.popleft())
        size += taken[-1].size
    return taken


def _unstorable(entry: _Entry) -> Verdict:
    row = entry.row
    return Verdict(
        entry.request.delivery,
        row.message_id,
        row.event_name,
        VerdictCode.UNSTORABLE,
        "the database cannot store it",
        entry.raw,
    )
