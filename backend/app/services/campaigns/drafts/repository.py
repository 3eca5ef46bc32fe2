from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from app.auth.permissions import PERMISSIONS
from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.campaigns import Campaign
from app.models.campaigns.drafts import CampaignDraft, CampaignPublishStep
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.connections import Connection
from app.models.tenants import Membership
from app.models.users import User


@dataclass(frozen=True, slots=True)
class AccountLine:
    account: AdAccount
    connection: Connection


class DraftRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, row: CampaignDraft | CampaignPublishStep) -> None:
        self._session.add(row)

    async def flush(self) -> None:
        await self._session.flush()

    async def remove(self, draft: CampaignDraft) -> None:
        await self._session.delete(draft)
        await self._session.flush()

    async def find(self, draft_id: UUID) -> CampaignDraft | None:
        found: CampaignDraft | None = await self._session.scalar(
            select(CampaignDraft).where(CampaignDraft.id == draft_id)
        )
        return found

    async def for_update(self, draft_id: UUID) -> CampaignDraft | None:
        found: CampaignDraft | None = await self._session.scalar(
            select(CampaignDraft)
            .where(CampaignDraft.id == draft_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return found

    async def count_open(self, statuses: Collection[str]) -> int:
        found = await self._session.scalar(
            select(func.count()).select_from(CampaignDraft).where(CampaignDraft.status.in_(statuses))
        )
        return int(found or 0)

    async def listed(
        self, *, statuses: Collection[str], ad_account_id: UUID | None, cursor: str | None, limit: int
    ) -> tuple[list[CampaignDraft], str | None]:
        statement = select(CampaignDraft)
        if statuses:
            statement = statement.where(CampaignDraft.status.in_(statuses))
        if ad_account_id is not None:
            statement = statement.where(CampaignDraft.ad_account_id == ad_account_id)
        rows, following = await newest_first(
            self._session,
            statement,
            at=CampaignDraft.created_at,
            id=CampaignDraft.id,
            cursor=cursor,
            limit=limit,
        )
        return list(rows), following

    async def in_status(self, status: str) -> list[CampaignDraft]:
        statement = select(CampaignDraft).where(CampaignDraft.status == status).order_by(CampaignDraft.id)
        return list((await self._session.scalars(statement)).all())

    async def steps(self, draft_id: UUID) -> list[CampaignPublishStep]:
        statement = (
            select(CampaignPublishStep)
            .where(CampaignPublishStep.draft_id == draft_id)
            .order_by(CampaignPublishStep.created_at, CampaignPublishStep.id)
        )
        return list((await self._session.scalars(statement)).all())

    async def account(self, ad_account_id: UUID) -> AccountLine | None:
        statement = (
            select(AdAccount, Connection)
            .join(
                Connection,
                (Connection.tenant_id == AdAccount.tenant_id) & (Connection.id == AdAccount.connection_id),
            )
            .where(AdAccount.id == ad_account_id)
        )
        found = (await self._session.execute(statement)).one_or_none()
        return None if found is None else AccountLine(found[0], found[1])

    async def campaign_id(self, draft: CampaignDraft) -> UUID | None:
        """The campaign that was published from it, once a sync has read it."""
        if draft.external_id is None:
            return None
        found: UUID | None = await self._session.scalar(
            select(Campaign.id).where(
                Campaign.ad_account_id == draft.ad_account_id, Campaign.external_id == draft.external_id
            )
        )
        return found

    async def others_may(self, permission: str, user_id: UUID) -> bool:
        """Whether any other member of the tenant has the permission."""
        found = await self._session.scalar(
            select(Membership.id)
            .join(User, User.id == Membership.user_id)
            .where(
                Membership.role.in_([role.value for role in PERMISSIONS[permission]]),
                Membership.is_active,
                User.is_active,
                Membership.user_id != user_id,
            )
            .limit(1)
        )
        return found is not None
