"""Synchronising a CRM: what was modified since the last time, told to the customer data platform as events.

How far it is, is written down with every page, after the page's events: whoever dies between the two reads the page
again, whose events have the same ids. The cursor is a moment of the CRM's own clock, and what was modified shortly
before it is read again, for its search lags.
"""

import time
from datetime import datetime
from uuid import UUID

from app.core.logging import get_logger
from app.db.locks import exclusive_among
from app.db.session import Scopes
from app.models.integrations.crm import CrmAccount, CrmSync
from app.services.integrations.crm import rules
from app.services.integrations.crm.connecting import CrmDoor
from app.services.integrations.crm.errors import CrmAccountNotFound
from app.services.integrations.crm.ports import Kind, Window
from app.services.integrations.crm.repository import CrmRepository
from app.services.integrations.crm.telling import CrmTelling, Work, ingestion_of, new_run
from app.services.integrations.ports import PlatformError

log = get_logger(__name__)

_TURN_SECONDS = 200.0
_KINDS: tuple[Kind, ...] = ("contacts", "deals")


class CrmSyncService:
    """Each step is a transaction of its own; none is open while the CRM is called. Safe to run twice."""

    def __init__(self, scopes: Scopes, *, seconds: float = _TURN_SECONDS) -> None:
        self._scopes = scopes
        self._telling = CrmTelling(scopes)
        self._seconds = seconds
        self._ends_at = 0.0

    async def sync(self, account_id: UUID) -> CrmSync | None:
        """One synchronisation, written down however it ends; None for one that is off, or under way elsewhere."""
        async with exclusive_among(self._scopes, "crm", str(account_id)) as mine:
            return await self._sync(account_id) if mine else None

    async def _sync(self, account_id: UUID) -> CrmSync | None:
        self._ends_at = time.monotonic() + self._seconds
        async with self._scopes() as scope:
            account = await CrmRepository(scope).find(account_id)
            if account is None:
                raise CrmAccountNotFound(account_id=str(account_id))
            tenant_id, now = scope.tenant_id, scope.now()
            ingestion = ingestion_of(scope)
        run = new_run(account, now)
        try:
            if not account.enabled:
                return None
            crm = await CrmDoor(self._scopes).crm(account)
            work = Work(account, tenant_id, crm, ingestion, run, rules.fields_of(account.mapping))
            finished = await self._all(work, now)
        except PlatformError as error:
            return await self._end(run, error=error)
        finally:
            await ingestion.close()
        return await self._end(run, finished=finished)

    async def _all(self, work: Work, now: datetime) -> bool:
        """Whether it got to the end of all there is."""
        for kind in _KINDS:
            if not await self._read(work, kind):
                return False
        due = work.account.next_sweep_at
        if due is not None and now < due:
            return True
        for kind in _KINDS:
            if not await self._sweep(work, kind):
                return False
        async with self._scopes() as scope:
            row = await CrmRepository(scope).find(work.account.id, for_update=True)
            if row is not None:
                row.next_sweep_at = now + work.crm.sweep_every
        return True

    async def _read(self, work: Work, kind: Kind) -> bool:
        """Whether it got to the end of what there is to read."""
        place = rules.kept_window(work.account.reading.get(kind))
        if place is None:
            newest = await work.crm.newest(kind)
            if newest is None:
                return True
            until = work.account.contacts_until if kind == "contacts" else work.account.deals_until
            place = (rules.window(until, newest), None)
        window, after = place
        while True:
            if kind == "contacts":
                contacts = await work.crm.contacts(window, after, rules.properties_asked(work.fields))
                # Read whole, it brings back whoever was restored without having been modified since.
                by_index = window.since is not None
                await self._telling.tell_contacts(work, contacts, by_index=by_index)
                ids = [each.id for each in contacts]
            else:
                deals = await work.crm.deals(window, after, rules.properties_asked(work.deal_fields))
                await self._telling.tell_deals(work, deals, by_index=True)
                ids = [each.id for each in deals]
            after, last = ids[-1] if ids else after, len(ids) < work.crm.page_size
            if not await self._advance(work, kind, window, None if last else after, last=last):
                return False
            if last:
                return True
            if time.monotonic() >= self._ends_at:
                return False

    async def _advance(
        self, work: Work, kind: Kind, window: Window, after: str | None, *, last: bool
    ) -> bool:
        """Write down how far it is; False where somebody has changed meanwhile what is read."""
        async with self._scopes() as scope:
            row = await CrmRepository(scope).find(work.account.id, for_update=True)
            if row is None or _reads_otherwise(row, work.account):
                return False
            reading = {name: place for name, place in row.reading.items() if name != kind}
            if not last:
                reading[kind] = rules.reading_of(window, after)
            elif kind == "contacts":
                row.contacts_until = window.until
            else:
                row.deals_until = window.until
            row.reading = reading
        return True

    async def _sweep(self, work: Work, kind: Kind) -> bool:
        """As `_read`, of what is gone there. What was seen last is how far it is, by the CRM's own clock."""
        since, place, seen = rules.kept_sweep(work.account.reading.get(_sweep_of(kind)))
        if place is None:
            since = rules.sweep_from(work.account.gone_until.get(kind))
        while True:
            page = await work.crm.gone(kind, since, place)
            if kind == "contacts":
                async with self._scopes() as scope:
                    await self._telling.tell_gone_contacts(scope, work, page.rows)
            else:
                await self._telling.tell_gone_deals(work, page.rows)
            seen = max((*([seen] if seen else []), *(each.at for each in page.rows)), default=None)
            place = page.place
            if not await self._swept(work, kind, rules.sweep_of(since, place, seen), seen):
                return False
            if place is None:
                return True
            if time.monotonic() >= self._ends_at:
                return False

    async def _swept(
        self, work: Work, kind: Kind, reading: dict[str, str | None] | None, seen: datetime | None
    ) -> bool:
        async with self._scopes() as scope:
            row = await CrmRepository(scope).find(work.account.id, for_update=True)
            if row is None or not row.enabled:
                return False
            others = {name: place for name, place in row.reading.items() if name != _sweep_of(kind)}
            row.reading = others if reading is None else others | {_sweep_of(kind): reading}
            if reading is None and seen is not None:
                row.gone_until = row.gone_until | {kind: seen.isoformat()}
        return True

    async def _end(
        self, run: CrmSync, *, error: PlatformError | None = None, finished: bool = False
    ) -> CrmSync:
        async with self._scopes() as scope:
            rows = CrmRepository(scope)
            row = await rows.find(run.account_id, for_update=True)
            if row is None:
                raise CrmAccountNotFound(account_id=str(run.account_id))
            run.finished_at = scope.now()
            run.error_code = row.error_code = error.code if error else None
            run.error = row.error = error.message if error else None
            row.next_sync_at = run.finished_at + rules.INTERVAL
            if finished:
                row.last_synced_at = run.finished_at
            elif error is None:
                row.next_sync_at = None
                await scope.enqueue("integrations.crm.sync", {"account_id": str(row.id)})
            rows.add(run)
            log.info(
                "integrations.crm.synced",
                account_id=str(row.id),
                contacts_told=run.contacts_told,
                deals_told=run.deals_told,
                gone=run.contacts_gone + run.deals_gone,
                rejected=run.rejected,
                code=run.error_code,
            )
        return run


def _reads_otherwise(row: CrmAccount, read: CrmAccount) -> bool:
    """Whether other things are to be kept of what is read than when the reading began."""
    creates, created = (each.create_segment_id is not None for each in (row, read))
    others = row.mapping != read.mapping or row.deal_mapping != read.deal_mapping
    return others or creates != created


def _sweep_of(kind: Kind) -> str:
    return f"{kind}_gone"
