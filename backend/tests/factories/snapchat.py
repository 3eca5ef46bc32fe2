"""Snapchat's two ad accounts of the sandbox, connected to test with."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.ids import uuid7
from app.core.security import seal
from app.db.session import Scopes
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.connections import Connection
from app.services.integrations.service import TOKEN_PURPOSE
from tests.sandbox_process import Sandbox

US_ACCOUNT = "5a9c0001-0001-4000-8000-000000000001"
KW_ACCOUNT = "5a9c0001-0002-4000-8000-000000000001"
US_PIXEL = "5a9c0005-0001-4000-8000-000000000001"
KW_PIXEL = "5a9c0005-0002-4000-8000-000000000001"
PROSPECTING = "5a9c0002-0001-4000-8000-000000000001"
"""Snap Ads | Prospecting: a daily budget of its own, dealt out among two ad squads."""
VISITORS = "5a9c0002-0001-4000-8000-000000000002"
"""Its ad squads have the budgets."""
BRAND = "5a9c0002-0001-4000-8000-000000000004"
"""Paused; a cap of its own over an ad squad's budget."""
CART = "5a9c0003-0001-4000-8000-000000000020"
"""An ad squad of the visitors' campaign, with a daily budget."""
LENS = "5a9c0003-0001-4000-8000-000000000030"
"""An ad squad with a lifetime budget."""
KW_PROSPECTING = "5a9c0002-0002-4000-8000-000000000001"


@dataclass(frozen=True)
class Connected:
    connection_id: UUID
    dollars: UUID
    dinars: UUID


async def connect(
    scopes: Scopes,
    sandbox: Sandbox,
    *,
    read_only: bool = False,
    write_lease: bool = True,
    refresh_token: str | None = None,
    expires_at: datetime | None = None,
) -> Connected:
    """The sandbox's two accounts, connected, enabled and leased."""
    made = Connected(uuid7(), uuid7(), uuid7())
    facts = sandbox.snapchat_facts
    async with scopes() as scope:
        sealed = seal(facts["access_token"], purpose=TOKEN_PURPOSE, tenant_id=scope.tenant_id)
        redeemable = refresh_token and seal(
            refresh_token, purpose="integrations.refresh_token", tenant_id=scope.tenant_id
        )
        scope.session.add(
            Connection(
                id=made.connection_id,
                platform="snapchat",
                status="active",
                external_user_id=uuid7().hex,
                app_id=facts["app_id"],
                scopes=["snapchat-marketing-api"],
                read_only=read_only,
                token_sealed=sealed,
                refresh_token_sealed=redeemable or None,
                expires_at=expires_at,
            )
        )
        await scope.session.flush()
        for account_id, external_id, currency, timezone, pixel in (
            (made.dollars, US_ACCOUNT, "USD", "America/New_York", US_PIXEL),
            (made.dinars, KW_ACCOUNT, "KWD", "Asia/Kuwait", KW_PIXEL),
        ):
            scope.session.add(
                AdAccount(
                    id=account_id,
                    connection_id=made.connection_id,
                    platform="snapchat",
                    external_id=external_id,
                    name=f"Northwind {currency}",
                    currency=currency,
                    timezone=timezone,
                    status="active",
                    enabled=True,
                    write_lease=write_lease,
                    pixel_id=pixel,
                    conversions_enabled=True,
                    lead_event="CUSTOM_EVENT_1",
                )
            )
    return made
