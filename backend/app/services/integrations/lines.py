"""The line to whoever we call: the pooled client, the circuit of one account for one tenant, and the log of calls."""

from uuid import UUID

from app.db.session import Scopes, tenant_key
from app.models.integrations.connections import Connection
from app.services.integrations.calls.service import call_log
from app.services.integrations.connection_repository import ConnectionRepository
from app.services.integrations.errors import ConnectionNotFound
from app.services.integrations.gateway import gateway
from app.services.integrations.tokens import Ahead, SignIn, Tokens, Usable
from app.services.integrations.wire import Line


def circuit_key(tenant_id: int, platform: str, account: str) -> str:
    """The name of an account's circuit, for this tenant alone."""
    return tenant_key(tenant_id, "circuit", platform, account)


class Lines:
    """Takes a scope factory: no transaction is open while anybody is called."""

    def __init__(self, scopes: Scopes, sign_in: SignIn, *, ahead: Ahead | None = None) -> None:
        self._scopes = scopes
        self.tokens = Tokens(scopes, sign_in, ahead=ahead)

    async def usable(self, connection_id: UUID) -> Usable:
        """A token to speak with; `PlatformError` (auth) while its connection does not hold."""
        async with self._scopes() as scope:
            connection = await ConnectionRepository(scope).find(connection_id)
        if connection is None:
            raise ConnectionNotFound(connection_id=str(connection_id))
        return await self.tokens.usable(connection)

    async def to(self, platform: str, account: str, used: Connection) -> Line:
        """Under a connection whose token was taken; that it is refused is noted."""
        return await self._line(platform, account, used.id, used)

    async def for_sign_in(
        self, platform: str, connection_id: UUID | None = None, *, name: str = "sign_in"
    ) -> Line:
        """`name` of the circuit; `connection_id` where one is renewed or ended."""
        return await self._line(platform, name, connection_id, None)

    async def _line(
        self, platform: str, account: str, connection_id: UUID | None, used: Connection | None
    ) -> Line:
        async with self._scopes() as scope:
            key = circuit_key(scope.tenant_id, platform, account)
        write = call_log(self._scopes, connection_id=connection_id, ad_account_id=None)
        if used is not None:
            write = self.tokens.watching(write, used)
        return Line(gateway().http, gateway().breaker, write, key)
