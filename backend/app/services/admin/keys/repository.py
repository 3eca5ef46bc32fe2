"""Sealed values, whatever table they stand in: read in windows of the primary key, written back by sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    Row,
    Select,
    and_,
    case,
    column,
    func,
    literal,
    literal_column,
    null,
    select,
    text,
    true,
    tuple_,
    union_all,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import TableValuedAlias

from app.db.sealed import SealedColumn
from app.models.tenants import Tenant

_UNBOUNDED = text("SET LOCAL statement_timeout = 0")


@dataclass(frozen=True, slots=True)
class Window:
    """Some rows, in the order of their keys: where the last one stands, and the values that an older key sealed."""

    last: tuple[Any, ...] | None
    """None: there are no more rows."""
    older: Sequence[tuple[tuple[Any, ...], Any]]
    """The row's key and its value."""


class SealedRepository:
    """One sealed column, of one tenant or of nobody's. `key_id` is the current key's, in bytes."""

    def __init__(
        self, session: AsyncSession, place: SealedColumn, *, tenant_id: int | None, key_id: bytes
    ) -> None:
        self._session, self._place = session, place
        self._table, self._column, self._path = place.table, place.column, place.sealed.path
        self._key_id = key_id
        self._mine: list[ColumnElement[bool]] = (
            [place.table.c.tenant_id == tenant_id] if place.of_tenants else []
        )
        self._key: list[Column[Any]] = [each for each in place.table.primary_key if each.name != "tenant_id"]

    @property
    def key_names(self) -> list[str]:
        return [each.name for each in self._key]

    async def window(self, after: tuple[Any, ...] | None, limit: int) -> Window:
        statement = select(*self._key, case((self._is_older(), self._column), else_=null()).label("value"))
        statement = statement.where(*self._mine).order_by(*self._key).limit(limit)
        if after is not None:
            statement = statement.where(tuple_(*self._key) > tuple_(*after))
        rows = [tuple(row) for row in await self._session.execute(statement)]
        older = [(row[:-1], row[-1]) for row in rows if row[-1] is not None]
        return Window(rows[-1][:-1] if len(rows) == limit else None, older)

    async def replace(self, changes: Sequence[tuple[tuple[Any, ...], Any, Any]]) -> int:
        """Each by its key, its value and the new one; a row whose value has changed meanwhile is left alone."""
        new = (
            values(
                *(column(each.name, each.type) for each in self._key),
                column("was", self._column.type),
                column("anew", self._column.type),
                name="new",
            )
            .data([(*key, was, anew) for key, was, anew in changes])
            .alias("new")
        )
        statement = (
            update(self._table)
            .where(
                *self._mine,
                *(each == new.c[each.name] for each in self._key),
                self._column == new.c.was,
            )
            .values({self._column.name: new.c.anew})
            .returning(*self._key)
        )
        return len((await self._session.execute(statement)).all())

    def counted(self) -> Select[str, str, int]:
        """The column's name, a key's id, and how many of its values that key sealed."""
        name = literal(self._place.name)
        if self._path is None:
            sealer = func.encode(self._sealer(self._column), "hex").label("sealer")
            statement = select(name, sealer, func.count()).where(*self._mine, self._column.is_not(None))
        else:
            texts = self._texts()
            sealer = func.encode(self._sealer(_opened(texts.c.sealed)), "hex").label("sealer")
            rows = self._table.join(texts, true())
            statement = select(name, sealer, func.count()).select_from(rows).where(*self._mine)
        return statement.group_by(sealer)

    def has_older(self) -> Select[str]:
        """The column's name, where another key than the current one sealed any value of it."""
        older = select(literal(1)).select_from(self._table).where(*self._mine, self._is_older()).exists()
        return select(literal(self._place.name)).where(older)

    def _is_older(self) -> ColumnElement[bool]:
        other = literal(self._key_id, LargeBinary)
        if self._path is None:
            return and_(self._column.is_not(None), self._sealer(self._column) != other)
        texts = self._texts()
        return (
            select(literal(1))
            .select_from(texts)
            .where(self._sealer(_opened(texts.c.sealed)) != other)
            .exists()
        )

    @staticmethod
    def _sealer(sealed: ColumnElement[Any]) -> ColumnElement[bytes]:
        return func.substring(sealed, 2, 4, type_=LargeBinary)

    def _texts(self) -> TableValuedAlias:
        """Each sealed text of a row's document."""
        path: ColumnElement[Any] = literal_column(f"'{self._path}'::jsonpath")
        found = func.jsonb_path_query(self._column, path).table_valued(column("sealed", JSONB), name="texts")
        return found.render_derived()


def _opened(each: ColumnElement[Any]) -> ColumnElement[bytes]:
    """The bytes of a JSON text in base64."""
    return func.decode(each.op("#>>")(text("'{}'")), "base64", type_=LargeBinary)


class SealedColumns:
    """Several sealed columns of one owner, asked at once."""

    def __init__(
        self,
        session: AsyncSession,
        places: Sequence[SealedColumn],
        *,
        tenant_id: int | None,
        key_id: bytes,
    ) -> None:
        self._session = session
        self._columns = [
            SealedRepository(session, place, tenant_id=tenant_id, key_id=key_id) for place in places
        ]

    async def with_older(self) -> set[str]:
        """The names of those of which another key than the current one sealed any value."""
        await self._session.execute(_UNBOUNDED)
        return set(await self._session.scalars(union_all(*(each.has_older() for each in self._columns))))

    async def by_key(self) -> Sequence[Row[str, str, int]]:
        """How many sealed values each has by the id of the key that sealed them: (column, key, count)."""
        await self._session.execute(_UNBOUNDED)
        return (await self._session.execute(union_all(*(each.counted() for each in self._columns)))).all()


async def every_tenant(session: AsyncSession) -> Sequence[int]:
    """Those too that are switched off: their rows are sealed all the same."""
    return (await session.scalars(select(Tenant.id).order_by(Tenant.id))).all()
