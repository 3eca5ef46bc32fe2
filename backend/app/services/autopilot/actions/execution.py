"""From an approved action to a verified one: permit, write, read-back, each step a transaction of its own.

A crash anywhere leaves a state from which `run` goes on: what the platform holds, and not what we remember, says
whether the write arrived. A write is never sent twice on one permit.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.logging import get_logger
from app.db.locks import exclusive_among
from app.db.session import Scopes, TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.trust_engine.kinds import IncidentKind
from app.services.autopilot.actions.rules import LOG_MARGIN, ActionState
from app.services.autopilot.actions.service import AutopilotActions, change_of
from app.services.autopilot.actions.watching import ActionWatch
from app.services.integrations.ports import (
    SET_DAILY_BUDGET,
    SET_LIFETIME_BUDGET,
    SET_STATUS,
    AdPlatform,
    Applied,
    EntityState,
    PlatformError,
    PlatformErrorKind,
)
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.errors import PermitExpired, PermitFrozen, PermitOutdated, PermitRefused
from app.services.trust_engine.gate.service import Change, GateService, Permit, PermitDesk
from app.services.trust_engine.incidents.service import Incidents

log = get_logger(__name__)

MOST_ATTEMPTS = 3
ABANDONED_AFTER = timedelta(minutes=2)
"""Longer than an execution may take, on real time: after that its worker is dead."""

_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=2)
"""Of a stop: well within the life of the permit that is minted before it."""
_GLANCE = 5.0
_NOT_APPLIED = frozenset({PlatformErrorKind.TRANSIENT, PlatformErrorKind.RATE_LIMITED})
_READS = 4
_BETWEEN_READS = 0.5


@dataclass(frozen=True, slots=True)
class _Job:
    """What one run has to do, as read when it took the action on."""

    action_id: UUID
    ad_account_id: UUID
    change: Change
    permit: Permit | None
    state: ActionState
    resumed: bool
    safety: bool


@dataclass(frozen=True, slots=True)
class _Sent:
    """A write that may have left. `used_at` is real, the others are the domain's, as the platform's log is."""

    used_at: datetime
    since: datetime
    until: datetime


class ActionExecution:
    """`glance`: the seconds that a stop looks at what it stops."""

    def __init__(self, scopes: Scopes, *, glance: float = _GLANCE) -> None:
        self._scopes = scopes
        self._glance = glance

    async def run(self, action_id: UUID) -> ActionState:
        """Take the action as far as it goes now; safe to call again after anything, and while it runs elsewhere.

        Only one runs at a time: a second one would read the platform before the first one's write has arrived, and
        write down that it never did.
        """
        async with exclusive_among(self._scopes, "autopilot.actions", str(action_id)) as mine:
            return await self._run(action_id) if mine else await self._state_of(action_id)

    async def _run(self, action_id: UUID) -> ActionState:
        job = await self._take_on(action_id)
        if job is None:
            return await self._state_of(action_id)
        try:
            platform = await IntegrationsService(self._scopes, PermitDesk(self._scopes)).connector(
                job.ad_account_id
            )
            if job.state is not ActionState.APPLIED:
                state = await self._apply(platform, job)
                if state is not ActionState.APPLIED:
                    return state
            return await self._verify(platform, job)
        except PlatformError as error:
            return await self._could_not(job, error)

    async def resume_abandoned(self) -> int:
        """Have everything taken up again whose worker died on the way."""
        async with self._scopes() as scope:
            found = [each for each in await AutopilotActions(scope).in_flight() if _is_abandoned(each)]
            for action in found:
                await scope.enqueue(
                    "autopilot.actions.execute",
                    {"action_id": str(action.id)},
                    queue="default",
                    unless_pending=True,
                )
        return len(found)

    async def _take_on(self, action_id: UUID) -> _Job | None:
        async with self._scopes() as scope:
            actions = AutopilotActions(scope)
            action = await actions.locked(action_id)
            state = ActionState(action.state)
            if await actions.waits_for_its_other_half(action):
                return None
            if state is ActionState.APPROVED:
                await actions.advance(action, ActionState.EXECUTING, note="Execution began.")
            elif state not in {ActionState.EXECUTING, ActionState.APPLIED}:
                return None
            return _Job(
                action.id,
                action.ad_account_id,
                change_of(action),
                _permit_of(scope, action),
                state,
                resumed=state is ActionState.EXECUTING,
                safety=action.safety,
            )

    async def _apply(self, platform: AdPlatform, job: _Job) -> ActionState:
        """Bring the platform to the wanted state, once; answers the state the action is left in."""
        try:
            async with asyncio.timeout(self._glance if job.safety else None):
                seen = await _read(platform, job.change)
        except PlatformError as error:
            if not job.safety or error.kind not in _NOT_APPLIED:
                raise
            return await self._stop_unseen(platform, job, error.message)
        except TimeoutError:
            return await self._stop_unseen(platform, job, "The platform did not say in time what it holds.")
        if seen.holds(job.change):
            note = "Found applied after an interruption." if job.resumed else "The platform held it already."
            return await self._advance(job, ActionState.APPLIED, note)
        if seen.facts(job.change.operation) != dict(job.change.before):
            return await self._edited_by_others(job, seen)
        if job.resumed or job.permit is None:
            return await self._never_arrived(platform, job, seen)
        return await self._write(platform, job, job.permit)

    async def _stop_unseen(self, platform: AdPlatform, job: _Job, why: str) -> ActionState:
        """A stop does not wait for a look at what it stops: a breaker, a limit or silence would hold it back."""
        if job.resumed or job.permit is None:
            return await self._decide_again(job, why, timedelta(0))
        return await self._write(platform, job, job.permit)

    async def _never_arrived(self, platform: AdPlatform, job: _Job, seen: EntityState) -> ActionState:
        """The platform shows what was there before a write that may have been sent: who sent it is dead.

        It may be on its way still, and would be doubled: it is left for a later look. Or it arrived and somebody has
        taken it back since: that is not overwritten. A stop asks for neither; sent twice it is one.
        """
        sent = await self._sent(job)
        if sent is None or job.safety:
            return await self._decide_again(job, "The write never arrived.", timedelta(0))
        if real_now() - sent.used_at < ABANDONED_AFTER:
            return ActionState.EXECUTING
        if await _was_edited(platform, job.change, sent):
            return await self._edited_by_others(job, seen)
        return await self._decide_again(job, "The write never arrived.", timedelta(0))

    async def _sent(self, job: _Job) -> _Sent | None:
        """When a write may have left: the permit was used; None where it was not, so that nothing has."""
        if job.permit is None:
            return None
        async with self._scopes() as scope:
            used_at = await GateService(scope).used_at(job.permit.id)
            begun = [
                each.at
                for each in await AutopilotActions(scope).timeline(job.action_id)
                if each.to_state == ActionState.EXECUTING
            ]
            return None if used_at is None or not begun else _Sent(used_at, begun[-1], scope.now())

    async def _write(self, platform: AdPlatform, job: _Job, permit: Permit) -> ActionState:
        try:
            applied = await _send(platform, job.change, permit)
        except PermitRefused as error:
            return await self._refused(job, error)
        except PlatformError as error:
            return await self._not_answered(platform, job, error)
        return await self._advance(job, ActionState.APPLIED, "The platform accepted it.", trace=applied.trace)

    async def _refused(self, job: _Job, error: PermitRefused) -> ActionState:
        if isinstance(error, PermitOutdated):
            for account in await self._accounts(job):
                async with self._scopes() as scope:
                    await GateService(scope).freshen(account)
            async with self._scopes() as scope:
                action = await AutopilotActions(scope).locked(job.action_id)
                # The platform was asked for nothing, so that this is no attempt that failed.
                await AutopilotActions(scope).decide_again(action)
                return ActionState(action.state)
        if isinstance(error, PermitExpired):
            return await self._decide_again(job, "The permit had expired.", timedelta(0))
        if isinstance(error, PermitFrozen):
            return await self._advance(job, ActionState.BLOCKED, error.detail)
        return await self._fail(job, error.code, error.detail)

    async def _accounts(self, job: _Job) -> tuple[UUID, ...]:
        """Those that the decision reads: its own, and of a move the other half's."""
        async with self._scopes() as scope:
            actions = AutopilotActions(scope)
            half = (await actions.get(job.action_id)).other_half
            other = () if half is None else ((await actions.get(half)).ad_account_id,)
            return (job.ad_account_id, *other)

    async def _not_answered(self, platform: AdPlatform, job: _Job, error: PlatformError) -> ActionState:
        if error.kind is PlatformErrorKind.AMBIGUOUS:
            return await self._read_back_ambiguous(platform, job)
        if error.kind in _NOT_APPLIED:
            wait = timedelta(seconds=error.retry_after or _PAUSE.total_seconds())
            return await self._decide_again(job, error.message, wait)
        return await self._fail(job, error.code, error.message)

    async def _read_back_ambiguous(self, platform: AdPlatform, job: _Job) -> ActionState:
        """A write left and no answer came: what the platform holds decides, and nothing is sent again."""
        seen = await _read_until(platform, job.change)
        if seen.holds(job.change):
            return await self._advance(job, ActionState.APPLIED, "No answer came; read back: it holds.")
        if seen.facts(job.change.operation) == dict(job.change.before):
            return await self._decide_again(job, "No answer came; read back: it does not hold.", _PAUSE)
        return await self._edited_by_others(job, seen)

    async def _verify(self, platform: AdPlatform, job: _Job) -> ActionState:
        seen = await _read_until(platform, job.change)
        if seen.holds(job.change):
            return await self._verified(job)
        async with self._scopes() as scope:
            action = await AutopilotActions(scope).locked(job.action_id)
            found = seen.facts(job.change.operation)
            said = f"{action.entity_name}: asked for {job.change.after}, the platform holds {found}."
            await Incidents(scope).open(
                IncidentKind.READ_BACK_MISMATCH,
                said,
                ad_account_id=job.ad_account_id,
                evidence={"action_id": str(job.action_id), "asked": dict(job.change.after), "found": found},
            )
            await _end(scope, action, "autopilot.actions.read_back_mismatch", said)
        return ActionState.FAILED

    async def _verified(self, job: _Job) -> ActionState:
        async with self._scopes() as scope:
            actions = AutopilotActions(scope)
            action = await actions.locked(job.action_id)
            if action.state != ActionState.APPLIED:
                return ActionState(action.state)
            await actions.advance(action, ActionState.VERIFIED, note="Read back: the platform holds it.")
            if action.rollback_of is None and not action.safety and action.operation != SET_STATUS:
                action.watch_until = scope.now() + await ActionWatch(scope).lasts(action.ad_account_id)
            await scope.enqueue(
                "integrations.sync_account",
                {"ad_account_id": str(job.ad_account_id)},
                queue="sync",
                unless_waiting=True,
            )
            if action.rollback_of is not None:
                undone = await actions.locked(action.rollback_of)
                await actions.advance(undone, ActionState.ROLLED_BACK, note="What it changed was restored.")
            if action.other_half is not None:
                await actions.execute_soon(action.other_half)
        return ActionState.VERIFIED

    async def _edited_by_others(self, job: _Job, seen: EntityState) -> ActionState:
        found = seen.facts(job.change.operation)
        said = f"Somebody else changed {seen.name} to {found}: it is not overwritten."
        async with self._scopes() as scope:
            action = await AutopilotActions(scope).locked(job.action_id)
            await Incidents(scope).open(
                IncidentKind.EXTERNAL_EDIT,
                said,
                ad_account_id=job.ad_account_id,
                evidence={
                    "action_id": str(job.action_id),
                    "expected": dict(job.change.before),
                    "found": found,
                },
            )
            await _end(scope, action, "autopilot.actions.edited_by_others", said)
        return ActionState.FAILED

    async def _decide_again(self, job: _Job, why: str, delay: timedelta) -> ActionState:
        async with self._scopes() as scope:
            actions = AutopilotActions(scope)
            action = await actions.locked(job.action_id)
            if action.attempts >= MOST_ATTEMPTS:
                if not action.safety:
                    await _end(scope, action, "autopilot.actions.gave_up", why)
                    return ActionState.FAILED
                # A stop is never given up; it is only asked for less often.
                delay = max(delay, min(_PAUSE * action.attempts, _LONGEST_PAUSE))
            await actions.decide_again(action, delay=delay)
            return ActionState(action.state)

    async def _could_not(self, job: _Job, error: PlatformError) -> ActionState:
        """The platform could not even be read. What may still hold is left for the next try."""
        if error.kind in _NOT_APPLIED or error.kind is PlatformErrorKind.AMBIGUOUS:
            raise error
        if job.state is ActionState.APPLIED:
            raise error
        return await self._fail(job, error.code, error.message)

    async def _fail(self, job: _Job, code: str, detail: str) -> ActionState:
        async with self._scopes() as scope:
            action = await AutopilotActions(scope).locked(job.action_id)
            await _end(scope, action, code, detail)
        return ActionState.FAILED

    async def _advance(
        self, job: _Job, to: ActionState, note: str, *, trace: str | None = None
    ) -> ActionState:
        async with self._scopes() as scope:
            actions = AutopilotActions(scope)
            action = await actions.locked(job.action_id)
            await actions.advance(action, to, note=note, detail={"trace": trace} if trace else None)
        return to

    async def _state_of(self, action_id: UUID) -> ActionState:
        async with self._scopes() as scope:
            return ActionState((await AutopilotActions(scope).get(action_id)).state)


