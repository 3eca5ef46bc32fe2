"""Tells the webhooks of all tenants, many at a time: one that is slow or dead holds up nobody else.

One pump works at a time. It fills its places with webhooks that have something to tell, a tenant's share of them
bounded, who waited longest first; each gives its place back after a few messages.
"""

import asyncio
import time
from collections import Counter
from uuid import UUID

from app.core.logging import get_logger
from app.db.locks import exclusive
from app.db.platform import Platform
from app.db.session import scopes_for
from app.services.cdp.webhooks.repository import due
from app.services.cdp.webhooks.telling import ANSWER_SECONDS, Teller, Turn

log = get_logger(__name__)

_PLACES = 32
_OF_A_TENANT = 8
_ASKED_FOR = 200
_LONGEST = 45.0
"""Then it takes on no more, and the next tick's pump goes on."""
_LOOKS_EVERY = 0.5
_MESSAGES = 10
_STAYS = 5.0

Key = tuple[int, UUID]


class Pump:
    def __init__(
        self,
        platform: Platform,
        *,
        places: int = _PLACES,
        of_a_tenant: int = _OF_A_TENANT,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._platform = platform
        self._places = places
        self._of_a_tenant = of_a_tenant
        self._seconds = seconds
        self._busy: dict[Key, asyncio.Task[None]] = {}

    async def run(self, *, longest: float = _LONGEST) -> None:
        """Until nobody has anything to tell, or time is up; nothing where another pump works."""
        await self._platform.clock.sync()
        async with exclusive(self._platform.engine, "cdp.webhooks.pump") as mine:
            if not mine:
                return
            try:
                await self._work(time.monotonic() + longest)
            finally:
                await self._finish()

    async def _work(self, until: float) -> None:
        while time.monotonic() < until:
            await self._fill()
            if not self._busy:
                return
            await asyncio.wait(self._busy.values(), timeout=_LOOKS_EVERY, return_when=asyncio.FIRST_COMPLETED)
            self._clear()

    async def _fill(self) -> None:
        if len(self._busy) >= self._places:
            return
        async with self._platform.maintenance() as session:
            waiting = await due(session, _ASKED_FOR)
        shares = Counter(tenant_id for tenant_id, _ in self._busy)
        for key in waiting:
            if len(self._busy) >= self._places:
                return
            if key not in self._busy and shares[key[0]] < self._of_a_tenant:
                shares[key[0]] += 1
                self._busy[key] = asyncio.create_task(self._tell(key))

    async def _tell(self, key: Key) -> None:
        tenant_id, webhook_id = key
        platform = self._platform
        teller = Teller(scopes_for(platform.engine, tenant_id, clock=platform.clock), seconds=self._seconds)
        leaves_at = time.monotonic() + _STAYS
        for _ in range(_MESSAGES):
            if await teller.turn(webhook_id) is not Turn.TOLD or time.monotonic() > leaves_at:
                return

    def _clear(self) -> None:
        for key, task in list(self._busy.items()):
            if not task.done():
                continue
            del self._busy[key]
            if error := task.exception():
                log.error("cdp.webhooks.not_told", webhook_id=str(key[1]), exc_info=error)

    async def _finish(self) -> None:
        """What is under way ends within a call's patience."""
        if self._busy:
            await asyncio.wait(self._busy.values())
        self._clear()
