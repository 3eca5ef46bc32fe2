"""Watches what was changed, and proposes to undo what surely did harm."""

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.trust_engine.kinds import Origin
from app.services.autopilot.actions.rules import ActionState
from app.services.autopilot.actions.service import AutopilotActions, Wanted
from app.services.autopilot.actions.watch_repository import WatchRepository
from app.services.autopilot.actions.watch_rules import Window, should_roll_back, worse_probability

_BEFORE_DAYS = 7
_MATURE_DAYS = 3
"""Days after the change whose conversions have all been reported when the watch ends."""


class ActionWatch:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._actions = AutopilotActions(scope)
        self._rows = WatchRepository(scope)

    async def lasts(self, ad_account_id: UUID) -> timedelta:
        """Past the account's attribution window: before that, young days can hardly speak against a change."""
        return timedelta(days=await self._rows.attribution_days(ad_account_id) + _MATURE_DAYS)

    async def look(self) -> int:
        """Look at every change under watch; answers how many rollbacks were proposed."""
        proposed = 0
        for action in await self._actions.watched():
            probability = await self._probability(action)
            if probability is None or not should_roll_back(probability):
                continue
            if await self._rows.changed_since(action) or not await self._may_undo(action):
                continue
            await self._undo(action, probability)
            proposed += 1
        return proposed

    async def _probability(self, action: AutopilotAction) -> float | None:
        if action.applied_at is None or action.campaign_id is None:
            return None
        zone = ZoneInfo(await self._rows.timezone(action.ad_account_id))
        changed_on = action.applied_at.astimezone(zone).date()
        before = await self._window(action, changed_on - timedelta(days=_BEFORE_DAYS), changed_on)
        today = self._scope.now().astimezone(zone).date()
        after = await self._window(action, changed_on + timedelta(days=1), today)
        return worse_probability(before, after)

    async def _window(self, action: AutopilotAction, since: date, until: date) -> Window:
        """From `since` to before `until`, days of the account: the day of the change belongs to neither side."""
        conversions, mature_spend = await self._rows.totals(action, since, until)
        return Window(conversions, mature_spend)

    async def _may_undo(self, action: AutopilotAction) -> bool:
        """Not while a rollback is open or done, nor after a person said no; a blocked one is tried again."""
        states = {ActionState(each) for each in await self._rows.rollbacks_of(action.id)}
        return states <= {ActionState.BLOCKED, ActionState.FAILED, ActionState.EXPIRED}

    async def _undo(self, action: AutopilotAction, probability: float) -> None:
        await self._actions.propose(
            Wanted(
                ad_account_id=action.ad_account_id,
                campaign_id=action.campaign_id,
                platform=action.platform,
                account=action.account,
                entity_type=action.entity_type,
                entity=action.entity,
                entity_name=action.entity_name,
                operation=action.operation,
                before=action.after,
                after=action.before,
                currency=action.currency,
                reason=f"Cost per conversion is worse by a quarter with a probability of {probability:.0%}.",
                idempotency_key=f"rollback:{action.id}:{self._scope.now():%Y-%m-%dT%H}",
                origin=Origin.ROLLBACK,
                evidence={"probability": probability, "undoes": str(action.id)},
                rollback_of=action.id,
            )
        )
