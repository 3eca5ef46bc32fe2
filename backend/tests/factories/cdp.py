"""Sources and events to test with."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.services.cdp.events.service import Envelope, Ingestion, Outcome
from app.services.cdp.sources.service import Sender, SourceKind, SourceService
from tests.factories.access import Company


@dataclass(frozen=True)
class Source:
    id: UUID
    tenant_id: int
    key: str


async def make_source(
    company: Company, *, kind: SourceKind = SourceKind.SERVER, name: str = "Shop"
) -> Source:
    async with company.scopes() as scope:
        source, key = await SourceService(scope).create(name, kind)
    return Source(source.id, company.id, str(key))


def track(event: str = "Product Viewed", **members: Any) -> dict[str, Any]:
    """An event as Segment's SDKs send it."""
    return {"type": "track", "event": event, "messageId": f"m-{uuid7()}", "userId": "u-1", **members}


async def ingest(ingestion: Ingestion, sender: Sender, *events: Any) -> Outcome:
    """Send events as a source would, without the HTTP."""
    envelope = Envelope([json.dumps(event).encode() for event in events])
    return await ingestion.receive(sender, envelope, dialect="segment")
