"""One change for many campaigns: each its own action, decided by itself, in a transaction of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.errors import StratumError
from app.db.session import Scopes
from app.models.autopilot.actions import AutopilotAction
from app.services.autopilot.actions.requests import ActionRequests, CampaignChange

_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """An action, or why there is none."""

    action: AutopilotAction | None
    error_code: str | None = None
    error: str | None = None


class BulkRequests:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def change(self, changes: Sequence[CampaignChange]) -> list[Outcome]:
        """One outcome for each, in their order; what is refused of one hinders no other."""
        return [await self._one(each) for each in changes]

    async def _one(self, change: CampaignChange) -> Outcome:
        try:
            async with self._scopes() as scope:
                return Outcome(await ActionRequests(scope).change_campaign(change))
        except StratumError as error:
            if error.status >= _SERVER_ERROR:
                raise
            return Outcome(None, error.code, error.detail)
