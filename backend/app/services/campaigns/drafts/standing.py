"""Have one part of a draft stand at its platform, once: decision, permit, write, read-back, a line of the log for each.

Whoever comes after a crash or a lost answer looks for the part's marker, and makes only what is not there.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.models.campaigns.drafts import CampaignDraft, CampaignPublishStep
from app.models.campaigns.kinds import PublishOutcome
from app.models.trust_engine.kinds import IncidentKind, Verdict
from app.services.campaigns.drafts.ad_parts_rules import AdParts
from app.services.campaigns.drafts.asking import proposal_of
from app.services.campaigns.drafts.parts_rules import Part
from app.services.campaigns.drafts.rules import Place
from app.services.campaigns.drafts.service import Drafts
from app.services.integrations.campaigns.service import Created
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.trust_engine.gate.errors import PermitExpired, PermitRefused
from app.services.trust_engine.gate.service import Change, GateService, Permit
from app.services.trust_engine.incidents.service import Incidents

PAUSE = timedelta(seconds=15)
LATER = frozenset({PlatformErrorKind.TRANSIENT, PlatformErrorKind.RATE_LIMITED})
LOOKS = 4
BETWEEN_LOOKS = 0.5


class Ended(Exception):
    """This publication ends here, or pauses where `wait` says for how long."""

    def __init__(self, code: str, message: str, *, wait: timedelta | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.wait = code, message, wait


@dataclass(frozen=True, slots=True)
class Job:
    """What one run has to do, as read when it took the draft on."""

    draft: CampaignDraft
    place: Place
    account: str
    campaign: Part
    ad_sets: tuple[Part, ...]
    ads: tuple[AdParts, ...]
    begun: frozenset[str]
    """Parts whose request may have left in an earlier run."""
    made: dict[str, str]
    """The platform's id of each part that is known to stand."""


def progress(steps: Iterable[CampaignPublishStep]) -> tuple[frozenset[str], dict[str, str]]:
    """Of a version's log, oldest first: the parts whose request may have left, and the ids of those that stand.

    A request about what stands takes it away: until that is told, the part is looked for by its marker.
    """
    begun: set[str] = set()
    made: dict[str, str] = {}
    for each in steps:
        if each.outcome == PublishOutcome.STARTED:
            begun.add(each.part)
            made.pop(each.part, None)
        elif each.outcome == PublishOutcome.REMOVED:
            made.pop(each.part, None)
        elif each.external_id and each.outcome in {PublishOutcome.CREATED, PublishOutcome.FOUND}:
            made[each.part] = each.external_id
    return frozenset(begun), made


class Way(Protocol):
    """How parts of one kind are made at a platform, found there, and held against what was asked."""

    async def make(self, change: Change, permit: Permit) -> Created: ...

    async def find(self, part: Part) -> str | None:
        """The platform's id of what bears the part's marker."""
        ...

    async def differs(self, part: Part, change: Change, external_id: str) -> tuple[object, object] | None:
        """What was asked and what the platform holds, where that is another thing."""
        ...


