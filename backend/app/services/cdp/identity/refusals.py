"""Links that the rules refused, for people to see."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.db.session import TenantScope
from app.services.cdp.identity.refusals_repository import RefusalsRepository
from app.services.cdp.identity.rules import Reason


class Refusal(NamedTuple):
    """A link that was refused, and whose identifiers it was between."""

    assertion: UUID
    a_key: UUID
    b_key: UUID
    a_type: str
    b_type: str
    a_profile_id: UUID
    b_profile_id: UUID
    reason: str
    asserted_at: datetime
    message_id: str
    decided_at: datetime


class Refusals:
    def __init__(self, scope: TenantScope) -> None:
        self._refusals = RefusalsRepository(scope)

    async def newest(
        self, *, reason: Reason | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[Refusal], str | None]:
        """The last decided first."""
        found, following = await self._refusals.newest(reason, cursor=cursor, limit=limit)
        return [Refusal(*row) for row in found], following
