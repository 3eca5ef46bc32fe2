"""Sources of events, and who may write to them."""

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.rate_limits import Limit, RateLimiter, neighbourhood, whole_seconds
from app.core.security import constant_time_equal, random_token, token_hash
from app.db.session import TenantDoor, TenantScope
from app.db.utils import Slice
from app.models.cdp.sources import CdpSource
from app.services.audit_logs.service import AuditLog
from app.services.cdp.sources.errors import (
    SourceDisabled,
    SourceNotFound,
    TooManyUnknownKeys,
    UnknownWriteKey,
)
from app.services.cdp.sources.repository import SourceRepository, find_sender
from app.services.cdp.sources.rules import SourceKind, WriteKey, parse_write_key

__all__ = ["Sender", "SourceKind", "SourceService", "WriteKeys"]

_SECRET_BYTES = 24
_CACHE_SECONDS = 2.0
_CACHE_ENTRIES = 10_000
_UNKNOWN_KEYS = Limit("cdp:unknown-keys", times=60, seconds=60)


class SourceService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._sources = SourceRepository(scope)
        self._audit = AuditLog(scope)

    async def page(
        self,
        *,
        page: int,
        limit: int,
        sort: str,
        search: str | None = None,
        kind: str | None = None,
        enabled: bool | None = None,
    ) -> Slice[CdpSource]:
        return await self._sources.page(
            page=page, limit=limit, sort=sort, search=search, kind=kind, enabled=enabled
        )

    async def one(self, source_id: UUID) -> CdpSource:
        found = await self._sources.find(source_id)
        if found is None:
            raise SourceNotFound(source_id=str(source_id))
        return found

    async def has_one(self) -> bool:
        return await self._sources.has_one()

    async def create(self, name: str, kind: SourceKind) -> tuple[CdpSource, WriteKey]:
        """The new source and its write key, which nobody can read again."""
        key = WriteKey(self._scope.tenant_id, uuid7(), random_token(_SECRET_BYTES))
        source = CdpSource(
            id=key.source_id,
            name=name,
            kind=kind,
            enabled=True,
            write_key_hash=token_hash(key.secret),
            write_key_prefix=key.shown,
            created_by=self._scope.actor.id,
            created_at=real_now(),
        )
        self._sources.add(source)
        await self._audit.record(
            "cdp.sources.created",
            entity="cdp_sources",
            entity_id=source.id,
            after={"name": name, "kind": kind},
        )
        return source, key

    async def change(self, source_id: UUID, *, name: str | None, enabled: bool | None) -> CdpSource:
        source = await self._locked(source_id)
        before = {"name": source.name, "enabled": source.enabled}
        if name is not None:
            source.name = name
        if enabled is not None:
            source.enabled = enabled
        after = {"name": source.name, "enabled": source.enabled}
        if after != before:
            await self._audit.record(
                "cdp.sources.changed", entity="cdp_sources", entity_id=source.id, before=before, after=after
            )
        return source

    async def rotate_key(self, source_id: UUID) -> tuple[CdpSource, WriteKey]:
        """A new write key; the old one stops within two seconds, as long as a process may remember it."""
        source = await self._locked(source_id)
        key = WriteKey(self._scope.tenant_id, source.id, random_token(_SECRET_BYTES))
        before = {"key": source.write_key_prefix}
        source.write_key_hash = token_hash(key.secret)
        source.write_key_prefix = key.shown
        source.rotated_at = real_now()
        await self._audit.record(
            "cdp.sources.key_rotated", entity="cdp_sources", entity_id=source.id, before=before
        )
        return source, key

    async def sender(self, source_id: UUID) -> "Sender":
        """Who sends by this source as it is now; `SourceDisabled` where it is switched off."""
        source = await self._locked(source_id)
        if not source.enabled:
            raise SourceDisabled
        return Sender(self._scope.tenant_id, source.id, SourceKind(source.kind))

    async def _locked(self, source_id: UUID) -> CdpSource:
        source = await self._sources.for_update(source_id)
        if source is None:
            raise SourceNotFound(source_id=str(source_id))
        return source


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends events: a source, or (with `source_id` None) a person or program with the permission."""

    tenant_id: int
    source_id: UUID | None
    kind: SourceKind = SourceKind.SERVER


class WriteKeys:
    """Resolves write keys. A good answer is remembered for two seconds, a bad one not at all.

    An address that keeps naming unknown keys waits, before one more of its keys is looked up: guessing is slow, and
    costs the database no more than a look-up a second. A key that was good a moment ago is not made to wait for its
    neighbours.
    """

    def __init__(self, door: TenantDoor, limiter: RateLimiter | None = None) -> None:
        self._door = door
        self._limiter = limiter
        self._known: OrderedDict[bytes, tuple[float, Sender]] = OrderedDict()
        self._barred: OrderedDict[str, float] = OrderedDict()

    async def sender(self, text: str, address: str | None = None) -> Sender:
        """`UnknownWriteKey` for any key that is not a source's current one, `SourceDisabled` for one switched off.

        `address` is the sender's; `TooManyUnknownKeys` where it has named too many.
        """
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(digest)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        key = parse_write_key(text)
        if key is None:
            raise UnknownWriteKey
        if known is None:
            self._refuse_the_barred(address)
        try:
            sender = await self._look_up(key)
        except UnknownWriteKey:
            self._known.pop(digest, None)
            await self._count_against(address)
            raise
        self._known[digest] = (time.monotonic() + _CACHE_SECONDS, sender)
        self._known.move_to_end(digest)
        _bound(self._known)
        return sender

    def _refuse_the_barred(self, address: str | None) -> None:
        wait = self._barred.get(neighbourhood(address), 0.0) - time.monotonic()
        if wait > 0:
            raise TooManyUnknownKeys(retry_after=whole_seconds(wait))

    async def _count_against(self, address: str | None) -> None:
        if self._limiter is None:
            return
        subject = neighbourhood(address)
        allowance = await self._limiter.take(_UNKNOWN_KEYS, subject)
        if allowance.remaining < 1:
            self._barred[subject] = time.monotonic() + max(allowance.retry_after, 1.0)
            self._barred.move_to_end(subject)
            _bound(self._barred)

    async def _look_up(self, key: WriteKey) -> Sender:
        source = await find_sender(self._door, key.tenant_id, key.source_id)
        if source is None or not constant_time_equal(source.write_key_hash, _digest(key.secret)):
            raise UnknownWriteKey
        if not source.enabled:
            raise SourceDisabled
        return Sender(key.tenant_id, source.id, SourceKind(source.kind))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _bound(entries: OrderedDict[Any, Any]) -> None:
    while len(entries) > _CACHE_ENTRIES:
        entries.popitem(last=False)
