"""How a shop is reached: its sign-in, its tokens, and a client with its line. One shop, one host, checked first."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.auth.streams import Listener
from app.core.ids import uuid7
from app.db.session import Doors, Scopes
from app.models.integrations.connections import Connection
from app.models.integrations.kinds import ConnectionStatus, ShopProvider
from app.models.integrations.shops import Shop
from app.services.audit_logs.service import AuditLog
from app.services.integrations.connection_repository import ConnectionRepository
from app.services.integrations.connections.errors import SignInExpired
from app.services.integrations.errors import as_answer
from app.services.integrations.gateway import gateway
from app.services.integrations.lines import Lines
from app.services.integrations.ports import Credentials, PlatformError, PlatformErrorKind
from app.services.integrations.shop_vendors import SHOPS, shop_vendor
from app.services.integrations.shops import rules
from app.services.integrations.shops.errors import DomainInvalid, ShopNotFound
from app.services.integrations.shops.ports import RemoteShop, ShopClient, ShopSignIn
from app.services.integrations.shops.repository import ShopRepository
from app.services.integrations.signing_in import (
    SignIns,
    SignInState,
    Started,
    connected,
    forgotten,
    given_up,
    read_state,
    scopes_of,
)

_WAIT_MINUTES = 15


class ShopDoor:
    """Takes a scope factory: no transaction is open while a shop is called."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._lines = Lines(
            scopes, self._sign_in_for, ahead=lambda provider: shop_vendor(provider).refresh_ahead
        )

    async def client(self, shop: Shop) -> ShopClient:
        """`PlatformError` (auth) while its connection does not hold."""
        return (await self.reach(shop))[0]

    async def reach(self, shop: Shop) -> tuple[ShopClient, bytes | None]:
        """A client, and the token that it uses, as it is sealed."""
        usable = await self._lines.usable(shop.connection_id)
        line = await self._lines.to(shop.provider, shop.domain, usable.connection)
        client = shop_vendor(shop.provider).client(gateway().settings, line, shop.domain, usable.token)
        return client, usable.connection.token_sealed

    async def sign_in(self, provider: str, domain: str, connection_id: UUID | None = None) -> ShopSignIn:
        line = await self._lines.for_sign_in(provider, connection_id, name=_signing_in(domain))
        return shop_vendor(provider).sign_in(gateway().settings, line, domain)

    async def met(self, provider: str, domain: str, credentials: Credentials) -> RemoteShop:
        """Which shop a fresh sign-in reaches."""
        line = await self._lines.for_sign_in(provider, name=_signing_in(domain))
        vendor = shop_vendor(provider)
        return await vendor.client(gateway().settings, line, domain, credentials.token).shop()

    async def refresh_expiring(self) -> None:
        await self._lines.tokens.refresh_expiring(SHOPS)

    async def _sign_in_for(self, provider: str, connection_id: UUID) -> ShopSignIn:
        async with self._scopes() as scope:
            connection = await ConnectionRepository(scope).find(connection_id)
        if connection is None:
            raise ShopNotFound
        return await self.sign_in(provider, connection.external_user_id, connection_id)


async def finish_shop_sign_in(
    doors: Doors,
    query: Sequence[tuple[str, str]],
    *,
    provider: str,
    browser_secret: str | None,
    redirect_uri: str,
) -> Shop:
    """Where the shop sent the browser, with a query that its provider signed: only the state says who began this."""
    held = dict(query)
    domain = shop_vendor(provider).domain(held.get("shop", ""))
    if domain is None or not shop_vendor(provider).came_from(gateway().settings, query):
        raise SignInExpired
    state = read_state(held.get("state", ""))
    return await ShopConnecting(await scopes_of(doors, state, where="shop")).finish(
        state,
        provider,
        domain,
        code=held.get("code", ""),
        browser_secret=browser_secret,
        redirect_uri=redirect_uri,
    )


def _signing_in(domain: str) -> str:
    """A shop has a circuit of its own for this too: one that fails keeps nobody from the others."""
    return f"sign_in:{domain}"


def _bound(provider: str, domain: str) -> str:
    """A sign-in belongs to one browser and to one shop."""
    return f"|{provider}|{domain}"


