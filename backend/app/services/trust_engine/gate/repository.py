from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, true

from app.db.session import Doors, TenantScope
from app.models.campaigns import AdSet, Campaign
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.connections import Connection
from app.models.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Line:
    account: AdAccount
    connection: Connection


class GateRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def account(self, ad_account_id: UUID) -> Line | None:
        statement = (
            select(AdAccount, Connection)
            .join(Connection, Connection.id == AdAccount.connection_id)
            .where(AdAccount.id == ad_account_id)
        )
        found = (await self._session.execute(statement)).one_or_none()
        return None if found is None else Line(found.AdAccount, found.Connection)

    async def entity_name(self, ad_account_id: UUID, external_id: str) -> str | None:
        """What a campaign or ad set was last called."""
        campaign = select(Campaign.name).where(
            Campaign.ad_account_id == ad_account_id, Campaign.external_id == external_id
        )
        ad_set = (
            select(AdSet.name)
            .join(Campaign, Campaign.id == AdSet.campaign_id)
            .where(Campaign.ad_account_id == ad_account_id, AdSet.external_id == external_id)
        )
        found: str | None = await self._session.scalar(campaign.union_all(ad_set).limit(1))
        return found


async def active_tenants(doors: Doors) -> Sequence[int]:
    async with doors.globally() as session:
        statement = select(Tenant.id).where(Tenant.is_active == true()).order_by(Tenant.id)
        return (await session.scalars(statement)).all()
