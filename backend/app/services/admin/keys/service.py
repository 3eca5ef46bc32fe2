"""Rotation of the secret key: what older keys sealed is sealed by the current one, while everything runs.

Nothing remembers how far it came but the values themselves, each of which names its key: killed at any moment, it
is run again and does what is left. The doors are the owner's, for stored events may not be changed by the application.
"""

import base64
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

from app.core.security import KeyMissing, Unsealable, key_ids, reseal
from app.db.sealed import SealedColumn
from app.db.session import Doors, GlobalSession, TenantScope
from app.services.admin.keys.repository import SealedColumns, SealedRepository, every_tenant
from app.services.admin.keys.rules import Standing, Tally, rewritten

_MOST_PASSES = 3
"""What is being folded or cached from an older value while a pass runs is met by the next one."""

__all__ = ["KeyRotation", "Standing", "Tally"]


class KeyRotation:
    """Of all tenants and of what belongs to none, or of one tenant alone."""

    def __init__(
        self,
        owner: Doors,
        columns: Iterable[SealedColumn],
        *,
        tenant_id: int | None = None,
        batch: int = 500,
    ) -> None:
        self._owner = owner
        self._columns = [each for each in columns if tenant_id is None or each.of_tenants]
        self._tenant_id = tenant_id
        self._batch = batch
        self._current = bytes.fromhex(key_ids()[0])

    async def standing(self) -> list[Standing]:
        """How many values each key has sealed, column by column."""
        found: dict[str, dict[str, int]] = {place.name: {} for place in self._columns}
        async for tenant_id, places in self._owners():
            async with self._open(tenant_id) as opened:
                counted = await self._all(opened, places, tenant_id).by_key()
            for name, key_id, count in counted:
                found[name][key_id] = found[name].get(key_id, 0) + count
        return [Standing(name, keys) for name, keys in found.items()]

    async def reseal(self, told: Callable[[str, Tally], None]) -> list[Standing]:
        """Seal anew, pass after pass, until nothing is left that can be; what stands then.

        `told` hears of each column that had something older, after each tenant's part of it.
        """
        standing: list[Standing] = []
        for _ in range(_MOST_PASSES):
            moved = 0
            async for tenant_id, places in self._owners():
                async with self._open(tenant_id) as opened:
                    older = await self._all(opened, places, tenant_id).with_older()
                for place in places:
                    if place.name not in older:
                        continue
                    tally = await self._column(place, tenant_id)
                    moved += tally.resealed
                    if tally.resealed or tally.unopened:
                        told(place.name, tally)
            standing = await self.standing()
            if not moved or not any(each.left(self._current.hex()) for each in standing):
                break
        return standing

    async def _column(self, place: SealedColumn, tenant_id: int | None) -> Tally:
        """Each window is a transaction of its own: no lock is held for long, and a kill loses one window."""
        tally, after = Tally(), None
        while True:
            async with self._open(tenant_id) as opened:
                rows = self._rows(opened, place, tenant_id)
                window = await rows.window(after, self._batch)
                changes = []
                for key, value in window.older:
                    named = dict(zip(rows.key_names, key, strict=True))
                    anew = _anew(place, value, named.get("id"), tenant_id, tally)
                    if anew is not None:
                        changes.append((key, value, anew))
                if changes:
                    tally.resealed += await rows.replace(changes)
            if window.last is None:
                return tally
            after = window.last

    def _all(
        self, opened: TenantScope | GlobalSession, places: Sequence[SealedColumn], tenant_id: int | None
    ) -> SealedColumns:
        session = opened.session if isinstance(opened, TenantScope) else opened
        return SealedColumns(session, places, tenant_id=tenant_id, key_id=self._current)

    def _rows(
        self, opened: TenantScope | GlobalSession, place: SealedColumn, tenant_id: int | None
    ) -> SealedRepository:
        session = opened.session if isinstance(opened, TenantScope) else opened
        return SealedRepository(session, place, tenant_id=tenant_id, key_id=self._current)

    def _open(
        self, tenant_id: int | None
    ) -> AbstractAsyncContextManager[TenantScope] | AbstractAsyncContextManager[GlobalSession]:
        return self._owner.globally() if tenant_id is None else self._owner.tenant(tenant_id)

    async def _owners(self) -> AsyncIterator[tuple[int | None, Sequence[SealedColumn]]]:
        """Each tenant with the columns that tenants have; None with those that belong to no tenant."""
        if nobodys := [each for each in self._columns if not each.of_tenants]:
            yield None, nobodys
        if tenants := [each for each in self._columns if each.of_tenants]:
            for tenant_id in await self._every():
                yield tenant_id, tenants

    async def _every(self) -> Sequence[int]:
        if self._tenant_id is not None:
            return [self._tenant_id]
        async with self._owner.globally() as session:
            return await every_tenant(session)


def _anew(
    place: SealedColumn, value: Any, row_id: UUID | None, tenant_id: int | None, tally: Tally
) -> Any | None:
    """The value under the current key; None where something in it cannot be opened, which the tally is told."""
    purpose = place.sealed.purpose.format(id=row_id)

    def text(sealed: str) -> str:
        opened = reseal(base64.b64decode(sealed), purpose=purpose, tenant_id=tenant_id)
        return base64.b64encode(opened).decode()

    try:
        if place.sealed.path is None:
            return reseal(value, purpose=purpose, tenant_id=tenant_id)
        return rewritten(value, place.sealed.path, text)
    except KeyMissing as error:
        tally.could_not_open(f"the key {error.context['key_id']} is not configured")
    except Unsealable:
        tally.could_not_open("altered, or moved from elsewhere: no key opens it")
    return None
