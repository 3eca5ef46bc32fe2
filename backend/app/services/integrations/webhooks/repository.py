from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert

from app.db.session import GlobalSession, TenantScope
from app.models.integrations.webhooks import PlatformWebhookReceipt

_READERS = text("SELECT tenant_id, ad_account_id FROM readers_of_ad_account(:platform, :account)")


async def readers_of(session: GlobalSession, platform: str, account: str) -> Sequence[tuple[int, UUID]]:
    """Tenant and ad account of whoever reads this external account and has it switched on."""
    found = await session.execute(_READERS, {"platform": platform, "account": account})
    return [(row.tenant_id, row.ad_account_id) for row in found]


class ReceiptRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def is_new(self, platform: str, digest: bytes, at: datetime) -> bool:
        """True for the first delivery of these bytes, once, however many come at the same time."""
        made = await self._session.scalar(
            insert(PlatformWebhookReceipt)
            .values(platform=platform, digest=digest, received_at=at)
            .on_conflict_do_nothing()
            .returning(PlatformWebhookReceipt.platform)
        )
        return made is not None

    async def new_of(self, platform: str, digests: Collection[bytes], at: datetime) -> set[bytes]:
        """Which of these came for the first time; as `is_new`, of any number."""
        if not digests:
            return set()
        rows = [{"platform": platform, "digest": each, "received_at": at} for each in sorted(set(digests))]
        made = await self._session.scalars(
            insert(PlatformWebhookReceipt)
            .values(rows)
            .on_conflict_do_nothing()
            .returning(PlatformWebhookReceipt.digest)
        )
        return set(made)

    async def forget_before(self, moment: datetime, *, but: str | None = None) -> None:
        """Of all platforms, `but` of one."""
        statement = delete(PlatformWebhookReceipt).where(PlatformWebhookReceipt.received_at < moment)
        if but is not None:
            statement = statement.where(PlatformWebhookReceipt.platform != but)
        await self._session.execute(statement)
