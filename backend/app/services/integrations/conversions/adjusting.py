"""Conversions whose order is worth something else since: told again at a platform that takes that for the same one.

Anywhere else a conversion that was reported stays as it was reported, and says so. A second one is sent nowhere: what
is told again has the first one's id, goes where the first one went, and only once the first one is known to count.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.logging import get_logger
from app.db.locks import exclusive_among
from app.db.session import Scopes, TenantScope
from app.models.integrations.ad_accounts import AdAccount
from app.services.cdp.events.service import EventService
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.conversions import rules
from app.services.integrations.conversions.questions import may_go_to_ads, of_the_erased, stored_event
from app.services.integrations.conversions.rules import AdjustmentStatus
from app.services.integrations.conversions.value_repository import AdjustmentRepository, ToAdjust
from app.services.integrations.ports import (
    AdPlatform,
    EventRefused,
    PlatformError,
    PlatformErrorKind,
    PreparedEvent,
    TellsLater,
)
from app.services.integrations.service import IntegrationsService, event_names, restates

log = get_logger(__name__)

_AT_ONCE = 200
_MOST_BATCHES = 20
_PURCHASE = "purchase"
_APART = "integrations.adjustment_unclear"
"""Of a request with several, some came to nothing: each of them goes alone next."""


async def enqueue_due(scope: TenantScope) -> None:
    for ad_account_id in await AdjustmentRepository(scope).accounts():
        payload = {"ad_account_id": str(ad_account_id)}
        await scope.enqueue("integrations.adjust_conversions", payload, unless_pending=True)


class ConversionAdjuster:
    """Between short transactions. Safe to run twice: the same worth again changes nothing."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def adjust_due(self, ad_account_id: UUID) -> int:
        """How many deliveries were dealt with."""
        async with exclusive_among(self._scopes, "adjust", str(ad_account_id)) as mine:
            return await self._adjust(ad_account_id) if mine else 0

    async def _adjust(self, ad_account_id: UUID) -> int:
        dealt_with = 0
        for _ in range(_MOST_BATCHES):
            async with self._scopes() as scope:
                account = await AdAccountRepository(scope).find(ad_account_id)
                event = event_names(account.platform).get(_PURCHASE) if account else None
                if account is None or event is None:
                    return dealt_with
                due = await AdjustmentRepository(scope).due(ad_account_id, event, _AT_ONCE)
            if not due:
                return dealt_with
            dealt_with += len(due)
            if not await self._batch(account, due):
                return dealt_with
        return dealt_with

    async def _batch(self, account: AdAccount, due: Sequence[ToAdjust]) -> bool:
        """False where the platform cannot be reached now."""
        async with self._scopes() as scope:
            rows = AdjustmentRepository(scope)
            working = [each for each in due if each.held and each.held.status == AdjustmentStatus.TAKEN]
            rest = [each for each in due if each not in working]
            await rows.keep([each for each in rest if each.is_even], AdjustmentStatus.EVEN, told=True)
            rest = [each for each in rest if not each.is_even]
            why = _why_not(account)
            if why is not None:
                await rows.keep(rest, AdjustmentStatus.IMPOSSIBLE, reason=why)
                rest = []
            elsewhere = [each for each in rest if not _went_to(each, account.pixel_id)]
            await rows.keep(elsewhere, AdjustmentStatus.IMPOSSIBLE, reason="other_destination")
            rest = [each for each in rest if each not in elsewhere]
        if not rest and not working:
            return True
        try:
            platform = await IntegrationsService(self._scopes).connector(account.id)
            if working:
                await self._hear(platform, working)
        except PlatformError as error:
            await self._failed([*rest, *working], error)
            return False
        return await self._tell(platform, account, rest)

    async def _hear(self, platform: AdPlatform, working: Sequence[ToAdjust]) -> None:
        requests: dict[tuple[str, ...], list[ToAdjust]] = {}
        for each in working:
            requests.setdefault(tuple(each.held.receipts) if each.held else (), []).append(each)
        for receipts, theirs in requests.items():
            told = await platform.read_verdicts(receipts) if isinstance(platform, TellsLater) else []
            refused: dict[str, int] = {}
            for verdict in told:
                for code, count in verdict.refused.items():
                    refused[code] = refused.get(code, 0) + count
            async with self._scopes() as scope:
                rows = AdjustmentRepository(scope)
                if len(told) < len(receipts):
                    age = (
                        real_now() - (theirs[0].held.next_at or real_now()) if theirs[0].held else timedelta()
                    )
                    await rows.wait(theirs, real_now() + max(rules.FIRST_VERDICT, age))
                    continue
                match rules.outcome(len(theirs), refused):
                    case rules.Outcome.COUNTED:
                        await rows.heard(theirs, reason=None)
                    case rules.Outcome.REFUSED:
                        await rows.heard(theirs, reason=next(iter(refused)))
                    case _:
                        await rows.keep(theirs, AdjustmentStatus.FAILED, reason=_APART, next_at=real_now())

    async def _tell(self, platform: AdPlatform, account: AdAccount, rows: Sequence[ToAdjust]) -> bool:
        ready = await self._prepared(platform, rows)
        alone = [each for each in ready if each[0].held and each[0].held.reason == _APART]
        together = [each for each in ready if each not in alone]
        for part in [*([together] if together else []), *([each] for each in alone)]:
            if not await self._send(platform, account, part):
                return False
        return True

    async def _send(
        self, platform: AdPlatform, account: AdAccount, part: Sequence[tuple[ToAdjust, PreparedEvent]]
    ) -> bool:
        rows = [row for row, _ in part]
        try:
            answer = await platform.send_events(account.pixel_id or "", [event for _, event in part])
        except PlatformError as error:
            if error.kind is PlatformErrorKind.INVALID and len(part) > 1:
                async with self._scopes() as scope:
                    await AdjustmentRepository(scope).keep(
                        rows, AdjustmentStatus.FAILED, reason=_APART, next_at=real_now()
                    )
                return True
            await self._failed(rows, error)
            return error.kind is PlatformErrorKind.INVALID
        async with self._scopes() as scope:
            adjustments = AdjustmentRepository(scope)
            if answer.receipts:
                await adjustments.keep(
                    rows,
                    AdjustmentStatus.TAKEN,
                    receipts=answer.receipts,
                    next_at=real_now() + rules.FIRST_VERDICT,
                )
            else:
                await adjustments.keep(rows, AdjustmentStatus.ADJUSTED, told=True)
        log.info("integrations.conversions.adjusted", platform=platform.platform, count=len(rows))
        return True

    async def _prepared(
        self, platform: AdPlatform, rows: Sequence[ToAdjust]
    ) -> list[tuple[ToAdjust, PreparedEvent]]:
        """Consent and form are asked of anew; what may not be told stays as it was reported."""
        ready: list[tuple[ToAdjust, PreparedEvent]] = []
        left: dict[str, list[ToAdjust]] = {}
        async with self._scopes() as scope:
            now = scope.now()
            named = [(each.delivery.event_received_at, each.delivery.event_id) for each in rows]
            events = await EventService(scope).by_keys(named)
            found = {event.id: (event, stored_event(event, scope.tenant_id)) for event in events}
            decided = await may_go_to_ads(scope, list(found.values()))
            granted = {event_id for event_id, yes in zip(found, decided, strict=True) if yes}
            erased = await of_the_erased(scope, events)
            for each in rows:
                event_id = each.delivery.event_id
                if event_id not in found or event_id in erased:
                    left.setdefault("event_erased", []).append(each)
                elif event_id not in granted:
                    left.setdefault("consent_refused", []).append(each)
                else:
                    told = rules.to_conversion(found[event_id][1], each.delivery.event_name)
                    now_worth = replace(
                        told, value_micros=each.value.value_micros, currency=each.value.currency
                    )
                    prepared = platform.prepare_event(now_worth, now)
                    if isinstance(prepared, EventRefused):
                        left.setdefault(prepared.reason, []).append(each)
                    else:
                        ready.append((each, prepared))
            for reason, theirs in left.items():
                await AdjustmentRepository(scope).keep(theirs, AdjustmentStatus.IMPOSSIBLE, reason=reason)
        return ready

    async def _failed(self, rows: Sequence[ToAdjust], error: PlatformError) -> None:
        never = error.kind in {PlatformErrorKind.INVALID, PlatformErrorKind.UNSUPPORTED}
        async with self._scopes() as scope:
            adjustments = AdjustmentRepository(scope)
            for each in rows:
                if each.held is not None and each.held.status == AdjustmentStatus.TAKEN:
                    await adjustments.wait([each], real_now() + rules.FIRST_VERDICT)
                    continue
                attempts = 1 + (each.held.attempts if each.held else 0)
                gives_up = never or attempts >= rules.MOST_ATTEMPTS
                await adjustments.keep(
                    [each],
                    AdjustmentStatus.DEAD if gives_up else AdjustmentStatus.FAILED,
                    reason=error.code,
                    attempts=attempts,
                    next_at=None
                    if gives_up
                    else real_now() + rules.pause_before_retry(attempts, error.retry_after),
                )
        log.warning("integrations.conversions.not_adjusted", code=error.code, count=len(rows))


def _why_not(account: AdAccount) -> str | None:
    if not restates(account.platform):
        return "platform_cannot_adjust"
    if not account.conversions_enabled or not account.pixel_id:
        return "switched_off"
    return None


def _went_to(row: ToAdjust, destination: str | None) -> bool:
    return (row.delivery.response or {}).get(rules.DESTINATION) == destination