async def _end(scope: TenantScope, action: AutopilotAction, code: str, detail: str) -> None:
    action.error_code, action.error_detail = code, detail
    await AutopilotActions(scope).advance(action, ActionState.FAILED, note=detail, detail={"code": code})


async def _send(platform: AdPlatform, change: Change, permit: Permit) -> Applied:
    if change.operation == SET_DAILY_BUDGET:
        return await platform.set_daily_budget(change, permit)
    if change.operation == SET_LIFETIME_BUDGET:
        return await platform.set_lifetime_budget(change, permit)
    return await platform.set_status(change, permit)


async def _read(platform: AdPlatform, change: Change) -> EntityState:
    return await platform.read_entity(change.entity_type, change.entity)  # type: ignore[arg-type]  # budgeted types


async def _was_edited(platform: AdPlatform, change: Change, sent: _Sent) -> bool:
    """Whether the platform's own log knows of an edit of the entity since; one that tells no log knows of none.

    A new name takes nothing back. Whatever else was edited, or cannot be told, may have.
    """
    try:
        edits = await platform.recent_edits(sent.since - LOG_MARGIN, sent.until)
    except PlatformError as error:
        if error.kind in _NOT_APPLIED:
            raise
        log.warning("autopilot.actions.edits_not_known", entity=change.entity, code=error.code)
        return False
    since = sent.since - LOG_MARGIN
    return any(each.entity == change.entity and each.at >= since and not each.renames for each in edits)


async def _read_until(platform: AdPlatform, change: Change) -> EntityState:
    """What the platform holds, allowing it a moment to show a write that it took."""
    seen = await _read(platform, change)
    for _ in range(_READS - 1):
        if seen.holds(change):
            break
        await asyncio.sleep(_BETWEEN_READS)
        seen = await _read(platform, change)
    return seen


def _permit_of(scope: TenantScope, action: AutopilotAction) -> Permit | None:
    if action.permit_id is None or action.permit_expires_at is None:
        return None
    return Permit(
        tenant_id=scope.tenant_id,
        id=action.permit_id,
        digest=change_of(action).digest,
        expires_at=action.permit_expires_at,
    )


def _is_abandoned(action: AutopilotAction) -> bool:
    since = action.executing_at or action.permit_expires_at
    return since is not None and real_now() - since > ABANDONED_AFTER
