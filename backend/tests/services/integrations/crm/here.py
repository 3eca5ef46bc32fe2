"""What the tests of writing to a CRM do on either side of it."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
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
from tests.factories.access import Company
from tests.factories.crm import ConnectedCrm, connect_crm
from tests.sandbox_process import Sandbox

READ = [{"property": "email", "to": "email"}]
LIFECYCLE = {"property": "stratum_lifecycle", "to": "lifecycle", "direction": "to"}
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def both(wins: str = "newest") -> dict[str, Any]:
    return {"property": "city", "to": "trait", "name": "city", "direction": "both", "wins": wins}


def in_segment(segment_id: UUID) -> dict[str, Any]:
    return {"property": "stratum_rfm", "to": "segment", "name": str(segment_id), "direction": "to"}


class Here:
    """One company, its CRM, and contacts of its own there."""

    def __init__(self, company: Company, hub: Sandbox, ingestion: Ingestion) -> None:
        self.company = company
        self.scopes = company.scopes
        self._hub = hub
        self._ingestion = ingestion
        self._facts = hub.vendor("hubspot")
        self.connected: ConnectedCrm
        self.first = 0

    async def connect(self, *mapping: Mapping[str, Any], **facts: Any) -> None:
        facts = {"won_event": None, "deals_until": FAR, "writes": True} | facts
        self.connected = await connect_crm(self.scopes, self._hub, mapping=[*READ], **facts)
        await self.map(*mapping)

    async def map(self, *mapping: Mapping[str, Any]) -> None:
        async with self.scopes() as scope:
            await CrmService(scope).change(self.connected.account_id, {"mapping": [*READ, *mapping]})

    def contact(self, **properties: str) -> tuple[str, str]:
        """A new one at the CRM: its id and its address."""
        email = f"{uuid7().hex}@people.example"
        said = {"email": email, "firstname": "Ada"} | properties
        body = {"properties": said, "associations": []}
        made = self._ask("POST", "contacts", body)
        self.first = self.first or int(made["id"])
        return made["id"], email

    def contacts(self, count: int) -> dict[str, str]:
        """As many new ones, made in one request: their addresses by their ids."""
        emails = [f"{uuid7().hex}@people.example" for _ in range(count)]
        inputs = [
            {"properties": {"email": each, "lifecyclestage": "lead"}, "associations": []} for each in emails
        ]
        made = self._ask("POST", "contacts/batch/create", {"inputs": inputs})["results"]
        self.first = self.first or min(int(each["id"]) for each in made)
        return {each["id"]: each["properties"]["email"] for each in made}

    def edit(self, contact: str, **properties: str) -> None:
        self._ask("PATCH", f"contacts/{contact}", {"properties": properties})

    def delete(self, contact: str) -> None:
        self._ask("DELETE", f"contacts/{contact}")

    def merge(self, contact: str, other: str) -> None:
        """The other into this one."""
        self._ask("POST", "contacts/merge", {"primaryObjectId": contact, "objectIdToMerge": other})

    def there(self, contact: str, *names: str) -> tuple[str | None, ...]:
        found = self._ask("GET", f"contacts/{contact}?properties={','.join(names)}")["properties"]
        return tuple(found[name] for name in names)

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = httpx2.request(
            method,
            f"{self._hub.url}/hubspot/crm/objects/2026-03/{path}",
            headers={"Authorization": f"Bearer {self._facts['access_token']}"},
            json=body,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    async def read(self) -> CrmSync:
        """Of the contacts that this test made: the sandbox has thousands."""
        place = {"since": None, "until": FAR.isoformat(), "after": str(self.first - 1)}
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

    async def erase(self, client: AsyncClient, email: str) -> UUID:
        request = await self.ask_erasure(client, email)
        await PrivacyWork(self.scopes).run(request)
        return request
