"""One ad account at Meta: how it is asked, and the one way by which it is changed."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from app.core.logging import get_logger
from app.services.integrations.meta.transport import PLATFORM, GraphTransport
from app.services.integrations.ports import Permits, PlatformError, PlatformErrorKind
from app.services.integrations.wire import Upload
from app.services.trust_engine.gate.permits import Change, Permit

log = get_logger(__name__)

_PASSING = frozenset({PlatformErrorKind.TRANSIENT, PlatformErrorKind.RATE_LIMITED})


class MetaAccount:
    def __init__(
        self,
        transport: GraphTransport,
        permits: Permits,
        *,
        token: str,
        number: str,
        read_only: bool,
        own_app: bool,
    ) -> None:
        self._transport = transport
        self._permits = permits
        self._token = token
        self._own_app = own_app
        self.number = number
        self.read_only = read_only
        self.may_leave = transport.may_leave

    @property
    def node(self) -> str:
        return f"act_{self.number}"

    async def look(self, operation: str, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        return await self._transport.read(operation, path, params, token=self._token, own_app=self._own_app)

    async def ask(self, operation: str, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        """What a write waits for."""
        return await self._transport.ask(operation, path, params, token=self._token, own_app=self._own_app)

    def pages(self, operation: str, path: str, params: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        return self._transport.pages(operation, path, params, token=self._token, own_app=self._own_app)

    async def send(
        self,
        change: Change,
        permit: Permit,
        path: str,
        params: Mapping[str, str],
        *,
        patient: bool = False,
        upload: Upload | None = None,
    ) -> dict[str, Any]:
        """What may leave, leaves here."""
        await self._permits.use(permit, change)
        return await self._transport.write(
            change.operation,
            path,
            params,
            token=self._token,
            own_app=self._own_app,
            permit_id=permit.id,
            patient=patient,
            upload=upload,
        )

    async def demand_own(self, entity: str, *, is_stop: bool) -> None:
        """Ask Meta whose the entity is: one token reaches many accounts, and an id says nothing of its own.

        A stop that cannot learn it goes on, for nothing may hold a stop back; one for another account does not.
        """
        try:
            row = await self.ask("read_owner", entity, {"fields": "account_id"})
        except PlatformError as error:
            if not is_stop or error.kind not in _PASSING:
                raise
            log.warning("integrations.owner_not_asked", entity=entity, code=error.code)
            return
        self.demand_this(row)

    def demand_this(self, row: Mapping[str, Any]) -> None:
        if str(row.get("account_id")) != self.number:
            raise PlatformError(
                PlatformErrorKind.PERMISSION, "meta.other_account", "This belongs to another ad account."
            )

    def demand_new(self, change: Change, operation: str, entity_type: str) -> None:
        """Refuse, before a permit is spent, what creates nothing of this kind in this account."""
        self.demand_for_here(change, operation)
        if change.entity_type != entity_type or change.before:
            raise invalid("meta.other_change", f"{operation} creates what was not there, of its own kind.")

    def demand_for_here(self, change: Change, operation: str) -> None:
        if self.read_only:
            raise may_only_read()
        if (change.platform, change.account, change.operation) != (PLATFORM, self.number, operation):
            raise invalid("meta.other_change", "This change is for another account or operation.")


def invalid(code: str, message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.INVALID, code, message)


def may_only_read() -> PlatformError:
    return PlatformError(PlatformErrorKind.PERMISSION, "meta.read_only", "This connection may only read.")
