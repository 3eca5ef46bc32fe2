"""Who is erased, or has withdrawn, leaves every audience at once, whatever waits for a person's word."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.db.session import Scopes, TenantScope
from app.services.cdp.audience_sync.members_repository import MemberRepository, bury
from app.services.cdp.audience_sync.repository import AudienceRepository
from app.services.cdp.audience_sync.rules import Why
from app.services.cdp.audience_sync.running import AudienceRunner
from app.services.cdp.consents.service import Consents, Purpose, Question

_WITHIN = 20.0
_AGAIN_AFTER = 0.5
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of an erased person in one audience."""

    name: str
    platform: str
    people: int
    is_gone: bool
    """Whether the platform has acknowledged it."""
    error: str | None


class AudienceErasure:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    @staticmethod
    async def bury(scope: TenantScope, keys: Sequence[UUID]) -> dict[UUID, int]:
        """Have them taken out; of each audience that they may be in, how many."""
        return await bury(scope, keys)

    async def remove(
        self, reached: Mapping[UUID, int], keys: Sequence[UUID], *, within: float = _WITHIN
    ) -> list[Removed]:
        """Take them out now, and wait for it so many seconds, no longer: who is left is taken out as soon as can be."""
        until = time.monotonic() + within
        found = []
        for audience_id, people in reached.items():
            removed = await self._from(audience_id, people, keys, until)
            if removed is not None:
                found.append(removed)
        return found

    async def _from(
        self, audience_id: UUID, people: int, keys: Sequence[UUID], until: float
    ) -> Removed | None:
        while True:
            is_done = await AudienceRunner(self._scopes).run(audience_id, only_removals=True)
            async with self._scopes() as scope:
                audience = await AudienceRepository(scope).find(audience_id)
                if audience is None:
                    return None
                left = await MemberRepository(scope, audience_id).still_there(keys)
            if not left or (not is_done and audience.error_code) or time.monotonic() >= until:
                return Removed(audience.name, audience.platform, people, not left, audience.error)
            await asyncio.sleep(_AGAIN_AFTER)


class Withdrawals:
    """Looks for people in audiences who have refused since, more often than audiences are synchronised."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def sweep(self) -> int:
        """How many are taken out; a task takes them out of each audience."""
        async with self._scopes() as scope:
            audiences = await AudienceRepository(scope).every()
        return sum([await self._of(each.id) for each in audiences])

    async def _of(self, audience_id: UUID) -> int:
        async with self._scopes() as scope:
            members = MemberRepository(scope, audience_id)
            asked = await members.withdrawn()
            refused: list[UUID] = []
            for start in range(0, len(asked), _AT_ONCE):
                part = asked[start : start + _AT_ONCE]
                questions = [Question([profile_id], scope.now(), {}, country) for profile_id, country in part]
                decided = await Consents(scope).decide(Purpose.ADS, questions)
                refused += [each[0] for each, said in zip(part, decided, strict=True) if not said.is_granted]
            await members.forget(refused)
            await members.remove([(each, Why.NO_CONSENT) for each in refused], scope.now())
            if refused:
                payload = {"audience_id": str(audience_id), "only_removals": True}
                await scope.enqueue("cdp.audience_sync.run", payload, unless_waiting=True)
        return len(refused)
