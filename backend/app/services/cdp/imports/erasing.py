"""Takes a person's rows out of files that wait, and of rejected rows that are kept."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from app.db.session import Scopes
from app.models.cdp.imports import CdpImportPart, CdpImportReject
from app.services.cdp.imports.pieces import opened, sealed_rows
from app.services.cdp.imports.repository import ImportRepository
from app.services.cdp.imports.rules import IDENTIFIERS

_AT_ONCE = 8
_Table = type[CdpImportPart] | type[CdpImportReject]
Names = Callable[[Any], bool]


class ImportErasure:
    """Files are sealed without whom they are about: each piece is opened, read, and sealed again without them."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._places: dict[UUID, tuple[list[int], list[str]]] = {}

    async def run(self, anywhere: Names, as_identifier: Names) -> tuple[int, int]:
        """How many waiting and how many rejected rows were about the person.

        `anywhere` tells whether any value of a row names them, `as_identifier` whether one that is read as an
        identifier does: a short id may be a number of something else.
        """
        waiting = await self._table(CdpImportPart, anywhere, as_identifier)
        return waiting, await self._table(CdpImportReject, anywhere, as_identifier)

    async def _table(self, table: _Table, anywhere: Names, as_identifier: Names) -> int:
        gone, place = 0, None
        while True:
            async with self._scopes() as scope:
                rows = ImportRepository(scope)
                found = await rows.pieces_after(table, place, _AT_ONCE)
                for import_id, number, sealed in found:
                    place = (import_id, number)
                    await self._learn(rows, import_id)
                    all_rows = opened(sealed, scope.tenant_id)
                    kept = [
                        row
                        for row in all_rows
                        if not (
                            anywhere(_said(row[1]))
                            or as_identifier(_identifiers(row[1], self._places[import_id]))
                        )
                    ]
                    if len(kept) < len(all_rows):
                        gone += len(all_rows) - len(kept)
                        if table is CdpImportPart:
                            await rows.shorten(import_id, len(all_rows) - len(kept))
                        await rows.replace(table, import_id, number, sealed_rows(kept, scope.tenant_id))
            if len(found) < _AT_ONCE:
                return gone

    async def _learn(self, rows: ImportRepository, import_id: UUID) -> None:
        """Where its identifiers stand."""
        if import_id in self._places:
            return
        row = await rows.find(import_id)
        plan = row.plan.get("columns", ()) if row else ()
        names = [each["column"] for each in plan if each["to"] in IDENTIFIERS]
        columns = row.columns if row else []
        self._places[import_id] = ([columns.index(name) for name in names if name in columns], names)


def _said(cells: Any) -> Any:
    """A row's texts; JSON opened as far as it is any."""
    if not isinstance(cells, str):
        return cells
    try:
        return msgspec.json.decode(cells)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return cells.split()


def _identifiers(cells: Any, where: tuple[list[int], list[str]]) -> list[Any]:
    said = _said(cells)
    if isinstance(said, dict):
        return [said.get(name) for name in where[1]]
    if not isinstance(said, list):  # a line that is JSON, and no row
        return []
    return [said[place].strip() for place in where[0] if place < len(said) and isinstance(said[place], str)]
