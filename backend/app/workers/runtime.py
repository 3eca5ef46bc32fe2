"""How a worker process runs a task: one event loop and one engine per process, one task at a time.

Celery only delivers. The outbox row is the task: it goes in the transaction of the work, or it is put back for
later with its error, or it becomes a dead letter. So a task may come twice, half done or never, and the outcome is
the same.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sentry_sdk
import structlog
import uvloop

from app.core.clock import clock_from
from app.core.config import Settings
from app.core.context import SYSTEM, Actor, ActorKind, Origin, origin
from app.core.errors import StratumError
from app.core.logging import get_logger, redact_text
from app.core.metrics import DEAD_LETTERS, TASK_SECONDS, TASKS
from app.db import outbox
from app.db.locks import exclusive
from app.db.outbox import Message
from app.db.platform import Platform, maintenance_engine
from app.db.session import Scopes, make_engine, open_scope, scopes_for
from app.services.work.dead_letters.service import DeadLetterService
from app.workers.handlers import HANDLERS, PERIODIC, Handler, Takes

log = get_logger(__name__)

_FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 600.0
_WORKER_DEATHS = 3
_ERROR_LENGTH = 500


class Outcome(StrEnum):
    DONE = "done"
    DUPLICATE = "duplicate"
    RETRIED = "retried"
    DEAD = "dead"
    FAILED = "failed"


class WorkerKilled(StratumError):
    """The task's process died each time that it ran."""

    status = 409
    code = "work.worker_killed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What travels through Celery: which task of which tenant. Everything else is read from its row."""

    task_id: UUID
    tenant_id: int


def is_permanent(error: Exception) -> bool:
    """Whether trying again cannot help: an error that says what is wrong with the request, but not "wait"."""
    transient = getattr(error, "transient", None)
    if transient is not None:
        return not transient
    if isinstance(error, StratumError):
        return error.status < 500 and error.status != 429  # noqa: PLR2004  (HTTP's own borders)
    return isinstance(error, TypeError | LookupError)


def pause_before(attempt: int, error: Exception) -> timedelta:
    """Growing, with jitter, at least what the other side asked for. `attempt` counts from 0."""
    grown = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
    jittered = grown * random.uniform(0.5, 1.0)  # noqa: S311  (spreads load, guards nothing)
    return timedelta(seconds=max(jittered, float(getattr(error, "retry_after", None) or 0)))


