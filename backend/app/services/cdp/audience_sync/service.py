"""Audience sync: a segment becomes an audience at a platform, and stays equal to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.db.utils import Slice
from app.models.cdp.audience_sync import CdpAudience, CdpAudienceBatch, CdpAudienceRun
from app.services.audit_logs.service import AuditLog
from app.services.cdp.audience_sync.erasing import AudienceErasure, Removed, Withdrawals
from app.services.cdp.audience_sync.errors import (
    AccountMayNotWrite,
    AudienceEnds,
    AudienceNotFound,
    ChoiceInvalid,
    MoreLeaveNow,
    NameTaken,
    NothingWaits,
)
from app.services.cdp.audience_sync.members_repository import MemberRepository, audiences_of
from app.services.cdp.audience_sync.repository import AudienceRepository
from app.services.cdp.audience_sync.rules import State
from app.services.cdp.audience_sync.running import AudienceRunner
from app.services.cdp.segments.errors import SegmentNotFound
from app.services.cdp.segments.service import SegmentService
from app.services.integrations.ad_accounts.service import AdAccountService
from app.services.integrations.audiences.service import offer_of
from app.services.integrations.errors import AdAccountNotFound

__all__ = [
    "AudienceErasure",
    "AudienceRunner",
    "AudienceSyncService",
    "AudienceView",
    "BatchRow",
    "Removed",
    "RunRow",
    "Wish",
    "Withdrawals",
    "audiences_of",
    "measure_all",
]

RunRow: TypeAlias = CdpAudienceRun
"""By a name that endpoints may use, and so below."""
BatchRow: TypeAlias = CdpAudienceBatch
_RUNS_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an audience is to be made of."""

    name: str
    segment_id: UUID
    ad_account_id: UUID
    identifiers: Sequence[str]
    holdout_percent: int
    interval_minutes: int | None
    resend_days: int | None


@dataclass(frozen=True, slots=True)
class AudienceView:
    """An audience with what it is of, and who is in it."""

    row: CdpAudience
    segment_name: str | None
    account_name: str | None
    counts: dict[State, int]
    last_run: CdpAudienceRun | None
    matched: int
    match_of: int

    @property
    def there(self) -> int:
        return self.counts[State.THERE]

    @property
    def adding(self) -> int:
        return self.counts[State.ADDING]

    @property
    def removing(self) -> int:
        return self.counts[State.REMOVING]


