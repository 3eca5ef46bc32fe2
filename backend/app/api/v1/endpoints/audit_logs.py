from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.audit_logs import AuditLogRead
from app.schemas.pages import CursorPage
from app.schemas.text import NO_NUL
from app.schemas.times import Moment
from app.services.audit_logs.service import AuditLog, AuditSearch

router = APIRouter(prefix="/audit-logs", tags=["audit logs"])


async def audit_log(scope: ScopeDep) -> AuditLog:
    return AuditLog(scope)


class AuditFilter(CursorParams):
    action: str | None = Field(None, max_length=100, pattern=NO_NUL, description="Whole, or `campaigns.*`.")
    entity: str | None = Field(
        None, max_length=100, pattern=NO_NUL, description="Only what was done to this kind."
    )
    entity_id: str | None = Field(
        None, max_length=100, pattern=NO_NUL, description="Only what was done to this one."
    )
    actor: str | None = Field(None, max_length=254, pattern=NO_NUL, description="An id, or a part of a name.")
    since: Moment | None = Field(None, description="From then on, UTC.")
    until: Moment | None = Field(None, description="Before then, UTC.")
    q: str | None = Field(None, max_length=100, pattern=NO_NUL, description="Anywhere in the entry.")


@router.get("")
async def search_audit_logs(
    query: Annotated[AuditFilter, Query()],
    log: Annotated[AuditLog, Depends(audit_log)],
    _: Annotated[Principal, requires("audit_logs:read")],
) -> CursorPage[AuditLogRead]:
    """What was changed, by whom, newest first.

    One page looks at 10,000 entries at most: while there is a `next_cursor`, older ones are still to be searched.
    """
    search = AuditSearch(**query.model_dump(exclude={"cursor", "limit"}))
    found, cursor = await log.search(search, cursor=query.cursor, limit=query.limit)
    items = [AuditLogRead.model_validate(each) for each in found]
    return CursorPage(items=items, next_cursor=cursor, limit=query.limit)
