"""A round of writing to a CRM, and how it ends."""

from datetime import timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.db.session import Scopes
from app.models.integrations.crm import CrmPush
from app.services.integrations.crm.repository import CrmRepository
from app.services.integrations.crm.writing_repository import WritingRepository
from app.services.integrations.ports import PlatformError

log = get_logger(__name__)

_SHORTEST_WAIT, _LONGEST_WAIT = 30, 300
"""Seconds after a failure."""


def new_push(account_id: UUID) -> CrmPush:
    now = real_now()
    return CrmPush(
        id=uuid7(),
        account_id=account_id,
        started_at=now,
        finished_at=now,
        compared=0,
        written=0,
        deals=0,
        values=0,
        told=0,
        created=0,
        failed=0,
    )


async def ended(scopes: Scopes, push: CrmPush, error: PlatformError | None) -> CrmPush:
    """Written down; after an error the CRM is left alone for a little."""
    async with scopes() as scope:
        account = await CrmRepository(scope).find(push.account_id, for_update=True)
        push.finished_at = real_now()
        push.error_code = error.code if error else None
        push.error = error.message if error else None
        if account is not None:
            wait = min(_LONGEST_WAIT, max(_SHORTEST_WAIT, error.retry_after or 0)) if error else 0
            account.next_write_at = push.finished_at + timedelta(seconds=wait) if error else None
            WritingRepository(scope).add(push)
        log.info(
            "integrations.crm.written",
            account_id=str(push.account_id),
            contacts=push.written,
            deals=push.deals,
            created=push.created,
            failed=push.failed,
            code=push.error_code,
        )
    return push
