"""Publication of campaigns: each task calls a service between short transactions."""

from uuid import UUID

from app.db.session import Scopes
from app.services.campaigns.drafts.publishing import DraftPublishing
from app.workers.handlers import every, handles


@handles("campaigns.drafts.publish", max_retries=5, timeout=180)
async def publish(scopes: Scopes, draft_id: str) -> None:
    await DraftPublishing(scopes).run(UUID(draft_id))


@every(seconds=60)
@handles("campaigns.drafts.resume_abandoned")
async def resume_abandoned(scopes: Scopes) -> None:
    await DraftPublishing(scopes).resume_abandoned()
