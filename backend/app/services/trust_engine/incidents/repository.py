from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.trust_engine.incidents import TrustIncident


class IncidentRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def live_for_update(
        self, tenant_id: int, kind: str, ad_account_id: UUID | None, subject: str
    ) -> TrustIncident | None:
        """The one that is not closed, locked; who opens the same at once waits here."""
        await self._session.execute(
            select(
                func.pg_advisory_xact_lock(
                    tenant_id, func.hashtext(f"incident:{ad_account_id}:{kind}:{subject}")
                )
            )
        )
        statement = (
            select(TrustIncident)
            .where(
                TrustIncident.kind == kind,
                TrustIncident.ad_account_id.is_not_distinct_from(ad_account_id),
                TrustIncident.subject == subject,
                TrustIncident.closed_at.is_(None),
            )
            .with_for_update()
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def find(self, incident_id: UUID) -> TrustIncident | None:
        statement = select(TrustIncident).where(TrustIncident.id == incident_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def for_update(self, incident_id: UUID) -> TrustIncident | None:
        statement = select(TrustIncident).where(TrustIncident.id == incident_id).with_for_update()
        return (await self._session.scalars(statement)).one_or_none()

    async def live(self) -> list[TrustIncident]:
        statement = select(TrustIncident).where(TrustIncident.closed_at.is_(None))
        return list(
            (await self._session.scalars(statement.order_by(TrustIncident.opened_at, TrustIncident.id))).all()
        )

    async def live_of(self, kind: str, ad_account_id: UUID) -> list[TrustIncident]:
        statement = select(TrustIncident).where(
            TrustIncident.kind == kind,
            TrustIncident.ad_account_id == ad_account_id,
            TrustIncident.closed_at.is_(None),
        )
        return list(
            (await self._session.scalars(statement.order_by(TrustIncident.subject, TrustIncident.id))).all()
        )

    async def listed(
        self, *, statuses: Sequence[str], ad_account_id: UUID | None, cursor: str | None, limit: int
    ) -> tuple[list[TrustIncident], str | None]:
        statement = select(TrustIncident)
        if statuses:
            statement = statement.where(TrustIncident.status.in_(statuses))
        if ad_account_id:
            statement = statement.where(TrustIncident.ad_account_id == ad_account_id)
        rows, following = await newest_first(
            self._session,
            statement,
            at=TrustIncident.opened_at,
            id=TrustIncident.id,
            cursor=cursor,
            limit=limit,
        )
        return list(rows), following

    def add(self, incident: TrustIncident) -> None:
        self._session.add(incident)
