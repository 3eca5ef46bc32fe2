"""What has happened to an entity since an action of ours."""

from dataclasses import dataclass

from sqlalchemy import exists, or_, select, tuple_
from sqlalchemy.orm import aliased

from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.services.autopilot.actions.rules import IN_FLIGHT
from app.services.autopilot.actions.writes_repository import edited_since, was_written, write_began


@dataclass(frozen=True, slots=True)
class Since:
    """`written`: by the action; otherwise the platform held it already."""

    written: bool
    edited: bool
    """By others, since its write began."""
    changed: bool
    """By a later action of ours that was written, or one is under way."""


class SinceRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def since(self, action: AutopilotAction) -> Since:
        later = aliased(AutopilotAction)
        edited = edited_since(action, write_began(action))
        changed = exists().where(
            later.ad_account_id == action.ad_account_id,
            later.entity == action.entity,
            later.id != action.id,
            or_(
                later.state.in_(IN_FLIGHT),
                (tuple_(later.applied_at, later.id) > tuple_(action.applied_at, action.id))
                & was_written(later),
            ),
        )
        found = (await self._session.execute(select(was_written(action), edited, changed))).one()
        return Since(*found)
