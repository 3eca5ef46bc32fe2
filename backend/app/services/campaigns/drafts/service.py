"""Drafts of campaigns: planned, changed, submitted, decided by somebody else, and handed over to be published."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from app.core.clock import real_now
from app.core.context import ActorKind
from app.core.errors import FieldError
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.db.session import TenantScope
from app.models.campaigns.drafts import CampaignDraft, CampaignPublishStep
from app.models.campaigns.kinds import DraftStatus
from app.schemas.campaigns.drafts import CampaignPlan, plan_of
from app.services.audit_logs.service import AuditLog
from app.services.campaigns.assets.service import Assets
from app.services.campaigns.drafts.asset_rules import named, paths_of
from app.services.campaigns.drafts.errors import (
    AccountNotFound,
    DraftNotFound,
    FourEyes,
    ImagesNotFound,
    NotFit,
    PersonNeeded,
    StaleVersion,
    StepNotAllowed,
    TooManyDrafts,
)
from app.services.campaigns.drafts.repository import DraftRepository
from app.services.campaigns.drafts.rules import (
    DECIDABLE,
    DELETABLE,
    EDITABLE,
    PUBLISHABLE,
    SUBMITTABLE,
    Fault,
    Place,
    digest,
)
from app.services.campaigns.drafts.telling import tell_people
from app.services.integrations.campaigns.service import CampaignOffer, offer_of

__all__ = ["CampaignOffer", "DraftStatus", "Drafts", "Shown"]

log = get_logger(__name__)

APPROVE = "campaigns.drafts:approve"
MOST_OPEN = 500
_PEOPLE = frozenset({ActorKind.USER, ActorKind.SUPERADMIN})


@dataclass(frozen=True, slots=True)
class Shown:
    """A draft with all that its own page tells."""

    draft: CampaignDraft
    plan: CampaignPlan
    campaign_id: UUID | None
    may_approve: bool
    log: list[CampaignPublishStep]


class Drafts:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._drafts = DraftRepository(scope)
        self._assets = Assets(scope)

    async def create(self, ad_account_id: UUID, plan: CampaignPlan) -> CampaignDraft:
        line = await self._drafts.account(ad_account_id)
        if line is None:
            raise AccountNotFound(
                fields=[FieldError("body.ad_account_id", AccountNotFound.sentence(), "not_found")]
            )
        if await self._drafts.count_open(EDITABLE) >= MOST_OPEN:
            raise TooManyDrafts
        who, now = self._scope.actor.label, self._scope.now()
        draft = CampaignDraft(
            id=uuid7(),
            ad_account_id=ad_account_id,
            platform=line.account.platform,
            name=plan.name,
            plan=plan.model_dump(mode="json"),
            version=1,
            status=DraftStatus.DRAFT,
            created_by=who,
            created_at=real_now(),
            updated_by=who,
            updated_at=now,
            publish_attempts=0,
        )
        self._drafts.add(draft)
        await self._drafts.flush()
        await self._bind(draft.id, plan)
        await self._audit("created", draft, after={"name": plan.name})
        return draft

    async def edit(self, draft_id: UUID, version: int, plan: CampaignPlan) -> CampaignDraft:
        """Replace the plan. Whatever was asked or approved was so of another one: it is a draft again."""
        draft = await self._at(draft_id, version, EDITABLE, "changed")
        before, told = draft.plan, plan.model_dump(mode="json")
        if plan_of(before) == plan:
            return draft
        await self._bind(draft.id, plan)
        draft.plan, draft.name, draft.version = told, plan.name, draft.version + 1
        draft.updated_by, draft.updated_at = self._scope.actor.label, self._scope.now()
        was = draft.status
        self._forget_decision(draft)
        draft.external_id, draft.publish_attempts = None, 0
        draft.status = DraftStatus.DRAFT
        await self._audit("changed", draft, before={"status": was, "plan": before}, after={"plan": told})
        return draft

    async def delete(self, draft_id: UUID) -> None:
        """Only what never came to stand at a platform: its log is all that tells of it."""
        draft = await self.locked(draft_id)
        if draft.status not in DELETABLE or await self._has_created(draft):
            raise StepNotAllowed("A draft of which something stands at the platform is kept, with its log.")
        await self._audit("deleted", draft, before={"name": draft.name, "status": draft.status})
        await self._drafts.remove(draft)

    async def submit(self, draft_id: UUID, version: int, faults: Iterable[Fault]) -> CampaignDraft:
        """Ask for an approval of exactly this version; refused while anything stands in its way."""
        draft = await self._at(draft_id, version, SUBMITTABLE, "submitted")
        _demand_fit(faults)
        self._forget_decision(draft)
        draft.status = DraftStatus.SUBMITTED
        draft.submitted_by, draft.submitted_by_id = self._scope.actor.label, self._scope.actor.id
        draft.submitted_at = self._scope.now()
        await self._audit("submitted", draft)
        await tell_people(self._scope, draft)
        return draft

    async def approve(self, draft_id: UUID, version: int, *, reason: str | None = None) -> CampaignDraft:
        """A person who did not submit it says yes to this version, and to no other."""
        draft = await self._to_decide(draft_id, version)
        draft.status = DraftStatus.APPROVED
        draft.approved_version = draft.version
        draft.approved_digest = digest(draft.ad_account_id, plan_of(draft.plan))
        self._decided(draft, reason)
        await self._audit("approved", draft, after={"reason": reason, "digest": draft.approved_digest})
        await tell_people(self._scope, draft)
        return draft

    async def reject(self, draft_id: UUID, version: int, *, reason: str) -> CampaignDraft:
        draft = await self._to_decide(draft_id, version)
        draft.status = DraftStatus.REJECTED
        self._decided(draft, reason)
        await self._audit("rejected", draft, after={"reason": reason})
        await tell_people(self._scope, draft)
        return draft

    async def publish(self, draft_id: UUID, version: int, faults: Iterable[Fault]) -> CampaignDraft:
        """Have what was approved created at the platform, after this transaction's commit."""
        draft = await self._at(draft_id, version, PUBLISHABLE, "published")
        if draft.approved_version != draft.version:
            raise StepNotAllowed("This version has no approval: submit it.")
        _demand_fit(faults)
        draft.status, draft.publish_attempts = DraftStatus.PUBLISHING, 0
        draft.publishing_at = real_now()
        draft.error_code = draft.error_detail = None
        await self._audit("publish_asked", draft)
        await self._scope.enqueue("campaigns.drafts.publish", {"draft_id": str(draft.id)})
        return draft

    async def get(self, draft_id: UUID) -> CampaignDraft:
        draft = await self._drafts.find(draft_id)
        if draft is None:
            raise DraftNotFound(draft_id=str(draft_id))
        return draft

    async def locked(self, draft_id: UUID) -> CampaignDraft:
        draft = await self._drafts.for_update(draft_id)
        if draft is None:
            raise DraftNotFound(draft_id=str(draft_id))
        return draft

    async def shown(self, draft_id: UUID) -> Shown:
        draft = await self.get(draft_id)
        return Shown(
            draft,
            plan_of(draft.plan),
            await self._drafts.campaign_id(draft),
            draft.status in DECIDABLE and await self._may_decide(draft),
            await self._drafts.steps(draft_id),
        )

    async def listed(
        self,
        *,
        statuses: Collection[str] = (),
        ad_account_id: UUID | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> tuple[list[CampaignDraft], str | None]:
        return await self._drafts.listed(
            statuses=statuses, ad_account_id=ad_account_id, cursor=cursor, limit=limit
        )

    async def publishing(self) -> list[CampaignDraft]:
        """What is owed to a platform at this moment."""
        return await self._drafts.in_status(DraftStatus.PUBLISHING)

    async def place(self, draft: CampaignDraft) -> Place:
        """The account that it is meant for; its smallest budgets are the platform's to tell."""
        line = await self._drafts.account(draft.ad_account_id)
        if line is None:
            raise AccountNotFound(ad_account_id=str(draft.ad_account_id))
        account = line.account
        return Place(
            platform=account.platform,
            currency=account.currency,
            timezone=account.timezone,
            enabled=account.enabled,
            writable=account.write_lease and not line.connection.read_only,
            pixel=account.pixel_id,
            conversion=account.primary_conversion,
        )

    async def account_number(self, draft: CampaignDraft) -> str:
        """The ad account's id at the platform."""
        line = await self._drafts.account(draft.ad_account_id)
        if line is None:
            raise AccountNotFound(ad_account_id=str(draft.ad_account_id))
        return line.account.external_id

    async def steps(self, draft_id: UUID) -> list[CampaignPublishStep]:
        return await self._drafts.steps(draft_id)

    def note(self, step: CampaignPublishStep) -> None:
        """One more line of a publication's log; the publisher's."""
        self._drafts.add(step)

    async def _bind(self, draft_id: UUID, plan: CampaignPlan) -> None:
        """The library keeps what the plan names."""
        images = {asset_id for _, asset_id in named(plan)}
        if await self._assets.bind(draft_id, images):
            return
        missing = await self._assets.missing(images)
        raise ImagesNotFound(
            fields=[
                FieldError(f"body.{path}", ImagesNotFound.sentence(), "not_found")
                for path in paths_of(plan, missing)
            ]
        )

    async def _at(
        self, draft_id: UUID, version: int, allowed: Collection[DraftStatus], verb: str
    ) -> CampaignDraft:
        draft = await self.locked(draft_id)
        if draft.version != version:
            raise StaleVersion(version=draft.version)
        if draft.status not in allowed:
            raise StepNotAllowed(f"A draft that is {draft.status} cannot be {verb}.", status=draft.status)
        return draft

    async def _to_decide(self, draft_id: UUID, version: int) -> CampaignDraft:
        draft = await self._at(draft_id, version, DECIDABLE, "decided on")
        if self._scope.actor.kind not in _PEOPLE:
            raise PersonNeeded
        if not await self._may_decide(draft):
            raise FourEyes
        return draft

    async def _may_decide(self, draft: CampaignDraft) -> bool:
        """Four eyes, unless there are only two: nobody else in the company could decide."""
        actor = self._scope.actor
        if actor.kind not in _PEOPLE or actor.id is None:
            return False
        return draft.submitted_by_id != actor.id or not await self._drafts.others_may(APPROVE, actor.id)

    async def _has_created(self, draft: CampaignDraft) -> bool:
        return any(step.external_id is not None for step in await self._drafts.steps(draft.id))

    def _decided(self, draft: CampaignDraft, reason: str | None) -> None:
        draft.decided_by, draft.decided_at = self._scope.actor.label, self._scope.now()
        draft.decision_reason = reason

    @staticmethod
    def _forget_decision(draft: CampaignDraft) -> None:
        draft.approved_version = draft.approved_digest = None
        draft.submitted_by = draft.submitted_by_id = draft.submitted_at = None
        draft.decided_by = draft.decided_at = draft.decision_reason = None
        draft.error_code = draft.error_detail = None

    async def _audit(
        self,
        verb: str,
        draft: CampaignDraft,
        *,
        before: dict[str, object] | None = None,
        after: dict[str, object] | None = None,
    ) -> None:
        told = {"status": draft.status, "version": draft.version, **(after or {})}
        await AuditLog(self._scope).record(
            f"campaigns.drafts.{verb}",
            entity="campaigns.drafts",
            entity_id=draft.id,
            before=before,
            after=told,
        )
        log.info("campaigns.drafts.changed", verb=verb, draft_id=str(draft.id), version=draft.version)


def offer_for(draft: CampaignDraft) -> CampaignOffer | None:
    return offer_of(draft.platform)


def _demand_fit(faults: Iterable[Fault]) -> None:
    """A fault lies in what is stored, not in the body: its path is the draft's own."""
    found = [FieldError(each.field, each.message, each.code) for each in faults]
    if found:
        raise NotFit(found)
