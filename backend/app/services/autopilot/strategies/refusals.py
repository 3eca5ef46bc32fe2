"""What a person has said no to lately: no strategy wants it again so soon."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.db.session import TenantScope
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.strategies.findings import Finding, Group, way_of
from app.services.autopilot.strategies.repository import StrategyRepository

SILENT_FOR = timedelta(days=7)
"""After a no to an action or a recommendation, the same is neither done nor said again for so long."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """Of one strategy: campaigns with the way that was refused, and accounts of which a whole plan was."""

    ways: frozenset[tuple[UUID | None, str]]
    accounts: frozenset[UUID]

    @classmethod
    async def read(cls, scope: TenantScope, strategy: str) -> "Refusals":
        since = scope.now() - SILENT_FOR
        actions = await AutopilotActions(scope).refused(strategy, since)
        said = await StrategyRepository(scope).refused(strategy, since)
        ways = {(each.campaign_id, way_of(each.before, each.after)) for each in actions}
        ways |= {
            (each.campaign_id, way_of(change["before"], change["after"]))
            for each in said
            if each.campaign_id is not None
            for change in each.changes
        }
        return cls(
            frozenset(ways), frozenset(each.ad_account_id for each in said if each.campaign_id is None)
        )

    def cover(self, group: Group, finding: Finding) -> bool:
        """A no is to the way, whatever the amount; of several campaigns together it is to all that is wanted there."""
        if group.campaign_id is None and group.account.id in self.accounts:
            return True
        return (finding.view.campaign.id, finding.way) in self.ways
