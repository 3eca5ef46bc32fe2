"""A stop at work: one campaign after another, each in a transaction of its own, under the name of who asked.

A crash leaves campaigns whose turn has not come. Whoever takes the stop up again goes on with them, and a key for each
campaign of a stop makes one action of what is proposed twice.
"""

from dataclasses import replace
from datetime import timedelta
from enum import Enum, auto
from uuid import UUID

from app.core.context import Actor, ActorKind
from app.core.logging import get_logger
from app.db.locks import exclusive_among
from app.db.session import Scopes, TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.autopilot.stops import AutopilotStop
from app.models.trust_engine.kinds import Origin
from app.services.autopilot.actions.service import ActionState, AutopilotActions, Wanted
from app.services.autopilot.stops.repository import StopRepository, Target
from app.services.autopilot.stops.rules import Kept, PassedOver, Paused, StopKind, kept
from app.services.trust_engine.gate.service import KillSwitch

log = get_logger(__name__)

MOST_AT_ONCE = 200
"""Campaigns of one task: each is a decision of the gate."""
_LOOK_AGAIN = timedelta(seconds=15)
_GIVEN_BACK = "The stop was given back."
_ORIGINS = {StopKind.PAUSE_ALL: Origin.STOP, StopKind.EMERGENCY_STOP: Origin.KILL_SWITCH}
_WAITS = frozenset({ActionState.EXECUTING, ActionState.APPLIED})


class Came(Enum):
    """What came of one turn."""

    ON = auto()
    WAIT = auto()
    END = auto()


class StopRuns:
    """`most`: campaigns of one task; the rest are another's."""

    def __init__(self, scopes: Scopes, *, most: int = MOST_AT_ONCE) -> None:
        self._scopes = scopes
        self._most = most

    async def go_on(self, stop_id: UUID) -> None:
        """Propose for the campaigns whose turn has not come; safe to call again after anything."""
        async with exclusive_among(self._scopes, "autopilot.stops", str(stop_id)) as mine:
            if mine:
                await self._go_on(stop_id)

    async def resume(self) -> int:
        """Have every stop taken up again that has not come to its end."""
        async with self._scopes() as scope:
            found = await StopRepository(scope).unfinished()
            for stop_id in found:
                await _soon(scope, stop_id)
        return len(found)

    async def _go_on(self, stop_id: UUID) -> None:
        came = Came.ON
        for _ in range(self._most):
            try:
                async with self._scopes() as scope:
                    came = await take_turn(scope, stop_id)
            except Exception:
                log.exception("autopilot.stops.turn_failed", stop_id=str(stop_id))
                async with self._scopes() as scope:
                    came = await put_off(scope, stop_id)
            if came is not Came.ON:
                break
        if came is not Came.END:
            async with self._scopes() as scope:
                await scope.enqueue(
                    "autopilot.stops.go_on",
                    {"stop_id": str(stop_id)},
                    delay=_LOOK_AGAIN if came is Came.WAIT else timedelta(0),
                )


async def _soon(scope: TenantScope, stop_id: UUID) -> None:
    await scope.enqueue("autopilot.stops.go_on", {"stop_id": str(stop_id)}, unless_pending=True)


async def put_off(scope: TenantScope, stop_id: UUID) -> Came:
    """A turn that breaks off hinders no other campaign: it comes again behind them, and then as long as it must."""
    rows = StopRepository(scope)
    stop = await rows.for_update(stop_id)
    target = None if stop is None else await _next(rows, stop)
    if target is None:
        return Came.ON
    target.row.failures += 1
    return Came.ON if target.row.failures == 1 else Came.WAIT


async def _next(rows: StopRepository, stop: AutopilotStop) -> Target | None:
    if stop.proposed_at is None:
        return await rows.next_to_pause(stop.id)
    return await rows.next_to_give_back(stop.id)


