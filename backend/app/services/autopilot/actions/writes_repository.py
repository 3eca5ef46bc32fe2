"""Whether an action changed something at the platform, as SQL says it of one action or of a query's."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select

from app.models.autopilot.actions import AutopilotAction, AutopilotActionEvent
from app.models.integrations.ad_accounts import PlatformEdit
from app.models.trust_engine.permits import TrustPermit
from app.services.autopilot.actions.rules import LOG_MARGIN, ActionState


def was_written(action: type[AutopilotAction] | AutopilotAction) -> ColumnElement[bool]:
    """A write of it brought about what stands there; else it stood there already.

    That of its last permit did. Of an earlier one, which was refused or was not found by a later look, it is believed
    where nobody else edited the entity meanwhile.
    """
    used = (TrustPermit.tenant_id == action.tenant_id, TrustPermit.used_at.is_not(None))
    return or_(
        exists().where(*used, TrustPermit.id == action.permit_id),
        exists().where(*used, TrustPermit.action_id == action.id)
        & ~edited_since(action, _began(action, func.min)),
    )


def write_began(action: type[AutopilotAction] | AutopilotAction) -> ColumnElement[datetime]:
    """When its last attempt began: what others edited since may have come behind its write."""
    return _began(action, func.max)


def edited_since(
    action: type[AutopilotAction] | AutopilotAction, began: ColumnElement[datetime]
) -> ColumnElement[bool]:
    """Whether others have edited the entity since, by the platform's log as it was last read."""
    return exists().where(
        PlatformEdit.tenant_id == action.tenant_id,
        PlatformEdit.ad_account_id == action.ad_account_id,
        PlatformEdit.entity == action.entity,
        PlatformEdit.by_others,
        PlatformEdit.edited_at >= began - LOG_MARGIN,
    )


def _began(action: type[AutopilotAction] | AutopilotAction, which: Any) -> ColumnElement[datetime]:
    event = AutopilotActionEvent
    began = (
        select(which(event.at))
        .where(
            event.tenant_id == action.tenant_id,
            event.action_id == action.id,
            event.to_state == ActionState.EXECUTING,
        )
        .scalar_subquery()
    )
    return func.least(began, action.applied_at)
