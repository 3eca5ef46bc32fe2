"""Whatever people do, an audience is who of its segment may be sent: random lives, in random order, by seeds."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.core.clock import real_now
from app.core.ids import uuid7
from app.models.cdp.audience_sync import CdpAudienceMember
from app.services.cdp.audience_sync.service import AudienceSyncService, Withdrawals
from app.services.cdp.consents.service import ConsentService, Purpose
from app.services.cdp.privacy.service import PrivacyRequests, PrivacyWork, RequestKind
from app.services.cdp.profiles.errors import ProfileNotFound
from app.services.cdp.profiles.service import IdentifierType, ProfileService, keys_of
from app.services.cdp.segments.service import SegmentService
from app.services.integrations.audiences.service import offer_of
from tests.factories.audiences import VIPS, AudienceLab, sha

PEOPLE = 12
ROUNDS = 5
Event = dict[str, Any]


def event(traits: dict[str, Any], *, ads: bool | None = None, **who: Any) -> Event:
    consent = {} if ads is None else {"consent": {"categoryPreferences": {"advertising": ads}}}
    return {
        "type": "identify",
        "messageId": f"m-{uuid7()}",
        "traits": traits,
        "context": consent,
        **who,
    }


class Lives:
    """People with an account (`u`), and visitors who left an address (`v`): a visitor may turn out to be somebody."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)  # noqa: S311  (a stream that repeats)
        self.addresses: set[str] = set()

    def who(self, number: int) -> dict[str, Any]:
        return {"userId": f"u{number}"} if number % 2 else {"anonymousId": f"v{number}"}

    def address(self, number: int, count: int = 0) -> str:
        found = f"x{number}.{count}@example.com"
        self.addresses.add(found)
        return found

    def begin(self) -> list[Event]:
        return [
            event(
                {"email": self.address(n), "tier": self.draw.choice(["vip", "vip", "basic"])},
                ads=self.draw.choice([True, True, None]),
                **self.who(n),
            )
            for n in range(PEOPLE)
        ]

    def happening(self) -> Event:
        number = self.draw.randrange(PEOPLE)
        acts: list[Callable[[int], Event]] = [
            lambda n: event({"tier": "vip"}, **self.who(n)),
            lambda n: event({"tier": "basic"}, **self.who(n)),
            lambda n: event({}, ads=False, **self.who(n)),
            lambda n: event({}, ads=True, **self.who(n)),
            lambda n: event({"email": self.address(n, 1)}, **self.who(n)),
            lambda n: event({}, userId=f"u{n | 1}", anonymousId=f"v{n & ~1}"),
            lambda n: event({"firstName": self.draw.choice(["Ava", "Noah"])}, **self.who(n)),
        ]
        return self.draw.choice(acts)(number)


async def erase(lab: AudienceLab, address: str) -> None:
    key = keys_of(address, lab.company.id)[IdentifierType.EMAIL]
    try:
        async with lab.scopes() as scope:
            request = await PrivacyRequests(scope).request(RequestKind.ERASURE, key, "They asked.")
    except ProfileNotFound:
        return
    await PrivacyWork(lab.scopes).run(request.id)


async def refusing(lab: AudienceLab, addresses: set[str]) -> set[str]:
    """Hashes of addresses whose owners do not allow ads, or that are nobody's any more."""
    found = set()
    async with lab.scopes() as scope:
        for each in addresses:
            try:
                profile = await ProfileService(scope).current(
                    keys_of(each, lab.company.id)[IdentifierType.EMAIL]
                )
            except ProfileNotFound:
                found.add(sha(each))
                continue
            said = await ConsentService(scope).of_profile(profile.id)
            if not said.purposes[Purpose.ADS].is_granted:
                found.add(sha(each))
    return found


async def settled(lab: AudienceLab, audience: UUID) -> None:
    """Synchronised, with every removal approved that waits."""
    assert await lab.sync(audience)
    waiting = (await lab.row(audience)).waiting_leaving
    if waiting is not None:
        async with lab.scopes() as scope:
            await AudienceSyncService(scope).approve(audience, waiting)
        assert await lab.sync(audience)
    assert (await lab.row(audience)).waiting_leaving is None


@pytest.mark.parametrize("seed", range(5))
async def test_an_audience_is_who_of_its_segment_may_be_sent(lab: AudienceLab, seed: int) -> None:
    await live(lab, seed)


async def test_so_it_is_at_every_platform(anywhere: AudienceLab) -> None:
    await live(anywhere, 5)


async def live(lab: AudienceLab, seed: int) -> None:
    lives = Lives(seed)
    await lab.people(*lives.begin())
    segment = await lab.segment(VIPS)
    others = [name for name in ("first_name",) if name in offer_of(lab.fills.platform).identifiers]
    audience = await lab.audience(segment, identifiers=["email", *others])
    for _ in range(ROUNDS):
        lab.clock.at = real_now()
        await lab.people(*[lives.happening() for _ in range(lives.draw.randrange(1, 9))])
        if lives.draw.random() < 0.4:
            lab.clock.at = real_now()
            await erase(lab, lives.address(lives.draw.randrange(PEOPLE)))
        if lives.draw.random() < 0.3:
            async with lab.scopes() as scope:
                await AudienceSyncService(scope).sync(audience, replace=True)
        if lives.draw.random() < 0.3:
            await Withdrawals(lab.scopes).sweep()
        if lives.draw.random() < 0.7:
            assert await lab.sync(audience)
            assert (await lab.remote(audience)).isdisjoint(await refusing(lab, lives.addresses))
    await settled(lab, audience)
    assert await lab.remote(audience) == await lab.allowed(segment)
    async with lab.scopes() as scope:
        states = select(CdpAudienceMember.state, func.count()).group_by(CdpAudienceMember.state)
        assert {row[0] for row in await scope.session.execute(states)} <= {"there"}
        assert (await SegmentService(scope).one(segment)).member_count == len(await lab.answer(segment))
