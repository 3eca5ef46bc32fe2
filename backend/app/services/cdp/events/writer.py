"""Group commit: requests of a tenant that arrive together share one transaction.

While one group is being written the next one gathers. A request is answered after the commit that holds its
events. What may wait is bounded where it is let in (`admission`).
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.logging import get_logger
from app.core.metrics import CDP_EVENTS, CDP_GROUP_EVENTS, CDP_QUEUE_EVENTS
from app.services.cdp.events.errors import StoreUnavailable
from app.services.cdp.events.reading import Delivery, Row, Verdict
from app.services.cdp.events.rules import VerdictCode
from app.services.cdp.events.store_repository import EventStore, Interrupted, Outcome, Part, Poisoned, Written

log = get_logger(__name__)

_LINGER_SECONDS = 0.002
_GROUP_EVENTS = 2_500
WRITERS = 6
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One request in the queue."""

    part: Part
    done: asyncio.Future[Outcome]


class GroupWriter:
    """One per process. `submit` returns when the events are committed."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._queues: dict[int, deque[_Waiting]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(WRITERS)
        self._queued = 0

    async def submit(
        self,
        delivery: Delivery,
        rows: Sequence[Row],
        raw: Sequence[bytes],
        verdicts: Sequence[Verdict],
    ) -> Outcome:
        """Commit `rows` (each with its `raw` JSON) and `verdicts`; `StoreUnavailable` if that cannot be known."""
        tenant_id = delivery.tenant_id
        part = Part(delivery, rows, raw, verdicts, Outcome(rejected=list(verdicts)))
        if not part.size:
            return part.outcome
        waiting = _Waiting(part, asyncio.get_running_loop().create_future())
        self._queued += part.size
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

    async def _write(self, tenant_id: int, requests: Sequence[_Waiting]) -> None:
        failure: Exception | None = None
        try:
            await self._settle(tenant_id, [request.part for request in requests])
        except Interrupted as error:
            log.warning("cdp.events.store_interrupted", error=str(error))
            failure = StoreUnavailable()
        except Exception as error:
            log.exception("cdp.events.write_failed")
            failure = error
        for request in requests:
            self._queued -= request.part.size
            if request.done.done():
                continue
            if failure is None:
                request.done.set_result(request.part.outcome)
            else:
                request.done.set_exception(failure)
        CDP_QUEUE_EVENTS.set(self._queued)

    async def _settle(self, tenant_id: int, parts: Sequence[Part]) -> None:
        """Write all, or halve until the one event that cannot be stored stands alone, with its verdict."""
        try:
            written = await self._persist(tenant_id, parts)
        except Poisoned as error:
            await self._halve(tenant_id, parts, str(error))
            return
        for part, new, barred in zip(parts, written.accepted, written.barred, strict=True):
            part.outcome.accepted += new
            part.outcome.duplicates += len(part.rows) - new - len(barred)
            part.outcome.rejected.extend(barred)
        events, accepted = sum(len(part.rows) for part in parts), sum(written.accepted)
        erased = sum(len(each) for each in written.barred)
        CDP_GROUP_EVENTS.observe(events)
        CDP_EVENTS.labels("accepted").inc(accepted)
        CDP_EVENTS.labels("duplicate").inc(events - accepted - erased)
        CDP_EVENTS.labels("rejected").inc(erased + sum(len(part.verdicts) for part in parts))

    async def _halve(self, tenant_id: int, parts: Sequence[Part], reason: str) -> None:
        halves = _halves(parts)
        if halves:
            for half in halves:
                await self._settle(tenant_id, half)
            return
        log.warning("cdp.events.poisoned", tenant_id=tenant_id, reason=reason)
        refused = [_unstored(part) for part in parts]
        await self._persist(tenant_id, refused)
        for part in refused:
            part.outcome.rejected.extend(part.verdicts[-1:])
        CDP_EVENTS.labels("rejected").inc(sum(len(part.verdicts) for part in refused))

    async def _persist(self, tenant_id: int, parts: Sequence[Part]) -> Written:
        """Try again after a fault of the moment: what was committed after all is then found as a duplicate."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._store.write(tenant_id, parts)
            except Interrupted:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS * attempt)
        raise AssertionError("unreachable")


def _take(queue: deque[_Waiting]) -> list[_Waiting]:
    """The next group: whole requests, up to the size that writes best."""
    taken = [queue.popleft()]
    size = taken[0].part.size
    while queue and size + queue[0].part.size <= _GROUP_EVENTS:
        taken.append(queue.popleft())
        size += taken[-1].part.size
    return taken


def _halves(parts: Sequence[Part]) -> Sequence[Sequence[Part]]:
    """The requests in two groups, or the events of a single one; nothing where one event stands alone."""
    if len(parts) > 1:
        return parts[: len(parts) // 2], parts[len(parts) // 2 :]
    part, middle = parts[0], len(parts[0].rows) // 2
    if not middle:
        return ()
    return (
        [replace(part, rows=part.rows[:middle], raw=part.raw[:middle])],
        [replace(part, rows=part.rows[middle:], raw=part.raw[middle:], verdicts=())],
    )


def _unstored(part: Part) -> Part:
    """The same with a verdict in the place of its one event."""
    verdicts = [
        Verdict(
            part.delivery,
            row.message_id,
            row.event_name,
            VerdictCode.UNSTORABLE,
            "the database cannot store it",
            raw,
        )
        for row, raw in zip(part.rows, part.raw, strict=True)
    ]
    return replace(part, rows=(), raw=(), verdicts=[*part.verdicts, *verdicts])
