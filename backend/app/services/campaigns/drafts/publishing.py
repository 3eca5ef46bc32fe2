"""From an approved draft to a campaign at its platform: for each part a decision, a permit, a write, a read-back.

Every step is a transaction of its own and a line of the log. Each part carries a marker in its name, so that after a
crash or a lost answer the platform itself says whether the part stands; nothing is created twice. Whatever was
created before something failed stands paused, and the log says so; a new attempt goes on from there.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.db.locks import exclusive_among
from app.db.session import Scopes, TenantScope
from app.models.campaigns.drafts import CampaignDraft, CampaignPublishStep
from app.models.campaigns.kinds import DraftStatus, PublishOutcome
from app.models.trust_engine.kinds import IncidentKind, Verdict
from app.schemas.campaigns.drafts import plan_of
from app.services.audit_logs.service import AuditLog
from app.services.campaigns.drafts.asking import proposal_of
from app.services.campaigns.drafts.checking import DraftChecks
from app.services.campaigns.drafts.parts_rules import Part, parts
from app.services.campaigns.drafts.rules import Place, digest
from app.services.campaigns.drafts.service import Drafts, offer_for
from app.services.campaigns.drafts.telling import tell_people
from app.services.integrations.campaigns.service import CampaignMaker, CampaignMakers, Created
from app.services.integrations.ports import EntityState, PlatformError, PlatformErrorKind
from app.services.trust_engine.gate.errors import PermitExpired, PermitRefused
from app.services.trust_engine.gate.service import Change, GateService, Permit
from app.services.trust_engine.incidents.service import Incidents

log = get_logger(__name__)

MOST_ATTEMPTS = 5
ABANDONED_AFTER = timedelta(minutes=4)
"""Longer than one run may take, on real time: after that its worker is dead."""
_PAUSE = timedelta(seconds=15)
_LATER = frozenset({PlatformErrorKind.TRANSIENT, PlatformErrorKind.RATE_LIMITED})
_LOOKS = 4
_BETWEEN_LOOKS = 0.5


class _Ended(Exception):
    """This publication ends here, or pauses where `wait` says for how long."""

    def __init__(self, code: str, message: str, *, wait: timedelta | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.wait = code, message, wait


@dataclass(frozen=True, slots=True)
class _Job:
    """What one run has to do, as read when it took the draft on."""

    draft: CampaignDraft
    place: Place
    account: str
    campaign: Part
    ad_sets: tuple[Part, ...]
    begun: frozenset[str]
    """Parts whose request may have left in an earlier run."""
    made: dict[str, str]
    """The platform's id of each part that is known to stand."""


