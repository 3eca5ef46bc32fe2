"""Tasks to test with, and a Celery application that knows them: `celery -A tests.workers.stand worker`."""

import asyncio
import os
import signal
from datetime import timedelta

from sqlalchemy import text

from app.core.errors import Conflict, Unavailable
from app.core.logging import get_logger
from app.db.platform import Platform
from app.db.session import Scopes, TenantScope
from app.services.audit_logs.service import AuditLog
from app.workers.handlers import every, handles

log = get_logger(__name__)


class Refused(Conflict):
    """This can never work."""

    code = "stand.refused"


async def note(scope: TenantScope, mark: str) -> None:
    """Leave a trace that tests count: a row in the audit trail."""
    await AuditLog(scope).record("stand.noted", entity="stand", entity_id=mark)


@handles("stand.note", queue="cdp")
async def noted(scope: TenantScope, mark: str) -> None:
    await note(scope, mark)


@handles("stand.slow_note")
async def slowly_noted(scope: TenantScope, mark: str, seconds: float) -> None:
    await note(scope, mark)
    await asyncio.sleep(seconds)


@handles("stand.step_by_step", queue="sync")
async def step_by_step(scopes: Scopes, mark: str, seconds: float = 0.0) -> None:
    await asyncio.sleep(seconds)
    async with scopes() as scope:
        found = await scope.session.execute(
            text("select 1 from audit_logs where entity = 'stand' and entity_id = :mark"), {"mark": mark}
        )
        if found.first() is None:
            await note(scope, mark)


@handles("stand.refused")
async def refused(scope: TenantScope, mark: str) -> None:
    await note(scope, mark)
    raise Refused


@handles("stand.down", max_retries=2)
async def down(scope: TenantScope, mark: str) -> None:
    await note(scope, mark)
    raise Unavailable


@handles("stand.too_long", timeout=0.05, max_retries=1)
async def too_long(scope: TenantScope, mark: str) -> None:
    await note(scope, mark)
    await asyncio.sleep(5)


@handles("stand.deadly")
async def deadly(scope: TenantScope) -> None:
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGKILL)


@handles("stand.chain", queue="rules")
async def chained(scope: TenantScope, mark: str, left: int) -> None:
    await note(scope, f"{mark}-{left}")
    if left:
        await scope.enqueue("stand.chain", {"mark": mark, "left": left - 1}, delay=timedelta(0))


@every(seconds=1)
@handles("stand.ticked")
async def ticked(_: Platform) -> None:
    """Runs by the clock; the worker's log says that it did."""
    await asyncio.sleep(0)
    log.info("stand.ticked")


from app.workers.celery_app import celery_app  # noqa: E402  (it registers the handlers that exist by now)

__all__ = ["celery_app"]
