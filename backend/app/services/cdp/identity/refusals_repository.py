from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import aliased

from app.db.session import TenantScope
from app.db.utils import decode_cursor, encode_cursor
from app.models.cdp.identity import CdpIdentifier, CdpIdentityEdge


class RefusalsRepository:
    """An assertion has one link that was refused by itself; those after it were demoted with it, and follow from it."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope

    async def newest(
        self, reason: str | None, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[Any], str | None]:
        edge, one, other = CdpIdentityEdge, aliased(CdpIdentifier), aliased(CdpIdentifier)
        statement = (
            select(
                edge.assertion,
                edge.a_key,
                edge.b_key,
                one.type,
                other.type,
                one.profile_id,
                other.profile_id,
                edge.reason,
                edge.asserted_at,
                edge.message_id,
                edge.decided_at,
            )
            .join(one, (one.tenant_id == edge.tenant_id) & (one.key == edge.a_key))
            .join(other, (other.tenant_id == edge.tenant_id) & (other.key == edge.b_key))
            .where(
                edge.tenant_id == self._scope.tenant_id,
                edge.reason.is_not(None),
                edge.reason != "demoted",
                edge.removed_at.is_(None),
                edge.kind == "observed",
            )
            .order_by(edge.decided_at.desc(), edge.assertion.desc())
            .limit(limit + 1)
        )
        if reason is not None:
            statement = statement.where(edge.reason == reason)
        if cursor:
            statement = statement.where(
                tuple_(edge.decided_at, edge.assertion) < tuple_(*decode_cursor(cursor))
            )
        found = (await self._scope.session.execute(statement)).all()
        if len(found) <= limit:
            return found, None
        last = found[limit - 1]
        return found[:limit], encode_cursor(last[10], last[0])
