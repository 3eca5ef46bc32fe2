from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, cast, exists, func, or_, select

from app.auth.permissions import PERMISSIONS
from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.autopilot.actions import AutopilotAction
from app.models.autopilot.envelopes import AutopilotEnvelope
from app.models.campaigns import Campaign
from app.models.integrations.ad_accounts import AdAccount
from app.models.tenants import Membership
from app.models.trust_engine.permits import TrustPermit
from app.models.users import User

_MAY_APPROVE = PERMISSIONS["autopilot.envelopes:write"]
_ENDED = ("blocked", "failed", "expired", "dismissed")


class EnvelopeRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def by_key(self, idempotency_key: str) -> AutopilotEnvelope | None:
        statement = select(AutopilotEnvelope).where(AutopilotEnvelope.idempotency_key == idempotency_key)
        return (await self._session.scalars(statement)).one_or_none()

    def add(self, row: AutopilotEnvelope) -> None:
        self._session.add(row)

    async def flush(self) -> None:
        await self._session.flush()

    async def account(self, ad_account_id: UUID | None) -> AdAccount | None:
        statement = select(AdAccount).where(AdAccount.id == ad_account_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def accounts_of(self, campaign_ids: Collection[UUID]) -> dict[UUID, UUID]:
        """The account of each campaign that there is."""
        statement = select(Campaign.id, Campaign.ad_account_id).where(Campaign.id.in_(campaign_ids))
        return {row.id: row.ad_account_id for row in await self._session.execute(statement)}

    async def find(self, envelope_id: UUID) -> AutopilotEnvelope | None:
        statement = select(AutopilotEnvelope).where(AutopilotEnvelope.id == envelope_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def for_update(self, envelope_id: UUID) -> AutopilotEnvelope | None:
        statement = (
            select(AutopilotEnvelope)
            .where(AutopilotEnvelope.id == envelope_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def live(self, ad_account_id: UUID, now: datetime) -> Sequence[AutopilotEnvelope]:
        """Those that hold now, and whose giver may still approve, the first to end first."""
        row = AutopilotEnvelope
        statement = (
            select(row)
            .where(
                row.ad_account_id == ad_account_id,
                row.revoked_at.is_(None),
                row.starts_at <= now,
                row.ends_at > now,
                _giver_may(),
            )
            .order_by(row.ends_at, row.id)
        )
        return (await self._session.scalars(statement)).all()

    async def stood_behind(self, envelope_ids: Collection[UUID]) -> frozenset[UUID]:
        """Those whose giver may still approve."""
        row = AutopilotEnvelope
        statement = select(row.id).where(row.id.in_(envelope_ids), _giver_may())
        return frozenset(await self._session.scalars(statement))

    async def used(self, envelope_ids: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
        """(actions, micros raised) under each; what cannot have come to the platform does not count."""
        action = AutopilotAction
        before, after = (
            cast(each["daily_budget_micros"].astext, BigInteger) for each in (action.before, action.after)
        )
        more = func.greatest(after - before, 0)
        was_sent = exists().where(
            TrustPermit.tenant_id == action.tenant_id,
            TrustPermit.action_id == action.id,
            TrustPermit.used_at.is_not(None),
        )
        statement = (
            select(action.envelope_id, func.count(), func.coalesce(func.sum(more), 0))
            .where(action.envelope_id.in_(envelope_ids), or_(action.state.not_in(_ENDED), was_sent))
            .group_by(action.envelope_id)
        )
        found = await self._session.execute(statement)
        return {envelope: (count, int(micros)) for envelope, count, micros in found}

    async def listed(
        self, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[AutopilotEnvelope], str | None]:
        row = AutopilotEnvelope
        return await newest_first(
            self._session, select(row), at=row.given_at, id=row.id, cursor=cursor, limit=limit
        )


def _giver_may() -> ColumnElement[bool]:
    """Who left, was switched off or may not approve any more stands behind nothing that they gave."""
    row = AutopilotEnvelope
    member = exists().where(
        Membership.tenant_id == row.tenant_id,
        Membership.user_id == row.given_by,
        Membership.is_active,
        Membership.role.in_(_MAY_APPROVE),
    )
    return exists().where(User.id == row.given_by, User.is_active, or_(User.is_superadmin, member))
