"""API keys: for programs, within the scopes that their maker gave and may give."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.auth.permissions import programs_part_of
from app.auth.principals import API_KEY_PREFIX, Principal
from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.security import random_token, token_hash
from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.api_keys import ApiKey
from app.services.api_keys.errors import ApiKeyNotFound, ExpiryPassed, KeyMakesNoKey, ScopeNotAllowed
from app.services.api_keys.repository import ApiKeyRepository
from app.services.audit_logs.service import AuditLog

_SHOWN = 8


class ApiKeyService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._keys = ApiKeyRepository(scope)

    async def page(self, *, page: int, limit: int, sort: str, search: str | None) -> Slice[ApiKey]:
        return await self._keys.page(page=page, limit=limit, sort=sort, search=search)

    async def create(
        self, principal: Principal, name: str, scopes: Sequence[str], expires_at: datetime | None
    ) -> tuple[ApiKey, str]:
        """The key's row and the key itself, which only this answer ever shows.

        A person makes it. A key makes none: what it made would live on when the key expires or is revoked.
        """
        if principal.api_key_id is not None:
            raise KeyMakesNoKey
        wanted = set(scopes)
        if refused := wanted - programs_part_of(principal.role):
            raise ScopeNotAllowed(refused)
        if expires_at is not None and expires_at <= real_now():
            raise ExpiryPassed
        secret, key_id = random_token(), uuid7()
        visible = f"{API_KEY_PREFIX}_{self._scope.tenant_id}_{key_id.hex}"
        row = ApiKey(
            id=key_id,
            name=name,
            # The last digits: a version 7 identifier begins with the time, alike for keys of one day.
            prefix=f"{API_KEY_PREFIX}_…{key_id.hex[-_SHOWN:]}",
            secret_hash=token_hash(secret),
            scopes=sorted(wanted),
            created_by=principal.user_id,
            expires_at=expires_at,
            created_at=real_now(),
        )
        self._keys.add(row)
        await AuditLog(self._scope).record(
            "api_keys.created", entity="api_keys", entity_id=key_id,
            after={"name": name, "scopes": row.scopes, "expires_at": expires_at},
        )  # fmt: skip
        return row, f"{visible}_{secret}"

    async def revoke(self, key_id: UUID) -> None:
        row = await self._keys.for_update(key_id)
        if row is None or row.revoked_at is not None:
            raise ApiKeyNotFound
        row.revoked_at = real_now()
        await AuditLog(self._scope).record(
            "api_keys.revoked", entity="api_keys", entity_id=key_id, before={"name": row.name}
        )
