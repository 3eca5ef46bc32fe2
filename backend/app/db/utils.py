"""Pages over a statement: numbered ones with a capped total, and cursors over a stable order."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar, TypeVarTuple
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.core.errors import FieldError, Invalid

Row = TypeVar("Row")
Columns = TypeVarTuple("Columns")

TOTAL_CAP = 10_000
_Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class BadCursor(Invalid):
    """The cursor is not one that this list gave out."""

    code = "pages.bad_cursor"


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """One numbered page and what its caller tells of the whole."""

    items: Sequence[Row]
    total: int
    total_capped: bool
    page: int
    limit: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.limit))

    @property
    def has_next(self) -> bool:
        return self.page < self.pages

    @property
    def has_prev(self) -> bool:
        return self.page > 1


def counted(statement: Select[*tuple[Any, ...]]) -> ScalarSelect[int]:
    """How many rows there are, as a column; it stops at the cap, so that it never reads a whole table."""
    bounded = statement.order_by(None).limit(TOTAL_CAP + 1).subquery()
    return select(func.count()).select_from(bounded).scalar_subquery()


def slice_of(rows: Sequence[Row], total: int, *, page: int, limit: int) -> Slice[Row]:
    """The page that `rows` are; `total` is as `counted` counts."""
    return Slice(rows, min(total, TOTAL_CAP), total > TOTAL_CAP, page, limit)


async def paginate(session: AsyncSession, statement: Select[Row], *, page: int, limit: int) -> Slice[Row]:
    """The page of an ordered `statement`."""
    total = await session.scalar(select(counted(statement))) or 0
    rows = (await session.scalars(statement.offset((page - 1) * limit).limit(limit))).all()
    return slice_of(rows, total, page=page, limit=limit)


def in_order(
    statement: Select[*Columns],
    sort: str,
    columns: Mapping[str, ColumnElement[Any] | InstrumentedAttribute[Any]],
    *,
    then: InstrumentedAttribute[UUID],
) -> Select[*Columns]:
    """Ordered by one of `columns`, downwards with a leading minus; what is unknown comes last either way."""
    column = columns[sort.removeprefix("-")]
    ordered = column.desc() if sort.startswith("-") else column.asc()
    return statement.order_by(ordered.nulls_last(), then)


def encode_cursor(at: datetime, id: UUID) -> str:  # noqa: A002  (the column's name)
    return base64.urlsafe_b64encode(msgspec.json.encode((at, id))).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        at, row_id = msgspec.json.decode(raw, type=tuple[_Aware, UUID])
        return at.astimezone(UTC), row_id
    except (binascii.Error, ValueError, OverflowError, msgspec.MsgspecError) as error:
        wrong = FieldError("query.cursor", "Use the next_cursor of the page before, unchanged.", "bad_cursor")
        raise BadCursor(fields=[wrong]) from error


async def newest_first(
    session: AsyncSession,
    statement: Select[Row],
    *,
    at: InstrumentedAttribute[datetime],
    id: InstrumentedAttribute[UUID],  # noqa: A002  (the column's name)
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Row], str | None]:
    """Up to `limit` rows after `cursor`, newest first, and the cursor of the rest."""
    if cursor:
        statement = statement.where(tuple_(at, id) < tuple_(*decode_cursor(cursor)))
    found: Sequence[Any] = (
        await session.scalars(statement.order_by(at.desc(), id.desc()).limit(limit + 1))
    ).all()
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], encode_cursor(getattr(last, at.key), getattr(last, id.key))
