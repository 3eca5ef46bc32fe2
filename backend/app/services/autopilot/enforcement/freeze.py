"""The kill switch as people press it: the switch, the record of it, and what was under way at that moment."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from app.db.session import TenantScope
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.enforcement.service import EnforcementService, Intervention
from app.services.campaigns.drafts.service import Drafts
from app.services.trust_engine.gate.service import KillSwitch, KillSwitchState


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What is owed to a platform: an autopilot's action, or a campaign that is being published."""

    kind: Literal["action", "draft"]
    id: UUID
    entity_name: str
    state: str


@dataclass(frozen=True, slots=True)
class Frozen:
    state: KillSwitchState
    in_flight: list[UnderWay]


class Freeze:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._switch = KillSwitch(scope)

    async def state(self) -> Frozen:
        return await self._frozen(await self._switch.state())

    async def set(self, *, engaged: bool, reason: str) -> Frozen:
        state = await self._switch.set(engaged=engaged, reason=reason)
        return await self._recorded(state, "this tenant", engaged=engaged, reason=reason)

    async def set_for_platform(self, *, engaged: bool, reason: str) -> Frozen:
        state = await self._switch.set_for_platform(engaged=engaged, reason=reason)
        return await self._recorded(state, "every tenant", engaged=engaged, reason=reason)

    async def _recorded(self, state: KillSwitchState, whose: str, *, engaged: bool, reason: str) -> Frozen:
        verb = "engaged" if engaged else "released"
        frozen = await self._frozen(state)
        await EnforcementService(self._scope).record(
            Intervention.KILL_SWITCH_CHANGED,
            f"The kill switch of {whose} was {verb}: {reason}",
            detail={"engaged": engaged, "in_flight": [str(each.id) for each in frozen.in_flight]},
        )
        for each in frozen.in_flight:
            if each.kind == "action":
                await self._scope.enqueue(
                    "autopilot.actions.execute", {"action_id": str(each.id)}, queue="default"
                )
            else:
                await self._scope.enqueue(
                    "campaigns.drafts.publish", {"draft_id": str(each.id)}, unless_pending=True
                )
        return frozen

    async def _frozen(self, state: KillSwitchState) -> Frozen:
        actions = await AutopilotActions(self._scope).in_flight()
        drafts = await Drafts(self._scope).publishing()
        return Frozen(
            state,
            [
                *(UnderWay("action", each.id, each.entity_name, each.state) for each in actions),
                *(UnderWay("draft", each.id, each.name, each.status) for each in drafts),
            ],
        )
