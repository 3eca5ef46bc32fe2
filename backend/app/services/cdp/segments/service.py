"""Segments: who is in, why, since when; previewed before they are saved, and live afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from app.core.errors import FieldError
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.cdp.segments import CdpSegment, CdpSegmentMember, CdpSegmentTransition
from app.schemas.cdp.segments import Daily, Live
from app.schemas.cdp.segments_tree import Happened, Node, read_rule
from app.services.audit_logs.service import AuditLog
from app.services.cdp.conditions.service import Named, reaches_back, told
from app.services.cdp.events import service as events
from app.services.cdp.segments.errors import (
    ListHasNoRule,
    ProfileNotFound,
    RuleInvalid,
    SegmentNotFound,
    SegmentSwitchedOff,
)
from app.services.cdp.segments.explaining import Reason, evidence_of
from app.services.cdp.segments.following import Following, follow_stragglers
from app.services.cdp.segments.membership_repository import MembershipRepository
from app.services.cdp.segments.questions import ask, question_of
from app.services.cdp.segments.recomputing import Recomputation
from app.services.cdp.segments.repository import Preview, SegmentRepository
from app.services.cdp.segments.rules import (
    WHOLE_VALUE_TESTS,
    Listed,
    asked_computed,
    asked_names,
    leaves,
    root,
)
from app.services.cdp.segments.scheduling import Scheduling, evaluation_of, run_scheduled
from app.services.cdp.segments.sizes import Sizes
from app.services.cdp.segments.vocabulary import Vocabulary
from app.services.cdp.traits.rules import is_known
from app.services.cdp.traits.service import TraitNames

__all__ = [
    "Following",
    "Preview",
    "Reason",
    "Recomputation",
    "SegmentService",
    "SegmentView",
    "Sizes",
    "Transition",
    "Vocabulary",
    "Why",
    "evaluation_of",
    "follow_stragglers",
    "run_scheduled",
]

SegmentView: TypeAlias = CdpSegment
"""By a name that endpoints may use, and so below."""
Transition: TypeAlias = CdpSegmentTransition
_SAMPLE = 10
_EVIDENCE = 5
_MOST_OF_A_PERSON = 500


@dataclass(frozen=True, slots=True)
class Why:
    """What a segment's rule comes to for one profile just now, and what its membership says."""

    matched: bool
    member_since: datetime | None
    next_evaluation_at: datetime | None
    reasons: Sequence[Reason]


