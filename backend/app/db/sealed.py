"""Columns that are sealed by the secret key: each says so in its model, and so none is forgotten by a rotation."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, MetaData, Table

_MARK = "sealed"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a column's values are sealed for, as `seal` is told; `{id}` stands for the row's own id.

    `path`: the column is a document, and this SQL/JSON path leads to each of its sealed texts (base64).
    """

    purpose: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class SealedColumn:
    table: Table
    column: Column[Any]
    sealed: Sealed

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column.name}"

    @property
    def of_tenants(self) -> bool:
        return "tenant_id" in self.table.c


def sealed_for(purpose: str, *, path: str | None = None) -> dict[Any, Any]:
    """The `info` of a column whose values `seal` made for that purpose."""
    return {_MARK: Sealed(purpose, path)}


def sealed_columns(metadata: MetaData) -> list[SealedColumn]:
    """All that there are, by name."""
    return [
        SealedColumn(table, column, column.info[_MARK])
        for table in sorted(metadata.tables.values(), key=lambda each: each.name)
        for column in table.columns
        if _MARK in column.info
    ]
