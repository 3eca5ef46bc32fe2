"""Uploaded lists: people named by their identifiers, of which only the keyed hashes are kept.

Whoever has an identifier of the list is in, also one whom we come to know later; and where profiles merge or split, the
list follows its identifiers.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO
from uuid import UUID

from app.core.errors import FieldError
from app.db.session import Scopes, TenantScope
from app.models.cdp.segments import CdpSegment
from app.services.cdp.events import service as events
from app.services.cdp.files.service import CsvRows, FileFault, unguarded
from app.services.cdp.identity.rules import IdentifierType, is_garbage
from app.services.cdp.segments.errors import ListInvalid, ListTooLong, SegmentIsRule
from app.services.cdp.segments.repository import SegmentRepository
from app.services.cdp.segments.rules import Listed
from app.services.cdp.segments.service import SegmentService

MAX_ROWS = 1_000_000
_AT_ONCE = 2_000
_FAULTS_SHOWN = 50
_COLUMNS = {
    "user_id": IdentifierType.USER_ID,
    "external_id": IdentifierType.USER_ID,
    "email": IdentifierType.EMAIL,
    "phone": IdentifierType.PHONE,
    "device_id": IdentifierType.DEVICE_ID,
    "anonymous_id": IdentifierType.ANONYMOUS_ID,
}
_WRONG = {
    IdentifierType.EMAIL: "This is no e-mail address: write it like jo@example.com.",
    IdentifierType.PHONE: "This is no phone number: write it with its country, like +4915112345678.",
}


@dataclass(slots=True)
class Report:
    """What became of a file: its rows without the header, how many could be used, and what is wrong with the others."""

    rows: int = 0
    used: int = 0
    identifiers: int = 0
    fault_count: int = 0
    faults: list[FieldError] = field(default_factory=list)

    def fault(self, row: int, column: str, message: str, code: str) -> None:
        """`row` counts the file's lines as a spreadsheet does: the header is row 1."""
        self.fault_count += 1
        if len(self.faults) < _FAULTS_SHOWN:
            self.faults.append(FieldError(f"row {row}, {column}", message, code))


class ListReader:
    """Reads a CSV file row by row, by its header."""

    def __init__(self, file: IO[bytes], tenant_id: int, report: Report) -> None:
        self._file = file
        self._tenant_id = tenant_id
        self._report = report
        self._keys = self._read()

    def chunk(self) -> list[UUID] | None:
        """The keys of the next rows; None at the end."""
        found = list(islice(self._keys, _AT_ONCE))
        return [key for keys in found for key in keys] if found else None

    def _read(self) -> Iterator[list[UUID]]:
        try:
            rows = iter(CsvRows(self._file))
            columns = self._header(next(rows, (1, []))[1])
            for number, row in rows:
                if not row:
                    continue
                self._report.rows += 1
                if self._report.rows > MAX_ROWS:
                    raise ListTooLong
                keys = self._row(number, row, columns) if columns else []
                self._report.used += bool(keys)
                yield keys
        except FileFault as fault:
            self._report.fault(fault.row, fault.place, fault.message, fault.code)

    def _header(self, row: list[str]) -> dict[int, tuple[str, IdentifierType]]:
        names = [name.strip().lower().replace(" ", "_") for name in row]
        columns = {place: (name, _COLUMNS[name]) for place, name in enumerate(names) if name in _COLUMNS}
        if not columns:
            wanted = ", ".join(_COLUMNS)
            self._report.fault(1, "header", f"Name at least one column {wanted}.", "no_identifier")
        return columns

    def _row(self, number: int, row: list[str], columns: dict[int, tuple[str, IdentifierType]]) -> list[UUID]:
        keys: list[UUID] = []
        faults = self._report.fault_count
        for place, (name, kind) in columns.items():
            text = unguarded(row[place]).strip() if place < len(row) else ""
            if not text:
                continue
            normal = _normal(kind, text)
            if normal is None:
                self._report.fault(number, name, _WRONG.get(kind, "This names nobody."), "not_an_identifier")
            else:
                keys.append(events.identifier_key(kind, normal, self._tenant_id))
        if not keys and faults == self._report.fault_count:
            named = " or ".join(name for name, _ in columns.values())
            self._report.fault(number, "row", f"Name the person: fill in {named}.", "empty")
        return keys if faults == self._report.fault_count else []


def _normal(kind: IdentifierType, text: str) -> str | None:
    if kind is IdentifierType.EMAIL:
        return events.normal_email(text)
    if kind is IdentifierType.PHONE:
        return events.normal_phone(text)
    return None if is_garbage(text) or "\x00" in text else text


class ListUploads:
    """Takes in a whole file or, unless bad rows are to be skipped, nothing of one that has any."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def create(
        self, name: str, description: str, file: IO[bytes], *, skip_bad_rows: bool
    ) -> tuple[CdpSegment, Report]:
        async with self._scopes() as scope:
            service = SegmentService(scope)
            segment = service.unsaved(name, description, Listed)
            await service.save_new(segment, {"name": name, "kind": "list"})
            report = await _take_in(scope, segment.id, file, skip_bad_rows=skip_bad_rows)
            return segment, report

    async def replace(
        self, segment_id: UUID, file: IO[bytes], *, add: bool, skip_bad_rows: bool
    ) -> tuple[CdpSegment, Report]:
        """Put the file in the place of the list, or add to it."""
        async with self._scopes() as scope:
            service, segments = SegmentService(scope), SegmentRepository(scope)
            await segments.hold_list(segment_id)
            if (await service.one(segment_id)).rule is not None:
                raise SegmentIsRule
            if not add:
                await segments.clear_list(segment_id)
            report = await _take_in(scope, segment_id, file, skip_bad_rows=skip_bad_rows)
            # Only now: who enters or leaves meanwhile, and an erasure, would wait for the whole file.
            segment = await service.locked(segment_id)
            before = {"version": segment.version}
            segment.version += 1
            segment.updated_at = scope.now()
            after = {"version": segment.version, "added": add, "rows": report.rows, "used": report.used}
            await service.uploaded(segment, before, after)
            return segment, report


async def _take_in(scope: TenantScope, segment_id: UUID, file: IO[bytes], *, skip_bad_rows: bool) -> Report:
    report = Report()
    segments, reader = SegmentRepository(scope), ListReader(file, scope.tenant_id, report)
    while (keys := await asyncio.to_thread(reader.chunk)) is not None:
        if keys and (skip_bad_rows or not report.fault_count):
            report.identifiers += await segments.add_to_list(segment_id, keys)
    if report.fault_count and not (skip_bad_rows and report.used):
        raise ListInvalid(
            f"{report.fault_count} of {report.rows} rows cannot be used; nothing was stored.",
            fields=report.faults,
        )
    if not report.used:
        raise ListInvalid(fields=[FieldError("file", "Put at least one person into the file.", "empty")])
    return report
