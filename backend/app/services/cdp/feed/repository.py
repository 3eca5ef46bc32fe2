from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, func, literal, select, text

from app.db.session import TenantScope
from app.models.cdp.identity import CdpProfileChange
from app.models.cdp.profiles import CdpProfile

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_FEED_ROWS = 500


@dataclass(frozen=True, slots=True)
class FeedRow:
    """Profiles that changed in the same way."""

    seq: int
    at: datetime
    reason: str
    profile_ids: Sequence[UUID]
    event_names: Sequence[str]
    traits: Sequence[str]


class FeedReading:
    """The feed of changed profiles, for one who follows it; `turn` names its lock, of which a tenant has one."""

    turn: ClassVar[str]

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope

    async def lock(self) -> None:
        """Wait for the tenant's turn at it; held to the end of the transaction."""
        await self._scope.session.execute(_LOCK, {"name": self._scope.key(self.turn)})

    async def try_lock(self) -> bool:
        return bool(await self._scope.session.scalar(_TRY_LOCK, {"name": self._scope.key(self.turn)}))

    async def head(self) -> int:
        """The last row of the feed."""
        statement = select(func.max(CdpProfileChange.seq)).where(
            CdpProfileChange.tenant_id == self._scope.tenant_id
        )
        return await self._scope.session.scalar(statement) or 0

    async def changes(self, after: int, most_profiles: int | None = None) -> list[FeedRow]:
        """The next rows of the feed, about `most_profiles` ids, or all of them."""
        change = CdpProfileChange
        statement = (
            select(
                change.seq, change.at, change.reason, change.profile_ids, change.event_names, change.traits
            )
            .where(change.tenant_id == self._scope.tenant_id, change.seq > after)
            .order_by(change.seq)
        )
        if most_profiles is None:
            return [FeedRow(*row) for row in await self._scope.session.execute(statement)]
        found: list[FeedRow] = []
        told = 0
        for row in await self._scope.session.execute(statement.limit(_FEED_ROWS)):
            if found and told + len(row.profile_ids) > most_profiles:
                break
            found.append(FeedRow(*row))
            told += len(row.profile_ids)
        return found

    async def new_among(self, feed: Sequence[FeedRow]) -> frozenset[UUID]:
        """Profiles that came to be in these rows of the feed, or after them: they are born at their row's time."""
        if not feed:
            return frozenset()
        born = min(row.at for row in feed)
        named = literal(list({profile_id for row in feed for profile_id in row.profile_ids}), ARRAY(Uuid()))
        statement = select(CdpProfile.id).where(
            CdpProfile.tenant_id == self._scope.tenant_id, CdpProfile.id == func.any(named)
        )
        return frozenset(await self._scope.session.scalars(statement.where(CdpProfile.created_at >= born)))
