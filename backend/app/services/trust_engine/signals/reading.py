"""The evidence of evaluations, by either door."""

from collections.abc import Sequence
from uuid import UUID

from app.db.readers import Reads
from app.models.trust_engine.signals import TrustSignal
from app.services.trust_engine.signals.repository import SignalReads

__all__ = ["SignalReading"]


class SignalReading:
    def __init__(self, reads: Reads) -> None:
        self._rows = SignalReads(reads)

    async def of_each(self, evaluation_ids: Sequence[UUID]) -> dict[UUID, list[TrustSignal]]:
        """The signals of each evaluation that has any."""
        found: dict[UUID, list[TrustSignal]] = {}
        for signal in await self._rows.of_each(evaluation_ids) if evaluation_ids else ():
            found.setdefault(signal.evaluation_id, []).append(signal)
        return found
