"""What is asked of stored events before they are sent on: who is erased, who agreed, what was told twice."""

from collections.abc import Sequence
from uuid import UUID

from app.db.session import TenantScope
from app.models.cdp.events import CdpEvent
from app.services.cdp.consents.service import Consents, Purpose, Question
from app.services.cdp.events.service import keys_named, open_identifiers
from app.services.cdp.tombstones.service import Tombstones
from app.services.integrations.conversions import rules
from app.services.integrations.shops.service import ToldByShops


async def of_the_erased(scope: TenantScope, events: Sequence[CdpEvent]) -> set[UUID]:
    """Which of these events are of an erased person's past."""
    past = [(keys_named(event, scope.tenant_id), event.event_time) for event in events]
    barred = await Tombstones(scope).bar(past)
    return {event.id for event, yes in zip(events, barred, strict=True) if yes}


async def may_go_to_ads(
    scope: TenantScope, events: Sequence[tuple[CdpEvent, rules.StoredEvent]]
) -> list[bool]:
    """By what these people have said until this moment, about ads."""
    questions = [
        Question(
            keys_named(event, scope.tenant_id),
            min(event.event_time, event.received_at),
            event.context,
            rules.identifiers_of(stored).get("country"),
        )
        for event, stored in events
    ]
    return [each.is_granted for each in await Consents(scope).decide(Purpose.ADS, questions)]


def stored_event(event: CdpEvent, tenant_id: int) -> rules.StoredEvent:
    return rules.StoredEvent(
        message_id=event.message_id,
        name=event.event_name,
        type=event.event_type,
        at=event.event_time,
        properties=event.properties,
        context=event.context,
        identifiers=open_identifiers(event.identifiers, tenant_id),
        click_ids=event.click_ids or {},
        order_id=event.order_id,
        value_micros=event.value_micros,
        currency=event.currency,
    )


async def told_before(scope: TenantScope, events: Sequence[CdpEvent]) -> set[UUID]:
    """Which of these tell of an order that was told from a shop before: the shop's own event of it came too late."""
    orders = [(event, event.order_id) for event in events if event.is_order and event.order_id]
    told = await ToldByShops(scope).of([(event.message_id, order) for event, order in orders])
    return {event.id for event, _ in orders if event.message_id in told}
