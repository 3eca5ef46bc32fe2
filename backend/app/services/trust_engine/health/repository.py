from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select, true
from sqlalchemy.orm import aliased

from app.db.readers import Reads
from app.db.session import TenantScope
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.health import TrustEvaluation


class HealthRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def lock(self, ad_account_id: UUID) -> None:
        """One evaluation of an account at a time: its mode is a running count."""
        key = func.hashtextextended(f"trust_engine.health:{ad_account_id}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def account(self, ad_account_id: UUID) -> AdAccount | None:
        return (
            await self._session.scalars(select(AdAccount).where(AdAccount.id == ad_account_id))
        ).one_or_none()

    async def accounts(self) -> Sequence[AdAccount]:
        """Those that are switched on."""
        statement = (
            select(AdAccount).where(AdAccount.enabled == true()).order_by(AdAccount.name, AdAccount.id)
        )
        return (await self._session.scalars(statement)).all()

    async def newest(self, ad_account_id: UUID) -> TrustEvaluation | None:
        statement = (
            select(TrustEvaluation)
            .where(TrustEvaluation.ad_account_id == ad_account_id)
            .order_by(TrustEvaluation.evaluated_at.desc(), TrustEvaluation.id.desc())
            .limit(1)
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def history(self, ad_account_id: UUID, *, since: datetime, limit: int) -> Sequence[TrustEvaluation]:
        statement = (
            select(TrustEvaluation)
            .where(TrustEvaluation.ad_account_id == ad_account_id, TrustEvaluation.evaluated_at >= since)
            .order_by(TrustEvaluation.evaluated_at.desc(), TrustEvaluation.id.desc())
            .limit(limit)
        )
        return (await self._session.scalars(statement)).all()

    def add(self, row: TrustEvaluation) -> None:
        self._session.add(row)

    async def flush(self) -> None:
        await self._session.flush()


class HealthReads:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def evaluated(self) -> Sequence[tuple[AdAccount, TrustEvaluation | None]]:
        """Each account that is switched on, with its newest evaluation."""
        return await self._reads.rows(_EVALUATED)

    async def spend_since(self, since: datetime) -> dict[UUID, int]:
        """Spend of each account since the day of `since`, in micros of its own currency."""
        spent = await self._reads.rows(_SPENT, since=since.date())
        return {account: int(micros) for account, micros in spent}


def _evaluated() -> Select[AdAccount, TrustEvaluation]:
    newest = aliased(
        TrustEvaluation,
        select(TrustEvaluation)
        .where(TrustEvaluation.ad_account_id == AdAccount.id)
        .order_by(TrustEvaluation.evaluated_at.desc(), TrustEvaluation.id.desc())
        .limit(1)
        .lateral(),
    )
    return (
        select(AdAccount, newest)
        .outerjoin(newest, true())
        .where(AdAccount.enabled == true())
        .order_by(AdAccount.name, AdAccount.id)
    )


_EVALUATED = _evaluated()
_SPENT = (
    select(Campaign.ad_account_id, func.sum(CampaignMetricsDay.spend_micros))
    .join(CampaignMetricsDay, CampaignMetricsDay.campaign_id == Campaign.id)
    .where(CampaignMetricsDay.day >= bindparam("since"))
    .group_by(Campaign.ad_account_id)
)
