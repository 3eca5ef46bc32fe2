"""What a strategy or a rule that is switched off wanted, and nobody wants any more."""

from collections.abc import Collection
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.services.autopilot.actions.repository import ActionRepository
from app.services.autopilot.actions.rules import ActionState, wants_more

_TRIED = frozenset({ActionState.APPROVED, ActionState.EXECUTING})
_MAY_BE_UNDER_WAY = timedelta(days=30)
"""Since it was proposed: far longer than anything waits for an answer or is tried."""


class Ends(Protocol):
    """The queue in which the actions stand."""

    async def locked(self, action_id: UUID) -> AutopilotAction: ...

    async def advance(self, action: AutopilotAction, to: ActionState, *, note: str) -> None: ...


class Halting:
    def __init__(self, scope: TenantScope, actions: Ends) -> None:
        self._scope = scope
        self._actions = actions

    async def of_strategy(self, strategy: str, why: str) -> None:
        """As `of`, of all that the strategy wanted."""
        since = self._scope.now() - _MAY_BE_UNDER_WAY
        await self.of(await ActionRepository(self._scope).of_strategy(strategy, _TRIED, since), why)

    async def of(self, action_ids: Collection[UUID], why: str) -> None:
        """Let no attempt begin any more of those of these that want more spend, where no person looked and said yes.

        What is under way is read back: what the platform holds is verified, what it does not hold expires.
        """
        for action_id in action_ids:
            action = await self._actions.locked(action_id)
            if not action.was_looked_at and wants_more(action.before, action.after):
                await self.one(action, why)

    async def one(self, action: AutopilotAction, why: str) -> None:
        """Let no attempt of this begin any more, whatever it wants; who asks holds it locked."""
        if action.state == ActionState.APPROVED:
            action.halted = why
            await self._actions.advance(action, ActionState.EXPIRED, note=why)
        elif action.state == ActionState.EXECUTING:
            action.halted = why
