"""Synchronising a CRM: what was modified since the last time, told to the customer data platform as events.

How far it is, is written down with every page, after the page's events: whoever dies between the two reads the page
again, whose events have the same ids. The cursor is a moment of the CRM's own clock, and what was modified shortly
before it is read again, for its search lags.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.config import settings
from app.core.logging import get_logger
from app.db.locks import exclusive_among
from app.db.session import Scopes, TenantScope, door
from app.models.integrations.crm import CrmAccount, CrmDeal, CrmSync
from app.services.cdp.events.service import (
    Envelope,
    Ingestion,
    Outcome,
)
from app.services.cdp.sources.service import Sender
from app.services.integrations.crm import rules
from app.services.integrations.crm.connecting import CrmDoor
from app.services.integrations.crm.errors import CrmAccountNotFound
from app.services.integrations.crm.keys import keys_named
from app.services.integrations.crm.ours import value_hash
from app.services.integrations.crm.ports import Crm, Kind, RemoteContact, RemoteDeal, Window
from app.services.integrations.crm.repository import CrmRepository
from app.services.integrations.crm.write_rules import Agreed
from app.services.integrations.crm.writing_repository import WritingRepository
from app.services.integrations.ports import PlatformError

log = get_logger(__name__)

_TURN_SECONDS = 200.0
_DIALECT = "segment"


@dataclass(frozen=True, slots=True)
class _Work:
    """One synchronisation under way."""

    account: CrmAccount
    tenant_id: int
    crm: Crm
    ingestion: Ingestion
    run: CrmSync
    fields: Sequence[rules.Field]
    ends_at: float


class CrmSyncService:
    """Each step is a transaction of its own; none is open while the CRM is called. Safe to run twice."""

    def __init__(self, scopes: Scopes, *, seconds: float = _TURN_SECONDS) -> None:
        self._scopes = scopes
        self._seconds = seconds

    async def sync(self, account_id: UUID) -> CrmSync | None:
        """One synchronisation, written down however it ends; None for one that is off, or under way elsewhere."""
        async with exclusive_among(self._scopes, "crm", str(account_id)) as mine:
            return await self._sync(account_id) if mine else None

    async def _sync(self, account_id: UUID) -> CrmSync | None:
        ends_at = time.monotonic() + self._seconds
        async with self._scopes() as scope:
            account = await CrmRepository(scope).find(account_id)
            if account is None:
                raise CrmAccountNotFound(account_id=str(account_id))
            tenant_id, started_at = scope.tenant_id, scope.now()
            engine, clock = scope.session.bind, scope.clock
        if not account.enabled:
            return None
        run = CrmSync(
            account_id=account_id,
            started_at=started_at,
            contacts_read=0,
            contacts_told=0,
            contacts_unnamed=0,
            deals_read=0,
            deals_told=0,
            rejected=0,
        )
        ingestion = Ingestion(door(engine, clock=clock), clock, settings)  # type: ignore[arg-type]  # a scope's bind is its engine
        try:
            crm = await CrmDoor(self._scopes).crm(account)
            fields = rules.fields_of(account.mapping)
            work = _Work(account, tenant_id, crm, ingestion, run, fields, ends_at)
            finished = await self._read(work, "contacts") and await self._read(work, "deals")
        except PlatformError as error:
            return await self._end(run, error=error)
        finally:
            await ingestion.close()
        return await self._end(run, finished=finished)

    async def _read(self, work: _Work, kind: Kind) -> bool:
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
                await self._tell_contacts(work, contacts)
                ids = [each.id for each in contacts]
            else:
                deals = await work.crm.deals(window, after)
                await self._tell_deals(work, deals)
                ids = [each.id for each in deals]
            after, last = ids[-1] if ids else after, len(ids) < work.crm.page_size
            if not await self._advance(work, kind, window, None if last else after, last=last):
                return False
            if last:
                return True
            if time.monotonic() >= work.ends_at:
                return False

    async def _advance(
        self, work: _Work, kind: Kind, window: Window, after: str | None, *, last: bool
    ) -> bool:
        """Write down how far it is; False where somebody has changed meanwhile what is read."""
        async with self._scopes() as scope:
            row = await CrmRepository(scope).find(work.account.id, for_update=True)
            if row is None or row.mapping != work.account.mapping:
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

    async def _tell_contacts(self, work: _Work, page: Sequence[RemoteContact]) -> None:
        named = [found for each in page if (found := rules.told(each, work.fields)) is not None]
        work.run.contacts_read += len(page)
        work.run.contacts_unnamed += len(page) - len(named)
        async with self._scopes() as scope:
            ids = [each.contact.id for each in named]
            held = await CrmRepository(scope).digests(work.account.id, ids)
            clearing = await WritingRepository(scope).clearing(work.account.id, ids)
        named = [each for each in named if each.contact.id not in clearing]
        fresh = [each for each in named if held.get(each.contact.id) != each.digest]
        place = {"provider": work.account.provider, "portal": work.account.external_id}
        events = {each.contact.id: rules.contact_event(each, **place) for each in fresh}
        outcome, refused = await self._receive(work, list(events.values()))
        work.run.contacts_told += outcome.accepted
        rows = [
            {
                "account_id": work.account.id,
                "external_id": each.contact.id,
                "modified_at": each.contact.modified_at,
                "digest": each.digest,
                "keys": keys_named(each.identifiers, work.tenant_id),
            }
            for each in fresh
            if rules.message_id_of(events[each.contact.id]) not in refused
        ]
        async with self._scopes() as scope:
            await CrmRepository(scope).keep_contacts(rows)
            fields = rules.written_fields(work.fields)
            if fields or work.account.create_segment_id is not None:
                keys = {each.contact.id: keys_named(each.identifiers, work.tenant_id) for each in named}
                await WritingRepository(scope).keep_keys(work.account.id, keys)
                await self._queue_changed(scope, work, [each.contact for each in named], fields)

    @staticmethod
    async def _queue_changed(
        scope: TenantScope, work: _Work, page: Sequence[RemoteContact], fields: Sequence[rules.Field]
    ) -> None:
        """Contacts whose side is another than was agreed last: what was written from here is not among them."""
        known = await CrmRepository(scope).fields(work.account.id, [each.id for each in page])

        def has_changed(contact: RemoteContact) -> bool:
            held = known[contact.id]
            return any(
                Agreed.kept(held.get(each.property)).theirs
                != value_hash(contact.properties.get(each.property), work.tenant_id)
                for each in fields
            )

        changed = [each.id for each in page if each.id in known and has_changed(each)]
        await WritingRepository(scope).queue(work.account.id, changed, looked=True)

    async def _tell_deals(self, work: _Work, page: Sequence[RemoteDeal]) -> None:
        work.run.deals_read += len(page)
        async with self._scopes() as scope:
            rows = CrmRepository(scope)
            held = await rows.deals(work.account.id, [each.id for each in page])
            known = await rows.known(work.account.id, [name for each in page for name in each.contacts])
        # An index that lags may show an older state than one that was read before.
        page = [each for each in page if each.id not in held or held[each.id].modified_at <= each.modified_at]
        sales = [sale for each in page if (sale := self._sale(work, each, held.get(each.id))) is not None]
        buyers = await self._buyers(work, {each.id: each for each in page}, sales, known)
        place = {"provider": work.account.provider, "portal": work.account.external_id}
        events = {
            sale.deal: rules.sale_event(sale, buyers[sale.deal], work.crm.person, **place)
            for sale in sales
            if sale.deal in buyers
        }
        outcome, refused = await self._receive(work, list(events.values()))
        work.run.deals_told += outcome.accepted
        told = {
            sale.deal: sale
            for sale in sales
            if sale.deal in events and rules.message_id_of(events[sale.deal]) not in refused
        }
        async with self._scopes() as scope:
            rows = CrmRepository(scope)
            current = await rows.deals(work.account.id, [each.id for each in page])
            for each in page:
                row = current.get(each.id)
                if row is None:
                    row = CrmDeal(account_id=work.account.id, external_id=each.id, told=False, told_times=0)
                    rows.add_deal(row)
                _keep(row, each, work.account.currency, known, told.get(each.id))

    def _sale(self, work: _Work, deal: RemoteDeal, row: CrmDeal | None) -> rules.Sale | None:
        """What is to be told of a deal, if anything."""
        was_told, times = (row.told, row.told_times) if row else (False, 0)
        if deal.is_won and not was_told and work.account.won_event is not None:
            micros = rules.micros(deal.amount)
            amount = None if micros is None else rules.written(micros)
            currency = deal.currency or work.account.currency
            return rules.Sale(
                deal.id, work.account.won_event, rules.sold_at(deal), times + 1, amount, currency
            )
        if row is not None and was_told and not deal.is_won:
            amount = None if row.told_micros is None else rules.written(row.told_micros)
            return rules.Sale(deal.id, rules.REVERSED, deal.modified_at, times, amount, row.told_currency)
        return None

    async def _buyers(
        self,
        work: _Work,
        deals: Mapping[str, RemoteDeal],
        sales: Sequence[rules.Sale],
        known: set[str],
    ) -> dict[str, rules.Told]:
        """By deal: the first of its contacts who is named. A sale is taken back of those alone whom we still know."""
        wanted = {
            sale.deal: [
                name for name in deals[sale.deal].contacts if sale.name != rules.REVERSED or name in known
            ]
            for sale in sales
        }
        ids = sorted({name for names in wanted.values() for name in names})
        if not ids:
            return {}
        wanted_of_them = rules.properties_of_buyers(work.fields, work.crm.person)
        read = await work.crm.contacts_by_id(ids, wanted_of_them)
        named = {each.id: found for each in read if (found := rules.told(each, work.fields)) is not None}
        return {
            deal: next(named[name] for name in names if name in named)
            for deal, names in wanted.items()
            if any(name in named for name in names)
        }

    async def _receive(self, work: _Work, events: list[bytes]) -> tuple[Outcome, set[str | None]]:
        """What became of them, and the ids of those that were not taken in."""
        if not events:
            return Outcome(), set()
        outcome = await work.ingestion.receive(
            Sender(work.tenant_id, None), Envelope(events), dialect=_DIALECT, contact_suffices=True
        )
        work.run.rejected += len(outcome.rejected)
        return outcome, {each.message_id for each in outcome.rejected}

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
                rejected=run.rejected,
                code=run.error_code,
            )
        return run


def _keep(
    row: CrmDeal, deal: RemoteDeal, currency: str | None, known: set[str], sale: rules.Sale | None
) -> None:
    row.pipeline, row.stage = deal.pipeline, deal.stage
    row.is_closed, row.is_won = deal.is_closed, deal.is_won
    row.amount_micros = rules.micros(deal.amount)
    row.currency = None if row.amount_micros is None else deal.currency or currency
    row.closed_at, row.modified_at = deal.closed_at, deal.modified_at
    row.contacts = [each for each in deal.contacts if each in known]
    if sale is None:
        return
    row.told, row.told_at = sale.name != rules.REVERSED, sale.at
    row.told_times = sale.times
    row.told_micros = rules.micros(sale.amount) if row.told else None
    row.told_currency = sale.currency if row.told and sale.amount is not None else None
