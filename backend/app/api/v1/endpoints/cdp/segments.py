"""Segments: people who fit a rule, now and as things happen."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.api.deps import CursorParams, CursorQuery, PageParams, ScopeDep, Search
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.segments import (
    EventEvidence,
    PreviewRead,
    PreviewRequest,
    ReasonRead,
    SampleRead,
    SegmentCreate,
    SegmentKind,
    SegmentMemberRead,
    SegmentPatch,
    SegmentRead,
    SegmentSort,
    State,
    TransitionRead,
    WhyRead,
)
from app.schemas.pages import CursorPage, Page
from app.services.cdp.segments.service import SegmentService, SegmentView, Transition

router = APIRouter(prefix="/cdp/segments", tags=["cdp"])


async def segment_service(scope: ScopeDep) -> SegmentService:
    return SegmentService(scope)


Segments = Annotated[SegmentService, Depends(segment_service)]
Reader = Annotated[Principal, requires("cdp.segments:read")]
Writer = Annotated[Principal, requires("cdp.segments:write")]


class SegmentQueryParams(PageParams):
    sort: SegmentSort = "name"
    q: Search = None
    kind: SegmentKind | None = None
    archived: bool = False


class TransitionParams(CursorParams):
    profile_id: UUID | None = None


def _read(segment: SegmentView) -> SegmentRead:
    own = set(SegmentRead.model_fields) - {"kind", "state"}
    kind: SegmentKind = "list" if segment.rule is None else "rule"
    return SegmentRead(**{name: getattr(segment, name) for name in own}, kind=kind, state=_state(segment))


def _state(segment: SegmentView) -> State:
    if segment.archived_at is not None:
        return "archived"
    if not segment.live:
        return "off"
    if segment.computing_since is not None:
        return "computing"
    return "live" if segment.computed_version == segment.version else "waiting"


def _transition(moved: Transition) -> TransitionRead:
    return TransitionRead(
        seq=moved.seq,
        profile_id=moved.profile_id,
        direction="entered" if moved.entered else "left",
        at=moved.at,
        reason=moved.reason,
        version=moved.version,
    )


@router.get("")
async def list_segments(
    asked: Annotated[SegmentQueryParams, Query()], segments: Segments, _: Reader
) -> Page[SegmentRead]:
    found = await segments.page(
        page=asked.page,
        limit=asked.limit,
        sort=asked.sort,
        search=asked.q,
        kind=asked.kind,
        archived=asked.archived,
    )
    return Page[SegmentRead].of(found, [_read(each) for each in found.items])


@router.post("", status_code=201)
async def create_segment(body: SegmentCreate, segments: Segments, _: Writer) -> SegmentRead:
    """Its membership is computed by a task, and follows what people do from then on."""
    return _read(await segments.create(body.name, body.description, body.rule))


@router.post("/preview")
async def preview(body: PreviewRequest, segments: Segments, _: Writer) -> PreviewRead:
    """Exactly how many people a rule holds for, and some of them; nothing is saved."""
    found = await segments.preview(body.rule)
    sample = [SampleRead.model_validate(each) for each in found.sample]
    return PreviewRead(count=found.count, total=found.total, sample=sample)


@router.get("/{segment_id}")
async def get_segment(segment_id: UUID, segments: Segments, _: Reader) -> SegmentRead:
    return _read(await segments.one(segment_id))


@router.patch("/{segment_id}")
async def change_segment(segment_id: UUID, body: SegmentPatch, segments: Segments, _: Writer) -> SegmentRead:
    changed = await segments.change(
        segment_id, name=body.name, description=body.description, rule=body.rule, live=body.live
    )
    return _read(changed)


@router.delete("/{segment_id}", status_code=204)
async def archive_segment(segment_id: UUID, segments: Segments, _: Writer) -> None:
    """Everybody leaves; the segment and its log can still be read, and its name is free."""
    await segments.archive(segment_id)


@router.post("/{segment_id}/recompute", status_code=202)
async def recompute_segment(segment_id: UUID, segments: Segments, _: Writer) -> SegmentRead:
    """Compute the whole membership anew; `state` and `computed_at` tell how far it is."""
    return _read(await segments.recompute(segment_id))


@router.get("/{segment_id}/members")
async def list_members(
    segment_id: UUID, query: CursorQuery, segments: Segments, _: Reader
) -> CursorPage[SegmentMemberRead]:
    """Who entered last comes first."""
    found, cursor = await segments.members(segment_id, cursor=query.cursor, limit=query.limit)
    return CursorPage(
        items=[SegmentMemberRead.model_validate(each) for each in found],
        next_cursor=cursor,
        limit=query.limit,
    )


@router.get("/{segment_id}/transitions")
async def list_transitions(
    segment_id: UUID, query: Annotated[TransitionParams, Query()], segments: Segments, _: Reader
) -> CursorPage[TransitionRead]:
    """Who entered and who left, the last first."""
    found, cursor = await segments.transitions(
        segment_id, profile_id=query.profile_id, cursor=query.cursor, limit=query.limit
    )
    return CursorPage(items=[_transition(each) for each in found], next_cursor=cursor, limit=query.limit)


@router.get("/{segment_id}/why/{profile_id}")
async def why(segment_id: UUID, profile_id: UUID, segments: Segments, _: Reader) -> WhyRead:
    """Which conditions hold for a person, and on what evidence."""
    found = await segments.why(segment_id, profile_id)
    return WhyRead(
        matched=found.matched,
        member_since=found.member_since,
        next_evaluation_at=found.next_evaluation_at,
        reasons=[
            ReasonRead(
                path=each.path,
                condition=dict(each.condition),
                holds=each.holds,
                value=each.value,
                events=[EventEvidence(id=event_id, at=at) for event_id, at in each.events],
                event_count=each.event_count,
            )
            for each in found.reasons
        ],
    )
