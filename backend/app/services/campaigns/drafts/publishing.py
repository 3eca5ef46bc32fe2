"""From an approved draft to a campaign at its platform: for each part a decision, a permit, a write, a read-back.

Every step is a transaction of its own and a line of the log. Each part carries a marker in its name, so that after a
crash or a lost answer the platform itself says whether the part stands; nothing is created twice. Whatever was
created before something failed stands paused, and the log says so; a new attempt goes on from there.
"""

from datetime import timedelta
from typing import cast
from uuid import UUID

from app.core.clock import real_now
from app.core.logging import get_logger
from app.db.locks import exclusive_among
from app.db.session import Scopes, TenantScope
from app.models.campaigns.drafts import CampaignDraft, CampaignPublishStep
from app.models.campaigns.kinds import DraftStatus, PublishOutcome
from app.schemas.campaigns.drafts import CampaignPlan, plan_of
from app.services.audit_logs.service import AuditLog
from app.services.campaigns.assets.service import Assets
from app.services.campaigns.drafts.ad_parts_rules import AdParts, ad_parts, images_of
from app.services.campaigns.drafts.checking import DraftChecks
from app.services.campaigns.drafts.making import AdWay, CreativeWay, EntityWay, ImageWay
from app.services.campaigns.drafts.parts_rules import parts
from app.services.campaigns.drafts.removing import AdRemoval
from app.services.campaigns.drafts.rules import digest
from app.services.campaigns.drafts.service import Drafts, offer_for
from app.services.campaigns.drafts.standing import (
    LATER,
    PAUSE,
    Ended,
    Job,
    PartStanding,
    line,
    progress,
)
from app.services.campaigns.drafts.telling import tell_people
from app.services.integrations.campaigns.service import (
    AdMaker,
    CampaignMaker,
    CampaignMakers,
    CampaignOffer,
)
from app.services.integrations.ports import PlatformError, PlatformErrorKind

log = get_logger(__name__)

