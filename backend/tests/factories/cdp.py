"""Sources and events to test with."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.services.cdp.sources.service import SourceKind, SourceService
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
