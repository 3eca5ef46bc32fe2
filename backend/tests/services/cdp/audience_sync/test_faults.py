"""The wire breaks, the platform refuses, the worker dies: nothing is lost, nothing doubled, and it is said."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from app.models.cdp.audience_sync import CdpAudience, CdpAudienceMember
from app.models.integrations.connections import Connection
from app.services.cdp.audience_sync.service import AudienceSyncService
from app.services.integrations.gateway import gateway
from tests.factories.audiences import VIPS, AudienceLab, person, sha
from tests.swallowing import between
from tests.workers.processes import Process, eventually

FAULTS = {
    "server_error": "meta.1",
    "connection_reset": "meta.connection_lost",
    "drop_response": "meta.connection_lost",
    "malformed_json": "meta.http_200",
    "rate_limit": "meta.80004.2446079",
    "token_expired": "meta.190.463",
}


def hashes(*names: str) -> set[str]:
    return {sha(f"{name}@example.com") for name in names}


async def states(lab: AudienceLab, audience: UUID) -> dict[str, int]:
    member = CdpAudienceMember
    statement = (
        select(member.state, func.count()).where(member.audience_id == audience).group_by(member.state)
    )
    async with lab.scopes() as scope:
        return {row[0]: row[1] for row in await scope.session.execute(statement)}


async def mended(lab: AudienceLab) -> None:
    """The pause is over, the token good again, and the platform no longer to be left alone."""
    assert lab.sandbox is not None
    lab.sandbox.repair()
    async with lab.scopes() as scope:
        await scope.session.execute(update(CdpAudience).values(next_attempt_at=None))
        await scope.session.execute(update(Connection).values(status="active"))
    way = gateway()
    async with lab.scopes() as scope:
        await way.redis.delete(
            *[key async for key in way.redis.scan_iter(match=scope.key("circuit", "*"))] or ["-"]
        )


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("kind", FAULTS)
async def test_what_fails_is_said_and_made_up_for(lab: AudienceLab, kind: str, method: str) -> None:
    """The fault meets the second of three requests of its kind."""
    await lab.people(*[person(f"p{n}") for n in range(9)], *[person(f"q{n}") for n in range(31)])
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment)
    await lab.sync(audience)
    assert len(await lab.remote(audience)) == 40
    await lab.people(*[person(f"p{n}", tier="basic") for n in range(9)], *[person(f"r{n}") for n in range(9)])
    external_id = (await lab.row(audience)).external_id
    assert lab.sandbox is not None
    fault = {"kind": kind, "path": f"/{external_id}", "method": method, "count": 1}
    lab.sandbox.control("POST", "faults", json=fault)
    assert not await lab.sync(audience)
    row, run = await lab.row(audience), await lab.last_run(audience)
    assert (row.error_code, run.status, run.error_code) == (FAULTS[kind], "failed", FAULTS[kind])
    assert row.next_attempt_at is not None
    await mended(lab)
    assert await lab.sync(audience)
    wanted = hashes(*[f"q{n}" for n in range(31)], *[f"r{n}" for n in range(9)])
    assert await lab.remote(audience) == wanted == await lab.allowed(segment)
    assert await states(lab, audience) == {"there": 40}
    assert (await lab.row(audience)).error_code is None


async def test_an_audience_whose_answer_was_lost_is_not_made_twice(lab: AudienceLab) -> None:
    await lab.people(person("a"))
    audience = await lab.audience(await lab.segment(VIPS))
    assert lab.sandbox is not None
    fault = {"kind": "drop_response", "path": "/act_", "method": "POST", "count": 1}
    lab.sandbox.control("POST", "faults", json=fault)
    assert not await lab.sync(audience)
    await mended(lab)
    assert await lab.sync(audience)
    made = [
        each
        for each in lab.sandbox.control("GET", "meta/audiences")
        if str(audience) in each.get("description", "")
    ]
    assert [each["id"] for each in made] == [(await lab.row(audience)).external_id]
    assert await lab.remote(audience) == hashes("a")


async def test_without_the_terms_it_says_where_to_accept_them(lab: AudienceLab) -> None:
    await lab.people(person("a"))
    audience = await lab.audience(await lab.segment(VIPS))
    assert lab.sandbox is not None
    lab.sandbox.control("POST", "meta/audience-terms", json={"accepted": False})
    try:
        assert not await lab.sync(audience)
    finally:
        lab.sandbox.control("POST", "meta/audience-terms", json={"accepted": True})
    row = await lab.row(audience)
    assert row.error_code == "meta.200.1870090"
    assert "customaudiences/tos" in str(row.error)
    await mended(lab)
    assert await lab.sync(audience)
    assert await lab.remote(audience) == hashes("a")


async def test_a_replacement_that_breaks_off_is_begun_anew_and_changes_nothing_before(
    lab: AudienceLab,
) -> None:
    await lab.people(*[person(f"p{n}") for n in range(9)])
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment)
    await lab.sync(audience)
    await lab.people(person("new"), person("p0", ads=False))
    async with lab.scopes() as scope:
        await AudienceSyncService(scope).sync(audience, replace=True)
    row = await lab.row(audience)
    assert lab.sandbox is not None
    before = await lab.remote(audience)
    path = f"/{row.external_id}/usersreplace"
    lab.sandbox.control("POST", "faults", json={"kind": "server_error", "path": path, "count": 1})
    assert not await lab.sync(audience)
    assert await lab.remote(audience) == before
    assert (await lab.row(audience)).replace_asked
    await mended(lab)
    assert await lab.sync(audience)
    assert (
        await lab.remote(audience)
        == await lab.allowed(segment)
        == hashes("new", *[f"p{n}" for n in range(1, 9)])
    )
    assert await states(lab, audience) == {"there": 9}


async def test_no_two_work_at_one_audience(lab: AudienceLab) -> None:
    await lab.people(*[person(f"p{n}") for n in range(9)])
    audience = await lab.audience(await lab.segment(VIPS))
    await asyncio.gather(*[lab.sync(audience) for _ in range(4)])
    await lab.sync(audience)
    assert lab.sandbox is not None
    made = [
        each
        for each in lab.sandbox.control("GET", "meta/audiences")
        if str(audience) in each.get("description", "")
    ]
    assert len(made) == 1
    assert await states(lab, audience) == {"there": 9}


@pytest.mark.parametrize(("method", "which"), [("POST", 2), ("DELETE", 1), ("POST", 1)])
async def test_killed_between_the_call_and_its_record_nothing_is_lost_or_doubled(
    lab: AudienceLab, method: str, which: int
) -> None:
    """A process of its own, killed when the platform has done it and nobody has written that down."""
    await lab.people(*[person(f"p{n}") for n in range(30)])
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment)
    await lab.sync(audience)
    await lab.people(*[person(f"p{n}", tier="basic") for n in range(8)], *[person(f"n{n}") for n in range(9)])
    external_id = (await lab.row(audience)).external_id
    assert lab.sandbox is not None
    met: list[bytes] = []

    def on_answer(request: bytes) -> bool:
        if request.startswith(f"{method} ".encode()) and f"/{external_id}/users".encode() in request[:200]:
            met.append(request)
        return len(met) == which

    async with between(lab.sandbox.url, on_answer) as wire:
        words = ("tests.services.cdp.audience_sync.doomed", str(lab.company.id), str(audience), wire)
        process = Process(*words)
        try:

            async def has_met() -> bool:
                return len(met) >= which

            await eventually(has_met, watched=(process,))
            process.kill()
        finally:
            process.close()
    unsure = await states(lab, audience)
    assert unsure.keys() - {"there"}
    # Somebody changes their mind before anybody goes on: what may have been done has to be undone.
    await lab.people(person("n0", ads=False), person("p0", tier="vip"))
    assert await lab.sync(audience)
    wanted = hashes("p0", *[f"p{n}" for n in range(8, 30)], *[f"n{n}" for n in range(1, 9)])
    assert await lab.remote(audience) == wanted == await lab.allowed(segment)
    assert await states(lab, audience) == {"there": len(wanted)}
    entries = lab.sandbox.control("GET", f"meta/audiences/{external_id}")["entries"]
    assert entries == len(wanted)