MOST_ATTEMPTS = 5
ABANDONED_AFTER = timedelta(minutes=4)
"""Longer than one run may take, on real time: after that its worker is dead."""


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
        job: Job | None = None
        maker: CampaignMaker | None = None
        try:
            job = await self._job(draft_id)
            maker = await CampaignMakers(self._scopes).open(job.draft.ad_account_id)
            await self._stand(maker, job)
        except Ended as ended:
            await self._end(draft_id, ended, maker, job)
        except PlatformError as error:
            await self._end(draft_id, _of(error), maker, job)
        else:
            await self._published(draft_id)

    async def _stand(self, maker: CampaignMaker, job: Job) -> None:
        """The campaign, its ad sets, then ad by ad its images, its creative where there are any, and itself."""
        standing = PartStanding(self._scopes, job)
        campaign = await standing.stand(EntityWay(maker), job.campaign)
        ids = {
            part.key: await standing.stand(EntityWay(maker, campaign), part, campaign=campaign)
            for part in job.ad_sets
        }
        makes = cast("AdMaker", maker)
        for each in job.ads:
            for image in each.images.values():
                if image.part.key not in ids:
                    way = ImageWay(makes, self._scopes, image.asset_id)
                    ids[image.part.key] = await standing.stand(way, image.part)
            links = {name: ids[image.part.key] for name, image in each.images.items()}
            if each.creative is not None:
                links = {"creative": await standing.stand(CreativeWay(makes), each.creative, **links)}
            ad_set = ids[each.ad_set]
            await standing.stand(AdWay(makes, ad_set), each.ad, ad_set=ad_set, **links)

    async def _take_on(self, draft_id: UUID) -> bool:
        async with self._scopes() as scope:
            draft = await Drafts(scope).locked(draft_id)
            if draft.status != DraftStatus.PUBLISHING:
                return False
            draft.publish_attempts += 1
            draft.publishing_at = real_now()
            return True

    async def _job(self, draft_id: UUID) -> Job:
        """What is to be published, held against what was approved and against what the platform takes now."""
        checked = await DraftChecks(self._scopes).check(draft_id)
        async with self._scopes() as scope:
            drafts = Drafts(scope)
            draft = await drafts.get(draft_id)
            plan, offer = plan_of(draft.plan), offer_for(draft)
            same = (draft.version, digest(draft.ad_account_id, plan))
            if same != (draft.approved_version, draft.approved_digest):
                raise Ended(
                    "campaigns.drafts.not_as_approved", "This is not what was approved: submit it again."
                )
            steps = [each for each in await drafts.steps(draft_id) if each.version == draft.version]
            begun, made = progress(steps)
            if offer is None or (checked.faults and not begun):
                said = "; ".join(f"{each.field}: {each.message}" for each in checked.faults)
                raise Ended("campaigns.drafts.not_fit", said)
            campaign, ad_sets = parts(plan, (draft.id, draft.version), checked.place, offer, scope.now())
            ads = await _ads(scope, draft, plan, offer)
            number = await drafts.account_number(draft)
        return Job(draft, checked.place, number, campaign, ad_sets, ads, begun, made)

    async def _end(self, draft_id: UUID, ended: Ended, maker: CampaignMaker | None, job: Job | None) -> None:
        """Pause, or fail: take the ads away again, and say what stands at the platform nevertheless."""
        async with self._scopes() as scope:
            draft = await Drafts(scope).locked(draft_id)
            if ended.wait is not None and draft.publish_attempts < MOST_ATTEMPTS:
                await scope.enqueue("campaigns.drafts.publish", {"draft_id": str(draft_id)}, delay=ended.wait)
                return
            steps = await Drafts(scope).steps(draft_id)
            reached = progress(each for each in steps if each.version == draft.version)
        if maker is not None and job is not None:
            standing = PartStanding(self._scopes, job)
            await AdRemoval(standing, cast("AdMaker", maker), job, *reached).remove()
        await self._failed(draft_id, ended)

    async def _failed(self, draft_id: UUID, ended: Ended) -> None:
        async with self._scopes() as scope:
            drafts = Drafts(scope)
            draft = await drafts.locked(draft_id)
            draft.status, draft.publishing_at = DraftStatus.FAILED, None
            draft.error_code, draft.error_detail = ended.code, ended.message
            for made in _standing(await drafts.steps(draft_id), draft.version):
                drafts.note(_left(scope, draft, made))
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


async def _ads(
    scope: TenantScope, draft: CampaignDraft, plan: CampaignPlan, offer: CampaignOffer
) -> tuple[AdParts, ...]:
    if offer.ads is None:
        return ()
    images = await Assets(scope).stored(images_of(plan, offer.ads))
    return tuple(ad_parts(plan, (draft.id, draft.version), offer.ads, images))


def _standing(steps: list[CampaignPublishStep], version: int) -> list[CampaignPublishStep]:
    """What was created of this version and not taken away again, one line of each part."""
    last = {each.part: each for each in steps if each.version == version and each.external_id is not None}
    return [each for each in last.values() if each.outcome != PublishOutcome.REMOVED]


def _left(scope: TenantScope, draft: CampaignDraft, made: CampaignPublishStep) -> CampaignPublishStep:
    said = "It stands paused at the platform and spends nothing; a new attempt goes on from there."
    if made.part.startswith("images."):
        said = "It stays in the platform's library, where it shows nothing; a new attempt uses it."
    return line(
        scope,
        draft,
        made.part,
        made.name,
        PublishOutcome.LEFT_PAUSED,
        external_id=made.external_id,
        message=said,
    )


def _of(error: PlatformError) -> Ended:
    """A fault that passes is waited out; any other ends the publication."""
    passing = error.kind in LATER or error.kind is PlatformErrorKind.AMBIGUOUS
    wait = timedelta(seconds=error.retry_after or PAUSE.total_seconds()) if passing else None
    return Ended(error.code, error.message, wait=wait)


def _is_abandoned(draft: CampaignDraft) -> bool:
    return draft.publishing_at is not None and real_now() - draft.publishing_at > ABANDONED_AFTER
