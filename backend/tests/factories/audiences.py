"""Audiences to test with: a lab's people, an ad account of the sandbox, and who is in at the platform."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.core.ids import uuid7
from app.models.cdp.audience_sync import CdpAudience, CdpAudienceRun
from app.models.cdp.segments import CdpSegmentMember
from app.services.cdp.arrivals.service import Arrivals
from app.services.cdp.audience_sync.service import AudienceRunner, AudienceSyncService, Wish
from app.services.cdp.consents.service import ConsentService, Purpose
from app.services.cdp.profiles.service import ProfileService
from app.services.integrations.audiences.ports import AudiencePlatform, Batch, Row
from app.services.integrations.audiences.service import AudienceService
from tests.factories.audience_platforms import FILLS, Fills
from tests.factories.integrations import Connected
from tests.factories.segments import Lab
from tests.sandbox_process import Sandbox

VIPS: dict[str, Any] = {"kind": "trait", "name": "tier", "test": {"op": "is", "text": "vip"}}


def sha(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def person(name: str, *, tier: str = "vip", ads: bool | None = True, **traits: Any) -> dict[str, Any]:
    """An `identify` of somebody with an address of their own, who allows ads unless told otherwise."""
    consent = {} if ads is None else {"consent": {"categoryPreferences": {"advertising": ads}}}
    return {
        "type": "identify",
        "messageId": f"m-{uuid7()}",
        "userId": f"u-{name}",
        "traits": {"email": f"{name}@example.com", "tier": tier, **traits},
        "context": consent,
    }


@dataclass
class AudienceLab(Lab):
    """A lab with an ad account."""

    sandbox: Sandbox | None = None
    connected: Connected | None = None
    fills: Fills = field(default_factory=lambda: FILLS["meta"])
    account: UUID | None = None
    """Another platform's account than the connected one."""
    runner: AudienceRunner = field(init=False)

    def __post_init__(self) -> None:
        self.runner = AudienceRunner(self.scopes, page=3, batch=4)

    async def people(self, *events: dict[str, Any]) -> None:
        """They come in, are resolved, and their segments follow; their consents are taken in."""
        await self.send(*events)

        await Arrivals(self.scopes).drain()
        await self.follow()

    async def audience(self, segment_id: UUID, **wish: Any) -> UUID:
        account = self.account or (self.connected.dollars if self.connected else None)
        assert account is not None
        wanted = {
            "name": f"Audience {uuid7()}",
            "segment_id": segment_id,
            "ad_account_id": account,
            "identifiers": ["email"],
            "holdout_percent": 0,
            "interval_minutes": 60,
            "resend_days": None,
        }
        async with self.scopes() as scope:
            made = await AudienceSyncService(scope).create(Wish(**{**wanted, **wish}))
        return made.row.id

    async def sync(self, audience_id: UUID, *, only_removals: bool = False) -> bool:
        return await self.runner.run(audience_id, only_removals=only_removals)

    async def platform(self) -> AudiencePlatform:
        """The account's audiences, as the connector speaks of them."""
        account = self.account or (self.connected.dollars if self.connected else None)
        assert account is not None
        return await AudienceService(self.scopes).open(account)

    async def by_hand(
        self, act: Callable[[str, Sequence[str], Sequence[Row], Batch], Awaitable[Any]], of: str, email: str
    ) -> None:
        """Somebody changes an audience at the platform, past us."""
        rows = (await self.platform()).prepare(("email",), {"email": [email]})
        await act(of, ("email",), rows, Batch(uuid7().int >> 76, 1, last=True, total=1))

    async def row(self, audience_id: UUID) -> CdpAudience:
        async with self.scopes() as scope:
            found = await scope.session.scalar(select(CdpAudience).where(CdpAudience.id == audience_id))
        assert found is not None
        return found

    async def last_run(self, audience_id: UUID) -> CdpAudienceRun:
        statement = (
            select(CdpAudienceRun)
            .where(CdpAudienceRun.audience_id == audience_id)
            .order_by(CdpAudienceRun.id.desc())
        )
        async with self.scopes() as scope:
            found = await scope.session.scalar(statement.limit(1))
        assert found is not None
        return found

    async def rested(self, audience_id: UUID) -> None:
        """The pause after a failure is over."""
        async with self.scopes() as scope:
            await scope.session.execute(
                update(CdpAudience).where(CdpAudience.id == audience_id).values(next_attempt_at=None)
            )

    async def remote(self, audience_id: UUID, key: str | None = None) -> set[str]:
        """Who is in at the platform, by one of their hashes."""
        row = await self.row(audience_id)
        if row.external_id is None:
            return set()
        return self.inside(row.external_id, key)

    def inside(self, external_id: str, key: str | None = None) -> set[str]:
        assert self.sandbox is not None
        key = key or self.fills.email
        members = self.sandbox.control("GET", f"{self.fills.platform}/audiences/{external_id}")["members"]
        return {one["entry"][key] for one in members if key in one["entry"]}

    async def allowed(self, segment_id: UUID) -> set[str]:
        """The hashed addresses of the segment's members who allow ads, by other ways than the one that is tested."""
        members = select(CdpSegmentMember.profile_id).where(CdpSegmentMember.segment_id == segment_id)
        found: set[str] = set()
        async with self.scopes() as scope:
            profiles = ProfileService(scope)
            for profile_id in await scope.session.scalars(members):
                said = await ConsentService(scope).of_profile(profile_id)
                if said.purposes[Purpose.ADS].is_granted:
                    named = await profiles.identifiers(await profiles.current(profile_id))
                    found |= {sha(profiles.value(each)) for each in named if each.type == "email"}
        return found

    def later(self, **time: float) -> None:
        self.clock.at += timedelta(**time)
