"""People: found, read, followed through time; and who they are, explained and put right."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.api.deps import CursorParams, ScopeDep
from app.api.ids import ProfileId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.profiles import (
    ChangedRead,
    GraphRead,
    IdentifierRead,
    LinkRead,
    MergeRequest,
    PersonalRead,
    ProfileDetail,
    ProfileQuery,
    ProfileRead,
    SplitRequest,
    TimelineEvent,
)
from app.schemas.cdp.segments import SegmentOfPerson, SegmentsOfPerson
from app.schemas.pages import CursorPage
from app.services.cdp.identity.service import GraphChanges
from app.services.cdp.profiles.service import Lifecycle, ProfileService
from app.services.cdp.segments.service import SegmentService

router = APIRouter(prefix="/cdp/profiles", tags=["cdp"])


async def profile_service(scope: ScopeDep) -> ProfileService:
    return ProfileService(scope)


async def graph_changes(scope: ScopeDep) -> GraphChanges:
    return GraphChanges(scope)


async def segment_service(scope: ScopeDep) -> SegmentService:
    return SegmentService(scope)


Profiles = Annotated[ProfileService, Depends(profile_service)]
Segments = Annotated[SegmentService, Depends(segment_service)]
SegmentReader = Annotated[Principal, requires("cdp.segments:read")]
Changes = Annotated[GraphChanges, Depends(graph_changes)]
Reader = Annotated[Principal, requires("cdp.profiles:read")]
Confidant = Annotated[Principal, requires("cdp.profiles.personal:read")]
Writer = Annotated[Principal, requires("cdp.identity:write")]


@router.get("")
async def list_profiles(
    query: Annotated[ProfileQuery, Query()], profiles: Profiles, _: Reader
) -> CursorPage[ProfileRead]:
    """The last created first; every condition that is given holds."""
    found, cursor = await profiles.newest(
        identifier=query.identifier,
        lifecycle=Lifecycle(query.lifecycle) if query.lifecycle else None,
        trait=query.trait,
        value=query.value,
        segment_id=query.segment_id,
        rfm_cell=query.rfm_cell,
        cursor=query.cursor,
        limit=query.limit,
    )
    items = [ProfileRead.model_validate(each) for each in found]
    return CursorPage(items=items, next_cursor=cursor, limit=query.limit)


@router.get("/{profile_id}")
async def read_profile(profile_id: ProfileId, profiles: Profiles, _: Reader) -> ProfileDetail:
    """The profile, or the one that it was merged into."""
    profile = await profiles.current(profile_id)
    identifiers = await profiles.identifiers(profile)
    return ProfileDetail(
        **ProfileRead.model_validate(profile).model_dump(),
        personal_traits=sorted(profile.sealed_traits),
        identifiers=[_identifier(profiles, each) for each in identifiers],
    )


def _identifier(profiles: ProfileService, identifier: Any) -> IdentifierRead:
    return IdentifierRead(
        key=identifier.key,
        type=identifier.type,
        value=profiles.shown(identifier),
        first_seen_at=identifier.first_seen_at,
        event_count=identifier.event_count,
    )


@router.get("/{profile_id}/personal")
async def read_personal(profile_id: ProfileId, profiles: Profiles, _: Confidant) -> PersonalRead:
    """Traits and identifiers in the clear. Who looked is written to the audit log."""
    profile, traits, identifiers = await profiles.personal(profile_id)
    shown = [{"type": kind, "value": value} for kind, value in identifiers]
    return PersonalRead(id=profile.id, traits=traits, identifiers=shown)


@router.get("/{profile_id}/timeline")
async def timeline(
    profile_id: ProfileId, query: Annotated[CursorParams, Query()], profiles: Profiles, _: Reader
) -> CursorPage[TimelineEvent]:
    """What the person did, the last first."""
    found, cursor = await profiles.timeline(profile_id, cursor=query.cursor, limit=query.limit)
    items = [TimelineEvent.model_validate(each) for each in found]
    return CursorPage(items=items, next_cursor=cursor, limit=query.limit)


@router.get("/{profile_id}/segments")
async def list_segments(
    profile_id: ProfileId, profiles: Profiles, segments: Segments, _: Reader, __: SegmentReader
) -> SegmentsOfPerson:
    """The segments that the person is in now, and since when."""
    found, total = await segments.of_profile((await profiles.current(profile_id)).id)
    items = [
        SegmentOfPerson(
            segment_id=segment.id,
            name=segment.name,
            kind="list" if segment.rule is None else "rule",
            entered_at=entered_at,
        )
        for segment, entered_at in found
    ]
    return SegmentsOfPerson(items=items, total=total)


@router.get("/{profile_id}/identity-graph")
async def identity_graph(profile_id: ProfileId, profiles: Profiles, _: Reader) -> GraphRead:
    """Why these identifiers are one person: each link, with the event or the person that asserted it."""
    graph = await profiles.graph(profile_id)
    return GraphRead(
        profile_id=graph.profile.id,
        identifiers=[_identifier(profiles, each) for each in graph.identifiers],
        links=[LinkRead.model_validate(each) for each in graph.links],
        owners=dict(graph.owners),
    )


@router.post("/merges")
async def merge(body: MergeRequest, changes: Changes, _: Writer) -> ChangedRead:
    """Make two profiles one. It can be undone: see the identity graph."""
    return ChangedRead.model_validate(
        await changes.merge(body.profile_id, body.other_profile_id, body.reason)
    )


@router.post("/{profile_id}/split")
async def split(profile_id: ProfileId, body: SplitRequest, changes: Changes, _: Writer) -> ChangedRead:
    """Make some of a profile's identifiers another person, for good; that too can be undone."""
    return ChangedRead.model_validate(
        await changes.split(profile_id, [UUID(key) for key in body.keys], body.reason)
    )