async def take_turn(scope: TenantScope, stop_id: UUID) -> Came:
    """One campaign's turn; the stop is held, so that who gives it back comes between two."""
    rows = StopRepository(scope)
    stop = await rows.for_update(stop_id)
    if stop is None:
        return Came.END
    if stop.proposed_at is not None and (stop.given_back_at is None or stop.returned_at is not None):
        return Came.END
    target = await _next(rows, stop)
    if stop.proposed_at is None:
        if target is None:
            stop.proposed_at = scope.now()
            log.info("autopilot.stops.proposed", stop_id=str(stop.id))
        else:
            await _pause(_as(scope, stop.asked_by, stop.asked_label), stop, target)
        return Came.ON
    if target is None:
        stop.returned_at = scope.now()
        log.info("autopilot.stops.returned", stop_id=str(stop.id))
        return Came.END
    giver = _as(scope, stop.given_back_by, stop.given_back_label or "")
    return await _give_back(giver, rows, stop, target)


async def _pause(scope: TenantScope, stop: AutopilotStop, target: Target) -> None:
    if target.campaign.status != "active":
        target.row.passed_over = PassedOver.NOT_ACTIVE
        return
    if target.why is not None:
        target.row.passed_over = PassedOver.UNREACHED
        return
    actions = AutopilotActions(scope)
    # Whatever else stands there, a stop does not wait for it.
    await actions.make_way(target.account.id, target.campaign.external_id, for_less=True)
    action = await actions.propose(_wanted(stop, target, "paused", _ORIGINS[StopKind(stop.kind)]))
    target.row.action_id = action.id


async def _give_back(scope: TenantScope, rows: StopRepository, stop: AutopilotStop, target: Target) -> Came:
    actions, row = AutopilotActions(scope), target.row
    for giving in range(1, stop.givings):
        await actions.withdraw(_key(stop, target, giving), "The stop is given back again.")
    if row.action_id is None:
        row.kept = Kept.NOT_PAUSED
        return Came.ON
    pause = await actions.locked(row.action_id)
    await actions.halting.one(pause, _GIVEN_BACK)
    if ActionState(pause.state) in _WAITS:
        return Came.WAIT
    if (await KillSwitch(scope).state()).engaged:
        row.kept = Kept.FROZEN
        return Came.ON
    if await rows.is_stopped_again(stop, target.account.id):
        row.kept = Kept.STOPPED_AGAIN
        return Came.ON
    row.kept = kept(await _seen(actions, pause, target))
    if row.kept is None:
        action = await actions.propose(_wanted(stop, target, "active", Origin.PERSON))
        row.enable_action_id = action.id
    return Came.ON


async def _seen(actions: AutopilotActions, pause: AutopilotAction, target: Target) -> Paused:
    if pause.state != ActionState.VERIFIED or pause.applied_at is None:
        return Paused(verified=False, written=False, edited=False, changed=False, status=None)
    since = await actions.since(pause)
    was_read = target.campaign.synced_at > pause.applied_at
    return Paused(
        verified=True,
        written=since.written,
        edited=since.edited,
        changed=since.changed,
        status=target.campaign.status if was_read else None,
    )


def _wanted(stop: AutopilotStop, target: Target, status: str, origin: Origin) -> Wanted:
    campaign, account = target.campaign, target.account
    stops = status == "paused"
    return Wanted(
        ad_account_id=account.id,
        campaign_id=campaign.id,
        platform=campaign.platform,
        account=account.external_id,
        entity_type="campaign",
        entity=campaign.external_id,
        entity_name=campaign.name,
        operation="set_status",
        before={"status": "active" if stops else "paused"},
        after={"status": status},
        currency=campaign.currency,
        reason=stop.reason if stops else stop.given_back_reason or "",
        idempotency_key=_key(stop, target, 0 if stops else stop.givings),
        origin=origin,
        evidence={"stop_id": str(stop.id)},
        safety=stops,
        learning=bool(campaign.learning),
    )


def _key(stop: AutopilotStop, target: Target, giving: int) -> str:
    """Of the pause (0), or of what enables it again at that giving back."""
    return f"stop:{stop.id}:{target.campaign.id}:{giving}"


def _as(scope: TenantScope, person: UUID | None, label: str) -> TenantScope:
    """The same transaction, in the name of who asked, whoever took the task up."""
    return replace(scope, actor=Actor(ActorKind.USER, label, person))
