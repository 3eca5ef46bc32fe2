from uuid import UUID

from sqlalchemy import select

from app.db.session import TenantScope
from app.models.campaigns import Campaign
from app.models.integrations.ad_accounts import AdAccount


class CampaignTargets:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def find(self, campaign_id: UUID) -> tuple[Campaign, AdAccount] | None:
        statement = (
            select(Campaign, AdAccount)
            .join(
                AdAccount,
                (AdAccount.tenant_id == Campaign.tenant_id) & (AdAccount.id == Campaign.ad_account_id),
            )
            .where(Campaign.id == campaign_id)
        )
        found = (await self._session.execute(statement)).one_or_none()
        return None if found is None else (found[0], found[1])

    async def account(self, ad_account_id: UUID) -> AdAccount | None:
        statement = select(AdAccount).where(AdAccount.id == ad_account_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def by_external_id(self, ad_account_id: UUID, external_id: str) -> Campaign | None:
        statement = select(Campaign).where(
            Campaign.ad_account_id == ad_account_id, Campaign.external_id == external_id
        )
        return (await self._session.scalars(statement)).one_or_none()
