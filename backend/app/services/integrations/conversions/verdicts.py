"""Some platforms acknowledge conversions, and refuse single ones afterwards: what became of them is asked.

Only counts are told. Where a request's events fared differently they are sent again in smaller requests, which counts
none twice, until each request has one answer.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from app.core.clock import real_now
from app.core.logging import get_logger
from app.core.metrics import CONVERSIONS
from app.db.session import Scopes, TenantScope
from app.models.integrations.kinds import DeliveryStatus
from app.services.integrations.conversions import rules
from app.services.integrations.conversions.repository import Awaiting, ConversionRepository
from app.services.integrations.conversions.service import ConversionSender
from app.services.integrations.ports import PlatformError, PlatformErrorKind, TellsLater, Verdict
from app.services.integrations.service import IntegrationsService

log = get_logger(__name__)

_AT_ONCE = 20


async def enqueue_due(scope: TenantScope) -> None:
    for ad_account_id in await ConversionRepository(scope).accounts_awaiting_verdicts():
        payload = {"ad_account_id": str(ad_account_id)}
        await scope.enqueue("integrations.read_verdicts", payload, unless_pending=True)


class ConversionVerdicts:
    """Reads what is due, between short transactions."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def read_due(self, ad_account_id: UUID) -> None:
        """A platform that does not answer is asked again in five minutes, and after a week no more."""
        async with self._scopes() as scope:
            waiting = await ConversionRepository(scope).await_verdicts(ad_account_id, _AT_ONCE)
        if not waiting:
            return
        unclear: list[list[UUID]] = []
        try:
            platform = await IntegrationsService(self._scopes).connector(ad_account_id)
        except PlatformError as error:
            await self._not_told(waiting.values(), error)
            return
        if not isinstance(platform, TellsLater):
            return
        for receipts, deliveries in waiting.items():
            try:
                told = await _told(platform, receipts)
            except PlatformError as error:
                await self._not_told([deliveries], error)
                continue
            if not await self._settle(deliveries, told, whole=len(receipts)):
                unclear.append([one.id for one in deliveries])
        if unclear:
            await self._send_apart(ad_account_id, unclear)

    async def _not_told(self, requests: Iterable[Sequence[Awaiting]], error: PlatformError) -> None:
        log.warning("integrations.conversions.verdict_not_told", code=error.code)
        async with self._scopes() as scope:
            for deliveries in requests:
                if rules.pause_before_verdict(scope.now() - deliveries[0].acknowledged_at) is None:
                    ids = [one.id for one in deliveries]
                    await ConversionRepository(scope).settle(ids, verdict_due_at=None)

    async def _settle(
        self, deliveries: Sequence[Awaiting], told: Sequence[Verdict] | None, *, whole: int
    ) -> bool:
        """False where it has to be found out which of them came to nothing. `told` is None where nobody knows."""
        ids = [one.id for one in deliveries]
        async with self._scopes() as scope:
            rows = ConversionRepository(scope)
            if told is not None and len(told) < whole:
                pause = rules.pause_before_verdict(scope.now() - deliveries[0].acknowledged_at)
                await rows.settle(ids, verdict_due_at=None if pause is None else real_now() + pause)
                return True
            refused: dict[str, int] = {}
            for each in told or ():
                for code, count in each.refused.items():
                    refused[code] = refused.get(code, 0) + count
            outcome = rules.outcome(len(ids), refused)
            if outcome is rules.Outcome.COUNTED:
                await rows.settle(ids, verdict_due_at=None)
            elif outcome is rules.Outcome.REFUSED:
                CONVERSIONS.labels(deliveries[0].platform, DeliveryStatus.DEAD).inc(len(ids))
                await rows.give_up(ids, reason=next(iter(refused)))
                log.warning("integrations.conversions.refused_later", count=len(ids), reasons=sorted(refused))
        return outcome is not rules.Outcome.UNCLEAR

    async def _send_apart(self, ad_account_id: UUID, unclear: Sequence[Sequence[UUID]]) -> None:
        async with self._scopes() as scope:
            for ids in unclear:
                await ConversionRepository(scope).tell_again(ids)
        part = rules.part_of(max(len(ids) for ids in unclear))
        log.info("integrations.conversions.sent_apart", requests=len(unclear), part=part)
        await ConversionSender(self._scopes, batch=part).send_due(ad_account_id)


async def _told(platform: TellsLater, receipts: Sequence[str]) -> list[Verdict] | None:
    """None where the platform does not know the request any more."""
    try:
        return await platform.read_verdicts(receipts)
    except PlatformError as error:
        if error.kind is not PlatformErrorKind.INVALID:
            raise
        return None
