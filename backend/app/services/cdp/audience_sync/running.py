"""One synchronisation of one audience, from what it lacks to what the platform said.

One worker at a time works at an audience. Whatever it dies of, what is queued stays queued: the next run compares anew
and goes on, and what had been sent without an answer is sent again.
"""

from datetime import datetime, timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.errors import StratumError
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.db.locks import exclusive_among
from app.db.session import Scopes, TenantScope
from app.models.cdp.audience_sync import CdpAudience, CdpAudienceRun
from app.services.audit_logs.service import AuditLog
from app.services.cdp.audience_sync import rules
from app.services.cdp.audience_sync.members_repository import MemberRepository
from app.services.cdp.audience_sync.planning import Planning
from app.services.cdp.audience_sync.repository import AudienceRepository
from app.services.cdp.audience_sync.rules import Leaving, RunKind, RunStatus, State
from app.services.cdp.audience_sync.sending import Sending
from app.services.cdp.audience_sync.settling import settle
from app.services.cdp.segments.service import SegmentService
from app.services.integrations.audiences.ports import bears
from app.services.integrations.audiences.service import (
    AudiencePlatform,
    AudienceService,
    RemoteAudience,
    offer_of,
)
from app.services.integrations.ports import PlatformError, PlatformErrorKind

log = get_logger(__name__)

_GONE = ".audience_gone"
_MATCHES_AT_ONCE = 5
_MATCHED_WITHIN = timedelta(days=7)
_SOON = timedelta(minutes=1)
"""When to look again at a segment that has not been computed yet."""