class DraftPublishing:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def run(self, draft_id: UUID) -> DraftStatus:
        """Take the publication as far as it goes now; safe to call again after anything, and while another runs."""
        async with exclusive_among(self._scopes, "campaigns.drafts", str(draft_id)) as mine:
            if mine:
                await self._run(draft_id)
        async with self._scopes() as scope:
            return DraftStatus((await Drafts(scope).get(draft_id)).status)

    async def resume_abandoned(self) -> int:
        """Have every publication taken up again whose worker died on the way."""
        async with self._scopes() as scope:
            found = [each for each in await Drafts(scope).publishing() if _is_abandoned(each)]
            for draft in found:
                await scope.enqueue(
                    "campaigns.drafts.publish", {"draft_id": str(draft.id)}, unless_pending=True
                )
        return len(found)

    async def _run(self, draft_id: UUID) -> None:
        if not await self._take_on(draft_id):
            return
        try:
            job = await self._job(draft_id)
            maker = await CampaignMakers(self._scopes).open(job.draft.ad_account_id)
            campaign = await self._stand(maker, job, job.campaign, None)
            for part in job.ad_sets:
                await self._stand(maker, job, part, campaign)
        except _Ended as ended:
            await self._end(draft_id, ended)
        except PlatformError as error:
            await self._end(draft_id, _of(error))
        else:
            await self._published(draft_id)

    async def _take_on(self, draft_id: UUID) -> bool:
        async with self._scopes() as scope:
            draft = await Drafts(scope).locked(draft_id)
            if draft.status != DraftStatus.PUBLISHING:
                return False
            draft.publish_attempts += 1
            draft.publishing_at = real_now()
            return True

    async def _job(self, draft_id: UUID) -> _Job:
        """What is to be published, held against what was approved and against what the platform takes now."""
        checked = await DraftChecks(self._scopes).check(draft_id)
        async with self._scopes() as scope:
            drafts = Drafts(scope)
            draft = await drafts.get(draft_id)
            plan, offer = plan_of(draft.plan), offer_for(draft)
            same = (draft.version, digest(draft.ad_account_id, plan))
            if same != (draft.approved_version, draft.approved_digest):
                raise _Ended(
                    "campaigns.drafts.not_as_approved", "This is not what was approved: submit it again."
                )
            steps = [each for each in await drafts.steps(draft_id) if each.version == draft.version]
            begun = frozenset(each.part for each in steps if each.outcome == PublishOutcome.STARTED)
            if offer is None or (checked.faults and not begun):
                said = "; ".join(f"{each.field}: {each.message}" for each in checked.faults)
                raise _Ended("campaigns.drafts.not_fit", said)
            campaign, ad_sets = parts(plan, (draft.id, draft.version), checked.place, offer, scope.now())
            made = {
                each.part: each.external_id
                for each in steps
                if each.external_id is not None
                and each.outcome in {PublishOutcome.CREATED, PublishOutcome.FOUND}
            }
            number = await drafts.account_number(draft)
        return _Job(draft, checked.place, number, campaign, ad_sets, begun, made)

    async def _stand(self, maker: CampaignMaker, job: _Job, part: Part, campaign: str | None) -> str:
        """Have the part stand at the platform, once, and read it back; answers its id there."""
        external_id = job.made.get(part.key)
        if external_id is None and part.key in job.begun:
            external_id = await self._found(maker, job, part, campaign, looks=1)
        if external_id is None:
            external_id = await self._create(maker, job, part, campaign)
        await self._verify(maker, job, part, external_id)
        return external_id

    async def _create(self, maker: CampaignMaker, job: _Job, part: Part, campaign: str | None) -> str:
        change = part.change(job.draft.platform, job.account, campaign)
        permit = await self._permit(job, part, change)
        try:
            created = await _send(maker, change, permit)
        except PermitExpired as error:
            raise _Ended(error.code, error.detail, wait=timedelta(0)) from error
        except PermitRefused as error:
            await self._note(job, part, PublishOutcome.REFUSED, error_code=error.code, message=error.detail)
            raise _Ended(error.code, error.detail) from error
        except PlatformError as error:
            if error.kind is PlatformErrorKind.AMBIGUOUS:
                return await self._look_after_silence(maker, job, part, campaign, error)
            later = error.kind in _LATER
            outcome = PublishOutcome.RETRIED if later else PublishOutcome.FAILED
            await self._note(
                job, part, outcome, error_code=error.code, message=error.message, trace=error.trace
            )
            raise
        await self._note(
            job, part, PublishOutcome.CREATED, external_id=created.external_id, trace=created.trace
        )
        return created.external_id

    async def _permit(self, job: _Job, part: Part, change: Change) -> Permit:
        """A decision of the gate, of the ledger, and its permit; written down before the request leaves."""
        async with self._scopes() as scope:
            drafts = Drafts(scope)
            draft = await drafts.locked(job.draft.id)
            proposal, _ = await proposal_of(scope, draft, part, change, job.place)
            decision = await GateService(scope).decide(proposal)
            passed = decision.verdict is Verdict.PASS and decision.permit is not None
            said = " ".join(
                each.sentence for each in decision.reasons if passed or each.verdict is not Verdict.PASS
            )
            drafts.note(
                _step(
                    scope,
                    draft,
                    part,
                    PublishOutcome.STARTED if passed else PublishOutcome.REFUSED,
                    decision_id=decision.id,
                    permit_id=decision.permit.id if decision.permit else None,
                    error_code=None if passed else f"trust_engine.gate.{decision.verdict.value}",
                    message=said,
                )
            )
        if decision.permit is None:
            raise _Ended(f"trust_engine.gate.{decision.verdict.value}", said)
        return decision.permit

    async def _look_after_silence(
        self, maker: CampaignMaker, job: _Job, part: Part, campaign: str | None, error: PlatformError
    ) -> str:
        """A request left and no answer came: the platform says whether the part stands; nothing is sent again."""
        found = await self._found(maker, job, part, campaign, looks=_LOOKS)
        if found is not None:
            return found
        await self._note(job, part, PublishOutcome.RETRIED, error_code=error.code, message=error.message)
        raise _Ended(error.code, "No answer came, and it does not stand there yet.", wait=_PAUSE) from error

    async def _found(
        self, maker: CampaignMaker, job: _Job, part: Part, campaign: str | None, *, looks: int
    ) -> str | None:
        """The id of the entity that bears the part's marker, where there is one."""
        for look in range(looks):
            if look:
                await asyncio.sleep(_BETWEEN_LOOKS)
            listed = await (maker.list_campaigns() if campaign is None else maker.list_ad_sets())
            for state in listed:
                if part.is_marked(state) and state.campaign == campaign:
                    await self._note(
                        job,
                        part,
                        PublishOutcome.FOUND,
                        external_id=state.external_id,
                        message="No answer had come; it stands at the platform by its marker.",
                    )
                    return state.external_id
        return None

    async def _verify(self, maker: CampaignMaker, job: _Job, part: Part, external_id: str) -> None:
        state = await _read_until(maker, part, external_id)
        if part.stands(state):
            await self._note(job, part, PublishOutcome.VERIFIED, external_id=external_id)
            return
        asked = {name: part.after.get(name) for name in ("name", "status", *_BUDGETS)}
        found = {name: getattr(state, name) for name in ("name", "status", *_BUDGETS)}
        said = f"{part.name}: asked for {asked}, the platform holds {found}."
        async with self._scopes() as scope:
            await Incidents(scope).open(
                IncidentKind.READ_BACK_MISMATCH,
                said,
                ad_account_id=job.draft.ad_account_id,
                evidence={"draft_id": str(job.draft.id), "asked": asked, "found": found},
            )
        await self._note(job, part, PublishOutcome.FAILED, external_id=external_id, message=said)
        raise _Ended("campaigns.drafts.read_back_mismatch", said)

    async def _note(self, job: _Job, part: Part, outcome: PublishOutcome, **facts: Any) -> None:
        async with self._scopes() as scope:
            drafts = Drafts(scope)
            draft = await drafts.locked(job.draft.id)
            if facts.get("external_id") and part.entity_type == "campaign":
                draft.external_id = facts["external_id"]
            drafts.note(_step(scope, draft, part, outcome, **facts))

    async def _end(self, draft_id: UUID, ended: _Ended) -> None:
        """Pause, or fail and say what stands at the platform nevertheless."""
        async with self._scopes() as scope:
            drafts = Drafts(scope)
            draft = await drafts.locked(draft_id)
            if ended.wait is not None and draft.publish_attempts < MOST_ATTEMPTS:
                await scope.enqueue("campaigns.drafts.publish", {"draft_id": str(draft_id)}, delay=ended.wait)
                return
            draft.status, draft.publishing_at = DraftStatus.FAILED, None
            draft.error_code, draft.error_detail = ended.code, ended.message
            for step in _standing(await drafts.steps(draft_id), draft.version):
                drafts.note(_left(scope, draft, step))
            await AuditLog(scope).record(
                "campaigns.drafts.publish_failed",
                entity="campaigns.drafts",
                entity_id=draft.id,
                after={"version": draft.version, "code": ended.code, "external_id": draft.external_id},
            )
            await tell_people(scope, draft)
        log.warning("campaigns.drafts.publish_failed", draft_id=str(draft_id), code=ended.code)

    async def _published(self, draft_id: UUID) -> None:
        async with self._scopes() as scope:
            draft = await Drafts(scope).locked(draft_id)
            draft.status, draft.publishing_at = DraftStatus.PUBLISHED, None
            draft.published_at = scope.now()
            draft.error_code = draft.error_detail = None
            await scope.enqueue(
                "integrations.sync_account", {"ad_account_id": str(draft.ad_account_id)}, queue="sync"
            )
            await AuditLog(scope).record(
                "campaigns.drafts.published",
                entity="campaigns.drafts",
                entity_id=draft.id,
                after={"version": draft.version, "external_id": draft.external_id},
            )
            await tell_people(scope, draft)
        log.info("campaigns.drafts.published", draft_id=str(draft_id))


