"""What has happened to an entity since an action of ours."""

from dataclasses import dataclass

from sqlalchemy import exists, or_, select, tuple_
from sqlalchemy.orm import aliased

from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.integrations.ad_accounts import PlatformEdit
from app.models.trust_engine.permits import TrustPermit
from app.services.autopilot.actions.rules import IN_FLIGHT


@dataclass(frozen=True, slots=True)
class Since:
    """`written`: a write of the action has left; without one the platform held it already."""

    written: bool
    edited: bool
    """By others, since it was applied."""
    changed: bool
    """By a later action of ours that was written, or one is under way."""


class SinceRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def since(self, action: AutopilotAction) -> Since:
        later = aliased(AutopilotAction)
        written = exists().where(TrustPermit.action_id == action.id, TrustPermit.used_at.is_not(None))
        edited = exists().where(
            PlatformEdit.ad_account_id == action.ad_account_id,
            PlatformEdit.entity == action.entity,
            PlatformEdit.by_others,
            PlatformEdit.edited_at > action.applied_at,
        )
        was_written = exists().where(
            TrustPermit.tenant_id == later.tenant_id,
            TrustPermit.action_id == later.id,
            TrustPermit.used_at.is_not(None),
        )
        changed = exists().where(
            later.ad_account_id == action.ad_account_id,
            later.entity == action.entity,
            later.id != action.id,
            or_(
                later.state.in_(IN_FLIGHT),
                (tuple_(later.applied_at, later.id) > tuple_(action.applied_at, action.id)) & was_written,
            ),
        )
        found = (await self._session.execute(select(written, edited, changed))).one()
        return Since(*found)
