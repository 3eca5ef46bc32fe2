"""The fault matrix's rows of a death between every two steps of the execution protocol, on each platform.

Intent, permit, write, record, read-back, watch, rollback: a process really dies right behind each of them. Then the
ordinary recovery runs: the task is delivered again, and what was abandoned is taken up. Nothing is doubled, and what
we say is what the platform holds. `python -m benchmarks.fault_matrix` runs all of it, and prints the table.
"""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.integrations.kinds import Platform
from app.services.autopilot.actions.execution import ActionExecution
from app.services.autopilot.actions.requests import ActionRequests, CampaignChange
from app.services.autopilot.actions.rules import IN_FLIGHT, ActionState
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.actions.watching import ActionWatch
from app.services.integrations.vendors import VENDORS
from app.services.trust_engine.gate.service import KillSwitch, deciders
from app.services.trust_engine.ledger.service import Ledger
from app.workers.runtime import Runtime
from tests.factories.access import Company
from tests.factories.autopilot import Target, find_target
from tests.factories.protocol import (
    PlatformLog,
    actions,
    permits_used,
    real_time_passed,
    turned_out_badly,
    waiting,
    work,
)
from tests.factories.trust import trusted
from tests.house.source import BACKEND
from tests.services.integrations.contract.conftest import Bench
from tests.services.integrations.contract.subjects import CENT
from tests.workers.processes import PYTHON, eventually

pytestmark = pytest.mark.timeout(240)

LONGER_THAN_AN_EXECUTION = 3
"""Minutes."""
SENT = "sent"
INTENT = ("flushed approved", "committed approved")
CALL = ("committed used", SENT, "written")
WRITE = ("committed executing", "read", *CALL, "committed applied", "read back", "committed verified")
UNDO = ("flushed approved", "committed approved")
UNDOING = ("committed used", "written", "committed applied", "flushed rolled_back", "committed rolled_back")


@dataclass(frozen=True)
class Step:
    """Where a process dies: while something is proposed, written, found harmful, or undone."""

    phase: str
    behind: str

    def __str__(self) -> str:
        return f"{self.phase}: {self.behind}"


STEPS = (
    *(Step("intent", each) for each in INTENT),
    *(Step("write", each) for each in WRITE),
    *(Step("watch", each) for each in UNDO),
    *(Step("undo", each) for each in UNDOING),
)


def _is_quick(platform: Platform, step: Step) -> bool:
    """What differs between platforms is the call; all the rest is walked at one of them."""
    return platform is Platform.META or (step.phase == "write" and step.behind in CALL)


CELLS = [
    pytest.param(
        platform,
        step,
        id=f"{platform.value}-{step}",
        marks=() if _is_quick(platform, step) else pytest.mark.long,
    )
    for platform in VENDORS
    for step in STEPS
]