class AudienceSyncService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = AudienceRepository(scope)
        self._audit = AuditLog(scope)

    async def page(
        self, *, page: int, limit: int, sort: str, search: str | None, segment_id: UUID | None
    ) -> Slice[AudienceView]:
        found = await self._rows.page(page=page, limit=limit, sort=sort, search=search, segment_id=segment_id)
        views = await self._views(found.items)
        return Slice(views, found.total, found.total_capped, found.page, found.limit)

    async def one(self, audience_id: UUID) -> AudienceView:
        return (await self._views([await self._found(audience_id)]))[0]

    async def create(self, wish: Wish) -> AudienceView:
        """It is made and filled by a task."""
        await self._rows.take_turns()
        await self._demand(wish)
        account = await AdAccountService(self._scope).get(wish.ad_account_id)
        now = self._scope.now()
        audience = CdpAudience(
            id=uuid7(),
            name=wish.name,
            segment_id=wish.segment_id,
            ad_account_id=wish.ad_account_id,
            platform=account.platform,
            identifiers=list(wish.identifiers),
            holdout_percent=wish.holdout_percent,
            interval_minutes=wish.interval_minutes,
            resend_days=wish.resend_days,
            enabled=True,
            ending=False,
            replace_asked=False,
            attempts=0,
            next_run_at=now,
            created_at=now,
            updated_at=now,
            created_by=self._scope.actor.label,
        )
        await self._rows.add(audience)
        await self._audit.record(
            "cdp.audience_sync.created", entity="cdp_audiences", entity_id=audience.id, after=_told(audience)
        )
        await self._ask(audience.id)
        return await self.one(audience.id)

    async def change(self, audience_id: UUID, wanted: dict[str, Any]) -> AudienceView:
        """Its name here, its schedule, or whether it is kept up at all."""
        await self._rows.take_turns()
        audience = await self._lasting(audience_id)
        before = _told(audience)
        if "name" in wanted and await self._rows.is_named(wanted["name"], but=audience_id):
            raise NameTaken
        for name, value in wanted.items():
            setattr(audience, name, value)
        audience.next_run_at = self._scope.now() if audience.interval_minutes else None
        audience.next_attempt_at = None
        audience.updated_at = self._scope.now()
        await self._rows.save()
        if (after := _told(audience)) != before:
            await self._audit.record(
                "cdp.audience_sync.changed",
                entity="cdp_audiences",
                entity_id=audience_id,
                before=before,
                after=after,
            )
        return await self.one(audience_id)

    async def sync(self, audience_id: UUID, *, replace: bool = False) -> AudienceView:
        """Have it compared and brought up now; with `replace` sent whole, whatever was sent before."""
        audience = await self._lasting(audience_id)
        audience.replace_asked = audience.replace_asked or replace
        audience.enabled = True
        # Due at once, too: where another run has the audience, what is enqueued here finds it taken.
        audience.next_attempt_at, audience.next_run_at = None, self._scope.now()
        await self._rows.save()
        await self._audit.record(
            "cdp.audience_sync.replace_asked" if replace else "cdp.audience_sync.asked",
            entity="cdp_audiences",
            entity_id=audience_id,
        )
        await self._ask(audience_id)
        return await self.one(audience_id)

    async def bring_up(self, ad_account_id: UUID, external_id: str | None) -> int:
        """Have the account's audience of that id there worked at now, whatever it rests for; how many there are.

        Without an id: those that have yet to be made there. One that was switched off stays so.
        """
        audiences = await self._rows.of_account(ad_account_id, external_id)
        for each in audiences:
            each.next_attempt_at = None
            await self._ask(each.id)
        await self._rows.save()
        return len(audiences)

    async def approve(self, audience_id: UUID, leaving: int) -> AudienceView:
        """Let as many leave as somebody has seen, and no more."""
        audience = await self._lasting(audience_id)
        if audience.waiting_leaving is None:
            raise NothingWaits
        if leaving < audience.waiting_leaving:
            raise MoreLeaveNow(leaving=audience.waiting_leaving)
        audience.approved_leaving, audience.approved_by = audience.waiting_leaving, self._scope.actor.label
        audience.next_run_at = self._scope.now()
        await self._rows.save()
        await self._audit.record(
            "cdp.audience_sync.removal_approved",
            entity="cdp_audiences",
            entity_id=audience_id,
            after={"leaving": audience.waiting_leaving, "of": audience.waiting_of},
        )
        await self._ask(audience_id)
        return await self.one(audience_id)

    async def end(self, audience_id: UUID) -> None:
        """Delete it at the platform, then here, by a task: until the platform has said yes it is still shown."""
        audience = await self._found(audience_id, for_update=True)
        audience.ending, audience.enabled, audience.next_attempt_at = True, False, None
        await self._rows.save()
        await self._audit.record(
            "cdp.audience_sync.end_asked",
            entity="cdp_audiences",
            entity_id=audience_id,
            before=_told(audience),
        )
        await self._ask(audience_id)

    async def runs(
        self, audience_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpAudienceRun], str | None]:
        await self._found(audience_id)
        return await self._rows.runs(audience_id, cursor=cursor, limit=limit)

    async def batches(self, audience_id: UUID, run_id: UUID) -> Sequence[CdpAudienceBatch]:
        run = await self._rows.run(run_id)
        if run is None or run.audience_id != audience_id:
            raise AudienceNotFound(run_id=str(run_id))
        return await self._rows.batches(run_id)

    async def enqueue_due(self) -> None:
        """Told by the domain's clock; what failed waits by the real one."""
        for audience_id in await self._rows.due(self._scope.now(), real_now()):
            payload = {"audience_id": str(audience_id)}
            await self._scope.enqueue("cdp.audience_sync.run", payload, unless_pending=True)

    async def forget_old(self) -> None:
        await self._rows.forget_runs(self._scope.now(), _RUNS_KEPT)

    async def _demand(self, wish: Wish) -> None:
        if await self._rows.is_named(wish.name):
            raise NameTaken
        try:
            segment = await SegmentService(self._scope).one(wish.segment_id)
        except SegmentNotFound as error:
            raise ChoiceInvalid("segment_id", "Choose one of this company's segments.") from error
        if segment.archived_at is not None:
            raise ChoiceInvalid("segment_id", "This segment is archived: choose one that lives.")
        try:
            account = await AdAccountService(self._scope).get(wish.ad_account_id)
        except AdAccountNotFound as error:
            raise ChoiceInvalid("ad_account_id", "Choose one of this company's ad accounts.") from error
        if not account.enabled or not account.write_lease:
            raise AccountMayNotWrite(ad_account_id=str(account.id))
        offer = offer_of(account.platform)
        unknown = [each for each in wish.identifiers if each not in offer.identifiers]
        if unknown:
            raise ChoiceInvalid("identifiers", f"This platform does not take {', '.join(unknown)}.")
        if len(set(wish.identifiers)) < len(wish.identifiers):
            raise ChoiceInvalid("identifiers", "Name each identifier once.")
        if not set(wish.identifiers) & set(offer.leading):
            raise ChoiceInvalid("identifiers", f"Choose at least one of {', '.join(offer.leading)}.")

    async def _views(self, found: Sequence[CdpAudience]) -> list[AudienceView]:
        segments, accounts = await self._rows.named(found)
        views = []
        for each in found:
            counts = await MemberRepository(self._scope, each.id).counts()
            matched, of = await self._rows.match_rate(each.id)
            views.append(
                AudienceView(
                    each,
                    segments.get(each.segment_id),
                    accounts.get(each.ad_account_id),
                    counts,
                    await self._rows.last_run(each.id),
                    matched,
                    of,
                )
            )
        return views

    async def _found(self, audience_id: UUID, *, for_update: bool = False) -> CdpAudience:
        audience = await self._rows.find(audience_id, for_update=for_update)
        if audience is None:
            raise AudienceNotFound(audience_id=str(audience_id))
        return audience

    async def _lasting(self, audience_id: UUID) -> CdpAudience:
        audience = await self._found(audience_id, for_update=True)
        if audience.ending:
            raise AudienceEnds
        return audience

    async def _ask(self, audience_id: UUID) -> None:
        await self._scope.enqueue(
            "cdp.audience_sync.run", {"audience_id": str(audience_id)}, unless_waiting=True
        )


async def measure_all(scopes: Scopes) -> None:
    """Ask the platforms what they made of what was uploaded: they know it hours later."""
    async with scopes() as scope:
        audiences = await AudienceRepository(scope).every()
    for each in audiences:
        if not each.ending:
            await AudienceRunner(scopes).measure(each)


def _told(audience: CdpAudience) -> dict[str, Any]:
    names = (
        *("name", "segment_id", "ad_account_id", "platform", "identifiers", "holdout_percent"),
        *("interval_minutes", "resend_days", "enabled"),
    )
    told = {name: getattr(audience, name) for name in names}
    return {name: str(value) if isinstance(value, UUID) else value for name, value in told.items()}
