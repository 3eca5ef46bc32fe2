from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Select, cast, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.db.session import TenantScope
from app.models.trust_engine.ledger import LedgerEntry, LedgerHead
from app.services.trust_engine.ledger.rules import GENESIS

_BATCH = 500
_Asked = Select[*tuple[Any, ...]]
LOOKED_THROUGH = 2_000
"""Rows whose bodies are read for one page of a search."""


class Period(NamedTuple):
    """From the first moment up to the second, which is not in it; None leaves that end open."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def bounded(self) -> bool:
        return self.since is not None or self.until is not None


ALWAYS = Period()


class Stored(NamedTuple):
    """An entry as far as it is replayed."""

    id: UUID
    seq: int
    at: datetime
    ad_account_id: UUID | None
    action_id: UUID | None
    body: bytes


_STORED = (
    LedgerEntry.id,
    LedgerEntry.seq,
    LedgerEntry.at,
    LedgerEntry.ad_account_id,
    LedgerEntry.action_id,
    LedgerEntry.body,
)


class LedgerRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def head_for_update(self) -> LedgerHead:
        """The head, locked until the transaction ends; made on the first call."""
        await self._session.execute(insert(LedgerHead).values(seq=0, hash=GENESIS).on_conflict_do_nothing())
        return (
            await self._session.scalars(
                select(LedgerHead).with_for_update().execution_options(populate_existing=True)
            )
        ).one()

    async def head(self) -> LedgerHead | None:
        """As it is now, whatever was read before."""
        statement = select(LedgerHead).execution_options(populate_existing=True)
        return (await self._session.scalars(statement)).one_or_none()

    def append(self, entry: LedgerEntry) -> None:
        self._session.add(entry)

    async def entry(self, entry_id: UUID) -> LedgerEntry | None:
        return (
            await self._session.scalars(select(LedgerEntry).where(LedgerEntry.id == entry_id))
        ).one_or_none()

    async def hash_at(self, seq: int) -> bytes | None:
        return await self._session.scalar(select(LedgerEntry.hash).where(LedgerEntry.seq == seq))

    async def in_order(self) -> AsyncIterator[LedgerEntry]:
        """Every entry by `seq`, a batch at a time: memory does not grow with the ledger."""
        last: tuple[int, UUID] | None = None
        while True:
            statement = select(LedgerEntry).order_by(LedgerEntry.seq, LedgerEntry.id).limit(_BATCH)
            if last is not None:
                statement = statement.where(LedgerEntry.seq > last[0])
            found = (await self._session.scalars(statement)).all()
            for entry in found:
                yield entry
                self._session.expunge(entry)
            if len(found) < _BATCH:
                return
            last = (found[-1].seq, found[-1].id)

    async def batches(
        self, kind: str, *, since: datetime, until: datetime, from_seq: int = 0
    ) -> AsyncIterator[list[Stored]]:
        """Entries of a kind from a period of domain time, by `seq`, a batch at a time."""
        last = from_seq - 1
        while True:
            statement = (
                select(*_STORED)
                .where(
                    LedgerEntry.kind == kind,
                    LedgerEntry.seq > last,
                    LedgerEntry.at >= since,
                    LedgerEntry.at < until,
                )
                .order_by(LedgerEntry.seq, LedgerEntry.id)
                .limit(_BATCH)
            )
            found = [Stored(*row) for row in (await self._session.execute(statement)).all()]
            if found:
                yield found
            if len(found) < _BATCH:
                return
            last = found[-1].seq

    async def first_of_newest(
        self, kind: str, *, since: datetime, until: datetime, count: int
    ) -> tuple[int, int]:
        """Where the newest `count` entries of the period begin, and how many of them there are."""
        newest = (
            select(LedgerEntry.seq)
            .where(LedgerEntry.kind == kind, LedgerEntry.at >= since, LedgerEntry.at < until)
            .order_by(LedgerEntry.seq.desc(), LedgerEntry.id)
            .limit(count)
            .subquery()
        )
        statement = select(func.coalesce(func.min(newest.c.seq), 0), func.count())
        first, found = (await self._session.execute(statement)).one()
        return first, found

    async def saying(
        self,
        where: Sequence[str],
        value: str,
        *,
        kind: str,
        verdict: str | None,
        account: UUID | None,
        period: Period,
        before_seq: int | None,
        limit: int,
    ) -> tuple[list[LedgerEntry], int | None]:
        """Of the newest, those whose body has this text there; then the `seq` to go on before, None at the end.

        No index knows what a body says: so many are looked through at a time, and there may be more even where
        nothing was found.
        """
        window = _of(select(LedgerEntry.seq, LedgerEntry.at), kind, verdict, account)
        looked = _newest_of(window, period, before_seq).limit(LOOKED_THROUGH).subquery()
        body = cast(func.convert_from(LedgerEntry.body, "UTF8"), JSON)
        said = func.json_extract_path_text(body, *where)
        statement = (
            select(LedgerEntry)
            .where(LedgerEntry.seq.in_(select(looked.c.seq)), said == value)
            .order_by(*_by_time(period), LedgerEntry.seq.desc())
            .limit(limit)
        )
        found = list((await self._session.scalars(statement)).all())
        if len(found) == limit:
            return found, found[-1].seq
        last = looked.c.at if period.bounded else looked.c.seq
        rest = select(looked.c.seq, func.count().over()).order_by(last, looked.c.seq).limit(1)
        first, count = (await self._session.execute(rest)).one_or_none() or (None, 0)
        return found, first if count == LOOKED_THROUGH else None

    async def newest(
        self,
        *,
        before_seq: int | None,
        limit: int,
        kind: str | None,
        verdict: str | None,
        account: UUID | None,
        period: Period,
    ) -> list[LedgerEntry]:
        statement = _newest_of(_of(select(LedgerEntry), kind, verdict, account), period, before_seq)
        return list((await self._session.scalars(statement.limit(limit))).all())


def _of(statement: _Asked, kind: str | None, verdict: str | None, account: UUID | None) -> _Asked:
    if kind:
        statement = statement.where(LedgerEntry.kind == kind)
    if verdict:
        statement = statement.where(LedgerEntry.verdict == verdict)
    if account:
        statement = statement.where(LedgerEntry.ad_account_id == account)
    return statement


def _newest_of(statement: _Asked, period: Period, before_seq: int | None) -> _Asked:
    """Newest first, from after the entry `before_seq`. A period is read along the index by its time."""
    if period.since is not None:
        statement = statement.where(LedgerEntry.at >= period.since)
    if period.until is not None:
        statement = statement.where(LedgerEntry.at < period.until)
    if before_seq is not None and period.bounded:
        reached = aliased(LedgerEntry)
        at = select(reached.at).where(reached.seq == before_seq).scalar_subquery()
        statement = statement.where(tuple_(LedgerEntry.at, LedgerEntry.seq) < tuple_(at, before_seq))
    elif before_seq is not None:
        statement = statement.where(LedgerEntry.seq < before_seq)
    return statement.order_by(*_by_time(period), LedgerEntry.seq.desc())


def _by_time(period: Period) -> tuple[ColumnElement[Any], ...]:
    """What stands before the place in the chain. Both say the same but where a clock was set back."""
    return (LedgerEntry.at.desc(),) if period.bounded else ()
