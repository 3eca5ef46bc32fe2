"""Rules to test with, and herds of campaigns whose figures a test decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay, CampaignMetricsObservation
from app.models.integrations.ad_accounts import AccountSync, AdAccount
from app.models.integrations.connections import Connection
from app.models.rules import Rule
from app.schemas.rules.definition import read_definition, read_schedule
from app.services.rules.service import RuleService

UNIT = 1_000_000
YESTERDAY = {"kind": "yesterday"}
SPENT = {
    "kind": "metric",
    "metric": "spend",
    "window": YESTERDAY,
    "op": "more_than",
    "than": {"kind": "money", "micros": 50 * UNIT, "currency": "USD"},
}
DAILY = {"every_minutes": 1440, "at": "07:00"}


def a_definition(
    condition: Mapping[str, Any] = SPENT, *actions: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    return {"condition": condition, "actions": list(actions) or [{"kind": "pause"}], **more}


async def make_rule(
    scopes: Scopes,
    definition: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    schedule: Mapping[str, Any] = DAILY,
    enabled: bool = False,
    cooldown_hours: int = 24,
    accept_conflicts: bool = False,
) -> Rule:
    async with scopes() as scope:
        return await RuleService(scope).create(
            name or f"Rule {uuid7()}",
            "",
            read_definition(definition or a_definition()),
            read_schedule(schedule),
            cooldown_hours=cooldown_hours,
            enabled=enabled,
            accept_conflicts=accept_conflicts,
        )


@dataclass
class Herd:
    """An ad account whose campaigns and days a test writes; it was read a moment ago, and sixty days back."""

    scope: TenantScope
    account: UUID
    now: datetime
    today: date
    currency: str = "USD"

    async def campaign(self, name: str, **columns: Any) -> UUID:
        row = Campaign(
            **{
                "id": uuid7(),
                "ad_account_id": self.account,
                "platform": "meta",
                "external_id": uuid7().hex,
                "name": name,
                "status": "active",
                "effective_status": "active",
                "budget_level": "campaign",
                "daily_budget_micros": 100 * UNIT,
                "currency": self.currency,
                "synced_at": self.now,
                **columns,
            }
        )
        self.scope.session.add(row)
        await self.scope.session.flush()
        return row.id

    async def told(
        self, campaign: UUID, back: int, *, at: datetime | None = None, latest: bool = True, **figures: Any
    ) -> None:
        """A day's figures, so many days before the account's today; money in whole units."""
        seen = at or self.now
        columns = {
            "currency": figures.get("currency", self.currency),
            "spend_micros": int(figures.get("spend", 0) * UNIT),
            "impressions": figures.get("impressions", 0),
            "clicks": figures.get("clicks", 0),
            "conversions": Decimal(str(figures.get("conversions", 0))),
            "conversion_value_micros": int(figures.get("value", 0) * UNIT),
            "ad_set_rows": 1,
            "maturity": Decimal(str(figures.get("maturity", 1))),
        }
        day = self.today - timedelta(days=back)
        self.scope.session.add(
            CampaignMetricsObservation(id=uuid7(), campaign_id=campaign, day=day, observed_at=seen, **columns)
        )
        if latest:
            self.scope.session.add(
                CampaignMetricsDay(
                    campaign_id=campaign, day=day, first_seen_at=seen, observed_at=seen, **columns
                )
            )
        await self.scope.session.flush()


async def a_herd(
    scope: TenantScope,
    *,
    timezone: str = "UTC",
    currency: str = "USD",
    read_at: datetime | None = None,
    since: date | None = None,
    click_days: int = 7,
    enabled: bool = True,
) -> Herd:
    now = scope.now()
    today = now.astimezone(ZoneInfo(timezone)).date()
    connection, account = uuid7(), uuid7()
    scope.session.add(
        Connection(id=connection, platform="meta", status="active", external_user_id=uuid7().hex, scopes=[])
    )
    await scope.session.flush()
    scope.session.add(
        AdAccount(
            id=account,
            connection_id=connection,
            platform="meta",
            external_id=account.hex,
            name="Northwind",
            currency=currency,
            timezone=timezone,
            status="active",
            enabled=enabled,
            write_lease=True,
            attribution_click_days=click_days,
            attribution_view_days=1,
            last_synced_at=read_at or now,
            last_metrics_at=read_at or now,
        )
    )
    await scope.session.flush()
    scope.session.add(
        AccountSync(
            ad_account_id=account,
            started_at=read_at or now,
            finished_at=read_at or now,
            since=since or today - timedelta(days=60),
            until=today,
        )
    )
    await scope.session.flush()
    return Herd(scope, account, now, today, currency)
