"""Webhooks to test with."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.core.ids import uuid7
from app.models.cdp.webhooks import CdpWebhook, CdpWebhookDelivery
from tests.factories.access import Company

WEBHOOKS = "/api/v1/cdp/webhooks"
PROFILE_TOPICS = ["profile.created", "profile.updated", "profile.merged", "profile.ended"]
SEGMENT_TOPICS = ["segment.entered", "segment.left"]


@dataclass(frozen=True)
class Hook:
    company: Company
    id: UUID
    secret: str

    @property
    def path(self) -> str:
        return f"{WEBHOOKS}/{self.id}"

    async def read(self) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.company.client().get(self.path)).json()
        return answer

    async def change(self, **values: Any) -> dict[str, Any]:
        answer = await self.company.client().patch(self.path, json=values)
        assert answer.status_code == 200, answer.text
        changed: dict[str, Any] = answer.json()
        return changed

    async def log(self) -> list[CdpWebhookDelivery]:
        """The first try first."""
        async with self.company.scopes() as scope:
            statement = select(CdpWebhookDelivery).where(CdpWebhookDelivery.webhook_id == self.id)
            rows = await scope.session.scalars(
                statement.order_by(CdpWebhookDelivery.at, CdpWebhookDelivery.id)
            )
            return list(rows.all())

    async def set(self, **values: Any) -> None:
        """Behind the service's back: the time of a retry, say, that a test does not wait for."""
        async with self.company.scopes() as scope:
            await scope.session.execute(update(CdpWebhook).where(CdpWebhook.id == self.id).values(**values))

    async def row(self) -> CdpWebhook:
        async with self.company.scopes() as scope:
            return (await scope.session.scalars(select(CdpWebhook).where(CdpWebhook.id == self.id))).one()


async def make_webhook(company: Company, url: str, topics: list[str] | None = None, **more: Any) -> Hook:
    body = {
        "name": f"Hook {uuid7()}",
        "url": url,
        "topics": topics or [*PROFILE_TOPICS, *SEGMENT_TOPICS],
        **more,
    }
    answer = await company.client().post(WEBHOOKS, json=body)
    assert answer.status_code == 201, answer.text
    return Hook(company, UUID(answer.json()["id"]), answer.json()["secret"])
