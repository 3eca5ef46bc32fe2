"""Takes a file in: read once, row by row, cut into sealed parts; refused whole where it cannot be read."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import IO, Literal

import msgspec

from app.core.errors import FieldError
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.cdp.imports import CdpImport
from app.schemas.cdp.imports import ImportKind
from app.services.audit_logs.service import AuditLog
from app.services.cdp.files.service import CsvRows, FileFault, JsonRows, head_of, unguarded
from app.services.cdp.imports.errors import FileInvalid, FileTooLong
from app.services.cdp.imports.pieces import PART_CHARACTERS, PART_ROWS, KeptRow, sealed_rows
from app.services.cdp.imports.reading import MOST_COLUMNS
from app.services.cdp.imports.repository import ImportRepository
from app.services.cdp.imports.rules import ImportStatus, proposed

MAX_ROWS = 1_000_000
KEPT_UNSTARTED = timedelta(days=1)
_PARTS_AT_ONCE = 16
_LONGEST_NAME = 200
_SAMPLES = 200
Format = Literal["csv", "json"]


class FileReader:
    """The rows of a file, a part at a time; `columns` are complete when it has been read."""

    def __init__(self, file: IO[bytes], separator: str | None) -> None:
        start = head_of(file)
        self.format: Format = "json" if re.match(rb"\s*[\[{]", start) and separator is None else "csv"
        self.columns: list[str] = []
        self.rows = 0
        self.samples: dict[str, list[str]] = {}
        self._known: set[str] = set()
        self._kept = (
            self._csv(CsvRows(file, separator)) if self.format == "csv" else self._json(JsonRows(file))
        )

    def part(self) -> list[KeptRow]:
        """The next rows; none at the end."""
        rows: list[KeptRow] = []
        size = 0
        for row in self._kept:
            rows.append(row)
            self.rows += 1
            if self.rows > MAX_ROWS:
                raise FileTooLong
            size += len(row[1]) if isinstance(row[1], str) else sum(map(len, row[1]))
            if len(rows) == PART_ROWS or size >= PART_CHARACTERS:
                break
        return rows

    def _csv(self, rows: CsvRows) -> Iterator[KeptRow]:
        numbered = iter(rows)
        for name in next(numbered, (1, []))[1]:
            self._add_column(name)
        for number, cells in numbered:
            if any(cells):
                if self.rows < _SAMPLES:
                    for column, text in zip(self.columns, cells, strict=False):
                        self._sample(column, unguarded(text))
                yield number, cells

    def _json(self, rows: JsonRows) -> Iterator[KeptRow]:
        for number, text in rows:
            for name, value in _members(text).items():
                if name not in self._known:
                    self._add_column(name)
                if isinstance(value, str) and self.rows < _SAMPLES:
                    self._sample(name, value)
            yield number, text

    def _add_column(self, name: str) -> None:
        if len(self.columns) == MOST_COLUMNS:
            raise FileFault(
                1, "header", f"At most {MOST_COLUMNS} columns: leave some out.", "too_many_columns"
            )
        if "\x00" in name or len(name) > _LONGEST_NAME:
            raise FileFault(
                1, "header", "A column's name has at most 200 characters, and no NUL.", "bad_column"
            )
        name = name if self.format == "json" else name.strip() or f"column {len(self.columns) + 1}"
        plain, number = name, 2
        while name in self._known:
            name, number = f"{plain} ({number})", number + 1
        self._known.add(name)
        self.columns.append(name)

    def _sample(self, column: str, text: str) -> None:
        if text:
            self.samples.setdefault(column, []).append(text)


def _members(text: str) -> dict[str, object]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


class Uploads:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def create(self, name: str, kind: ImportKind, file: IO[bytes], separator: str | None) -> CdpImport:
        """Keep the file until it is started; `FileInvalid` names the row that cannot be read."""
        row = CdpImport(id=uuid7(), name=name, kind=kind, format="csv", status=ImportStatus.UPLOADING)
        async with self._scopes() as scope:
            row.created_by, row.created_at = scope.actor.label, scope.now()
            row.expires_at = scope.now() + KEPT_UNSTARTED
            await ImportRepository(scope).add(row)
        try:
            reader, parts = await self._keep(row, file, separator)
        except (FileFault, FileInvalid, FileTooLong) as error:
            async with self._scopes() as scope:
                await ImportRepository(scope).remove(row.id)
            if isinstance(error, FileFault):
                where = "file" if error.place == "file" else f"row {error.row}, {error.place}"
                raise FileInvalid(fields=[FieldError(where, error.message, error.code)]) from error
            raise
        async with self._scopes() as scope:
            kept = await ImportRepository(scope).find(row.id, for_update=True)
            if kept is None:
                raise FileInvalid
            kept.format, kept.columns = reader.format, reader.columns
            kept.rows_total, kept.parts_total, kept.size_bytes = reader.rows, parts, file.tell()
            is_json = reader.format == "json"
            kept.plan = proposed(kind, reader.columns, reader.samples, is_json=is_json).model_dump()
            kept.status = ImportStatus.DRAFT
            await AuditLog(scope).record(
                "cdp.imports.uploaded",
                entity="cdp_imports",
                entity_id=kept.id,
                after={"name": name, "kind": kind, "rows": reader.rows},
            )
            return kept

    async def _keep(self, row: CdpImport, file: IO[bytes], separator: str | None) -> tuple[FileReader, int]:
        reader = FileReader(file, separator)
        number, ended = 0, False
        while not ended:
            async with self._scopes() as scope:
                parts: dict[int, bytes] = {}
                while len(parts) < _PARTS_AT_ONCE:
                    rows = await asyncio.to_thread(reader.part)
                    if not rows:
                        ended = True
                        break
                    parts[number] = await asyncio.to_thread(sealed_rows, rows, scope.tenant_id)
                    number += 1
                if parts:
                    await ImportRepository(scope).add_parts(row.id, parts)
        if not number:
            raise FileInvalid(
                fields=[FieldError("file", "Put at least one row below the header into the file.", "empty")]
            )
        return reader, number