class PartStanding:
    def __init__(self, scopes: Scopes, job: Job) -> None:
        self._scopes = scopes
        self._job = job

    async def stand(self, way: Way, part: Part, **links: str) -> str:
        """Answers the part's id at the platform; `links` are the ids there of what it belongs to."""
        job = self._job
        change = part.change(job.draft.platform, job.account, links)
        external_id = job.made.get(part.key)
        if external_id is None and part.key in job.begun:
            external_id = await self._found(way, part, looks=1)
        if external_id is None:
            external_id = await self._create(way, part, change)
        await self._verify(way, part, change, external_id)
        return external_id

    async def permit(self, part: Part, change: Change) -> Permit:
        """A decision of the gate, of the ledger, and its permit; written down before the request leaves."""
        async with self._scopes() as scope:
            draft = await Drafts(scope).locked(self._job.draft.id)
            gate = GateService(scope)
            await gate.take_turn()
            proposal, _ = await proposal_of(scope, draft, part, change, self._job.place)
            decision = await gate.decide(proposal)
            passed = decision.verdict is Verdict.PASS and decision.permit is not None
            said = " ".join(
                each.sentence for each in decision.reasons if passed or each.verdict is not Verdict.PASS
            )
            Drafts(scope).note(
                step(
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
            raise Ended(f"trust_engine.gate.{decision.verdict.value}", said)
        return decision.permit

    async def note(self, part: Part, outcome: PublishOutcome, **facts: Any) -> None:
        async with self._scopes() as scope:
            drafts = Drafts(scope)
            draft = await drafts.locked(self._job.draft.id)
            if facts.get("external_id") and part.entity_type == "campaign":
                draft.external_id = facts["external_id"]
            drafts.note(step(scope, draft, part, outcome, **facts))

    async def _create(self, way: Way, part: Part, change: Change) -> str:
        permit = await self.permit(part, change)
        try:
            created = await way.make(change, permit)
        except PermitExpired as error:
            raise Ended(error.code, error.detail, wait=timedelta(0)) from error
        except PermitRefused as error:
            await self.note(part, PublishOutcome.REFUSED, error_code=error.code, message=error.detail)
            raise Ended(error.code, error.detail) from error
        except PlatformError as error:
            if error.kind is PlatformErrorKind.AMBIGUOUS:
                return await self._look_after_silence(way, part, error)
            outcome = PublishOutcome.RETRIED if error.kind in LATER else PublishOutcome.FAILED
            await self.note(part, outcome, error_code=error.code, message=error.message, trace=error.trace)
            raise
        await self.note(part, PublishOutcome.CREATED, external_id=created.external_id, trace=created.trace)
        return created.external_id

    async def _look_after_silence(self, way: Way, part: Part, error: PlatformError) -> str:
        """A request left and no answer came: the platform says whether the part stands; nothing is sent again."""
        found = await self._found(way, part, looks=LOOKS)
        if found is not None:
            return found
        await self.note(part, PublishOutcome.RETRIED, error_code=error.code, message=error.message)
        raise Ended(error.code, "No answer came, and it does not stand there yet.", wait=PAUSE) from error

    async def _found(self, way: Way, part: Part, *, looks: int) -> str | None:
        for look in range(looks):
            if look:
                await asyncio.sleep(BETWEEN_LOOKS)
            external_id = await way.find(part)
            if external_id is not None:
                await self.note(
                    part,
                    PublishOutcome.FOUND,
                    external_id=external_id,
                    message="No answer had come; it stands at the platform by its marker.",
                )
                return external_id
        return None

    async def _verify(self, way: Way, part: Part, change: Change, external_id: str) -> None:
        """Allowing the platform a moment to show what it took."""
        asked: object = None
        found: object = None
        for look in range(LOOKS):
            if look:
                await asyncio.sleep(BETWEEN_LOOKS)
            unlike = await way.differs(part, change, external_id)
            if unlike is None:
                await self.note(part, PublishOutcome.VERIFIED, external_id=external_id)
                return
            asked, found = unlike
        said = f"{part.name}: asked for {asked}, the platform holds {found}."
        async with self._scopes() as scope:
            await Incidents(scope).open(
                IncidentKind.READ_BACK_MISMATCH,
                said,
                ad_account_id=self._job.draft.ad_account_id,
                evidence={"draft_id": str(self._job.draft.id), "asked": asked, "found": found},
            )
        await self.note(part, PublishOutcome.FAILED, external_id=external_id, message=said)
        raise Ended("campaigns.drafts.read_back_mismatch", said)


def step(
    scope: TenantScope, draft: CampaignDraft, part: Part, outcome: PublishOutcome, **facts: Any
) -> CampaignPublishStep:
    return line(scope, draft, part.key, part.name, outcome, **facts)


def line(
    scope: TenantScope, draft: CampaignDraft, key: str, name: str, outcome: PublishOutcome, **facts: Any
) -> CampaignPublishStep:
    return CampaignPublishStep(
        id=uuid7(),
        draft_id=draft.id,
        version=draft.version,
        at=scope.now(),
        created_at=real_now(),
        part=key,
        name=name,
        outcome=outcome,
        **facts,
    )
