"""A failed call is made again, by the way that is safe for what it was: seldom is that the same request."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.logging import REDACTED, get_logger
from app.db.session import Scopes, TenantScope
from app.models.integrations.calls import PlatformCall
from app.models.integrations.kinds import CallOutcome, ConnectionStatus
from app.services.audit_logs.service import AuditLog
from app.services.cdp.audience_sync.service import AudienceSyncService
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.ad_accounts.service import AdAccountService
from app.services.integrations.calls import rules
from app.services.integrations.calls.errors import (
    CallsPause,
    GateNeeded,
    NothingLeft,
    NotMadeAgain,
    SignInNeeded,
)
from app.services.integrations.calls.repository import CallRepository
from app.services.integrations.calls.service import CallService
from app.services.integrations.conversions.service import ConversionService
from app.services.integrations.health.service import circuit_of
from app.services.integrations.ports import AskedRead, PlatformError
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.service import GateService

log = get_logger(__name__)

_REPLAYS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class CallView:
    """A call with what it means, how it may be made again, and what came of that."""

    call: PlatformCall
    meaning: str
    again: rules.Again
    action_id: UUID | None
    """The action whose change it carried."""
    replays: Sequence[PlatformCall]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was set going: `queued` counts conversions or audiences, and is 1 for a read or a sync."""

    way: rules.Way
    queued: int


class CallReplays:
    """For people: it decides, writes down who asked, and leaves the work to a task."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._calls = CallService(scope)

    async def look(self, call_id: UUID) -> CallView:
        call = await self._calls.get(call_id)
        again = rules.again(_facts(call))
        action_id = None
        if call.permit_id is not None:
            action_id = await GateService(self._scope).action_of(call.permit_id)
        if action_id is not None:
            again = rules.Again(again.way, again.why, rules.Place.ACTION)
        replays = await CallRepository(self._scope).replays(call_id, _REPLAYS_SHOWN)
        return CallView(call, rules.meaning(call.outcome), again, action_id, replays)

    async def replay(self, call_id: UUID) -> Replayed:
        """Have it made again after this transaction; an error that says where to go where it cannot be."""
        call = await self._calls.get(call_id)
        again = rules.again(_facts(call))
        if again.way is rules.Way.NONE or call.ad_account_id is None:
            if call.mutating and call.outcome != CallOutcome.OK:
                raise GateNeeded(call_id=str(call_id))
            raise NotMadeAgain(again.why, call_id=str(call_id))
        await self._demand_way(call.ad_account_id)
        queued = await self._set_going(call, call.ad_account_id, again.way)
        if not queued:
            raise NothingLeft(call_id=str(call_id))
        await AuditLog(self._scope).record(
            "integrations.calls.replayed",
            entity="platform_calls",
            entity_id=call_id,
            after={"operation": call.operation, "way": again.way, "queued": queued},
        )
        return Replayed(again.way, queued)

    async def _demand_way(self, ad_account_id: UUID) -> None:
        """A connection that holds and a circuit that lets calls pass: what is refused before it leaves has no log."""
        found = await AdAccountRepository(self._scope).connected(ad_account_id)
        if found is None or found.connection.status != ConnectionStatus.ACTIVE:
            raise SignInNeeded(ad_account_id=str(ad_account_id))
        circuit, seconds = await circuit_of(self._scope.tenant_id, found.account)
        if circuit == "open" or seconds:
            raise CallsPause(ad_account_id=str(ad_account_id), circuit=circuit, seconds=seconds)

    async def _set_going(self, call: PlatformCall, ad_account_id: UUID, way: rules.Way) -> int:
        if way is rules.Way.CONVERSIONS:
            return await ConversionService(self._scope).replay_failed(ad_account_id, call.error_code)
        if way is rules.Way.AUDIENCE:
            external_id = None if call.operation == "create_audience" else call.path.partition("/")[0]
            return await AudienceSyncService(self._scope).bring_up(ad_account_id, external_id)
        if way is rules.Way.SYNC:
            await AdAccountService(self._scope).request_sync(ad_account_id)
            return 1
        await self._scope.enqueue("integrations.read_again", {"call_id": str(call.id)}, unless_pending=True)
        return 1


class ReadsAgain:
    """Takes a scope factory: no transaction is open while the platform is asked."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def read(self, call_id: UUID) -> None:
        """Ask once more; what came of it is a row of the log that names this call.

        What only a synchronisation keeps is then read by one, since an answer that nobody takes mends nothing.
        """
        async with self._scopes() as scope:
            call = await CallRepository(scope).find(call_id)
        if call is None or call.ad_account_id is None or rules.again(_facts(call)).way is not rules.Way.READ:
            return
        read = AskedRead(call.operation, call.path, call.asked or {})
        try:
            speech = await IntegrationsService(self._scopes).speech(call.ad_account_id, replay_of=call_id)
            await speech.vendor.read_again(speech.settings, speech.line, speech.speaker, read)
        except PlatformError as error:
            log.info("integrations.calls.failed_again", call_id=str(call_id), code=error.code)
            return
        if not rules.is_of_a_sync(call.operation):
            return
        async with self._scopes() as scope:
            accounts = AdAccountService(scope)
            if (await accounts.get(call.ad_account_id)).enabled:
                await accounts.request_sync(call.ad_account_id)


def _facts(call: PlatformCall) -> rules.Facts:
    return rules.Facts(
        operation=call.operation,
        outcome=call.outcome,
        mutating=call.mutating,
        of_account=call.ad_account_id is not None,
        is_whole=call.asked is not None and REDACTED not in str(call.asked),
    )
