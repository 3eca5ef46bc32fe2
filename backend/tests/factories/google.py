"""Google's connection and ad accounts to test with, over a running sandbox."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.connections import Connection
from app.services.integrations import tokens
from app.services.integrations.google.sign_in import WRITE_SCOPES
from app.services.integrations.ports import Credentials
from tests.sandbox_process import HTTP, Sandbox

US_ACCOUNT, JP_ACCOUNT, MANAGER = "4441115551", "4441115552", "4441115550"
BRAND, PMAX, DISPLAY = "21400000001", "21400000002", "21400000003"
"""Campaigns with a daily budget of their own; the second has no ad groups."""
TENTS, BOOTS = "21400000004", "21400000005"
"""They share a budget."""
TRAILS = "21400000006"
"""Its budget is for its whole time."""
JP_SEARCH = "21400000101"
BRAND_BUDGET = f"customers/{US_ACCOUNT}/campaignBudgets/11400000001"
US_PURCHASE, JP_PURCHASE = "7010000001", "7010000002"


@dataclass(frozen=True)
class Connected:
    connection_id: UUID
    dollars: UUID
    yen: UUID


async def connect(
    scopes: Scopes, sandbox: Sandbox, *, read_only: bool = False, write_lease: bool = True
) -> Connected:
    """The sandbox's two accounts, connected, enabled and leased; the token has its whole hour."""
    made = Connected(uuid7(), uuid7(), uuid7())
    told = sandbox.vendor("google")
    async with scopes() as scope:
        connection = Connection(
            id=made.connection_id,
            platform="google",
            external_user_id=uuid7().hex,
            read_only=read_only,
        )
        credentials = Credentials(
            token=told["access_token"],
            refresh_token=told["refresh_token"],
            external_user_id=connection.external_user_id,
            external_user_name="robin@northwind.example",
            app_id=told["client_id"],
            scopes=WRITE_SCOPES,
            expires_at=real_now() + timedelta(hours=1),
        )
        tokens.keep(connection, credentials, scope.tenant_id)
        scope.session.add(connection)
        await scope.session.flush()
        for account_id, external_id, currency, timezone, action in (
            (made.dollars, US_ACCOUNT, "USD", "America/New_York", US_PURCHASE),
            (made.yen, JP_ACCOUNT, "JPY", "Asia/Tokyo", JP_PURCHASE),
        ):
            scope.session.add(
                AdAccount(
                    id=account_id,
                    connection_id=made.connection_id,
                    platform="google",
                    external_id=external_id,
                    name=f"Northwind {currency}",
                    currency=currency,
                    timezone=timezone,
                    status="active",
                    enabled=True,
                    write_lease=write_lease,
                    pixel_id=action,
                    conversions_enabled=True,
                    attribution_click_days=30,
                )
            )
    return made


def google(sandbox: Sandbox, path: str, body: dict[str, Any], **headers: str) -> httpx2.Response:
    """A plain request to the Ads API with the standing token."""
    token = sandbox.vendor("google")["access_token"]
    return HTTP.post(
        f"{sandbox.url}/google/v26/{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}"} | {k.replace("_", "-"): v for k, v in headers.items()},
        timeout=60,
    )


def google_rows(
    sandbox: Sandbox, query: str, account: str = US_ACCOUNT, **headers: str
) -> list[dict[str, Any]]:
    answer = google(sandbox, f"customers/{account}/googleAds:search", {"query": query}, **headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json().get("results", [])
    return found


def google_value(sandbox: Sandbox, resource: str, field: str, entity: str) -> Any:
    """One field of one object of the dollar account, as Google holds it."""
    query = " ".join(
        ["SELECT", f"{resource}.{field}", "FROM", resource, "WHERE", f"{resource}.id = {entity}"]
    )
    (row,) = google_rows(sandbox, query)
    ((_, found),) = ((name, value) for name, value in row.items() if isinstance(value, dict))
    return next(value for name, value in found.items() if name != "resourceName")


_LAID: dict[str, dict[str, str]] = {
    BRAND_BUDGET: {"amountMicros": "180000000"},
    f"customers/{US_ACCOUNT}/campaignBudgets/11400000006": {"totalAmountMicros": "21900000000"},
    f"customers/{JP_ACCOUNT}/campaignBudgets/11400000101": {"amountMicros": "12000000000"},
    f"customers/{US_ACCOUNT}/campaigns/{BRAND}": {"status": "ENABLED"},
    f"customers/{US_ACCOUNT}/campaigns/{DISPLAY}": {"status": "ENABLED"},
    f"customers/{US_ACCOUNT}/adGroups/314000030001": {"status": "ENABLED"},
}


def as_laid(sandbox: Sandbox) -> None:
    """What tests change is put back, by hand; what is as it was leaves no trace in Google's history."""
    for name, changes in _LAID.items():
        sandbox.control("POST", "google/edit", json={"resource_name": name, "changes": changes})
