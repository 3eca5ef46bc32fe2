"""Segments to test with, and a clock that a test moves."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import real_now
from app.db.session import TenantScope, open_scope
from app.models.cdp.segments import CdpSegment, CdpSegmentMember
from app.schemas.cdp.segments_tree import read_rule
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import Resolver
from app.services.cdp.segments.compiling_repository import SegmentQuery
from app.services.cdp.segments.questions import question_of
from app.services.cdp.segments.service import Following, Recomputation, SegmentService
from app.services.cdp.sources.service import Sender
from tests.factories.access import Company
from tests.factories.cdp import ingest


@dataclass
class MovedClock:
    """Time that passes when a test says so."""

    at: datetime = field(default_factory=real_now)

    def now(self) -> datetime:
        return self.at

    async def sync(self) -> None:
        return None


@dataclass
class Lab:
    """One tenant whose time a test moves: events go in, segments come out."""

    company: Company
    engine: AsyncEngine
    ingestion: Ingestion
    clock: MovedClock = field(default_factory=MovedClock)

    def scopes(self) -> AbstractAsyncContextManager[TenantScope]:
        return open_scope(self.engine, self.company.id, clock=self.clock)

    async def send(self, *events: Mapping[str, Any]) -> None:
        """Store events and have them resolved; segments have not followed yet."""
        outcome = await ingest(self.ingestion, Sender(self.company.id, None), *events)
        assert not outcome.rejected
        await Resolver(self.scopes).drain()

    async def follow(self) -> int:
        return await Following(self.scopes).drain()

    async def segment(self, rule: Mapping[str, Any], name: str | None = None) -> UUID:
        """A segment whose membership has been computed."""
        async with self.scopes() as scope:
            made = await SegmentService(scope).create(name or f"Segment {rule}"[:80], "", read_rule(rule))
        await Recomputation(self.scopes).run(made.id)
        return made.id

    async def members(self, segment_id: UUID) -> set[UUID]:
        async with self.scopes() as scope:
            statement = select(CdpSegmentMember.profile_id).where(CdpSegmentMember.segment_id == segment_id)
            return set(await scope.session.scalars(statement))

    async def answer(self, segment_id: UUID) -> set[UUID]:
        """Who ought to be in, asked of all profiles at once."""
        async with self.scopes() as scope:
            segment = await scope.session.scalar(select(CdpSegment).where(CdpSegment.id == segment_id))
            assert segment is not None
            query = SegmentQuery(question_of(segment), tenant_id=self.company.id, now=self.clock.now())
            return set(await scope.session.scalars(query.members()))

    def ago(self, **ago: float) -> str:
        return (self.clock.now() - timedelta(**ago)).isoformat()