class Doomed:
    """A process whose children do the work and die of it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [PYTHON, "-m", "tests.services.integrations.contract.doomed", "serve"],
            cwd=BACKEND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, *words: str) -> int:
        """The number of the child that does it."""
        assert self._process.stdin is not None
        print(json.dumps(words), file=self._process.stdin, flush=True)
        return int(self._line())

    def ended(self) -> int:
        """How it ended: the signal that killed it, negative."""
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def doomed() -> Iterator[Doomed]:
    found = Doomed()
    yield found
    found.close()


@dataclass
class Walk:
    """One platform, one campaign there, and those who work for the tenant: some of them die."""

    bench: Bench
    company: Company
    doomed: Doomed
    runtime: Runtime
    target: Target
    log: PlatformLog
    wanted: int

    @property
    def scopes(self) -> Scopes:
        return self.bench.scopes

    def change(self, key: str) -> CampaignChange:
        return CampaignChange(
            self.target.campaign_id, "It earns.", daily_budget_micros=self.wanted, idempotency_key=key
        )

    async def proposed(self, key: str) -> UUID:
        async with self.scopes() as scope:
            action = await ActionRequests(scope).change_campaign(self.change(key))
            assert action.state == ActionState.APPROVED, action.reasons
            return action.id

    async def dies(self, way: str, target: UUID, step: str, *facts: str) -> None:
        """A process does it, and is dead behind the step."""
        sandbox = self.bench.sandbox
        # Logs of edits speak to the second: what was done before is a second old.
        await asyncio.sleep(1.1 if step == "committed used" else 0)
        is_answer = not step.startswith(("flushed", "committed"))
        at = self.bench.subject.write if is_answer else ()
        words = (way, str(self.company.id), str(target), sandbox.url, sandbox.url, step, *at, *facts)
        child = await asyncio.to_thread(self.doomed.begin, *words)
        if step == SENT:
            before = len(self.log.writes())

            async def is_there() -> bool:
                return len(self.log.writes()) > before

            try:
                await eventually(is_there, within=20)
            finally:
                os.kill(child, signal.SIGKILL)
        assert await asyncio.to_thread(self.doomed.ended) == -signal.SIGKILL, "it came to the step"

    async def recovered(self, action_id: UUID) -> ActionState:
        """The task is delivered again at once; what stays in flight then is taken up as abandoned."""
        await work(self.scopes, self.runtime)
        for _ in range(50):
            async with self.scopes() as scope:
                state = ActionState((await AutopilotActions(scope).get(action_id)).state)
            if state not in IN_FLIGHT:
                return state
            # The dead one's lock is the database's, which lets go of it when it sees that the process is gone.
            await asyncio.sleep(0.1)
            await real_time_passed(self.scopes, LONGER_THAN_AN_EXECUTION)
            await ActionExecution(self.scopes).resume_abandoned()
            await work(self.scopes, self.runtime)
        raise AssertionError(f"It stays {state}.")

    async def is_whole(self, *, writes: int) -> None:
        """So many writes reached the platform, each on a permit of its own; the ledger is whole; nothing waits."""
        assert len(self.log.writes()) == writes
        assert len(await permits_used(self.scopes)) >= writes
        assert await waiting(self.scopes) == []
        async with self.scopes() as scope:
            found = await Ledger(scope).verify(deciders())
        assert found.whole, found.faults


@pytest.fixture
async def walk(bench: Bench, acme: Company, doomed: Doomed, settings: Settings) -> AsyncIterator[Walk]:
    quick = {"change_delay": 0.0, "processing": 0.0}
    before = {name: bench.sandbox.vendor("google")[name] for name in quick}
    bench.sandbox.control("POST", "google/quota", json=quick)
    runtime = Runtime(settings)
    account = bench.place.account
    target = await find_target(
        bench.scopes,
        account,
        platform=bench.name.value,
        account=bench.subject.account,
        entity=bench.subject.campaign,
    )
    await trusted(bench.scopes, account)
    yield Walk(
        bench,
        acme,
        doomed,
        runtime,
        target,
        PlatformLog(bench.sandbox, *bench.subject.write),
        target.budget_micros + 456 * CENT,
    )
    await runtime.aclose()
    bench.sandbox.control("POST", "google/quota", json=before)


async def while_proposed(walk: Walk, step: str) -> str:
    """Intent and permit are one commit: either both are there or neither, and who asks again gets one action."""
    key = uuid7().hex
    await walk.dies("propose", walk.target.campaign_id, step, key, str(walk.wanted))
    assert len(await actions(walk.scopes)) == (0 if step.startswith("flushed") else 1)
    async with walk.scopes() as scope:
        action = await ActionRequests(scope).change_campaign(walk.change(key))
    assert await walk.recovered(action.id) is ActionState.VERIFIED
    assert len(await actions(walk.scopes)) == 1
    assert walk.bench.subject.held(walk.bench.sandbox) == walk.wanted
    await walk.is_whole(writes=1)
    return "written once"


async def while_written(walk: Walk, step: str) -> str:
    action = await walk.proposed(uuid7().hex)
    if step == SENT:
        method, path = walk.bench.subject.write
        walk.bench.order("latency", path, method=method, seconds=1.5, count=1)
    await walk.dies("write", action, step)
    if step == SENT:
        await work(walk.scopes, walk.runtime)
        (written,) = walk.log.writes()
        assert written.ended_at is None, "it is on its way still"
        async with walk.scopes() as scope:
            assert (await AutopilotActions(scope).get(action)).state == ActionState.EXECUTING

        async def has_arrived() -> bool:
            return walk.log.writes()[0].ended_at is not None

        await eventually(has_arrived)
    assert await walk.recovered(action) is ActionState.VERIFIED
    assert walk.bench.subject.held(walk.bench.sandbox) == walk.wanted
    await walk.is_whole(writes=1)
    permits = len(await permits_used(walk.scopes))
    assert permits == (2 if step == "committed used" else 1)
    return "written once" if permits == 1 else "written once, on a second permit"


async def while_found_harmful(walk: Walk, step: str) -> str:
    action = await verified(walk)
    await turned_out_badly(walk.scopes, action)
    await walk.dies("watch", walk.target.campaign_id, step)
    async with walk.scopes() as scope:
        await ActionWatch(scope).look()
    return await undone(walk, action)


async def while_undone(walk: Walk, step: str) -> str:
    action = await verified(walk)
    await turned_out_badly(walk.scopes, action)
    async with walk.scopes() as scope:
        assert await ActionWatch(scope).look() == 1
    (rollback,) = [each.id for each in (await actions(walk.scopes)).values() if each.rollback_of]
    await walk.dies("write", rollback, step)
    return await undone(walk, action)


async def verified(walk: Walk) -> UUID:
    action = await walk.proposed(uuid7().hex)
    await work(walk.scopes, walk.runtime)
    assert (await actions(walk.scopes))[action].state == ActionState.VERIFIED
    return action


async def undone(walk: Walk, action: UUID) -> str:
    (rollback,) = [each.id for each in (await actions(walk.scopes)).values() if each.rollback_of]
    assert await walk.recovered(rollback) is ActionState.VERIFIED
    assert (await actions(walk.scopes))[action].state == ActionState.ROLLED_BACK
    assert walk.bench.subject.held(walk.bench.sandbox) == walk.target.budget_micros
    async with walk.scopes() as scope:
        assert await ActionWatch(scope).look() == 0
    await walk.is_whole(writes=2)
    return "undone once"


@pytest.mark.parametrize(("bench", "step"), CELLS, indirect=["bench"])
async def test_protocol_cell(walk: Walk, step: Step, record_property: Callable[[str, object], None]) -> None:
    phases = {
        "intent": while_proposed,
        "write": while_written,
        "watch": while_found_harmful,
        "undo": while_undone,
    }
    record_property("became", await phases[step.phase](walk, step.behind))


@pytest.mark.parametrize("bench", [Platform.META], indirect=True)
async def test_what_died_before_its_call_is_not_sent_once_the_switch_is_on(walk: Walk) -> None:
    action = await walk.proposed(uuid7().hex)
    await walk.dies("write", action, "committed used")
    async with walk.scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Stop everything.")
    assert await walk.recovered(action) is ActionState.BLOCKED
    assert walk.bench.subject.held(walk.bench.sandbox) == walk.target.budget_micros
    await walk.is_whole(writes=0)


@pytest.mark.parametrize("bench", [Platform.META], indirect=True)
@pytest.mark.parametrize("also", [{}, {"status": "PAUSED"}])
async def test_a_new_name_alone_does_not_end_what_a_dead_writer_left(
    walk: Walk, also: dict[str, str]
) -> None:
    action = await walk.proposed(uuid7().hex)
    await walk.dies("write", action, "committed used")
    sandbox, entity = walk.bench.sandbox, walk.target.entity
    name = sandbox.graph("GET", entity, fields="name").json()["name"]
    changes = {"name": f"Named anew {uuid7().hex}", **also}
    sandbox.control("POST", "meta/edit", json={"object_id": entity, "changes": changes})
    try:
        ended = await walk.recovered(action)
    finally:
        mended = {"object_id": entity, "changes": {"name": name, "status": "ACTIVE"}}
        sandbox.control("POST", "meta/edit", json=mended)
    assert ended is (ActionState.FAILED if also else ActionState.VERIFIED)
    await walk.is_whole(writes=0 if also else 1)


@pytest.mark.parametrize("bench", [Platform.META], indirect=True)
async def test_what_somebody_took_back_behind_a_dead_writer_is_not_written_again(walk: Walk) -> None:
    """The platform shows what was there before, and its log says why."""
    action = await walk.proposed(uuid7().hex)
    await walk.dies("write", action, "written")
    walk.bench.subject.edit(walk.bench.sandbox, walk.target.budget_micros, True)
    assert await walk.recovered(action) is ActionState.FAILED
    assert (await actions(walk.scopes))[action].error_code == "autopilot.actions.edited_by_others"
    assert walk.bench.subject.held(walk.bench.sandbox) == walk.target.budget_micros
    await walk.is_whole(writes=1)
