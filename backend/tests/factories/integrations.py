"""Connections and ad accounts to test with, over a running sandbox."""

from dataclasses import dataclass
from uuid import UUID

from app.core.ids import uuid7
from app.core.security import seal
from app.db.session import Scopes
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.connections import Connection
from app.services.integrations.service import TOKEN_PURPOSE
from tests.sandbox_process import HU_PIXEL, US_PIXEL, Sandbox

US_ACCOUNT = "102030405060701"
HU_ACCOUNT = "102030405060702"
BROAD = "120210000010100001"
"""Prospecting | Broad: a campaign of the dollar account with a daily budget of its own."""
INTERESTS = "120210000010100002"
"""Its ad sets have the budgets."""


@dataclass(frozen=True)
class Connected:
    connection_id: UUID
    dollars: UUID
    forints: UUID


async def connect(
    scopes: Scopes,
    sandbox: Sandbox,
    *,
    read_only: bool = False,
    write_lease: bool = True,
    token: str | None = None,
) -> Connected:
    """The sandbox's two accounts, connected, enabled and leased."""
    made = Connected(uuid7(), uuid7(), uuid7())
    async with scopes() as scope:
        sealed = seal(token or sandbox.meta_token, purpose=TOKEN_PURPOSE, tenant_id=scope.tenant_id)
        scope.session.add(
            Connection(
                id=made.connection_id,
                platform="meta",
                status="active",
                external_user_id=uuid7().hex,
                app_id=sandbox.app_id,
                scopes=["ads_management", "ads_read"],
                read_only=read_only,
                token_sealed=sealed,
            )
        )
        await scope.session.flush()
        for account_id, external_id, currency, timezone, pixel in (
            (made.dollars, US_ACCOUNT, "USD", "America/New_York", US_PIXEL),
            (made.forints, HU_ACCOUNT, "HUF", "Europe/Budapest", HU_PIXEL),
        ):
            scope.session.add(
                AdAccount(
                    id=account_id,
                    connection_id=made.connection_id,
                    platform="meta",
                    external_id=external_id,
                    name=f"Northwind {currency}",
                    currency=currency,
                    timezone=timezone,
                    status="active",
                    enabled=True,
                    write_lease=write_lease,
                    pixel_id=pixel,
                    conversions_enabled=True,
                )
            )
    return made
