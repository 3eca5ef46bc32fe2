"""Telling a shop's orders to the customer data platform, each change once.

What is to be told of an order is decided and written down in one transaction, told, and then crossed out. Whoever
dies in between leaves it standing: the next one tells the very same, whose events have the same ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.db.session import Scopes, TenantScope
from app.models.integrations.kinds import OrderState
from app.models.integrations.shops import Shop, ShopOrder, ShopSync
from app.services.cdp.events.service import Envelope, Ingestion, Measures, keys_of
from app.services.cdp.sources.service import Sender
from app.services.integrations.shops import rules
from app.services.integrations.shops.ports import RemoteOrder
from app.services.integrations.shops.repository import ShopRepository

_DIALECT = "segment"
_KINDS: Mapping[str, str] = {"email": "email", "phone": "phone", "userId": "user_id"}
_AGAIN = 3


@dataclass(frozen=True, slots=True)
class _Sending:
    order: RemoteOrder
    tellings: Sequence[rules.Telling]
    consents: str | None
    unfinished: bool
    """It was left over by somebody who died: what has changed since is looked at afterwards."""


class Teller:
    """Of one shop; one at a time tells of it."""

    def __init__(
        self, scopes: Scopes, ingestion: Ingestion, shop: Shop, tenant_id: int, run: ShopSync
    ) -> None:
        self._scopes = scopes
        self._ingestion = ingestion
        self._shop = shop
        self._tenant_id = tenant_id
        self._run = run
        self._place = rules.Place(shop.provider, shop.domain, shop.customer_ids)

    async def tell(self, orders: Sequence[RemoteOrder]) -> None:
        """Of each its newest state that is known: an older one is left aside."""
        left = list({each.id: each for each in sorted(orders, key=lambda one: one.updated_at)}.values())
        for _ in range(_AGAIN):
            if not left:
                return
            sending = await self._decide(left)
            await self._send(sending)
            left = [each.order for each in sending if each.unfinished]

    async def _decide(self, orders: Sequence[RemoteOrder]) -> list[_Sending]:
        async with self._scopes() as scope:
            rows = await ShopRepository(scope).orders(self._shop.id, [each.id for each in orders])
            fresh = [each for each in orders if self._is_news(each, rows.get(each.id))]
            elsewhere = await self._elsewhere(scope, fresh)
            sending = []
            for order in fresh:
                row = rows.get(order.id)
                if row is not None and row.pending:
                    left = rules.tellings_of(row.pending)
                    sending.append(_Sending(order, left, self._unsaid(row, order), unfinished=True))
                    continue
                if row is None:
                    row = ShopOrder(
                        shop_id=self._shop.id, external_id=order.id, back_micros=0, refunds=[], tellings=0
                    )
                    ShopRepository(scope).add(row)
                sending.append(self._planned(scope, row, order, elsewhere[order.id]))
        return sending

    def _planned(
        self, scope: TenantScope, row: ShopOrder, order: RemoteOrder, elsewhere: rules.Elsewhere
    ) -> _Sending:
        named = rules.identifiers(order, self._place)
        wait = timedelta(minutes=self._shop.wait_minutes)
        held = _held(row)
        found = rules.plan(order, held, elsewhere, now=scope.now(), wait=wait, named=bool(named))
        if found.state != held.state:
            self._run.orders_covered += found.state is OrderState.COVERED
            self._run.orders_unnamed += found.state is OrderState.UNNAMED
        _keep(row, order, found)
        if found.told is None or row.reference is None:
            row.reference = rules.reference(order, self._shop.order_reference)[:255]
        if found.state is OrderState.ERASED:
            return _Sending(order, [], None, unfinished=False)
        row.keys = _keys(named, self._tenant_id)
        return _Sending(order, found.tell, self._unsaid(row, order), unfinished=False)

    def _unsaid(self, row: ShopOrder, order: RemoteOrder) -> str | None:
        """The mark of what the buyer says of consent, where it is not what was told last."""
        mark = rules.consent_mark(order)
        return mark if mark != row.consents and rules.identifiers(order, self._place) else None

    def _is_news(self, order: RemoteOrder, row: ShopOrder | None) -> bool:
        """An index that lags, and a message that comes late, show older states than one that was read before."""
        if row is None:
            return True
        if row.state == OrderState.ERASED:
            return False
        if row.pending:
            return True
        if order.updated_at != row.updated_at:
            return order.updated_at > row.updated_at
        # A shop's time may be whole seconds, in which more than one thing happens.
        return row.due_at is not None or _differs(order, row) or self._unsaid(row, order) is not None

    async def _elsewhere(
        self, scope: TenantScope, orders: Sequence[RemoteOrder]
    ) -> Mapping[str, rules.Elsewhere]:
        """What the shop's own events have told of these, under whichever of their ids."""
        if not orders:
            return {}
        found = {each.id: rules.Elsewhere() for each in orders}
        by = self._shop.order_reference
        by_alias = {alias: each for each in orders for alias in rules.aliases(each, by)}
        since = min(each.ordered_at for each in orders) - rules.AROUND
        until = scope.now() + rules.AROUND
        for part in await Measures(scope).told(list(by_alias), since, until, but=self._place.prefix):
            order = by_alias[part.order_id]
            held = found[order.id]
            value = part.value_micros if part.currency in {None, order.total.currency} else None
            if part.is_refund:
                # A refund that names no amount gives all of it back.
                back = order.total.micros if value is None else value
                found[order.id] = rules.Elsewhere(held.ordered, held.worth, held.back + back)
            else:
                worth = value if held.worth is None else held.worth
                found[order.id] = rules.Elsewhere(True, worth, held.back)
        return found

    async def _send(self, sending: Sequence[_Sending]) -> None:
        events = {
            rules.message_id(each.order, one, self._place): (each, one)
            for each in sending
            for one in each.tellings
        }
        references = await self._references([each.order.id for each in sending if each.tellings])
        bodies = [
            rules.event_of(each.order, one, self._place, references[each.order.id])
            for each, one in events.values()
        ]
        consents = [
            body
            for each in sending
            if each.consents is not None
            for body in rules.consent_events(each.order, self._place)
        ]
        refused = await self._receive([*consents, *bodies])
        for name, (_, one) in events.items():
            if name not in refused:
                self._run.orders_told += one.event == rules.PLACED
                self._run.refunds_told += one.event in {rules.REFUNDED, rules.CANCELLED}
        await self._cross_out([each for each in sending if each.tellings or each.consents], refused)

    async def _references(self, ids: Sequence[str]) -> Mapping[str, str]:
        if not ids:
            return {}
        async with self._scopes() as scope:
            rows = await ShopRepository(scope).orders(self._shop.id, ids)
        return {name: row.reference for name, row in rows.items()}

    async def _receive(self, events: list[bytes]) -> set[str | None]:
        """The ids of those that were not taken in."""
        if not events:
            return set()
        outcome = await self._ingestion.receive(
            Sender(self._tenant_id, None), Envelope(events), dialect=_DIALECT, contact_suffices=True
        )
        self._run.rejected += len(outcome.rejected)
        return {each.message_id for each in outcome.rejected}

    async def _cross_out(self, sent: Sequence[_Sending], refused: set[str | None]) -> None:
        if not sent:
            return
        async with self._scopes() as scope:
            rows = await ShopRepository(scope).orders(self._shop.id, [each.order.id for each in sent])
            for each in sent:
                row = rows[each.order.id]
                if row.state == OrderState.ERASED:
                    continue
                row.pending = []
                row.consents = each.consents or row.consents
                placed = [one for one in each.tellings if one.event == rules.PLACED]
                if any(rules.message_id(each.order, one, self._place) in refused for one in placed):
                    row.state, row.told_micros, row.back_micros = OrderState.REFUSED, None, 0


