"""A segment and its audience stay equal, at whichever platform: all that a platform could do otherwise than another."""

from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from app.core.clock import real_now
from app.models.cdp.audience_sync import CdpAudience, CdpAudienceMember
from app.models.integrations.connections import Connection
from app.services.cdp.audience_sync.service import AudienceSyncService, Withdrawals
from app.services.cdp.privacy.service import PrivacyRequests, PrivacyWork, RequestKind
from app.services.cdp.profiles.service import IdentifierType, keys_of
from app.services.integrations.audiences.service import offer_of
from app.services.integrations.gateway import gateway
from tests.factories.audiences import VIPS, AudienceLab, person, sha


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


async def test_it_follows_its_segment(anywhere: AudienceLab) -> None:
    """Who comes, who goes, who allows it no more, whose address changed; by address and number."""
    lab = anywhere
    await lab.people(
        *[person(f"p{n}") for n in range(7)], person("no", ads=False), person("b", phone="+16505551212")
    )
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment, identifiers=["email", "phone"])
    assert await lab.sync(audience)
    assert await lab.remote(audience) == hashes("b", *[f"p{n}" for n in range(7)])
    assert await lab.remote(audience, lab.fills.phone) == {sha(lab.fills.phone_form)}
    await lab.people(
        person("new"),
        person("p0", tier="basic"),
        person("p1", ads=False),
        {**person("p2"), "traits": {"email": "p2.second@example.com"}},
    )
    assert await lab.sync(audience)
    wanted = hashes("b", "new", "p2.second", *[f"p{n}" for n in range(2, 7)])
    assert await lab.remote(audience) == wanted == await lab.allowed(segment)
    assert (await lab.last_run(audience)).status == "done"
    assert set(await states(lab, audience)) == {"there"}


async def test_a_refusal_takes_out_without_waiting_for_the_next_synchronisation(
    anywhere: AudienceLab,
) -> None:
    lab = anywhere
    await lab.people(person("a"), person("b"))
    audience = await lab.audience(await lab.segment(VIPS))
    await lab.sync(audience)
    lab.clock.at = real_now()
    await lab.people(person("a", ads=False))
    assert await Withdrawals(lab.scopes).sweep() == 1
    await lab.sync(audience, only_removals=True)
    assert await lab.remote(audience) == hashes("b")


async def test_who_is_erased_is_out_at_once_and_the_certificate_says_so(anywhere: AudienceLab) -> None:
    lab = anywhere
    await lab.people(person("a", phone="+16505551212"), person("b"))
    audience = await lab.audience(await lab.segment(VIPS), identifiers=["email", "phone"])
    await lab.sync(audience)
    lab.clock.at = real_now()
    key = keys_of("a@example.com", lab.company.id)[IdentifierType.EMAIL]
    async with lab.scopes() as scope:
        request = await PrivacyRequests(scope).request(RequestKind.ERASURE, key, "They asked.")
    await PrivacyWork(lab.scopes).run(request.id)
    assert await lab.remote(audience) == hashes("b")
    assert await lab.remote(audience, lab.fills.phone) == set()
    assert await states(lab, audience) == {"there": 1}


@pytest.mark.parametrize("kind", ["server_error", "drop_response", "rate_limit", "token_expired"])
async def test_what_fails_half_way_is_said_and_made_up_for(anywhere: AudienceLab, kind: str) -> None:
    """The fault meets a request in the middle: some who leave are out, some are not."""
    lab = anywhere
    await lab.people(*[person(f"p{n}") for n in range(12)], *[person(f"q{n}") for n in range(31)])
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment)
    assert await lab.sync(audience)
    await lab.people(*[person(f"p{n}", tier="basic") for n in range(12)], person("r"))
    assert lab.sandbox is not None
    fault = {"kind": kind, "vendor": lab.fills.platform, "method": lab.fills.removes_by, "count": 1}
    lab.sandbox.control("POST", "faults", json=fault)
    assert not await lab.sync(audience)
    row, run = await lab.row(audience), await lab.last_run(audience)
    assert (run.status, run.error_code) == ("failed", row.error_code)
    assert str(row.error_code).startswith(f"{lab.fills.platform}.")
    assert row.next_attempt_at is not None
    assert (await states(lab, audience)).keys() >= {"removing"}
    await mended(lab)
    assert await lab.sync(audience)
    assert await lab.remote(audience) == hashes("r", *[f"q{n}" for n in range(31)])
    assert set(await states(lab, audience)) == {"there"}


async def test_sent_anew_everybody_is_in_who_must_be(anywhere: AudienceLab) -> None:
    """Somebody took people out by hand. Where the platform replaces an audience, who was put in by hand leaves."""
    lab = anywhere
    await lab.people(*[person(f"p{n}") for n in range(9)])
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment)
    await lab.sync(audience)
    platform = await lab.platform()
    external_id = str((await lab.row(audience)).external_id)
    for name in ("p3", "p4"):
        await lab.by_hand(platform.remove_members, external_id, f"{name}@example.com")
    await lab.by_hand(platform.add_members, external_id, "stranger@example.com")
    await lab.people(person("new"), person("p0", ads=False))
    async with lab.scopes() as scope:
        await AudienceSyncService(scope).sync(audience, replace=True)
    assert await lab.sync(audience)
    wanted = hashes("new", *[f"p{n}" for n in range(1, 9)])
    assert await lab.allowed(segment) == wanted
    strangers = set() if offer_of(lab.fills.platform).replaces else hashes("stranger")
    assert await lab.remote(audience) == wanted | strangers
    assert await states(lab, audience) == {"there": 9}
    assert not (await lab.row(audience)).replace_asked


async def test_one_that_is_gone_there_is_said_and_made_anew_when_somebody_asks(
    anywhere: AudienceLab,
) -> None:
    lab = anywhere
    await lab.people(person("a"))
    audience = await lab.audience(await lab.segment(VIPS))
    await lab.sync(audience)
    first = str((await lab.row(audience)).external_id)
    await (await lab.platform()).delete_audience(first)
    assert not await lab.sync(audience)
    assert str((await lab.row(audience)).error_code).endswith("audience_gone")
    async with lab.scopes() as scope:
        await AudienceSyncService(scope).sync(audience, replace=True)
    assert await lab.sync(audience)
    assert (await lab.row(audience)).external_id != first
    assert await lab.remote(audience) == hashes("a")


async def test_ended_it_is_gone_there_too(anywhere: AudienceLab) -> None:
    lab = anywhere
    await lab.people(person("a"))
    audience = await lab.audience(await lab.segment(VIPS))
    await lab.sync(audience)
    external_id = (await lab.row(audience)).external_id
    async with lab.scopes() as scope:
        await AudienceSyncService(scope).end(audience)
    assert await lab.sync(audience)
    assert external_id not in {each.external_id for each in await (await lab.platform()).list_audiences()}
