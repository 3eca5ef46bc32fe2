"""The graph in the database: read and written by sets, under the tenant's lock."""

from app.db.session import TenantScope
from app.services.cdp.identity.edges_repository import Edges
from app.services.cdp.identity.identifiers_repository import Identifiers
from app.services.cdp.identity.queue_repository import Queue

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"


class Graph:
    """One tenant's graph, in one transaction: what waits for it, its identifiers, and the ledger of its edges."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self.queue = Queue(scope)
        self.identifiers = Identifiers(scope)
        self.edges = Edges(scope)

    async def lock(self) -> None:
        """Wait for the tenant's turn at the graph; held to the end of the transaction."""
        await (await self._scope.driver()).execute(_LOCK, self._scope.key("cdp.identity"))

    async def try_lock(self) -> bool:
        """The same, without waiting."""
        return bool(await (await self._scope.driver()).fetchval(_TRY_LOCK, self._scope.key("cdp.identity")))
