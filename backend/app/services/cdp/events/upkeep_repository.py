from datetime import date, datetime

from sqlalchemy import text

from app.db.session import GlobalSession

_OLD_PARTITIONS = text(
    "SELECT EXISTS (SELECT FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = 'cdp_events'::regclass AND c.relname ~ '^cdp_events_p_[0-9]{4}_[0-9]{2}$' "
    "AND to_date(right(c.relname, 7), 'YYYY_MM') < date_trunc('month', CAST(:before AS timestamp)))"
)


class UpkeepRepository:
    """The maintenance role's four functions, and the partitions that everybody may count."""

    def __init__(self, session: GlobalSession) -> None:
        self._session = session

    async def make_partition(self, month: date) -> bool:
        """False where it was there already."""
        return bool(
            await self._session.scalar(text("SELECT cdp_events_make_partition(:month)"), {"month": month})
        )

    async def has_partitions(self, before: date) -> bool:
        """Whether there are whole months before that of `before`."""
        return bool(await self._session.scalar(_OLD_PARTITIONS, {"before": before}))

    async def drop_partitions(self, before: date) -> int:
        """How many whole months before that of `before` were dropped; none of the last thirty days ever is."""
        dropped = text("SELECT cdp_events_drop_partitions(:before)")
        return int(await self._session.scalar(dropped, {"before": before}) or 0)

    async def forget(self, message_ids_before: datetime, verdicts_before: datetime, most: int) -> int:
        forgotten = text("SELECT cdp_events_forget(:message_ids, :verdicts, :most)")
        values = {"message_ids": message_ids_before, "verdicts": verdicts_before, "most": most}
        return int(await self._session.scalar(forgotten, values) or 0)

    async def forget_counts(self, before: datetime, most: int) -> int:
        """How many hours of a source were forgotten; none of the last day ever is."""
        forgotten = text("SELECT cdp_event_counts_forget(:before, :most)")
        return int(await self._session.scalar(forgotten, {"before": before, "most": most}) or 0)
