"""Segments: people who fit a rule, now and as things happen."""

from collections.abc import AsyncIterator
from typing import IO, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from app.api.bodies import DRAINED_BYTES, spooled_body
from app.api.deps import CursorParams, CursorQuery, PageParams, ScopeDep, ScopesDep, Search
from app.api.ids import ProfileId, SegmentId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.segments import (
    ConditionRead,
    EventEvidence,
    ListCreate,
    ListRead,
    ListReplace,
    PreviewRead,
    PreviewRequest,
    RowFault,
    SampleRead,
    SegmentCreate,
    SegmentKind,
    SegmentMemberRead,
    SegmentPatch,
    SegmentRead,
    SegmentSort,
    SizesRead,
    State,
    TransitionRead,
    VocabularyRead,
    WhyRead,
)
from app.schemas.pages import CursorPage, Page
from app.schemas.text import NO_NUL
from app.services.cdp.segments.errors import ListTooLarge
from app.services.cdp.segments.lists import ListUploads, Report
from app.services.cdp.segments.service import (
    SegmentService,
    SegmentView,
    Sizes,
    Transition,
    Vocabulary,
    evaluation_of,
)

router = APIRouter(prefix="/cdp/segments", tags=["cdp"])

MAX_LIST_BYTES = 64 * 1_048_576
_CSV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": (
            "UTF-8 with a header that names at least one of user_id, external_id, email, phone, device_id, "
            "anonymous_id: at most 64 MB and 1,000,000 rows. A person is on the list by any of the row's identifiers."
        ),
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


async def segment_service(scope: ScopeDep) -> SegmentService:
    return SegmentService(scope)


async def list_uploads(scopes: ScopesDep) -> ListUploads:
    return ListUploads(scopes)


async def segment_sizes(scope: ScopeDep) -> Sizes:
    return Sizes(scope)


async def segment_vocabulary(scope: ScopeDep) -> Vocabulary:
    return Vocabulary(scope)


async def uploaded_file(request: Request) -> AsyncIterator[IO[bytes]]:
    async with spooled_body(request, most=MAX_LIST_BYTES, too_large=ListTooLarge) as file:
        yield file


Lists = Annotated[ListUploads, Depends(list_uploads)]
UploadedFile = Annotated[IO[bytes], Depends(uploaded_file, scope="function")]
Segments = Annotated[SegmentService, Depends(segment_service)]
SegmentSizes = Annotated[Sizes, Depends(segment_sizes)]
SegmentVocabulary = Annotated[Vocabulary, Depends(segment_vocabulary)]
Reader = Annotated[Principal, requires("cdp.segments:read")]
Writer = Annotated[Principal, requires("cdp.segments:write")]


class SegmentQueryParams(PageParams):
    sort: SegmentSort = Field("name", description="A leading minus turns the order round.")
    q: Search = None
    kind: SegmentKind | None = Field(None, description="Only of this kind.")
    archived: bool = Field(default=False, description="Those that were archived, instead of the others.")


class VocabularyQuery(BaseModel):
    event: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        pattern=NO_NUL,
        description="An event whose properties are wanted.",
    )


class SizesQuery(BaseModel):
    days: int = Field(30, ge=1, le=90, description="How many days, today among them.")


class TransitionParams(CursorParams):
    profile_id: UUID | None = Field(None, description="Only this person's.")


def _read(segment: SegmentView) -> SegmentRead:
    own = set(SegmentRead.model_fields) - {"kind", "state", "evaluation"}
    kind: SegmentKind = "list" if segment.rule is None else "rule"
    return SegmentRead(
        **{name: getattr(segment, name) for name in own},
        kind=kind,
        state=_state(segment),
        evaluation=evaluation_of(segment),
    )


def _state(segment: SegmentView) -> State:
    if segment.archived_at is not None:
        return "archived"
    if not segment.live:
        return "off"
    if segment.computing_since is not None:
        return "computing"
    if segment.computed_version != segment.version:
        return "waiting"
    return "live" if segment.daily_at is None else "scheduled"


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
    """The segments that fit the filters, a page of them."""
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
    """Its membership is computed by a task, and follows what people do from then on, or once a day."""
    return _read(await segments.create(body.name, body.description, body.rule, body.evaluation))


def _uploaded(segment: SegmentView, report: Report) -> ListRead:
    return ListRead(
        segment=_read(segment),
        rows=report.rows,
        used=report.used,
        identifiers=report.identifiers,
        fault_count=report.fault_count,
        faults=[RowFault.model_validate(each) for each in report.faults],
    )


