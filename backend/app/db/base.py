"""SQLAlchemy base classes and column types."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Dialect, ForeignKeyConstraint, Integer, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from app.core.ids import uuid7


class UtcDateTime(TypeDecorator[datetime]):
    """`timestamptz`; refuses a naive datetime, answers in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a stored time is UTC-aware")
        return value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)


Micros = Annotated[int, mapped_column(BigInteger)]
"""Millionths of a currency's unit; a column beside it names the currency."""

Json = Annotated[dict[str, Any], mapped_column(JSONB)]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012  (SQLAlchemy's own declaration)


class CreatedAt:
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class TenantOwned:
    """A row of one tenant. The session's tenant fills `tenant_id`; row-level security holds it there.

    The primary key is `(tenant_id, id)`, and foreign keys are composite (`tenant_fk`): foreign-key checks bypass
    row-level security, and the schema stays distributable by tenant.
    """

    tenant_id: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, server_default=text("current_tenant()")
    )

    @declared_attr
    def id(cls) -> Mapped[UUID]:  # noqa: N805  (a declared attribute takes the class)
        return mapped_column(primary_key=True, default=uuid7)


class TenantKeyed:
    """Like `TenantOwned`, for a table whose key is `tenant_id` and columns of its own."""

    tenant_id: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, server_default=text("current_tenant()")
    )


def tenant_fk(
    column: str | Sequence[str], target: str, *, ondelete: str | None = None
) -> ForeignKeyConstraint:
    """A composite foreign key from `(tenant_id, column)` to `(target.tenant_id, target.id)`."""
    columns = [column] if isinstance(column, str) else list(column)
    return ForeignKeyConstraint(
        ["tenant_id", *columns],
        [f"{target}.tenant_id", *(f"{target}.id" for _ in columns)],
        ondelete=ondelete,
    )
