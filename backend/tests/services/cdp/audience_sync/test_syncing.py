"""A segment and its audience stay equal: what comes and goes, what changes, what must not be sent."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import real_now
from app.core.config import Settings
from app.models.cdp.audience_sync import CdpAudienceBatch, CdpAudienceMember
from app.services.cdp.audience_sync import rules
from app.services.cdp.audience_sync.repository import AudienceRepository
from app.services.cdp.audience_sync.service import AudienceSyncService
from app.services.cdp.events.service import Ingestion
from app.services.integrations.ad_accounts.service import AdAccountService
from app.services.integrations.gateway import gateway_by
from tests.conftest import pointed_at
from tests.factories.access import Company
from tests.factories.audiences import VIPS, AudienceLab, person, sha
from tests.factories.integrations import connect
from tests.sandbox_process import running_sandbox


def hashes(*names: str) -> set[str]:
    return {sha(f"{name}@example.com") for name in names}


async def members(lab: AudienceLab, audience_id: UUID) -> dict[str, int]:
    member = CdpAudienceMember
    statement = (
        select(member.state, func.count()).where(member.audience_id == audience_id).group_by(member.state)
    )
    async with lab.scopes() as scope:
        return {row[0]: row[1] for row in await scope.session.execute(statement)}


async def requests(lab: AudienceLab, audience_id: UUID) -> list[tuple[str, int]]:
    """The requests of the last run: what they asked for, and of how many."""
    run = await lab.last_run(audience_id)
    batch = CdpAudienceBatch
    statement = select(batch.action, batch.people).where(batch.run_id == run.id).order_by(batch.number)
    async with lab.scopes() as scope:
        return [(row[0], row[1]) for row in await scope.session.execute(statement)]


async def test_an_audience_is_made_and_filled(lab: AudienceLab) -> None:
    await lab.people(*[person(f"p{n}") for n in range(7)], person("other", tier="basic"))
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment)
    assert await lab.sync(audience)
    assert await lab.remote(audience) == hashes(*[f"p{n}" for n in range(7)]) == await lab.allowed(segment)
    run = await lab.last_run(audience)
    assert (run.status, run.added, run.received, run.invalid) == ("done", 7, 7, 0)
    assert await members(lab, audience) == {"there": 7}
    row = await lab.row(audience)
    assert (row.last_run_at, row.next_run_at) == (lab.clock.now(), lab.clock.now() + timedelta(hours=1))


async def test_the_second_time_only_the_difference_is_sent(lab: AudienceLab) -> None:
    await lab.people(*[person(f"p{n}") for n in range(9)])
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment)
    await lab.sync(audience)
    await lab.sync(audience)
    assert await requests(lab, audience) == []
    await lab.people(person("new"), person("p0", tier="basic"), person("p1", colour="blue"))
    await lab.sync(audience)
    assert await requests(lab, audience) == [("remove", 1), ("add", 1)]
    assert await lab.remote(audience) == hashes("new", *[f"p{n}" for n in range(1, 9)])


async def test_who_does_not_allow_it_is_not_sent(lab: AudienceLab) -> None:
    await lab.people(
        person("yes"),
        person("no", ads=False),
        person("silent", ads=None),
        person("de", ads=None, country="DE"),
    )
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment)
    await lab.sync(audience)
    assert await lab.remote(audience) == hashes("yes")
    assert (await lab.last_run(audience)).withheld == {"no_consent": 3}


async def test_who_has_no_such_identifier_is_not_sent_and_counted(lab: AudienceLab) -> None:
    await lab.people(person("a"), person("b", phone="+16505551212"))
    audience = await lab.audience(await lab.segment(VIPS), identifiers=["phone"])
    await lab.sync(audience)
    assert await lab.remote(audience, "PHONE") == {sha("16505551212")}
    assert (await lab.last_run(audience)).withheld == {"no_identifier": 1}


async def test_another_address_takes_the_place_of_the_one_before(lab: AudienceLab) -> None:
    await lab.people(person("a"), person("b"))
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment, identifiers=["email", "first_name"])
    await lab.sync(audience)
    await lab.people(person("a", first_name="Ava"))
    await lab.sync(audience)
    assert await requests(lab, audience) == [("remove", 1), ("add", 1)]
    assert await lab.remote(audience) == hashes("a", "b")
    assert await lab.remote(audience, "FN") == {sha("ava")}


async def test_a_person_with_several_addresses_is_found_by_each(lab: AudienceLab) -> None:
    second = {**person("a"), "traits": {"email": "a2@example.com"}, "messageId": "m-second"}
    await lab.people(person("a"), second)
    audience = await lab.audience(await lab.segment(VIPS))
    await lab.sync(audience)
    assert await lab.remote(audience) == hashes("a", "a2")
    assert (await lab.last_run(audience)).added == 1


async def test_people_who_turn_out_to_be_one_stay_in(lab: AudienceLab) -> None:
    """The rows of both are taken out before the one is added: by any identifier the platform takes out a person."""
    anonymous = {"type": "track", "event": "Seen", "messageId": "m-1", "anonymousId": "x"}
    mail = {**person("m"), "userId": None, "anonymousId": "x", "messageId": "m-2"}
    await lab.people(anonymous, mail, person("u"), *[person(f"p{n}") for n in range(8)])
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment)
    await lab.sync(audience)
    assert len(await lab.remote(audience)) == 10
    await lab.people({**person("u"), "anonymousId": "x"})
    await lab.sync(audience)
    assert (await lab.row(audience)).waiting_leaving is None
    assert await lab.remote(audience) == await lab.allowed(segment) >= hashes("u", "m")


async def test_an_identifier_that_found_another_owner_is_sent_again(lab: AudienceLab) -> None:
    """Taken out with its old owner, it would be missing from its new one."""
    await lab.people(person("a"), person("b"))
    audience = await lab.audience(await lab.segment(VIPS))
    await lab.sync(audience)
    async with lab.scopes() as scope:
        rows = (
            await scope.session.scalars(select(CdpAudienceMember).order_by(CdpAudienceMember.profile_id))
        ).all()
        rows[0].keys = rows[1].keys  # as if it had been sent of the first before it came to the second
        rows[0].sealed = rows[1].sealed
        rows[0].state = "removing"
    await lab.sync(audience, only_removals=True)
    await lab.sync(audience)
    assert await lab.remote(audience) == hashes("a", "b")


async def test_a_held_out_part_is_never_sent(lab: AudienceLab) -> None:
    await lab.people(*[person(f"p{n}") for n in range(40)])
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment, holdout_percent=50)
    await lab.sync(audience)
    sent = await lab.remote(audience)
    held = (await lab.last_run(audience)).withheld["held_out"]
    assert len(sent) + held == 40
    assert 5 <= held <= 35
    await lab.people(*[person(f"p{n}", colour="blue") for n in range(40)])
    await lab.sync(audience)
    assert await lab.remote(audience) == sent


async def test_members_are_sent_again_before_they_would_be_forgotten(lab: AudienceLab) -> None:
    await lab.people(person("a"), person("b"))
    audience = await lab.audience(await lab.segment(VIPS), resend_days=10)
    await lab.sync(audience)
    lab.later(days=9)
    await lab.sync(audience)
    assert await requests(lab, audience) == []
    lab.later(days=1.1)
    await lab.sync(audience)
    assert await requests(lab, audience) == [("add", 2)]


async def test_a_replacement_sends_everybody_and_drops_whoever_else_is_in(lab: AudienceLab) -> None:
    await lab.people(*[person(f"p{n}") for n in range(5)])
    audience = await lab.audience(await lab.segment(VIPS))
    await lab.sync(audience)
    row = await lab.row(audience)
    assert lab.sandbox is not None
    payload = f'{{"schema": ["EMAIL"], "data": [["{sha("stranger@example.com")}"]]}}'
    lab.sandbox.graph("POST", f"{row.external_id}/users", payload=payload)
    assert len(await lab.remote(audience)) == 6
    async with lab.scopes() as scope:
        await AudienceSyncService(scope).sync(audience, replace=True)
    await lab.sync(audience)
    assert await requests(lab, audience) == [("replace", 4), ("replace", 1)]
    assert await lab.remote(audience) == hashes(*[f"p{n}" for n in range(5)])
    assert not (await lab.row(audience)).replace_asked


async def test_an_audience_that_is_gone_at_the_platform_says_so_and_is_made_anew_when_asked(
    lab: AudienceLab,
) -> None:
    await lab.people(person("a"))
    audience = await lab.audience(await lab.segment(VIPS))
    await lab.sync(audience)
    before = (await lab.row(audience)).external_id
    assert lab.sandbox is not None
    lab.sandbox.graph("DELETE", str(before))
    assert not await lab.sync(audience)
    assert (await lab.row(audience)).error_code == "meta.audience_gone"
    async with lab.scopes() as scope:
        await AudienceSyncService(scope).sync(audience, replace=True)
    assert await lab.sync(audience)
    row = await lab.row(audience)
    assert row.external_id != before
    assert row.error_code is None
    assert await lab.remote(audience) == hashes("a")


async def test_an_ended_audience_is_deleted_there_and_here(lab: AudienceLab) -> None:
    await lab.people(person("a"))
    audience = await lab.audience(await lab.segment(VIPS))
    await lab.sync(audience)
    external_id = (await lab.row(audience)).external_id
    async with lab.scopes() as scope:
        await AudienceSyncService(scope).end(audience)
    assert await lab.sync(audience)
    assert lab.sandbox is not None
    assert external_id not in {each["id"] for each in lab.sandbox.control("GET", "meta/audiences")}
    assert await members(lab, audience) == {}


async def test_a_connection_that_may_not_write_sends_nothing(lab: AudienceLab) -> None:
    await lab.people(person("a"))
    audience = await lab.audience(await lab.segment(VIPS))
    await lab.sync(audience)
    async with lab.scopes() as scope:
        assert lab.connected is not None
        await AdAccountService(scope).change(lab.connected.dollars, {"write_lease": False})
    await lab.people(person("b"))
    assert not await lab.sync(audience)
    assert await lab.remote(audience) == hashes("a")
    row = await lab.row(audience)
    assert (row.error_code, row.attempts) == ("meta.read_only", 1)


async def test_nothing_readable_stands_in_the_table(lab: AudienceLab) -> None:
    await lab.people(person("ava", first_name="Ava"))
    audience = await lab.audience(await lab.segment(VIPS), identifiers=["email", "first_name"])
    await lab.sync(audience)
    async with lab.scopes() as scope:
        found: list[Any] = list(await scope.session.scalars(select(CdpAudienceMember)))
    [row] = [each for each in found if each.audience_id == audience]
    for value in (b"ava@example.com", sha("ava@example.com").encode(), b"ava"):
        assert value not in row.sealed
    assert (row.because, row.country) == ("they_granted", None)
    assert row.consent_at is not None


async def test_it_is_due_when_its_time_has_come_and_not_before(lab: AudienceLab) -> None:
    await lab.people(person("a"))
    audience = await lab.audience(await lab.segment(VIPS))

    async def due() -> list[UUID]:
        async with lab.scopes() as scope:
            return list(await AudienceRepository(scope).due(lab.clock.now(), real_now()))

    assert await due() == [audience]
    await lab.sync(audience)
    assert await due() == []
    lab.later(minutes=61)
    assert await due() == [audience]
    async with lab.scopes() as scope:
        await AudienceSyncService(scope).enqueue_due()
        name = text("select count(*) from outbox where name = 'cdp.audience_sync.run' and tenant_id = :t")
        assert await scope.session.scalar(name, {"t": lab.company.id}) == 1


async def test_its_size_and_match_rate_are_unknown_until_the_platform_tells_them(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, settings: Settings
) -> None:
    """Against people of the sandbox's world, about two in three of whom the platform knows."""
    with running_sandbox("--seed", "7", "--history", "2") as own:
        async with gateway_by(pointed_at(settings, own)):
            lab = AudienceLab(acme, engine, ingestion, sandbox=own)
            lab.connected = await connect(lab.scopes, own)
            world = own.control("GET", "truth/people", params={"limit": 60})["people"]
            known = [person(f"w{n}", email=each["email"]) for n, each in enumerate(world)]
            await lab.people(*known, *[person(f"s{n}") for n in range(20)])
            audience = await lab.audience(await lab.segment(VIPS))
            await lab.sync(audience)
            row, run = await lab.row(audience), await lab.last_run(audience)
            assert (row.size_lower, row.size_upper, run.matched) == (None, None, None)
            own.advance(1.1)
            await lab.runner.measure(row)
            row, run = await lab.row(audience), await lab.last_run(audience)
            truly = own.control("GET", f"meta/audiences/{row.external_id}")["matched"]
            assert (run.matched, run.match_of) == (truly, 80)
            assert 25 <= truly <= 55
            assert (row.size_lower, row.size_upper) == (0, 1_000)
            async with lab.scopes() as scope:
                view = await AudienceSyncService(scope).one(audience)
            assert (view.matched, view.match_of) == (truly, 80)


@pytest.mark.parametrize("percent", [0, 10, 50])
def test_a_holdout_is_as_large_as_it_was_to_be(percent: int) -> None:
    audience = UUID(int=7)
    drawn = sum(rules.held_out(audience, UUID(int=n), percent) for n in range(10_000))
    assert abs(drawn - percent * 100) < 250
