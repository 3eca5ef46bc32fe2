from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from app.db.session import TenantScope
from app.db.utils import Slice, in_order, paginate
from app.models.api_keys import ApiKey

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "name": ApiKey.name,
    "created_at": ApiKey.created_at,
    "expires_at": ApiKey.expires_at,
    "last_used_at": ApiKey.last_used_at,
}


class ApiKeyRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, row: ApiKey) -> None:
        self._session.add(row)

    async def page(self, *, page: int, limit: int, sort: str, search: str | None) -> Slice[ApiKey]:
        statement = in_order(select(ApiKey), sort, _SORTS, then=ApiKey.id)
        if search:
            statement = statement.where(ApiKey.name.icontains(search, autoescape=True))
        return await paginate(self._session, statement, page=page, limit=limit)

    async def for_update(self, key_id: UUID) -> ApiKey | None:
        found: ApiKey | None = await self._session.scalar(
            select(ApiKey).where(ApiKey.id == key_id).with_for_update()
        )
        return found
