"""What the tests of writing to a CRM do on either side of it."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from httpx2 import AsyncClient
from sqlalchemy import select, update

from app.core.ids import uuid7
from app.models.cdp.profiles import CdpProfile
from app.models.integrations.crm import CrmAccount, CrmPush, CrmSync, CrmWrite
from app.services.cdp.events.service import Envelope, Ingestion
from app.services.cdp.identity.service import Resolver
from app.services.cdp.privacy.service import PrivacyWork
from app.services.cdp.sources.service import Sender
from app.services.integrations.crm.service import CrmService, CrmSyncService, CrmWriting
from app.services.integrations.crm.writing_repository import WritingRepository
from tests.factories.access import Company
from tests.factories.crm import HUBSPOT, ConnectedCrm, CrmSubject, connect_crm
from tests.sandbox_process import Sandbox
from tests.services.integrations.crm.there import HubSpotThere, there_of

READ = [{"property": "email", "to": "email"}]
LIFECYCLE = {"property": "stratum_lifecycle", "to": "lifecycle", "direction": "to"}
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def both(wins: str = "newest") -> dict[str, Any]:
    return {"property": "city", "to": "trait", "name": "city", "direction": "both", "wins": wins}


def in_segment(segment_id: UUID) -> dict[str, Any]:
    return {"property": "stratum_rfm", "to": "segment", "name": str(segment_id), "direction": "to"}


class Here:
    """One company, its CRM, and contacts of its own there."""

    def __init__(
        self, company: Company, hub: Sandbox, ingestion: Ingestion, crm: CrmSubject = HUBSPOT
    ) -> None:
        self.company = company
        self.scopes = company.scopes
        self.crm = crm
        self.crm_itself = there_of(crm, hub)
        self._hub = hub
        self._ingestion = ingestion
        self.connected: ConnectedCrm
        self.first = ""

    async def connect(self, *mapping: Mapping[str, Any], **facts: Any) -> None:
        facts = {"won_event": None, "deals_until": FAR, "writes": True} | facts
        self.connected = await connect_crm(self.scopes, self._hub, self.crm, mapping=self.mapping(), **facts)
        await self.map(*mapping)

    def mapping(self, *mapping: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Who a contact is, and these: named as this CRM names them."""
        return [{**each, "property": self.crm_itself.called(each["property"])} for each in (*READ, *mapping)]

    async def map(self, *mapping: Mapping[str, Any]) -> None:
        async with self.scopes() as scope:
            await CrmService(scope).change(self.connected.account_id, {"mapping": self.mapping(*mapping)})

    def contact(self, **properties: str) -> tuple[str, str]:
        """A new one at the CRM: its id and its address."""
        email = f"{uuid7().hex}@people.example"
        [made] = self.crm_itself.create({"email": email, "firstname": "Ada"} | properties)
        self.first = self.first or made
        return made, email

    def contacts(self, count: int, **properties: str) -> dict[str, str]:
        """As many new ones, made in one request: their addresses by their ids."""
        emails = [f"{uuid7().hex}@people.example" for _ in range(count)]
        made = self.crm_itself.create(*({"email": each} | properties for each in emails))
        self.first = self.first or made[0]
        return dict(zip(made, emails, strict=True))

    def edit(self, contact: str, **properties: str) -> None:
        self.crm_itself.edit(contact, properties)

    def delete(self, contact: str) -> None:
        self.crm_itself.delete(contact)

    @property
    def _hubspot(self) -> HubSpotThere:
        return cast("HubSpotThere", self.crm_itself)

    def forget(self, contact: str) -> None:
        """For good, as the law wants it; HubSpot's alone."""
        self._hubspot.ask("POST", "/gdpr-delete", {"objectId": contact})

    def merge(self, contact: str, other: str) -> None:
        """The other into this one; HubSpot's alone."""
        merged = {"primaryObjectId": contact, "objectIdToMerge": other}
        self._hubspot.ask("POST", "/merge", merged)

    def there(self, contact: str, *names: str) -> tuple[str | None, ...]:
        found = self.crm_itself.values(contact, names)
        return tuple(found[name] for name in names)

    async def read(self) -> CrmSync:
        """Of the contacts that this test made: the sandbox has thousands."""
        place = {"since": None, "until": FAR.isoformat(), "after": self.crm_itself.before(self.first)}
        async with self.scopes() as scope:
            await scope.session.execute(update(CrmAccount).values(reading={"contacts": place}))
        run = await CrmSyncService(self.scopes).sync(self.connected.account_id)
        assert run is not None
        assert run.error is None
        await Resolver(self.scopes).drain()
        return run

    async def say(self, email: str, at: datetime | None = None, **traits: Any) -> None:
        moment = (at or datetime.now(UTC)).isoformat()
        await self.happens(type="identify", email=email, traits=traits, timestamp=moment)

    async def say_all(self, traits: Mapping[str, Mapping[str, Any]]) -> None:
        """Of each address."""
        at = datetime.now(UTC).isoformat()
        await self._happen(
            [{"type": "identify", "email": e, "traits": said, "timestamp": at} for e, said in traits.items()]
        )

    async def happens(self, **event: Any) -> None:
        await self._happen([event])

    async def _happen(self, events: Sequence[Mapping[str, Any]]) -> None:
        await self._ingestion.receive(
            Sender(self.company.id, None),
            Envelope([json.dumps({**each, "messageId": f"m-{uuid7()}"}).encode() for each in events]),
            dialect="segment",
            contact_suffices=True,
        )
        await Resolver(self.scopes).drain()

    async def write(self) -> CrmPush | None:
        return await CrmWriting(self.scopes).run(self.connected.account_id)

    async def wrote(self) -> CrmPush:
        push = await self.write()
        assert push is not None
        assert push.error is None
        return push

    async def rest(self) -> None:
        """Read and write until nobody has anything to say."""
        for _ in range(6):
            await self.read()
            if await self.write() is None:
                return
        raise AssertionError("it goes round in circles")

    async def profile(self, email: str) -> UUID:
        answer = await self.company.client().get("/api/v1/cdp/profiles", params={"identifier": email})
        return UUID(answer.json()["items"][0]["id"])

    async def city(self, email: str) -> Any:
        return await self.trait(email, "city")

    async def trait(self, email: str, name: str) -> Any:
        profile_id = await self.profile(email)
        async with self.scopes() as scope:
            profile = await scope.session.get_one(CdpProfile, (scope.tenant_id, profile_id))
            return profile.traits.get(name)

    async def make_due(self) -> None:
        """Whatever was put off."""
        async with self.scopes() as scope:
            await scope.session.execute(update(CrmWrite).values(next_at=datetime.now(UTC)))

    async def make_looked(self, contact: str) -> None:
        """As a reading does it that saw another value."""
        async with self.scopes() as scope:
            await WritingRepository(scope).queue(self.connected.account_id, [contact], looked=True)

    async def queue(self) -> list[CrmWrite]:
        async with self.scopes() as scope:
            return list(await scope.session.scalars(select(CrmWrite).order_by(CrmWrite.external_id)))

    async def buys(self, contact: str, email: str) -> None:
        order = {"order_id": contact, "total": 5, "currency": "USD"}
        await self.happens(type="track", event="Order Completed", email=email, properties=order)

    async def ask_erasure(self, client: AsyncClient, email: str) -> UUID:
        body = {"kind": "erasure", "profile_id": str(await self.profile(email)), "reason": "They asked."}
        asked = await client.post("/api/v1/cdp/privacy/requests", json=body)
        return UUID(asked.json()["id"])

    async def carry_out(self, request: UUID) -> None:
        await PrivacyWork(self.scopes).run(request)

    async def erase(self, client: AsyncClient, email: str) -> UUID:
        request = await self.ask_erasure(client, email)
        await PrivacyWork(self.scopes).run(request)
        return request
