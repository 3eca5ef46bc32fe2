"""What was read of a CRM, told to the customer data platform as events: contacts, deals, and what is gone of both.

Told by whoever reads: the synchronisation and the looking at single objects come the same way, in any order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.config import settings
from app.db.session import Scopes, TenantScope, door
from app.models.integrations.crm import CrmAccount, CrmDeal, CrmSync
from app.services.cdp.events.service import (
    Envelope,
    Ingestion,
    Outcome,
)
from app.services.cdp.sources.service import Sender
from app.services.cdp.tombstones.service import Tombstones
from app.services.integrations.conversions.service import ConversionValues
from app.services.integrations.crm import rules
from app.services.integrations.crm.deal_repository import DealRepository
from app.services.integrations.crm.departure_repository import Departures
from app.services.integrations.crm.keys import keys_named
from app.services.integrations.crm.ours import value_hash
from app.services.integrations.crm.ports import Crm, Gone, RemoteDeal, RemoteObject
from app.services.integrations.crm.repository import CrmRepository
from app.services.integrations.crm.write_rules import Agreed
from app.services.integrations.crm.writing_repository import WritingRepository

_DIALECT = "segment"


@dataclass(frozen=True, slots=True)
class Work:
    """One account that is read now, and the counts of it."""

    account: CrmAccount
    tenant_id: int
    crm: Crm
    ingestion: Ingestion
    run: CrmSync
    fields: Sequence[rules.Field]

    @property
    def deal_fields(self) -> Sequence[rules.Field]:
        return rules.deal_fields_of(self.account.deal_mapping)


def ingestion_of(scope: TenantScope) -> Ingestion:
    """To be closed by whoever asked for it."""
    return Ingestion(door(scope.session.bind, clock=scope.clock), scope.clock, settings)  # type: ignore[arg-type]  # a scope's bind is its engine


def new_run(account: CrmAccount, at: datetime) -> CrmSync:
    return CrmSync(
        account_id=account.id,
        started_at=at,
        contacts_read=0,
        contacts_told=0,
        contacts_unnamed=0,
        contacts_gone=0,
        deals_read=0,
        deals_told=0,
        deals_gone=0,
        rejected=0,
    )


class CrmTelling:
    """Each step is a transaction of its own; none is open while the CRM is called. Safe to run twice."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def tell_contacts(
        self, work: Work, page: Sequence[RemoteObject], *, by_index: bool = False
    ) -> None:
        """`by_index`: as a search shows them, which may have those still that are gone."""
        if by_index:
            page = await self._without_gone(work, page)
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
            named, rows = await self._but_erased(scope, work, named, rows)
            await CrmRepository(scope).keep_contacts(rows)
            await Departures(scope).returned(work.account.id, [each.id for each in page])
            keys = {each.contact.id: keys_named(each.identifiers, work.tenant_id) for each in named}
            await WritingRepository(scope).keep_keys(work.account.id, keys)
            if fields := rules.written_fields(work.fields):
                await self._queue_changed(scope, work, [each.contact for each in named], fields)

    @staticmethod
    async def _but_erased(
        scope: TenantScope, work: Work, named: Sequence[rules.Told], rows: Sequence[dict[str, Any]]
    ) -> tuple[list[rules.Told], list[dict[str, Any]]]:
        """Who was erased since they were read does not come back."""
        told = [(keys_named(each.identifiers, work.tenant_id), each.contact.modified_at) for each in named]
        barred = await Tombstones(scope).bar(told)
        left = [each for each, is_barred in zip(named, barred, strict=True) if not is_barred]
        ids = {each.contact.id for each in left}
        return left, [each for each in rows if each["external_id"] in ids]

    async def _without_gone(self, work: Work, page: Sequence[RemoteObject]) -> list[RemoteObject]:
        """Who was deleted since they were as they are shown is left out, though they were read."""
        async with self._scopes() as scope:
            gone = await Departures(scope).gone_at(work.account.id, [each.id for each in page])
        there = [each for each in page if each.id not in gone or gone[each.id] < each.modified_at]
        work.run.contacts_read += len(page) - len(there)
        return there

    @staticmethod
    async def _queue_changed(
        scope: TenantScope, work: Work, page: Sequence[RemoteObject], fields: Sequence[rules.Field]
    ) -> None:
        """Contacts whose side is another than was agreed last: what was written from here is not among them."""
        known = await CrmRepository(scope).fields(work.account.id, [each.id for each in page])

        def has_changed(contact: RemoteObject) -> bool:
            held = known[contact.id]
            return any(
                Agreed.kept(held.get(each.property)).theirs
                != value_hash(contact.properties.get(each.property), work.tenant_id)
                for each in fields
            )

        changed = [each.id for each in page if each.id in known and has_changed(each)]
        await WritingRepository(scope).queue(work.account.id, changed, looked=True)

    async def tell_deals(self, work: Work, page: Sequence[RemoteDeal], *, by_index: bool = False) -> None:
        """`by_index` as with contacts."""
        work.run.deals_read += len(page)
        async with self._scopes() as scope:
            rows = CrmRepository(scope)
            held = await rows.deals(work.account.id, [each.id for each in page])
            known = await rows.known(work.account.id, [name for each in page for name in each.contacts])
        # An index that lags may show an older state than one that was read before.
        page = [each for each in page if each.id not in held or held[each.id].modified_at <= each.modified_at]
        if by_index:
            page = [each for each in page if not _was_gone(held.get(each.id), each)]
        sales = [sale for each in page if (sale := self._sale(work, each, held.get(each.id))) is not None]
        buyers = await self._buyers(work, {each.id: each for each in page}, sales, known)
        place = {"provider": work.account.provider, "portal": work.account.external_id}
        events = {
            sale.deal: rules.sale_event(sale, buyers[sale.deal], work.crm.person, **place)
            for sale in sales
            if sale.deal in buyers
        }
        told = await self._tell_sales(work, events, sales)
        async with self._scopes() as scope:
            rows = CrmRepository(scope)
            known = await rows.hold(work.account.id, known)
            current = await rows.deals(work.account.id, [each.id for each in page])
            changed, concerned = [], []
            for each in page:
                row = current.get(each.id)
                if row is None:
                    row = CrmDeal(account_id=work.account.id, external_id=each.id, told=False, told_times=0)
                    rows.add_deal(row)
                told_of, before = (row.told_micros, row.told_currency), _concerns(row)
                _keep(row, each, work.account.currency, known, told.get(each.id))
                changed += rules.worth_now(row, told_of, **place)
                if before != _concerns(row) or self._has_changed(work, each, row):
                    concerned.append(each.id)
            await ConversionValues(scope).changed(changed)
            await DealRepository(scope).keep_buyers(work.account.id, [each.id for each in page])
            if work.deal_fields:
                await WritingRepository(scope).queue(work.account.id, concerned, looked=True, kind="deals")

    @staticmethod
    def _has_changed(work: Work, deal: RemoteDeal, row: CrmDeal) -> bool:
        """Whether the CRM's side of what is written is another than was agreed last."""
        held = row.fields or {}
        return any(
            Agreed.kept(held.get(each.property)).theirs
            != value_hash(deal.properties.get(each.property), work.tenant_id)
            for each in work.deal_fields
        )

    async def tell_gone_contacts(self, scope: TenantScope, work: Work, gone: Sequence[Gone]) -> int:
        """How many of these were known: from now on they are neither written to nor counted."""
        found = await Departures(scope).left(work.account.id, gone)
        work.run.contacts_gone += found
        return found

    async def tell_gone_deals(self, work: Work, gone: Sequence[Gone]) -> None:
        """What was told as won is taken back, as far as somebody is still known whose it was; that is asked once."""
        at = {each.id: each.at for each in gone}
        async with self._scopes() as scope:
            rows = CrmRepository(scope)
            held = await rows.deals(work.account.id, list(at))
            known = await rows.known(
                work.account.id, [name for each in held.values() for name in each.contacts]
            )
        held = {n: row for n, row in held.items() if row.gone_at is None or (row.told and not row.stays_told)}
        deals = {name: _as_gone(row, at[name]) for name, row in held.items()}
        sales = [
            sale for name, row in held.items() if (sale := self._sale(work, deals[name], row)) is not None
        ]
        buyers = await self._buyers(work, deals, sales, known)
        place = {"provider": work.account.provider, "portal": work.account.external_id}
        events = {
            sale.deal: rules.sale_event(sale, buyers[sale.deal], work.crm.person, **place)
            for sale in sales
            if sale.deal in buyers
        }
        told = await self._tell_sales(work, events, sales)
        async with self._scopes() as scope:
            current = await CrmRepository(scope).deals(work.account.id, list(held))
            changed = []
            for name, row in current.items():
                told_of = row.told_micros, row.told_currency
                work.run.deals_gone += row.gone_at is None
                row.gone_at, row.is_won = row.gone_at or at[name], False
                _keep_sale(row, told.get(name))
                row.stays_told = row.told
                changed += rules.worth_now(row, told_of, **place)
            await ConversionValues(scope).changed(changed)

    async def _tell_sales(
        self, work: Work, events: Mapping[str, bytes], sales: Sequence[rules.Sale]
    ) -> dict[str, rules.Sale]:
        """By deal: those that were taken in."""
        outcome, refused = await self._receive(work, list(events.values()))
        work.run.deals_told += outcome.accepted
        return {
            sale.deal: sale
            for sale in sales
            if sale.deal in events and rules.message_id_of(events[sale.deal]) not in refused
        }

    def _sale(self, work: Work, deal: RemoteDeal, row: CrmDeal | None) -> rules.Sale | None:
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
        work: Work,
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

    async def _receive(self, work: Work, events: list[bytes]) -> tuple[Outcome, set[str | None]]:
        """What became of them, and the ids of those that were not taken in."""
        if not events:
            return Outcome(), set()
        outcome = await work.ingestion.receive(
            Sender(work.tenant_id, None), Envelope(events), dialect=_DIALECT, contact_suffices=True
        )
        work.run.rejected += len(outcome.rejected)
        return outcome, {each.message_id for each in outcome.rejected}