class ShopConnecting:
    """Begins, finishes and ends the connection of a shop."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._door = ShopDoor(scopes)

    async def start(
        self, provider: ShopProvider, domain: str, who: Listener, *, redirect_uri: str
    ) -> Started:
        """Under the session or key of `who`, at the shop of this address and no other."""
        checked = shop_vendor(provider).domain(domain)
        if checked is None:
            raise DomainInvalid(shop_vendor(provider).example)
        sign_in = await self._door.sign_in(provider, checked)
        return await SignIns(self._scopes).begin(
            provider,
            who,
            lambda state: sign_in.authorize_url(redirect_uri=redirect_uri, state=state),
            read_only=True,
            bound=_bound(provider, checked),
        )

    async def finish(
        self,
        state: SignInState,
        provider: str,
        domain: str,
        *,
        code: str,
        browser_secret: str | None,
        redirect_uri: str,
    ) -> Shop:
        """Redeem the code, once, for the browser that began the sign-in at this very shop."""
        attempt = await SignIns(self._scopes).redeem(
            state, at={provider}, browser_secret=browser_secret, bound=_bound(provider, domain)
        )
        try:
            sign_in = await self._door.sign_in(provider, domain)
            credentials = await sign_in.exchange_code(code, redirect_uri=redirect_uri)
            met = await self._door.met(provider, domain, credentials)
        except PlatformError as error:
            raise as_answer(error) from error
        if met.domain != domain:
            raise SignInExpired
        return await self._keep(provider, credentials, met, by=attempt.started_by)

    async def _keep(
        self, provider: str, credentials: Credentials, met: RemoteShop, *, by: UUID | None
    ) -> Shop:
        async with self._scopes() as scope:
            connection = await connected(scope, provider, met.domain, credentials, by=by)
            connection.read_only, connection.external_user_name = True, met.name
            shops = ShopRepository(scope)
            shop = await shops.of(provider, met.domain)
            if shop is None:
                shop = _new_shop(provider, met, connection.id, scope.now())
                shops.add(shop)
            shop.connection_id, shop.name, shop.currency = connection.id, met.name, met.currency
            shop.next_sync_at = shop.subscribed_at = None
            shop.error_code = shop.error = None
            await scope.session.flush()
            await AuditLog(scope).record(
                "integrations.shops.connected",
                entity="shops",
                entity_id=shop.id,
                after={"provider": provider, "shop": met.domain, "scopes": list(credentials.scopes)},
            )
            await scope.enqueue("integrations.shops.sync", {"shop_id": str(shop.id)}, unless_pending=True)
            await scope.session.refresh(shop)
        return shop

    async def disconnect(self, shop_id: UUID) -> Shop:
        """Forget the token here, and give up our place in the shop; what was read stays, and nothing more is."""
        shop, connection, token = await self._forget(shop_id, "integrations.shops.disconnected")
        if connection is not None and token is not None:
            sign_in = await self._door.sign_in(shop.provider, shop.domain, connection.id)
            await given_up(sign_in.revoke(token), connection)
        return shop

    async def end_if_gone(self, shop_id: UUID) -> bool:
        """The shop says that we were taken out there: true if it no longer takes our token, and only then.

        A token that somebody signed in while the old one was tried stays.
        """
        async with self._scopes() as scope:
            shop = await ShopRepository(scope).find(shop_id)
            if shop is None:
                raise ShopNotFound(shop_id=str(shop_id))
            connection = await ConnectionRepository(scope).find(shop.connection_id)
        tried = None if connection is None else connection.token_sealed
        try:
            client, tried = await self._door.reach(shop)
            await client.shop()
        except PlatformError as error:
            if error.kind is not PlatformErrorKind.AUTH:
                raise
        else:
            return False
        if tried is None:
            return True
        _, _, token = await self._forget(shop_id, "integrations.shops.uninstalled", only=tried)
        return token is not None

    async def _forget(
        self, shop_id: UUID, action: str, *, only: bytes | None = None
    ) -> tuple[Shop, Connection | None, str | None]:
        """The shop, and the token that is forgotten with this; `only` the one that is so sealed, if that is said."""
        async with self._scopes() as scope:
            shop = await ShopRepository(scope).find(shop_id, for_update=True)
            if shop is None:
                raise ShopNotFound(shop_id=str(shop_id))
            connection = await ConnectionRepository(scope).for_update(shop.connection_id)
            if connection is None or connection.status == ConnectionStatus.DISCONNECTED:
                return shop, None, None
            if only is not None and connection.token_sealed != only:
                return shop, connection, None
            held = forgotten(connection, scope.tenant_id)
            shop.subscribed_at = None
            await AuditLog(scope).record(action, entity="shops", entity_id=shop.id)
        return shop, connection, held.token


def _new_shop(provider: str, met: RemoteShop, connection_id: UUID, now: datetime) -> Shop:
    return Shop(
        id=uuid7(),
        connection_id=connection_id,
        provider=provider,
        domain=met.domain,
        name=met.name,
        currency=met.currency,
        order_reference="id",
        wait_minutes=_WAIT_MINUTES,
        read_until=now - rules.HISTORY,
    )