class Runtime:
    """A worker process's own loop, engine and clock."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._engine = make_engine(settings.database_url.get_secret_value(), settings, name="stratum-worker")
        self._upkeep = maintenance_engine(settings) if settings.database_maintenance_url else None
        self._clock = clock_from(settings.stratum_clock_url)

    def close(self) -> None:
        self._runner.run(self.aclose())
        self._runner.close()

    async def aclose(self) -> None:
        await self._engine.dispose()
        if self._upkeep is not None:
            await self._upkeep.dispose()

    def run_task(self, name: str, delivery: Delivery) -> Outcome:
        return self._runner.run(self.deliver(name, delivery))

    def run_tick(self, name: str) -> None:
        self._runner.run(self.tick(name))

    async def tick(self, name: str) -> None:
        """A periodic task's hour has come: run it, or have it run for every active tenant."""
        handler = PERIODIC[name].handler
        platform = Platform(self._engine, self._settings, self._clock, self._upkeep)
        with structlog.contextvars.bound_contextvars(task=name):
            if handler.takes is Takes.PLATFORM:
                started = time.perf_counter()
                await self._platform_task(handler, platform)
                TASK_SECONDS.labels(name).observe(time.perf_counter() - started)
                return
            for tenant_id in await platform.active_tenants():
                async with open_scope(self._engine, tenant_id, clock=self._clock) as scope:
                    await scope.enqueue(name, {}, unless_pending=True)

    async def _platform_task(self, handler: Handler, platform: Platform) -> None:
        try:
            async with asyncio.timeout(handler.timeout.total_seconds()):
                await handler.function(platform)
        except Exception as error:
            TASKS.labels(handler.name, Outcome.FAILED).inc()
            log.exception("work.tick_failed")
            sentry_sdk.capture_exception(error)
        else:
            TASKS.labels(handler.name, Outcome.DONE).inc()

    async def deliver(self, name: str, delivery: Delivery) -> Outcome:
        """Run one task, if it is still to be done, and settle it."""
        handler = HANDLERS[name]
        if handler.takes is Takes.SCOPE:
            return await self._attempt(handler, delivery)
        async with exclusive(self._engine, f"task:{delivery.task_id}") as mine:
            return await self._attempt(handler, delivery) if mine else self._not_ours(handler, delivery)

    @staticmethod
    def _not_ours(handler: Handler, delivery: Delivery) -> Outcome:
        log.info(
            "work.task_not_ours",
            task=handler.name,
            task_id=str(delivery.task_id),
            tenant_id=delivery.tenant_id,
        )
        TASKS.labels(handler.name, Outcome.DUPLICATE).inc()
        return Outcome.DUPLICATE

    async def _attempt(self, handler: Handler, delivery: Delivery) -> Outcome:
        async with open_scope(self._engine, delivery.tenant_id) as scope:
            message = await outbox.start(scope.session, delivery.task_id)
        if message is None:
            return self._not_ours(handler, delivery)
        actor, request_id = _asked_by(message)
        scopes = scopes_for(self._engine, message.tenant_id, actor=actor, clock=self._clock)
        token = origin.set(Origin(request_id=request_id))
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(
            task=handler.name, task_id=str(message.id), tenant_id=message.tenant_id, request_id=request_id
        ):
            try:
                outcome = await self._run(handler, scopes, message)
            finally:
                origin.reset(token)
            seconds = time.perf_counter() - started
            TASKS.labels(handler.name, outcome).inc()
            TASK_SECONDS.labels(handler.name).observe(seconds)
            log.info("work.task_finished", outcome=outcome, duration_ms=round(seconds * 1000, 2))
        return outcome

    async def _run(self, handler: Handler, scopes: Scopes, message: Message) -> Outcome:
        # Copies that arrive at once start too; only a task that was handed over again had its worker die.
        if min(message.starts, message.handovers) > _WORKER_DEATHS:
            return await self._settle(handler, scopes, message, WorkerKilled(starts=message.starts))
        try:
            async with asyncio.timeout(handler.timeout.total_seconds()):
                if handler.takes is Takes.SCOPE:
                    return await self._in_one_transaction(handler, scopes, message)
                return await self._step_by_step(handler, scopes, message)
        except Exception as error:  # noqa: BLE001  (whatever went wrong is settled)
            return await self._settle(handler, scopes, message, error)

    @staticmethod
    async def _in_one_transaction(handler: Handler, scopes: Scopes, message: Message) -> Outcome:
        async with scopes() as scope:
            if await outbox.take(scope.session, message.id) is None:
                return Outcome.DUPLICATE
            await handler.function(scope, **message.payload)
        return Outcome.DONE

    @staticmethod
    async def _step_by_step(handler: Handler, scopes: Scopes, message: Message) -> Outcome:
        await handler.function(scopes, **message.payload)
        async with scopes() as scope:
            await outbox.take(scope.session, message.id)
        return Outcome.DONE

    async def _settle(self, handler: Handler, scopes: Scopes, message: Message, error: Exception) -> Outcome:
        """Put a failed task back for later, or bury it."""
        said = redact_text(f"{type(error).__name__}: {error}")[:_ERROR_LENGTH]
        if not is_permanent(error) and message.attempts < handler.max_retries:
            log.warning("work.task_will_be_retried", attempt=message.attempts + 1, error=said)
            async with scopes() as scope:
                await outbox.retry(
                    scope.session, message.id, error=said, delay=pause_before(message.attempts, error)
                )
            return Outcome.RETRIED
        log.error("work.task_given_up", attempts=message.attempts + 1, exc_info=error)
        sentry_sdk.capture_exception(error)
        async with scopes() as scope:
            await outbox.take(scope.session, message.id)
            await DeadLetterService(scope).bury(
                message, code=error.code if isinstance(error, StratumError) else "internal", error=said
            )
        DEAD_LETTERS.labels(message.name).inc()
        return Outcome.DEAD


def _asked_by(message: Message) -> tuple[Actor, str | None]:
    """Who enqueued the task, and in which request: it acts in their name."""
    actor: dict[str, Any] | None = message.context.get("actor")
    if actor is None:
        return SYSTEM, None
    known = Actor(ActorKind(actor["kind"]), actor["label"], UUID(actor["id"]) if actor["id"] else None)
    return known, message.context.get("request_id")
