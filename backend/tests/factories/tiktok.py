"""TikTok's two advertisers of the sandbox, connected to test with."""

from app.core.ids import uuid7
from app.core.security import seal
from app.db.session import Scopes
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.connections import Connection
from app.services.integrations.service import TOKEN_PURPOSE
from tests.factories.integrations import Connected
from tests.sandbox_process import Sandbox

US_ADVERTISER = "7400000000000000701"
HU_ADVERTISER = "7400000000000000702"
US_PIXEL = "CNWUS0000000000001AA"
HU_PIXEL = "CNWHU0000000000002AA"
BROAD = "180000000001100001"
"""TT | Prospecting | Broad: a daily budget of its own, shared by two ad groups."""
CREATORS = "180000000001100002"
"""Its ad groups have the budgets."""
REACH = "180000000001100003"
"""A lifetime budget of its own."""
TRAIL_RUNNERS = "180000000001200020"
"""An ad group of the creators' campaign, with a daily budget."""
HU_CART = "180000000002200020"
"""An ad group of the forint account, with a dynamic daily budget."""


async def connect(
    scopes: Scopes,
    sandbox: Sandbox,
    *,
    read_only: bool = False,
    write_lease: bool = True,
    token: str | None = None,
) -> Connected:
    """Connected, enabled and leased."""
    made = Connected(uuid7(), uuid7(), uuid7())
    async with scopes() as scope:
        value = token or sandbox.tiktok_facts["access_token"]
        scope.session.add(
            Connection(
                id=made.connection_id,
                platform="tiktok",
                status="active",
                external_user_id=uuid7().hex,
                app_id=sandbox.tiktok_facts["app_id"],
                scopes=["authorized"],
                read_only=read_only,
                token_sealed=seal(value, purpose=TOKEN_PURPOSE, tenant_id=scope.tenant_id),
            )
        )
        await scope.session.flush()
        for account_id, external_id, currency, timezone, pixel in (
            (made.dollars, US_ADVERTISER, "USD", "America/New_York", US_PIXEL),
            (made.forints, HU_ADVERTISER, "HUF", "Europe/Budapest", HU_PIXEL),
        ):
            scope.session.add(
                AdAccount(
                    id=account_id,
                    connection_id=made.connection_id,
                    platform="tiktok",
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