def _differs(order: RemoteOrder, row: ShopOrder) -> bool:
    held = (row.total_micros, row.current_micros, row.refunded_micros, row.cancelled_at)
    return held != (order.total.micros, order.current.micros, _refunded(order), order.cancelled_at)


def _refunded(order: RemoteOrder) -> int:
    return sum(each.given.micros for each in order.refunds)


def _held(row: ShopOrder) -> rules.Held:
    return rules.Held(
        state=row.state,
        told=row.told_micros,
        back=row.back_micros,
        grown=row.grown_micros,
        refunds=frozenset(row.refunds),
        tellings=row.tellings,
    )


def _keep(row: ShopOrder, order: RemoteOrder, found: rules.Plan) -> None:
    row.name = order.name
    row.ordered_at, row.updated_at = order.ordered_at, order.updated_at
    row.cancelled_at = order.cancelled_at
    row.currency = order.total.currency
    row.total_micros, row.current_micros = order.total.micros, order.current.micros
    row.refunded_micros = _refunded(order)
    row.state, row.due_at = found.state, found.due_at
    row.told_micros, row.back_micros, row.grown_micros = found.told, found.back, found.grown
    row.refunds, row.tellings = sorted(found.refunds), found.tellings
    row.pending = [each.kept() for each in found.tell]


def _keys(named: Mapping[str, str], tenant_id: int) -> list[UUID]:
    """The hashed identifiers that the customer data platform knows these by."""
    return [
        key
        for member, value in named.items()
        for kind, key in keys_of(value, tenant_id).items()
        if str(kind) == _KINDS[member]
    ]
