from uuid import UUID

from sqlalchemy import select

from app.db.session import TenantScope
from app.db.utils import Slice, paginate
from app.models.api_keys import ApiKey


class ApiKeyRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, row: ApiKey) -> None:
        self._session.add(row)

    async def page(self, *, page: int, limit: int) -> Slice[ApiKey]:
        statement = select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.id)
        return await paginate(self._session, statement, page=page, limit=limit)

    async def for_update(self, key_id: UUID) -> ApiKey | None:
        found: ApiKey | None = await self._session.scalar(
            select(ApiKey).where(ApiKey.id == key_id).with_for_update()
        )
        return found
