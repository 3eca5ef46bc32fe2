"""Writes exports, page by page; each page is one transaction with what it has read, written and how far it is.

Who is in is fixed by one statement as an export of people begins; of events, those received before that moment are in.
What is said of a person is as it stood when their page was read. Whoever dies half-way leaves whole pages behind.
"""

import asyncio
import csv
import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from app.core.logging import get_logger
from app.core.security import seal, unseal
from app.db.platform import Platform
from app.db.session import Scopes, TenantScope, scopes_for
from app.models.cdp.events import CdpEvent
from app.models.cdp.exports import CdpExport
from app.models.cdp.profiles import CdpProfile
from app.schemas.cdp.exports import Selection
from app.services.cdp.consents.service import Consents, Purpose, Question
from app.services.cdp.events.service import EventService, keys_named, open_identifiers
from app.services.cdp.exports.rendering import EventRow, PersonRow, plain, shown_by
from app.services.cdp.exports.repository import ExportRepository, tenants_waiting
from app.services.cdp.exports.rules import ExportStatus
from app.services.cdp.files.service import guarded, in_turn
from app.services.cdp.profiles.service import Lifecycle, ProfileService
from app.services.cdp.traits.service import shown as computed_of

log = get_logger(__name__)

_PURPOSE = "cdp.exports.part"
_TURN_SECONDS = 90.0
_MOST_ATTEMPTS = 20
_DEATHS = f"It was tried {_MOST_ATTEMPTS} times at the same rows and never got past them."
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much one page is: people, events, and events that are looked through for those that are wanted."""

    people: int = 1_000
    events: int = 500
    window: int = 5_000


class ExportWork:
    """One worker at a time for a tenant; it hands over to a fresh task after a while."""

    def __init__(
        self,
        scopes: Scopes,
        *,
        seconds: float = _TURN_SECONDS,
        sizes: Sizes = Sizes(),
    ) -> None:
        self._scopes = scopes
        self._seconds = seconds
        self._sizes = sizes

    async def run(self) -> None:
        if await in_turn(self._scopes, "exports", self._seconds, self._work, _is_waiting):
            async with self._scopes() as scope:
                await scope.enqueue("cdp.exports.work", {})

    async def _work(self, ends_at: float) -> bool:
        """Whether nothing waits any more."""
        await self._count_attempt()
        while await self._page():
            if time.monotonic() >= ends_at:
                return False
        return True

    async def _count_attempt(self) -> None:
        """Before any page, and committed: so that one that kills its worker is given up."""
        async with self._scopes() as scope:
            row = await ExportRepository(scope).next_waiting()
            if row is None:
                return
            row.attempts += 1
            if row.attempts > _MOST_ATTEMPTS:
                row.status, row.error, row.finished_at = ExportStatus.FAILED, _DEATHS, scope.now()
                await _drop(scope, [row.id])

    async def _page(self) -> bool:
        async with self._scopes() as scope:
            row = await ExportRepository(scope).next_waiting()
            if row is None:
                return False
            if row.status == ExportStatus.QUEUED:
                await _begin(scope, row)
            elif row.what == "people":
                await _people_page(scope, row, self._sizes.people)
            else:
                await _events_page(scope, row, self._sizes)
            row.attempts = 0
            return True


async def _is_waiting(scope: TenantScope) -> bool:
    return await ExportRepository(scope).is_waiting()


async def _drop(scope: TenantScope, export_ids: Sequence[UUID]) -> None:
    rows = ExportRepository(scope)
    await rows.drop_parts(export_ids)
    for export_id in export_ids:
        await rows.drop_subjects(export_id)


async def _begin(scope: TenantScope, row: CdpExport) -> None:
    row.status, row.point = ExportStatus.RUNNING, scope.now()
    if row.what == "people":
        asked = Selection.model_validate(row.selection["asked"])
        rows = ExportRepository(scope)
        lifecycle = Lifecycle(asked.lifecycle) if asked.lifecycle else None
        whom = ProfileService(scope).ids(lifecycle=lifecycle, trait=asked.trait, value=asked.value)
        if row.selection.get("segment_id"):
            whom = rows.members(UUID(row.selection["segment_id"]), whom)
        row.rows_total = await rows.fix_subjects(row.id, whom)
    if row.format == "csv":
        await _keep(scope, row, _BOM + _csv([row.columns]), ())


async def _people_page(scope: TenantScope, row: CdpExport, most: int) -> None:
    rows, profiles = ExportRepository(scope), ProfileService(scope)
    after = UUID(row.place[0]) if row.place else None
    ids = await rows.subjects(row.id, after, most)
    found = await rows.profiles(ids)
    identifiers = await rows.identifiers(found)
    there = [found[each] for each in ids if each in found]
    allowed = await _allowed(scope, row, there)
    people = [
        PersonRow(
            each,
            [(one, profiles.value(one)) for one in identifiers.get(each.id, ())],
            profiles.opened_traits(each),
            allowed.get(each.id, {}),
            computed_of(each.computed, scope.now()),
        )
        for each in there
        if row.purpose is None or allowed[each.id][row.purpose]
    ]
    if people:
        # By all that they are called now: what is one person here may be two when one of them is erased.
        keys = [one.key for each in people for one in identifiers.get(each.profile.id, ())]
        await _keep(scope, row, _lines(row, people), [*keys, *(each.profile.id for each in people)])
    row.rows_read += len(ids)
    row.rows_written += len(people)
    row.place = [str(ids[-1])] if ids else row.place
    if len(ids) < most:
        await _finish(scope, row)


async def _allowed(
    scope: TenantScope, row: CdpExport, profiles: Sequence[CdpProfile]
) -> Mapping[UUID, dict[str, bool]]:
    """What each of them allows, for the purposes that the export speaks of."""
    spoken = {each for each in Purpose if f"consent:{each}" in row.columns or row.purpose == each}
    now, country = scope.now(), ProfileService(scope).country
    allowed: dict[UUID, dict[str, bool]] = {each.id: {} for each in profiles}
    questions = [Question([each.id], now, {}, country(each)) for each in profiles] if spoken else []
    for purpose in sorted(spoken):
        decided = await Consents(scope).decide(purpose, questions)
        for profile, each in zip(profiles, decided, strict=True):
            allowed[profile.id][purpose] = each.is_granted
    return allowed


async def _events_page(scope: TenantScope, row: CdpExport, sizes: Sizes) -> None:
    rows = ExportRepository(scope)
    asked = Selection.model_validate(row.selection["asked"])
    after = (datetime.fromisoformat(row.place[0]), UUID(row.place[1])) if row.place else None
    window = await rows.window(
        after,
        row.point or scope.now(),
        event=asked.event,
        since=asked.since,
        until=asked.until,
        most=sizes.window,
    )
    wanted = [each[:2] for each in window if each[2]]
    page = wanted[: sizes.events]
    events = sorted(await EventService(scope).by_keys(page), key=lambda each: (each.received_at, each.id))
    owners = await rows.owners(each.person_key for each in events if each.person_key)
    kept = await _of_those_who_allow(scope, row, events, owners)
    if kept:
        shown = [
            EventRow(
                each,
                owners.get(each.person_key or each.id),
                open_identifiers(each.identifiers, scope.tenant_id),
            )
            for each in kept
        ]
        keys = [key for each in kept for key in keys_named(each, scope.tenant_id)]
        await _keep(scope, row, _lines(row, shown), keys)
    row.rows_read += len(events)
    row.rows_written += len(kept)
    last = page[-1] if len(wanted) > len(page) else window[-1][:2] if window else None
    row.place = [last[0].isoformat(), str(last[1])] if last else row.place
    if len(window) < sizes.window and len(wanted) == len(page):
        await _finish(scope, row)


async def _of_those_who_allow(
    scope: TenantScope, row: CdpExport, events: Sequence[CdpEvent], owners: Mapping[UUID, UUID]
) -> Sequence[CdpEvent]:
    """By what their people said, and by what the events themselves say."""
    if row.purpose is None:
        return events
    profiles = await ExportRepository(scope).profiles(set(owners.values()))
    known = {key: profiles[owner] for key, owner in owners.items() if owner in profiles}
    theirs = [each for each in events if each.person_key in known]
    country = ProfileService(scope).country
    questions = [
        Question([known[each.person_key].id], each.event_time, each.context, country(known[each.person_key]))
        for each in theirs
        if each.person_key is not None
    ]
    decided = await Consents(scope).decide(Purpose(row.purpose), questions)
    return [each for each, said in zip(theirs, decided, strict=True) if said.is_granted]


async def _keep(scope: TenantScope, row: CdpExport, text: str, keys: Sequence[UUID]) -> None:
    sealed = await asyncio.to_thread(seal, text, purpose=_PURPOSE, tenant_id=scope.tenant_id)
    await ExportRepository(scope).add_part(row.id, row.parts, keys, sealed)
    row.parts += 1
    row.size_bytes += len(text.encode())


async def _finish(scope: TenantScope, row: CdpExport) -> None:
    row.status, row.finished_at = ExportStatus.DONE, scope.now()
    row.expires_at = scope.now() + timedelta(days=row.keep_days)
    await ExportRepository(scope).drop_subjects(row.id)
    log.info("cdp.exports.done", export_id=str(row.id), rows=row.rows_written)


def opened_part(sealed: bytes, tenant_id: int) -> bytes:
    return unseal(sealed, purpose=_PURPOSE, tenant_id=tenant_id).encode()


def _lines(row: CdpExport, rows: Sequence[PersonRow] | Sequence[EventRow]) -> str:
    shown = shown_by(raw=row.raw)
    if row.format == "csv":
        return _csv([[each.value(name, shown) for name in row.columns] for each in rows])
    told = ({name: plain(each.value(name, shown)) for name in row.columns} for each in rows)
    return "".join(msgspec.json.encode(each, enc_hook=str).decode() + "\n" for each in told)


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: Any) -> str:
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    # Numbers, truth values, lists and objects are written as JSON: none of them begins like a formula.
    return msgspec.json.encode(value, enc_hook=str).decode()


async def export_stragglers(platform: Platform) -> None:
    """Go on with what a worker's death has left behind."""
    await platform.clock.sync()
    async with platform.maintenance() as session:
        waiting = await tenants_waiting(session)
    for tenant_id in waiting:
        async with scopes_for(platform.engine, tenant_id, clock=platform.clock)() as scope:
            await scope.enqueue("cdp.exports.work", {}, unless_pending=True)
