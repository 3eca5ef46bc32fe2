"""`python -m` this with WAY TENANT ID SANDBOX WIRE: work with a platform, in a process that is to be killed.

With `serve` it reads such words from its input instead, a JSON list in each line, and does each in a child of its own:
it writes the child's number, and then how that ended. A sixth word is the step behind which the child kills itself:

- `flushed MARK`, `committed MARK`: a transaction that left the mark, before or after its commit. A mark is the state
  that an action came to, or `used`: a permit was;
- `read`, `written`, `read back`: the first answer, the answer to the write, the first one behind it.
"""

import asyncio
import json
import os
import signal
import sys
import traceback
from typing import Any
from uuid import UUID

import httpx2
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from app.core.config import get_settings
from app.core.context import Actor, ActorKind
from app.db.session import Scopes, make_engine, scopes_for
from app.models.autopilot.actions import AutopilotAction
from app.models.trust_engine.permits import TrustPermit
from app.services.autopilot.actions.execution import ActionExecution
from app.services.autopilot.actions.requests import ActionRequests, CampaignChange
from app.services.autopilot.actions.watching import ActionWatch
from app.services.campaigns.drafts.publishing import DraftPublishing
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.conversions.service import ConversionSender
from app.services.integrations.gateway import gateway_by

PERSON = Actor(ActorKind.USER, "dana@acme.example")


async def main(way: str, tenant_id: str, target: str, sandbox: str, wire: str, *more: str) -> None:
    step, *facts = more or ("",)
    told = httpx2.get(f"{sandbox}/control/platforms", timeout=60).json()
    led = {
        name.lower(): SecretStr(value) if "SECRET" in name else value.replace(sandbox, wire)
        for name, value in told.items()
    }
    settings = get_settings().model_copy(update=led)
    engine = make_engine(settings.database_url.get_secret_value(), settings)
    async with gateway_by(settings) as opened:
        if step.startswith(("flushed ", "committed ")):
            _dies_with_a_transaction(*step.split(" ", 1))
        elif step:
            method, path, *facts = facts
            opened.http.event_hooks = {"response": [_dies_on_answer(step, method, path)]}
        await _do(way, scopes_for(engine, int(tenant_id), actor=PERSON), UUID(target), *facts)
    await engine.dispose()


async def _do(way: str, scopes: Scopes, target: UUID, *facts: str) -> None:
    if way == "sync":
        await AccountSyncService(scopes).sync(target)
    elif way == "write":
        await ActionExecution(scopes).run(target)
    elif way == "ads":
        await DraftPublishing(scopes).run(target)
    elif way == "propose":
        key, budget = facts
        change = CampaignChange(target, "It earns.", daily_budget_micros=int(budget), idempotency_key=key)
        async with scopes() as scope:
            await ActionRequests(scope).change_campaign(change)
    elif way == "watch":
        async with scopes() as scope:
            await ActionWatch(scope).look()
    else:
        await ConversionSender(scopes).send_due(target)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _dies_with_a_transaction(when: str, mark: str) -> None:
    def left(session: Session) -> set[str]:
        marks: set[str] = session.info.setdefault("marks", set())
        return marks

    def flushed(session: Session, _context: Any) -> None:
        rows = (*session.new, *session.dirty)
        left(session).update(row.state for row in rows if isinstance(row, AutopilotAction))
        if when == "flushed" and mark in left(session):
            _die()

    def executing(state: ORMExecuteState) -> None:
        if state.is_update and state.bind_mapper is not None and state.bind_mapper.class_ is TrustPermit:
            left(state.session).add("used")

    def committed(session: Session) -> None:
        if when == "committed" and mark in left(session):
            _die()

    event.listen(Session, "after_flush", flushed)
    event.listen(Session, "do_orm_execute", executing)
    event.listen(Session, "after_commit", committed)


def _dies_on_answer(step: str, method: str, path: str) -> Any:
    has_written = False

    async def answered(response: httpx2.Response) -> None:
        nonlocal has_written
        request = response.request
        is_write = request.method == method and request.url.path.rstrip("/").endswith(path)
        reached = "written" if is_write else "read back" if has_written else "read"
        has_written |= is_write
        if reached == step:
            _die()

    return answered


def serve() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
            try:
                asyncio.run(main(*json.loads(line)))
            except BaseException:  # noqa: BLE001  (it is said, and ends with the child)
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        print(child, flush=True)  # noqa: T201
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        asyncio.run(main(*sys.argv[1:]))
