"""Who must not stay leaves at once; who only left the segment waits for a person where they are many."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.models.cdp.audience_sync import CdpAudienceMember
from app.services.cdp.audience_sync.errors import MoreLeaveNow, NothingWaits
from app.services.cdp.audience_sync.rules import Leaving, Remembered, State, Step, step
from app.services.cdp.audience_sync.service import AudienceSyncService, Withdrawals
from app.services.cdp.privacy.service import PrivacyRequests, PrivacyWork, RequestKind
from app.services.cdp.profiles.service import IdentifierType, ProfileService, keys_of
from app.services.cdp.segments.service import SegmentService
from tests.factories.audiences import VIPS, AudienceLab, person, sha


def hashes(*names: str) -> set[str]:
    return {sha(f"{name}@example.com") for name in names}


def everybody(count: int) -> list[str]:
    return [f"p{n}" for n in range(count)]


async def filled(lab: AudienceLab, count: int = 10) -> tuple[UUID, UUID]:
    await lab.people(*map(person, everybody(count)))
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment)
    await lab.sync(audience)
    return segment, audience


async def leave(lab: AudienceLab, *names: str) -> None:
    await lab.people(*[person(name, tier="basic") for name in names])


async def profile_of(lab: AudienceLab, name: str) -> UUID:
    key = keys_of(f"{name}@example.com", lab.company.id)[IdentifierType.EMAIL]
    async with lab.scopes() as scope:
        return (await ProfileService(scope).current(key)).id


async def approve(lab: AudienceLab, audience: UUID, leaving: int) -> None:
    async with lab.scopes() as scope:
        await AudienceSyncService(scope).approve(audience, leaving)


async def test_thirty_percent_leave_and_more_wait_for_a_person(lab: AudienceLab) -> None:
    _, audience = await filled(lab)
    await leave(lab, "p0", "p1", "p2")
    await lab.sync(audience)
    assert await lab.remote(audience) == hashes(*everybody(10)[3:])
    lab.later(days=2)
    await leave(lab, "p3", "p4", "p5")
    await lab.people(person("new"))
    await lab.sync(audience)
    assert await lab.remote(audience) == hashes("new", *everybody(10)[3:])
    row, run = await lab.row(audience), await lab.last_run(audience)
    assert (row.waiting_leaving, row.waiting_of, row.waiting_since) == (3, 7, lab.clock.now())
    assert (run.left_segment, run.held_back, run.removed, run.added) == (3, 3, 0, 1)
    await approve(lab, audience, 3)
    await lab.sync(audience)
    assert await lab.remote(audience) == hashes("new", *everybody(10)[6:])
    row = await lab.row(audience)
    assert (row.waiting_leaving, row.approved_leaving, row.approved_by) == (None, None, None)


async def test_little_by_little_is_as_much_within_a_day(lab: AudienceLab) -> None:
    _, audience = await filled(lab)
    for names in (("p0", "p1"), ("p2",)):
        await leave(lab, *names)
        lab.later(hours=1)
        await lab.sync(audience)
    assert len(await lab.remote(audience)) == 7
    await leave(lab, "p3")
    lab.later(hours=1)
    await lab.sync(audience)
    assert (await lab.row(audience)).waiting_leaving == 1
    assert len(await lab.remote(audience)) == 7
    lab.later(days=1)
    await lab.sync(audience)
    assert len(await lab.remote(audience)) == 6


async def test_an_approval_is_for_as_many_as_were_seen(lab: AudienceLab) -> None:
    _, audience = await filled(lab)
    with pytest.raises(NothingWaits):
        await approve(lab, audience, 5)
    await leave(lab, *everybody(5))
    await lab.sync(audience)
    with pytest.raises(MoreLeaveNow):
        await approve(lab, audience, 4)
    await approve(lab, audience, 5)
    await leave(lab, "p5")
    await lab.sync(audience)
    assert len(await lab.remote(audience)) == 10
    assert (await lab.row(audience)).waiting_leaving == 6


async def test_an_archived_segment_empties_no_audience_unseen(lab: AudienceLab) -> None:
    segment, audience = await filled(lab)
    async with lab.scopes() as scope:
        await SegmentService(scope).archive(segment)
    await lab.sync(audience)
    assert len(await lab.remote(audience)) == 10
    assert (await lab.row(audience)).waiting_leaving == 10


async def test_who_withdraws_leaves_whatever_waits(lab: AudienceLab) -> None:
    _, audience = await filled(lab)
    await leave(lab, *everybody(5))
    await lab.sync(audience)
    await lab.people(*[person(name, ads=False) for name in everybody(9)])
    await lab.sync(audience)
    assert await lab.remote(audience) == hashes("p9")


async def test_who_withdraws_leaves_between_two_synchronisations_too(lab: AudienceLab) -> None:
    _, audience = await filled(lab)
    lab.later(minutes=1)
    await lab.people(person("p0", ads=False), person("p1", ads=False))
    await lab.people(person("p1", ads=True, timestamp=None))
    assert await Withdrawals(lab.scopes).sweep() >= 1
    await lab.sync(audience, only_removals=True)
    assert hashes("p0").isdisjoint(await lab.remote(audience))
    assert await lab.remote(audience) >= hashes(*everybody(10)[2:])


async def test_an_audience_that_is_switched_off_lets_nobody_in_and_the_refusing_out(lab: AudienceLab) -> None:
    _, audience = await filled(lab)
    async with lab.scopes() as scope:
        await AudienceSyncService(scope).change(audience, {"enabled": False})
    await lab.people(person("new"), person("p0", ads=False))
    await Withdrawals(lab.scopes).sweep()
    await lab.sync(audience)
    assert await lab.remote(audience) == hashes(*everybody(10)[1:])


async def test_consent_that_ends_while_somebody_waits_in_the_queue_is_asked_for_again(
    lab: AudienceLab,
) -> None:
    """Queued by a run that found the platform down, refused before the next."""
    await lab.people(person("a"), person("b"))
    audience = await lab.audience(await lab.segment(VIPS))
    assert lab.sandbox is not None
    lab.sandbox.control("POST", "faults", json={"kind": "server_error", "path": "/act_", "method": "POST"})
    try:
        assert not await lab.sync(audience)
    finally:
        lab.sandbox.repair()
    await lab.people(person("a", ads=False))
    await lab.sync(audience)
    assert await lab.remote(audience) == hashes("b")


async def erase(lab: AudienceLab, name: str) -> UUID:
    async with lab.scopes() as scope:
        profile = await profile_of(lab, name)
        request = await PrivacyRequests(scope).request(RequestKind.ERASURE, profile, "They asked.")
    await PrivacyWork(lab.scopes).run(request.id)
    return request.id


async def stores(lab: AudienceLab, request: UUID) -> dict[str, tuple[str, int]]:
    async with lab.scopes() as scope:
        found = await PrivacyRequests(scope).certificate(request)
    return {each["store"]: (each["status"], each["rows"]) for each in found.certificate["stores"]}


async def test_who_is_erased_leaves_every_audience_and_the_certificate_says_so(lab: AudienceLab) -> None:
    segment, first = await filled(lab)
    second = await lab.audience(segment, identifiers=["email", "external_id"])
    await lab.sync(second)
    request = await erase(lab, "p0")
    for audience in (first, second):
        assert await lab.remote(audience) == hashes(*everybody(10)[1:])
    said = await stores(lab, request)
    names = [(await lab.row(each)).name for each in (first, second)]
    assert {store: each for store, each in said.items() if store.startswith("audience:")} == {
        f"audience:meta:{name}": ("erased", 1) for name in names
    }
    assert said["cdp_audience_members"] == ("erased", 2)
    async with lab.scopes() as scope:
        assert len((await scope.session.scalars(select(CdpAudienceMember))).all()) == 18
        assert (
            await scope.session.scalar(
                text("select count(*) from cdp_audience_members where state <> 'there'")
            )
            == 0
        )


async def test_a_platform_that_is_down_is_named_and_told_when_it_is_back(lab: AudienceLab) -> None:
    _, audience = await filled(lab)
    assert lab.sandbox is not None
    lab.sandbox.control("POST", "faults", json={"kind": "server_error", "path": "/"})
    try:
        request = await erase(lab, "p0")
    finally:
        lab.sandbox.repair()
    name = (await lab.row(audience)).name
    assert (await stores(lab, request))[f"audience:meta:{name}"] == ("waiting", 1)
    assert await lab.remote(audience) >= hashes("p0")
    await lab.rested(audience)
    assert await lab.sync(audience, only_removals=True)
    assert await lab.remote(audience) == hashes(*everybody(10)[1:])


@given(st.integers(0, 1_000), st.integers(0, 1_000), st.integers(0, 1_000))
def test_more_than_three_in_ten_wait(leaving: int, staying: int, before: int) -> None:
    found = Leaving(leaving, leaving + staying, before)
    whole = leaving + staying + before
    assert found.waits(None) == (leaving > 0 and 10 * (leaving + before) > 3 * whole)
    assert not found.waits(leaving)


@given(st.sampled_from(list(State)), st.booleans(), st.sampled_from([b"a", b"b", None]), st.booleans())
def test_no_step_loses_what_may_be_there(
    state: State, tried: bool, wanted: bytes | None, stale: bool
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    is_there = state is not State.ADDING or tried
    known = Remembered(state, b"a", at if is_there else None, at)
    found = step(known, wanted, stale=stale)
    if is_there and wanted is None:
        assert found is Step.REMOVE
    if is_there and wanted == b"b":
        assert found is Step.REPLACE
    if wanted == b"a":
        assert (found is Step.SEND_AGAIN) == (state is State.REMOVING or (state is State.THERE and stale))
    if not is_there:
        assert found is not Step.REPLACE
