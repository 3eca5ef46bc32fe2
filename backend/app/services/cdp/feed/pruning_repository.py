from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from app.db.session import GlobalSession

_OLD = text("SELECT cdp_feed_old(:before)")
_FORGET = text("SELECT cdp_feed_forget(:tenant, :before, :off_before, :most)")


class PruningRepository:
    """The maintenance role's function; who follows is stated in `cdp_feed_followers`, in the database."""

    def __init__(self, session: GlobalSession) -> None:
        self._session = session

    async def tenants(self, before: datetime) -> Sequence[int]:
        """Whose feeds have rows from before then."""
        return (await self._session.scalars(_OLD, {"before": before})).all()

    async def forget(self, tenant_id: int, before: datetime, off_before: datetime, most: int) -> int:
        """How many rows of a tenant's feed were forgotten, at most `most`."""
        values = {"tenant": tenant_id, "before": before, "off_before": off_before, "most": most}
        return int(await self._session.scalar(_FORGET, values) or 0)
