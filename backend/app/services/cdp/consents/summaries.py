"""How many people granted, refused and said nothing: counted by sets at one time, and said to be of that time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.db.session import TenantScope
from app.services.cdp.consents.repository import ConsentRepository
from app.services.cdp.consents.rules import Purpose


@dataclass(frozen=True, slots=True)
class Said:
    """People by what they said last of one purpose."""

    granted: int
    refused: int
    silent: int


@dataclass(frozen=True, slots=True)
class Summary:
    """`people` and `purposes` are None before they are first counted."""

    computed_at: datetime | None
    people: int | None
    purposes: Mapping[Purpose, Said] | None


class ConsentSummaries:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = ConsentRepository(scope)

    async def current(self) -> Summary:
        """As it was last counted."""
        row = await self._rows.summary()
        if row is None:
            return Summary(None, None, None)
        purposes = {
            purpose: Said(granted, refused, row.people - granted - refused)
            for purpose in Purpose
            for granted, refused in [row.purposes.get(purpose, (0, 0))]
        }
        return Summary(row.computed_at, row.people, purposes)

    async def ask(self) -> None:
        """Have it counted anew; once, however many ask meanwhile."""
        await self._scope.enqueue("cdp.consents.summarize", {}, queue="cdp", unless_pending=True)

    async def count(self) -> None:
        people, purposes = await self._rows.count_people()
        await self._rows.save_summary(people, purposes, self._scope.now())