class SegmentService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._segments = SegmentRepository(scope)
        self._members = MembershipRepository(scope)
        self._scheduling = Scheduling(scope)
        self._audit = AuditLog(scope)

    async def page(
        self, *, page: int, limit: int, sort: str, search: str | None, kind: str | None, archived: bool
    ) -> Slice[CdpSegment]:
        return await self._segments.page(
            page=page, limit=limit, sort=sort, search=search, kind=kind, archived=archived
        )

    async def one(self, segment_id: UUID) -> CdpSegment:
        segment = await self._segments.one(segment_id)
        if segment is None:
            raise SegmentNotFound(segment_id=str(segment_id))
        return segment

    async def members(
        self, segment_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpSegmentMember], str | None]:
        await self.one(segment_id)
        return await self._segments.members(segment_id, cursor=cursor, limit=limit)

    async def transitions(
        self, segment_id: UUID, *, profile_id: UUID | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpSegmentTransition], str | None]:
        await self.one(segment_id)
        return await self._segments.transitions(segment_id, profile_id=profile_id, cursor=cursor, limit=limit)

    async def preview(self, rule: Node) -> Preview:
        """Exactly how many the rule holds for now, and a sample; nothing is stored."""
        await self._answerable(rule, to_save=False)
        return await self._segments.preview(rule, self._scope.now(), _SAMPLE)

    async def why(self, segment_id: UUID, profile_id: UUID) -> Why:
        segment = await self.one(segment_id)
        profile = await self._segments.profile(profile_id)
        question, now = question_of(segment), self._scope.now()
        found = await self._segments.findings(question, profile_id, now)
        if profile is None or found is None:
            raise ProfileNotFound(profile_id=str(profile_id))
        reasons = []
        for (path, leaf), holds in zip(leaves(question), found.conditions, strict=True):
            counted = (
                await self._segments.evidence(question, leaf, profile_id, now, _EVIDENCE)
                if isinstance(leaf, Happened)
                else None
            )
            reasons.append(
                Reason(
                    path,
                    {"kind": "listed"} if isinstance(leaf, Listed) else leaf.model_dump(mode="json"),
                    holds,
                    evidence_of(leaf, profile, now),
                    counted.events if counted else (),
                    counted.of if counted else None,
                )
            )
        member = await self._segments.member(segment_id, profile_id)
        return Why(found.matched, member.entered_at if member else None, found.flips_at, reasons)

    async def of_profile(self, profile_id: UUID) -> tuple[Sequence[tuple[CdpSegment, datetime]], int]:
        """The segments that a profile is in and since when, by name; and how many they are."""
        return await self._segments.of_profile(profile_id, _MOST_OF_A_PERSON)

    async def create(
        self, name: str, description: str, rule: Node, evaluation: Live | Daily | None = None
    ) -> CdpSegment:
        """A segment of everyone for whom the rule holds; its membership is computed by a task."""
        await self._answerable(rule)
        segment = self.unsaved(name, description, rule)
        await self._scheduling.plan(segment, evaluation)
        await self.save_new(segment, _told(segment))
        return segment

    def unsaved(self, name: str, description: str, question: Node | type[Listed]) -> CdpSegment:
        """A new segment of a rule, or of a list that is to be filled."""
        now = self._scope.now()
        segment = CdpSegment(
            id=uuid7(), name=name, description=description, version=1, live=True, created_by=self._scope.actor.id,
            member_count=0, announced_count=0, created_at=now, updated_at=now,
        )  # fmt: skip
        ask(segment, question(segment.id) if isinstance(question, type) else question)
        return segment

    async def save_new(self, segment: CdpSegment, told: dict[str, Any]) -> None:
        await self._segments.add(segment)
        await self._members.begin()
        await self._record("cdp.segments.created", segment, after=told)
        await self._enqueue(segment.id)

    async def create_list(self, name: str, description: str, keys: Sequence[UUID]) -> CdpSegment:
        """A segment of whoever has one of these identifiers; a profile's id is the key of one of its own."""
        segment = self.unsaved(name, description, Listed)
        await self.save_new(segment, {"name": name, "kind": "list", "identifiers": len(keys)})
        await self._segments.add_to_list(segment.id, keys)
        return segment

    async def change(
        self,
        segment_id: UUID,
        *,
        name: str | None,
        description: str | None,
        rule: Node | None,
        live: bool | None,
        evaluation: Live | Daily | None = None,
    ) -> CdpSegment:
        """Another rule is a new version, whose membership is computed anew by a task; so it is when switched on."""
        segment = await self.locked(segment_id)
        before = _told(segment)
        if description is not None:
            segment.description = description
        asks_anew = False
        if rule is not None:
            asks_anew = await self._ask(segment, rule)
        resumed = live is True and not segment.live
        if live is not None:
            segment.live = live
        asks_anew |= await self._scheduling.plan(segment, evaluation, resumed=resumed) or resumed
        # Last: whatever asks the database after it would store it, and meet one that is taken.
        if name is not None:
            segment.name = name
        after = _told(segment)
        if after == before:
            return segment
        segment.updated_at = self._scope.now()
        await self._segments.save()
        await self._record("cdp.segments.changed", segment, before=before, after=after)
        if asks_anew and segment.live:
            await self._enqueue(segment.id)
        return segment

    async def _answerable(self, rule: Node, *, to_save: bool = True) -> None:
        """`RuleInvalid` where the rule asks what cannot be answered, or for a computed trait that there is none of."""
        answerable(rule)
        asked = asked_computed(rule)
        known = await TraitNames(self._scope).known(hold=to_save) if asked else frozenset()
        faults = [
            FieldError(
                ".".join(part for part in ("body.rule", path, "name") if part),
                f"There is no computed trait `{name}`: make it first, or choose another.",
                "unknown_trait",
            )
            for path, name in asked
            if not is_known(name, known)
        ]
        if faults:
            raise RuleInvalid(fields=faults)

    async def _ask(self, segment: CdpSegment, rule: Node) -> bool:
        if segment.rule is None:
            raise ListHasNoRule
        await self._answerable(rule)
        before = segment.rule
        ask(segment, rule)
        if segment.rule == before:
            return False
        segment.version += 1
        return True

    async def archive(self, segment_id: UUID) -> None:
        """Everybody leaves, and the log says so; the segment and its log can still be read."""
        await self._members.lock()
        segment = await self.locked(segment_id)
        now = self._scope.now()
        segment.archived_at = segment.updated_at = now
        segment.live = False
        segment.computing_since = segment.next_run_at = None
        moved = await self._members.empty(segment, now, "archived")
        await self._record("cdp.segments.archived", segment, before={"members": moved.left})

    async def recompute(self, segment_id: UUID) -> CdpSegment:
        """Have the whole membership computed anew, by a task."""
        segment = await self.locked(segment_id)
        if not segment.live:
            raise SegmentSwitchedOff
        await self._record("cdp.segments.recompute_asked", segment)
        await self._enqueue(segment.id)
        return segment

    async def events_forgotten(self, before: datetime) -> int:
        """Have those computed anew that read events received before then, which are gone; how many."""
        now, found = self._scope.now(), 0
        for segment in await self._segments.with_rules():
            follows = segment.live and segment.archived_at is None and segment.daily_at is None
            if follows and any(
                isinstance(leaf, Happened) and reaches_back(leaf.window, before, now)
                for _, leaf in leaves(question_of(segment))
            ):
                await self._enqueue(segment.id)
                found += 1
        return found

    async def _enqueue(self, segment_id: UUID) -> None:
        await self._scope.enqueue(
            "cdp.segments.recompute", {"segment_id": str(segment_id)}, queue="cdp", unless_pending=False
        )

    async def uploaded(self, segment: CdpSegment, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Another list has come: have the membership follow."""
        await self._record("cdp.segments.uploaded", segment, before=before, after=after)
        if segment.live:
            await self._enqueue(segment.id)

    async def forget(self, named: Named) -> int:
        """Take out of every segment what names a person who is erased; of how many. A changed rule is a new version."""
        await self._members.lock()  # before any segment's row, as all who hold several do
        changed = 0
        every = await self._segments.with_rules()
        for segment in every:
            before = (segment.name, segment.description, segment.rule)
            segment.name = named.renamed(segment.name, [each.name for each in every if each is not segment])
            segment.description = named.without(segment.description)
            asks = None if segment.rule is None else named.taken_out(segment.rule)
            if (segment.name, segment.description, asks) == before:
                continue
            changed += 1
            if asks is not None and asks != segment.rule:
                ask(segment, read_rule(asks))
                segment.version += 1
                if segment.live:
                    await self._enqueue(segment.id)
            segment.updated_at = self._scope.now()
            await self._record("cdp.segments.person_taken_out", segment)
        await self._segments.save()
        return changed

    async def locked(self, segment_id: UUID) -> CdpSegment:
        segment = await self._segments.for_update(segment_id)
        if segment is None or segment.archived_at is not None:
            raise SegmentNotFound(segment_id=str(segment_id))
        return segment

    async def _record(self, action: str, segment: CdpSegment, **told: dict[str, Any]) -> None:
        await self._audit.record(action, entity="cdp_segments", entity_id=segment.id, **told)


def _told(segment: CdpSegment) -> dict[str, Any]:
    return {
        "name": segment.name,
        "description": segment.description,
        "rule": None if segment.rule is None else told(segment.rule, segment.tenant_id),
        "live": segment.live,
        "evaluation": evaluation_of(segment).model_dump(mode="json"),
        "version": segment.version,
    }


def answerable(rule: Node) -> None:
    """`RuleInvalid` where a condition asks for more of a sealed value than whether it is this one."""
    faults = []
    for path, leaf in leaves(rule):
        for member, name, op in asked_names(leaf):
            if not events.is_personal(root(name), traits=op is not None):
                continue
            if op in WHOLE_VALUE_TESTS and "." not in name:
                continue
            where = ".".join(part for part in ("body.rule", path, member) if part)
            faults.append(FieldError(where, _sealed(name, is_trait=op is not None), "sealed"))
    if faults:
        raise RuleInvalid(fields=faults)


def _sealed(name: str, *, is_trait: bool) -> str:
    if is_trait:
        return f"`{name}` names a person and is kept sealed: ask only whether it exists, `is` or is `one_of` these."
    return f"`{name}` names a person and is kept sealed in events: ask for a trait of that name."