@router.post("/lists", status_code=201, openapi_extra=_CSV, max_body_size=MAX_LIST_BYTES + DRAINED_BYTES)
async def create_list(
    asked: Annotated[ListCreate, Query()], _: Writer, lists: Lists, file: UploadedFile
) -> ListRead:
    """A segment of the people whom a CSV file names; of their identifiers only keyed hashes are kept."""
    made = await lists.create(asked.name, asked.description, file, skip_bad_rows=asked.skip_bad_rows)
    return _uploaded(*made)


@router.put("/{segment_id}/list", openapi_extra=_CSV, max_body_size=MAX_LIST_BYTES + DRAINED_BYTES)
async def replace_list(
    segment_id: SegmentId, asked: Annotated[ListReplace, Query()], _: Writer, lists: Lists, file: UploadedFile
) -> ListRead:
    """Another file in the place of the list, or beside it."""
    made = await lists.replace(segment_id, file, add=asked.add, skip_bad_rows=asked.skip_bad_rows)
    return _uploaded(*made)


@router.post("/preview")
async def preview(body: PreviewRequest, segments: Segments, _: Writer) -> PreviewRead:
    """Exactly how many people a rule holds for, and some of them; nothing is saved."""
    found = await segments.preview(body.rule)
    sample = [SampleRead.model_validate(each) for each in found.sample]
    return PreviewRead(count=found.count, total=found.total, sample=sample)


@router.get("/vocabulary")
async def vocabulary(
    asked: Annotated[VocabularyQuery, Query()], words: SegmentVocabulary, _: Reader
) -> VocabularyRead:
    """What a rule can speak of here: names and values of the newest events and profiles, none that name a person."""
    return VocabularyRead.model_validate(await words.read(asked.event))


@router.get("/{segment_id}")
async def get_segment(segment_id: SegmentId, segments: Segments, _: Reader) -> SegmentRead:
    """One segment, with its rule and its state."""
    return _read(await segments.one(segment_id))


@router.patch("/{segment_id}")
async def change_segment(
    segment_id: SegmentId, body: SegmentPatch, segments: Segments, _: Writer
) -> SegmentRead:
    """Change what is given; another rule is a new version."""
    changed = await segments.change(
        segment_id,
        name=body.name,
        description=body.description,
        rule=body.rule,
        live=body.live,
        evaluation=body.evaluation,
    )
    return _read(changed)


@router.delete("/{segment_id}", status_code=204)
async def archive_segment(segment_id: SegmentId, segments: Segments, _: Writer) -> None:
    """Everybody leaves; the segment and its log can still be read, and its name is free."""
    await segments.archive(segment_id)


@router.post("/{segment_id}/recompute", status_code=202)
async def recompute_segment(segment_id: SegmentId, segments: Segments, _: Writer) -> SegmentRead:
    """Compute the whole membership anew; `state` and `computed_at` tell how far it is."""
    return _read(await segments.recompute(segment_id))


@router.get("/{segment_id}/members")
async def list_members(
    segment_id: SegmentId, query: CursorQuery, segments: Segments, _: Reader
) -> CursorPage[SegmentMemberRead]:
    """Who entered last comes first."""
    found, cursor = await segments.members(segment_id, cursor=query.cursor, limit=query.limit)
    return CursorPage(
        items=[SegmentMemberRead.model_validate(each) for each in found],
        next_cursor=cursor,
        limit=query.limit,
    )


@router.get("/{segment_id}/sizes")
async def sizes(
    segment_id: SegmentId, asked: Annotated[SizesQuery, Query()], history: SegmentSizes, _: Reader
) -> SizesRead:
    """How many were in at the end of each day, reckoned back from now by the log of who entered and left."""
    return SizesRead.model_validate(await history.of(segment_id, asked.days))


@router.get("/{segment_id}/transitions")
async def list_transitions(
    segment_id: SegmentId, query: Annotated[TransitionParams, Query()], segments: Segments, _: Reader
) -> CursorPage[TransitionRead]:
    """Who entered and who left, the last first."""
    found, cursor = await segments.transitions(
        segment_id, profile_id=query.profile_id, cursor=query.cursor, limit=query.limit
    )
    return CursorPage(items=[_transition(each) for each in found], next_cursor=cursor, limit=query.limit)


@router.get("/{segment_id}/why/{profile_id}")
async def why(segment_id: SegmentId, profile_id: ProfileId, segments: Segments, _: Reader) -> WhyRead:
    """Which conditions hold for a person, and on what evidence."""
    found = await segments.why(segment_id, profile_id)
    return WhyRead(
        matched=found.matched,
        member_since=found.member_since,
        next_evaluation_at=found.next_evaluation_at,
        reasons=[
            ConditionRead(
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