def _concerns(row: CrmDeal) -> tuple[object, ...]:
    """What our side of a deal is made of."""
    return list(row.contacts or ()), row.ended_at, row.currency, row.gone_at


def _was_gone(row: CrmDeal | None, deal: RemoteDeal) -> bool:
    return row is not None and row.gone_at is not None and deal.modified_at <= row.gone_at


def _keep(
    row: CrmDeal, deal: RemoteDeal, currency: str | None, known: set[str], sale: rules.Sale | None
) -> None:
    row.pipeline, row.stage = deal.pipeline, deal.stage
    if not deal.is_closed:
        row.ended_at = None
    elif not row.is_closed or row.ended_at is None or row.closed_at != deal.closed_at:
        # Kept from then on: what is written from here modifies the deal, and is no later end of it.
        row.ended_at = rules.sold_at(deal)
    row.is_closed, row.is_won = deal.is_closed, deal.is_won
    row.amount_micros = rules.micros(deal.amount)
    row.currency = deal.currency or currency
    row.closed_at, row.modified_at = deal.closed_at, deal.modified_at
    row.contacts = [each for each in deal.contacts if each in known]
    row.gone_at, row.stays_told = None, False
    _keep_sale(row, sale)


def _keep_sale(row: CrmDeal, sale: rules.Sale | None) -> None:
    if sale is None:
        return
    row.told, row.told_at = sale.name != rules.REVERSED, sale.at
    row.told_times = sale.times
    row.told_micros = rules.micros(sale.amount) if row.told else None
    row.told_currency = sale.currency if row.told and sale.amount is not None else None


def _as_gone(row: CrmDeal, at: datetime) -> RemoteDeal:
    """As it was known, and won no more."""
    return RemoteDeal(
        id=row.external_id,
        modified_at=max(at, row.modified_at),
        pipeline=row.pipeline,
        stage=row.stage,
        is_closed=row.is_closed,
        is_won=False,
        amount=None if row.amount_micros is None else rules.written(row.amount_micros),
        currency=row.currency,
        closed_at=row.closed_at,
        contacts=tuple(row.contacts),
    )