_BUDGETS = ("daily_budget_micros", "lifetime_budget_micros")


async def _send(maker: CampaignMaker, change: Change, permit: Permit) -> Created:
    if change.entity_type == "campaign":
        return await maker.create_campaign(change, permit)
    return await maker.create_ad_set(change, permit)


async def _read_until(maker: CampaignMaker, part: Part, external_id: str) -> EntityState:
    """What the platform holds, allowing it a moment to show what it took."""
    seen = await maker.read_entity(part.entity_type, external_id)
    for _ in range(_LOOKS - 1):
        if part.stands(seen):
            break
        await asyncio.sleep(_BETWEEN_LOOKS)
        seen = await maker.read_entity(part.entity_type, external_id)
    return seen


def _step(
    scope: TenantScope, draft: CampaignDraft, part: Part, outcome: PublishOutcome, **facts: Any
) -> CampaignPublishStep:
    return CampaignPublishStep(
        id=uuid7(),
        draft_id=draft.id,
        version=draft.version,
        at=scope.now(),
        created_at=real_now(),
        part=part.key,
        name=part.name,
        outcome=outcome,
        **facts,
    )


def _standing(steps: list[CampaignPublishStep], version: int) -> list[CampaignPublishStep]:
    """What was created of this version, one line of each part."""
    made = {each.part: each for each in steps if each.version == version and each.external_id is not None}
    return list(made.values())


def _left(scope: TenantScope, draft: CampaignDraft, made: CampaignPublishStep) -> CampaignPublishStep:
    return CampaignPublishStep(
        id=uuid7(),
        draft_id=draft.id,
        version=draft.version,
        at=scope.now(),
        created_at=real_now(),
        part=made.part,
        name=made.name,
        outcome=PublishOutcome.LEFT_PAUSED,
        external_id=made.external_id,
        message="It stands paused at the platform and spends nothing; a new attempt goes on from there.",
    )


def _of(error: PlatformError) -> _Ended:
    """A fault that passes is waited out; any other ends the publication."""
    passing = error.kind in _LATER or error.kind is PlatformErrorKind.AMBIGUOUS
    wait = timedelta(seconds=error.retry_after or _PAUSE.total_seconds()) if passing else None
    return _Ended(error.code, error.message, wait=wait)


def _is_abandoned(draft: CampaignDraft) -> bool:
    return draft.publishing_at is not None and real_now() - draft.publishing_at > ABANDONED_AFTER