class AudienceRunner:
    """`page` is how many people are compared at once, `batch` how many entries a request has at most."""

    def __init__(self, scopes: Scopes, *, page: int = 4_000, batch: int = 10_000) -> None:
        self._scopes = scopes
        self._page = page
        self._batch = batch

    async def run(self, audience_id: UUID, *, only_removals: bool = False) -> bool:
        """Make the audience equal to its segment; False where another works at it, or it failed."""
        async with exclusive_among(self._scopes, "cdp", "audience", str(audience_id)) as mine:
            if not mine:
                return False
            begun = await self._begin(audience_id, only_removals=only_removals)
            if begun is None:
                return True
            return await self._guarded(*begun)

    async def _begin(
        self, audience_id: UUID, *, only_removals: bool
    ) -> tuple[CdpAudience, CdpAudienceRun] | None:
        async with self._scopes() as scope:
            rows = AudienceRepository(scope)
            audience = await rows.find(audience_id)
            if audience is None:
                return None
            kind = _kind(audience, only_removals=only_removals)
            if kind is RunKind.REMOVALS:
                waiting = (await MemberRepository(scope, audience_id).counts())[State.REMOVING]
                if not waiting:
                    return None
            await rows.interrupt(audience_id, scope.now())
            run = CdpAudienceRun(
                id=uuid7(),
                audience_id=audience_id,
                kind=kind,
                status=RunStatus.RUNNING,
                started_at=scope.now(),
            )
            await rows.add(run)
            return audience, run

    async def _guarded(self, audience: CdpAudience, run: CdpAudienceRun) -> bool:
        try:
            platform = await AudienceService(self._scopes).open(audience.ad_account_id)
            await self._work(audience, run, platform)
        except PlatformError as error:
            await self._failed(audience, run, error.code, error.message, error.retry_after)
            return False
        except StratumError as error:
            if error.status >= 500:  # noqa: PLR2004  (the server's own fault)
                raise
            await self._failed(audience, run, error.code, error.detail, None)
            return False
        return True

    async def _work(self, audience: CdpAudience, run: CdpAudienceRun, platform: AudiencePlatform) -> None:
        kind = RunKind(run.kind)
        if platform.read_only:
            raise PlatformError(
                PlatformErrorKind.PERMISSION,
                f"{platform.platform}.read_only",
                "This ad account may only be read from here.",
            )
        if kind is RunKind.ENDING:
            await self._end(audience, platform)
            return
        remote = await self._made(audience, platform, kind)
        if remote is None:  # it is gone there, and so is whoever was to be taken out
            await self._finish(audience, run, None, None)
            return
        leaving: Leaving | None = None
        planning: Planning | None = None
        if kind is not RunKind.REMOVALS:
            leaving = await self._leaving(audience)
            planning = Planning(
                self._scopes,
                audience,
                platform,
                holding=leaving.waits(audience.approved_leaving),
                expires_after=rules.expiry(offer_of(audience.platform).expires_after, audience.resend_days),
                page=self._page,
            )
            await planning.run()
        sending = Sending(self._scopes, audience, platform, run.id, most=self._batch)
        if kind is RunKind.REPLACE:
            await sending.replacement()
        await sending.removals()
        if kind is not RunKind.REMOVALS:
            if await sending.additions():
                await self._note_session(run.id, sending.session)
            await sending.removals()  # who refused meanwhile
        await self._finish(audience, run, leaving, planning)
        await self.measure(audience, platform, remote)

    async def _made(
        self, audience: CdpAudience, platform: AudiencePlatform, kind: RunKind
    ) -> RemoteAudience | None:
        """The audience at the platform; made where there is none yet, and anew where a person asks for it."""
        if audience.external_id is not None:
            try:
                return await platform.read_audience(audience.external_id)
            except PlatformError as error:
                if not error.code.endswith(_GONE) or kind is RunKind.DIFFERENCE:
                    raise
            async with self._scopes() as scope:
                await MemberRepository(scope, audience.id).start_over()
                if kind is RunKind.REMOVALS:
                    return None
                await self._keep_external_id(scope, audience, None)
        elif kind is RunKind.REMOVALS:
            return None
        tag = str(audience.id)
        found = [each for each in await platform.list_audiences() if bears(each, tag)]
        external_id = found[0].external_id if found else None
        if external_id is None:
            external_id = await platform.create_audience(audience.name, tag)
        async with self._scopes() as scope:
            await self._keep_external_id(scope, audience, external_id)
        return await platform.read_audience(external_id)

    @staticmethod
    async def _keep_external_id(scope: TenantScope, audience: CdpAudience, external_id: str | None) -> None:
        kept = await AudienceRepository(scope).find(audience.id, for_update=True)
        if kept is not None:
            kept.external_id = external_id
        audience.external_id = external_id

    async def _leaving(self, audience: CdpAudience) -> Leaving:
        async with self._scopes() as scope:
            found = await MemberRepository(scope, audience.id).leaving(audience.segment_id)
            since = scope.now() - rules.LOOKS_BACK
            unasked = await AudienceRepository(scope).left_unasked(audience.id, since)
            return Leaving(found.now, found.standing, unasked)

    async def _note_session(self, run_id: UUID, session: int) -> None:
        async with self._scopes() as scope:
            run = await AudienceRepository(scope).run(run_id)
            if run is not None:
                run.session = session

    async def _end(self, audience: CdpAudience, platform: AudiencePlatform) -> None:
        if audience.external_id is not None:
            await platform.delete_audience(audience.external_id)
        async with self._scopes() as scope:
            await AuditLog(scope).record(
                "cdp.audience_sync.ended",
                entity="cdp_audiences",
                entity_id=audience.id,
                before={"name": audience.name, "platform": audience.platform},
            )
            await AudienceRepository(scope).delete(audience.id)

    async def _finish(
        self, audience: CdpAudience, run: CdpAudienceRun, leaving: Leaving | None, planning: Planning | None
    ) -> None:
        async with self._scopes() as scope:
            rows = AudienceRepository(scope)
            kept, done = await rows.find(audience.id, for_update=True), await rows.run(run.id)
            if kept is None or done is None:
                return
            now = scope.now()
            done.status, done.finished_at = RunStatus.DONE, now
            kept.attempts, kept.next_attempt_at, kept.error_code, kept.error = 0, None, None, None
            if leaving is None or planning is None:
                return
            holds = leaving.waits(audience.approved_leaving)
            done.withheld = {why.value: count for why, count in sorted(planning.withheld.items())}
            done.left_segment, done.held_back = leaving.now, leaving.now if holds else 0
            done.approved = audience.approved_leaving is not None
            if done.kind == RunKind.REPLACE:
                kept.replace_asked = False
            if kept.approved_leaving == audience.approved_leaving:
                kept.approved_leaving = kept.approved_by = None
            await _note_waiting(scope, kept, leaving if holds else None)
            segment = await SegmentService(scope).one(audience.segment_id)
            kept.last_run_at = now
            kept.next_run_at = _next(kept, is_computed=segment.computed_version is not None, scope=scope)
            log.info(
                "cdp.audience_sync.done", audience_id=str(audience.id), added=done.added, removed=done.removed
            )

    async def _failed(
        self,
        audience: CdpAudience,
        run: CdpAudienceRun,
        code: str,
        message: str,
        retry_after: int | None,
    ) -> None:
        async with self._scopes() as scope:
            rows = AudienceRepository(scope)
            kept, failed = await rows.find(audience.id, for_update=True), await rows.run(run.id)
            if failed is not None:
                failed.status, failed.finished_at = RunStatus.FAILED, scope.now()
                failed.error_code, failed.error = code, message[:500]
            if kept is not None:
                kept.attempts += 1
                kept.error_code, kept.error = code, message[:500]
                kept.next_attempt_at = real_now() + rules.pause_before_retry(kept.attempts, retry_after)
        log.warning("cdp.audience_sync.failed", audience_id=str(audience.id), code=code)

    async def measure(
        self,
        audience: CdpAudience,
        platform: AudiencePlatform | None = None,
        remote: RemoteAudience | None = None,
    ) -> None:
        """Ask what the platform made of it: its size, and how many of the people it knows. A refusal is no failure."""
        if audience.external_id is None:
            return
        try:
            platform = platform or await AudienceService(self._scopes).open(audience.ad_account_id)
            remote = remote or await platform.read_audience(audience.external_id)
            await settle(self._scopes, audience, platform)
            async with self._scopes() as scope:
                since = scope.now() - _MATCHED_WITHIN
                unmatched = await AudienceRepository(scope).unmatched(audience.id, since, _MATCHES_AT_ONCE)
            matches = {
                each.id: await platform.read_upload(audience.external_id, each.session)
                for each in unmatched
                if each.session is not None
            }
        except PlatformError as error:
            log.warning("cdp.audience_sync.not_measured", audience_id=str(audience.id), code=error.code)
            return
        async with self._scopes() as scope:
            rows = AudienceRepository(scope)
            for run_id, match in matches.items():
                if match is not None and match.people is not None:
                    await rows.match(run_id, match.people, match.received)
            kept = await rows.find(audience.id, for_update=True)
            if kept is not None:
                kept.size_lower, kept.size_upper = remote.size_lower, remote.size_upper
                kept.remote_status, kept.size_at = remote.state, scope.now()


def _kind(audience: CdpAudience, *, only_removals: bool) -> RunKind:
    if audience.ending:
        return RunKind.ENDING
    if only_removals or not audience.enabled:
        return RunKind.REMOVALS
    return RunKind.REPLACE if audience.replace_asked else RunKind.DIFFERENCE


def _next(audience: CdpAudience, *, is_computed: bool, scope: TenantScope) -> datetime | None:
    if not is_computed:
        return scope.now() + _SOON
    minutes = audience.interval_minutes
    return None if minutes is None else scope.now() + timedelta(minutes=minutes)


async def _note_waiting(scope: TenantScope, audience: CdpAudience, leaving: Leaving | None) -> None:
    if leaving is None:
        audience.waiting_leaving = audience.waiting_of = audience.waiting_since = None
        return
    if audience.waiting_since is None:
        audience.waiting_since = scope.now()
        await AuditLog(scope).record(
            "cdp.audience_sync.removal_waits",
            entity="cdp_audiences",
            entity_id=audience.id,
            after={"leaving": leaving.now, "of": leaving.standing},
        )
    audience.waiting_leaving, audience.waiting_of = leaving.now, leaving.standing
