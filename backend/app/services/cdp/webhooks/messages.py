"""What a message says: items taken from the logs by their places, and the people as they are while it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from app.core.security import unseal
from app.db.session import TenantScope
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.webhooks import CdpWebhook
from app.services.cdp.consents.service import ConsentService, Decided, Purpose
from app.services.cdp.profiles.rules import masked
from app.services.cdp.profiles.service import IDENTIFIER_PURPOSE, ProfileService
from app.services.cdp.webhooks import rules
from app.services.cdp.webhooks.feed_repository import FeedRepository
from app.services.cdp.webhooks.rules import EndedBecause, Item, Log, Named, Place, Topic

MOST_ITEMS = 500
MOST_BYTES = 1_000_000
_AT_ONCE = 2_000
_ENDINGS = ["ended", rules.ERASED]
_ALIVE = frozenset({Topic.CREATED, Topic.UPDATED})


@dataclass(frozen=True, slots=True)
class Message:
    """Items of a webhook, encoded one by one, and the place once they are told."""

    items: Sequence[Item]
    encoded: Sequence[bytes]
    end: Place

    @classmethod
    def of(cls, items: Sequence[Mapping[str, Any]]) -> "Message":
        """One that comes from no log."""
        return cls([], [msgspec.json.encode(each) for each in items], Place(0, 0, 0))

    def body(self, webhook_id: UUID, at: datetime) -> bytes:
        head = msgspec.json.encode({"type": "batch", "webhook_id": webhook_id, "timestamp": at})
        return head[:-1] + b',"items":[' + b",".join(self.encoded) + b"]}"


class Messages:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._feed = FeedRepository(scope)

    async def head(self) -> Place:
        return await self._feed.heads()

    async def following(self, webhook: CdpWebhook, begin: Place, end: Place, skip_to: int) -> Message:
        """What comes next behind `begin`, up to `end`, within the bounds of one message.

        Without items where nothing there concerns the webhook; its end is behind `begin` all the same.
        """
        topics = frozenset(webhook.topics)
        changes = await self._changes(topics, begin, end, skip_to)
        transitions = await self._transitions(webhook, begin, end)
        items, reached = rules.woven(changes, transitions, MOST_ITEMS)
        encoded = await self._encoded(webhook, items)
        fitting = rules.fitting(items, [len(each) + 1 for each in encoded], MOST_BYTES)
        if fitting < len(items):
            items, encoded = items[:fitting], encoded[:fitting]
            reached = rules.place_after(items, begin)
        return Message(items, encoded, reached)

    async def _changes(self, topics: frozenset[str], begin: Place, end: Place, skip_to: int) -> Log:
        everything = bool(topics & _ALIVE)
        rows = await self._feed.changes(
            begin, end, reasons=None if everything else _ENDINGS, skip_to=skip_to, most=_AT_ONCE
        )
        read = sum(len(row.profile_ids) for row in rows)
        if not rows:
            return Log([], begin, end, is_whole=True)
        named = Named(rows[0].at, await self._feed.named_before(rows[0])) if everything else Named()
        births = await self._feed.births(each for row in rows for each in row.profile_ids)
        items = rules.items_of_changes(rows, births, topics, named)
        if read < _AT_ONCE:
            return Log(items, begin, end, is_whole=True)
        last = rows[-1]
        return Log(items, begin, Place(last.seq, last.offset + len(last.profile_ids), 0), is_whole=False)

    async def _transitions(self, webhook: CdpWebhook, begin: Place, end: Place) -> Log:
        directions = [
            entered
            for topic, entered in ((Topic.ENTERED, True), (Topic.LEFT, False))
            if topic in webhook.topics
        ]
        if not directions:
            return Log([], begin, end, is_whole=True)
        rows = await self._feed.transitions(
            begin, end, directions=directions, segment_ids=webhook.segment_ids or None, most=MOST_ITEMS
        )
        items = rules.items_of_transitions(rows)
        is_whole = len(rows) < MOST_ITEMS
        return Log(items, begin, end if is_whole else items[-1].after, is_whole=is_whole)

    async def _encoded(self, webhook: CdpWebhook, items: Sequence[Item]) -> list[bytes]:
        if not items:
            return []
        people = await self._people(webhook, {each.profile_id for each in items if each.ended is None})
        names = await self._feed.segment_names({each.segment_id for each in items if each.segment_id})
        erased = {each.profile_id for each in items if each.ended is EndedBecause.ERASED}
        aliases = await self._feed.aliases(erased) if erased else {}
        encoder = msgspec.json.Encoder()
        return [encoder.encode(_told(each, people, names, aliases)) for each in items]

    async def _people(self, webhook: CdpWebhook, profile_ids: set[UUID]) -> dict[UUID, dict[str, Any]]:
        profiles = await self._feed.profiles(profile_ids)
        consents = await ConsentService(self._scope).of_profiles(list(profiles.values()))
        identifiers = await self._feed.identifiers(profiles)
        found = {}
        for profile_id, profile in profiles.items():
            standing = consents[profile_id]
            if webhook.purpose is not None and not standing[Purpose(webhook.purpose)].is_granted:
                found[profile_id] = _withheld(profile_id, standing)
                continue
            values = [
                {"type": kind, "value": self._opened(sealed)}
                for kind, sealed in identifiers.get(profile_id, ())
            ]
            found[profile_id] = self._whole(profile, values, standing, personal=webhook.include_personal)
        return found

    def _whole(
        self,
        profile: CdpProfile,
        identifiers: Sequence[Mapping[str, str]],
        standing: Mapping[Purpose, Decided],
        *,
        personal: bool,
    ) -> dict[str, Any]:
        told = {
            "id": profile.id,
            "lifecycle": profile.lifecycle,
            "first_seen_at": profile.first_seen_at,
            "last_seen_at": profile.last_seen_at,
            "event_count": profile.event_count,
            "order_count": profile.order_count,
            "revenue_micros": profile.revenue,
            "traits": profile.traits,
            "computed": profile.computed,
            "identifier_count": profile.identifier_count,
            "identifiers": [{**each, "value": masked(each["value"])} for each in identifiers],
            "consents": _standing(standing),
        }
        if personal:
            traits = ProfileService(self._scope).opened_traits(profile)
            told["personal"] = {"traits": traits, "identifiers": identifiers}
        return told

    def _opened(self, sealed: bytes | None) -> str:
        if sealed is None:
            return ""
        return unseal(sealed, purpose=IDENTIFIER_PURPOSE, tenant_id=self._scope.tenant_id)


def _told(
    item: Item,
    people: Mapping[UUID, dict[str, Any]],
    names: Mapping[UUID, str],
    aliases: Mapping[UUID, Sequence[UUID]],
) -> dict[str, Any]:
    told: dict[str, Any] = {"id": item.id, "topic": item.topic, "at": item.at}
    told["profile"] = people.get(item.profile_id) or {"id": item.profile_id, "lifecycle": None}
    if item.absorbed is not None:
        told["merged"] = {"id": item.absorbed, "into": item.into}
    if item.ended is not None:
        told["ended"] = {
            "reason": item.ended,
            "into": item.into,
            "aliases": list(aliases.get(item.profile_id, ())),
        }
    if item.segment_id is not None:
        told["segment"] = {
            "id": item.segment_id,
            "name": names.get(item.segment_id),
            "reason": item.reason,
        }
    return told


def _withheld(profile_id: UUID, standing: Mapping[Purpose, Decided]) -> dict[str, Any]:
    return {"id": profile_id, "lifecycle": None, "withheld": "consent", "consents": _standing(standing)}


def _standing(standing: Mapping[Purpose, Decided]) -> dict[str, str]:
    return {purpose: decided.decision for purpose, decided in standing.items()}
