"""The door to the platforms: a connector for an ad account, with its token, its limits and its desk."""

from dataclasses import dataclass
from uuid import UUID

from app.core.security import unseal
from app.db.session import Scopes, tenant_key
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.connections import Connection
from app.models.integrations.kinds import CallOutcome, ConnectionStatus, Platform
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.calls.service import call_log
from app.services.integrations.connection_repository import ConnectionRepository
from app.services.integrations.errors import AdAccountNotFound
from app.services.integrations.gateway import Gateway, close_gateway, gateway
from app.services.integrations.meta.client import MetaClient
from app.services.integrations.meta.sign_in import MetaSignIn
from app.services.integrations.meta.transport import GraphTransport
from app.services.integrations.ports import (
    AdPlatform,
    CallLog,
    CallRecord,
    Permits,
    PlatformError,
    PlatformErrorKind,
    PlatformSignIn,
)
from app.services.trust_engine.gate.desk import PermitDesk

TOKEN_PURPOSE = "integrations.token"  # noqa: S105  (names what is sealed)

__all__ = ["TOKEN_PURPOSE", "IntegrationsService", "circuit_key", "close_gateway"]


def circuit_key(tenant_id: int, platform: str, account: str) -> str:
    """The name of an account's circuit, for this tenant alone."""
    return tenant_key(tenant_id, "circuit", platform, account)


@dataclass(frozen=True, slots=True)
class _Line:
    """What a connector is made from, read in one short transaction."""

    tenant_id: int
    account: AdAccount
    connection: Connection


class IntegrationsService:
    """Takes a scope factory: no transaction is open while a platform is called."""

    def __init__(self, scopes: Scopes, permits: Permits | None = None) -> None:
        self._scopes = scopes
        self._permits = permits or PermitDesk(scopes)

    async def connector(self, ad_account_id: UUID) -> AdPlatform:
        """The account's platform; `PlatformError` (auth) while its connection does not hold."""
        line = await self._line(ad_account_id)
        token = usable_token(line.connection, line.tenant_id)
        way = gateway()
        log = self._watching(
            call_log(self._scopes, connection_id=line.connection.id, ad_account_id=ad_account_id),
            line.connection.id,
        )
        key = circuit_key(line.tenant_id, line.account.platform, line.account.external_id)
        transport = GraphTransport(way.http, way.meta, way.breaker, log, circuit=key)
        return MetaClient(
            transport,
            self._permits,
            token=token,
            account=line.account.external_id,
            currency=line.account.currency,
            read_only=line.connection.read_only or not line.account.write_lease,
            own_app=_is_own_app(way, line.connection.app_id),
        )

    async def sign_in(self, platform: Platform, *, connection_id: UUID | None = None) -> PlatformSignIn:
        async with self._scopes() as scope:
            key = circuit_key(scope.tenant_id, platform, "sign_in")
        way = gateway()
        log = call_log(self._scopes, connection_id=connection_id, ad_account_id=None)
        return MetaSignIn(
            GraphTransport(way.http, way.meta, way.breaker, log, circuit=key),
            dialog_url=way.settings.meta_dialog_url,
            version=way.settings.meta_api_version,
            app_id=way.meta.app_id,
            app_secret=way.meta.app_secret,
        )

    async def _line(self, ad_account_id: UUID) -> _Line:
        async with self._scopes() as scope:
            found = await AdAccountRepository(scope).connected(ad_account_id)
            if found is None:
                raise AdAccountNotFound(ad_account_id=str(ad_account_id))
            return _Line(scope.tenant_id, found.account, found.connection)

    def _watching(self, log: CallLog, connection_id: UUID) -> CallLog:
        """Writes down, and marks the connection when the platform no longer takes its token."""

        async def write_down(record: CallRecord) -> None:
            await log(record)
            if record.outcome is not CallOutcome.AUTH:
                return
            async with self._scopes() as scope:
                marked = await ConnectionRepository(scope).needs_sign_in(
                    connection_id, code=record.error_code
                )
                if marked:
                    await scope.announce(
                        "platform_status",
                        {
                            "platform": record.platform,
                            "connection_id": str(connection_id),
                            "status": ConnectionStatus.NEEDS_SIGN_IN,
                            "code": record.error_code,
                        },
                    )

        return write_down


def usable_token(connection: Connection, tenant_id: int) -> str:
    if connection.status != ConnectionStatus.ACTIVE or connection.token_sealed is None:
        raise PlatformError(
            PlatformErrorKind.AUTH,
            f"{connection.platform}.not_connected",
            "This connection needs a new sign-in.",
        )
    return unseal(connection.token_sealed, purpose=TOKEN_PURPOSE, tenant_id=tenant_id)


def _is_own_app(way: Gateway, app_id: str | None) -> bool:
    return app_id is not None and app_id == way.meta.app_id
