from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from app.db.session import TenantScope
from app.db.utils import Slice, in_order, newest_first, paginate
from app.models.cdp.audience_sync import CdpAudience, CdpAudienceBatch, CdpAudienceMember, CdpAudienceRun
from app.models.cdp.segments import CdpSegment
from app.models.integrations.ad_accounts import AdAccount
from app.services.cdp.audience_sync.rules import RunStatus, State

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "name": CdpAudience.name,
    "created_at": CdpAudience.created_at,
    "last_run_at": CdpAudience.last_run_at,
}
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class AudienceRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session
        self._tenant_id = scope.tenant_id
        self._mine = CdpAudience.tenant_id == scope.tenant_id

    async def take_turns(self) -> None:
        """Whoever adds or renames one waits for the one before: names depend on it."""
        await self._session.execute(_LOCK, {"name": self._scope.key("cdp.audience_sync")})

    async def page(
        self, *, page: int, limit: int, sort: str, search: str | None, segment_id: UUID | None
    ) -> Slice[CdpAudience]:
        statement = in_order(select(CdpAudience).where(self._mine), sort, _SORTS, then=CdpAudience.id)
        if search:
            statement = statement.where(CdpAudience.name.icontains(search, autoescape=True))
        if segment_id:
            statement = statement.where(CdpAudience.segment_id == segment_id)
        return await paginate(self._session, statement, page=page, limit=limit)

    async def find(self, audience_id: UUID, *, for_update: bool = False) -> CdpAudience | None:
        statement = select(CdpAudience).where(self._mine, CdpAudience.id == audience_id)
        if for_update:
            statement = statement.with_for_update()
        found: CdpAudience | None = await self._session.scalar(
            statement.execution_options(populate_existing=True)
        )
        return found

    async def of_account(self, ad_account_id: UUID, external_id: str | None) -> Sequence[CdpAudience]:
        """To be changed. `external_id` is the platform's; None: those that the platform has not made yet."""
        statement = (
            select(CdpAudience)
            .where(
                self._mine,
                CdpAudience.ad_account_id == ad_account_id,
                CdpAudience.external_id == external_id,
            )
            .order_by(CdpAudience.id)
            .with_for_update()
        )
        return (await self._session.scalars(statement)).all()

    async def every(self) -> Sequence[CdpAudience]:
        statement = select(CdpAudience).where(self._mine).order_by(CdpAudience.created_at, CdpAudience.id)
        return (await self._session.scalars(statement)).all()

    async def is_named(self, name: str, *, but: UUID | None = None) -> bool:
        statement = select(CdpAudience.id).where(self._mine, func.lower(CdpAudience.name) == func.lower(name))
        if but is not None:
            statement = statement.where(CdpAudience.id != but)
        return await self._session.scalar(statement.limit(1)) is not None

    async def add(self, row: CdpAudience | CdpAudienceRun) -> None:
        self._session.add(row)
        await self._session.flush()

    async def save(self) -> None:
        await self._session.flush()

    async def delete(self, audience_id: UUID) -> None:
        await self._session.execute(delete(CdpAudience).where(self._mine, CdpAudience.id == audience_id))

    async def named(self, audiences: Sequence[CdpAudience]) -> tuple[dict[UUID, str], dict[UUID, str]]:
        """What their segments and ad accounts are called."""
        segments = select(CdpSegment.id, CdpSegment.name).where(
            CdpSegment.tenant_id == self._tenant_id,
            CdpSegment.id.in_({each.segment_id for each in audiences}),
        )
        accounts = select(AdAccount.id, AdAccount.name).where(
            AdAccount.tenant_id == self._tenant_id,
            AdAccount.id.in_({each.ad_account_id for each in audiences}),
        )
        return (
            {row[0]: row[1] for row in await self._session.execute(segments)},
            {row[0]: row[1] for row in await self._session.execute(accounts)},
        )

    async def due(self, now: datetime, real: datetime) -> Sequence[UUID]:
        """Whose time has come, and those with somebody to take out, unless they rest after a failure."""
        member = CdpAudienceMember
        removing = (
            select(member.profile_id)
            .where(
                member.tenant_id == self._tenant_id,
                member.audience_id == CdpAudience.id,
                member.state == State.REMOVING,
            )
            .exists()
        )
        statement = (
            select(CdpAudience.id)
            .where(
                self._mine,
                or_(CdpAudience.next_attempt_at.is_(None), CdpAudience.next_attempt_at <= real),
                or_(CdpAudience.enabled & (CdpAudience.next_run_at <= now), CdpAudience.ending, removing),
            )
            .order_by(CdpAudience.next_run_at, CdpAudience.id)
        )
        return (await self._session.scalars(statement)).all()

    async def run(self, run_id: UUID) -> CdpAudienceRun | None:
        found: CdpAudienceRun | None = await self._session.scalar(
            select(CdpAudienceRun).where(
                CdpAudienceRun.tenant_id == self._tenant_id, CdpAudienceRun.id == run_id
            )
        )
        return found

    async def runs(
        self, audience_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpAudienceRun], str | None]:
        """The last begun first."""
        run = CdpAudienceRun
        return await newest_first(
            self._session,
            select(run).where(run.tenant_id == self._tenant_id, run.audience_id == audience_id),
            at=run.started_at,
            id=run.id,
            cursor=cursor,
            limit=limit,
        )

    async def last_run(self, audience_id: UUID) -> CdpAudienceRun | None:
        found, _ = await self.runs(audience_id, cursor=None, limit=1)
        return found[0] if found else None

    async def interrupt(self, audience_id: UUID, now: datetime) -> None:
        """Runs that nobody works at any more."""
        run = CdpAudienceRun
        await self._session.execute(
            update(run)
            .where(
                run.tenant_id == self._tenant_id,
                run.audience_id == audience_id,
                run.status == RunStatus.RUNNING,
            )
            .values(status=RunStatus.INTERRUPTED, finished_at=now)
        )

    async def count(self, run_id: UUID, **by: int) -> None:
        """Raise a run's figures."""
        run = CdpAudienceRun
        values = {name: getattr(run, name) + amount for name, amount in by.items()}
        await self._session.execute(
            update(run).where(run.tenant_id == self._tenant_id, run.id == run_id).values(**values)
        )

    async def left_unasked(self, audience_id: UUID, since: datetime) -> int:
        run = CdpAudienceRun
        statement = select(func.sum(run.left_segment - run.held_back)).where(
            run.tenant_id == self._tenant_id,
            run.audience_id == audience_id,
            run.started_at > since,
            run.approved.is_(False),
        )
        return int(await self._session.scalar(statement) or 0)

    async def unmatched(self, audience_id: UUID, since: datetime, most: int) -> Sequence[CdpAudienceRun]:
        """Runs that uploaded people of whom the platform has not said yet how many it knows."""
        run = CdpAudienceRun
        statement = (
            select(run)
            .where(
                run.tenant_id == self._tenant_id,
                run.audience_id == audience_id,
                run.session.is_not(None),
                run.matched.is_(None),
                run.started_at > since,
                run.added > 0,
            )
            .order_by(run.started_at.desc(), run.id.desc())
            .limit(most)
        )
        return (await self._session.scalars(statement)).all()

    async def match(self, run_id: UUID, matched: int, of: int) -> None:
        run = CdpAudienceRun
        await self._session.execute(
            update(run)
            .where(run.tenant_id == self._tenant_id, run.id == run_id)
            .values(matched=matched, match_of=of)
        )

    async def match_rate(self, audience_id: UUID) -> tuple[int, int]:
        """Of all uploads that the platform has told of: entries that it found people for, of how many."""
        run = CdpAudienceRun
        statement = select(
            func.coalesce(func.sum(run.matched), 0), func.coalesce(func.sum(run.match_of), 0)
        ).where(run.tenant_id == self._tenant_id, run.audience_id == audience_id, run.matched.is_not(None))
        matched, of = (await self._session.execute(statement)).one()
        return int(matched or 0), int(of or 0)

    async def begin_batch(self, **values: Any) -> None:
        await self._session.execute(insert(CdpAudienceBatch).values(tenant_id=self._tenant_id, **values))

    async def end_batch(self, run_id: UUID, number: int, **values: Any) -> None:
        batch = CdpAudienceBatch
        await self._session.execute(
            update(batch)
            .where(batch.tenant_id == self._tenant_id, batch.run_id == run_id, batch.number == number)
            .values(**values)
        )

    async def unsettled(self, audience_id: UUID, since: datetime, most: int) -> Sequence[CdpAudienceBatch]:
        """Requests of which the platform has not told yet what became of them; the first first."""
        run, batch = CdpAudienceRun, CdpAudienceBatch
        statement = (
            select(batch)
            .join(run, and_(run.tenant_id == batch.tenant_id, run.id == batch.run_id))
            .where(
                batch.tenant_id == self._tenant_id,
                batch.receipts != text("'{}'"),
                run.audience_id == audience_id,
                run.started_at > since,
            )
            .order_by(run.started_at, batch.run_id, batch.number)
            .limit(most)
        )
        return (await self._session.scalars(statement)).all()

    async def settle(self, was: CdpAudienceBatch, *, left: list[str], failed: int, error: str) -> None:
        """Note what became of a request, once: entries that failed count as those that could not be read."""
        batch = CdpAudienceBatch
        values: dict[str, Any] = {"receipts": left}
        if failed:
            values |= {"invalid": func.coalesce(batch.invalid, 0) + failed, "error_code": error}
        noted = await self._session.execute(
            update(batch)
            .where(
                batch.tenant_id == self._tenant_id,
                batch.run_id == was.run_id,
                batch.number == was.number,
                batch.receipts == was.receipts,
            )
            .values(**values)
            .returning(batch.number)
        )
        if noted.all() and failed:
            await self.count(was.run_id, invalid=failed)

    async def batches(self, run_id: UUID) -> Sequence[CdpAudienceBatch]:
        batch = CdpAudienceBatch
        statement = select(batch).where(batch.tenant_id == self._tenant_id, batch.run_id == run_id)
        return (await self._session.scalars(statement.order_by(batch.number).limit(1_000))).all()

    async def forget_runs(self, before: datetime, kept: timedelta) -> int:
        run = CdpAudienceRun
        gone = await self._session.execute(
            delete(run)
            .where(run.tenant_id == self._tenant_id, run.started_at < before - kept)
            .returning(run.id)
        )
        return len(gone.all())
