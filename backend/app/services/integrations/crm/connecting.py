"""How a CRM is reached: its sign-in, its tokens, and a connector with its line."""

from collections.abc import Sequence
from uuid import UUID

from app.auth.streams import Listener
from app.core.ids import uuid7
from app.db.session import Doors, Scopes
from app.models.integrations.crm import CrmAccount
from app.models.integrations.kinds import ConnectionStatus, CrmProvider
from app.services.audit_logs.service import AuditLog
from app.services.integrations.connection_repository import ConnectionRepository
from app.services.integrations.crm import following
from app.services.integrations.crm.errors import CrmAccountNotFound, CrmNotWritable
from app.services.integrations.crm.ports import Crm, CrmSignIn, CrmWriter, Kind, RemoteCrm
from app.services.integrations.crm.repository import CrmRepository
from app.services.integrations.crm.rights import can_write, written_kinds
from app.services.integrations.crms import CRMS, crm_of, writable
from app.services.integrations.errors import as_answer
from app.services.integrations.gateway import gateway
from app.services.integrations.lines import Lines
from app.services.integrations.ports import Credentials, PlatformError
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


class CrmDoor:
    """Takes a scope factory: no transaction is open while a CRM is called."""

    def __init__(self, scopes: Scopes) -> None:
        self._lines = Lines(scopes, self.sign_in, ahead=lambda provider: crm_of(provider).refresh_ahead)

    async def crm(self, account: CrmAccount) -> Crm:
        """`PlatformError` (auth) while its connection does not hold."""
        usable = await self._lines.usable(account.connection_id)
        line = await self._lines.to(account.provider, account.external_id, usable.connection)
        host = usable.connection.host
        return crm_of(account.provider).crm(gateway().settings, line, usable.token, host)

    async def writer(self, account: CrmAccount, kind: Kind = "contacts") -> CrmWriter | None:
        """As `crm`; None where these cannot be written, or whoever signed in did not allow it."""
        vendor = writable(account.provider)
        usable = await self._lines.usable(account.connection_id)
        if vendor is None or not can_write(account, usable.connection, kind):
            return None
        line = await self._lines.to(account.provider, account.external_id, usable.connection)
        return vendor.writer(gateway().settings, line, usable.token, usable.connection.host)

    async def sign_in(
        self, provider: str, connection_id: UUID | None = None, *, writes: Sequence[Kind] = ()
    ) -> CrmSignIn:
        line = await self._lines.for_sign_in(provider, connection_id)
        vendor = writable(provider) if writes else None
        if vendor is not None:
            return vendor.writing_sign_in(gateway().settings, line, writes)
        return crm_of(provider).sign_in(gateway().settings, line)

    async def met(self, provider: str, credentials: Credentials) -> tuple[RemoteCrm, set[str]]:
        """Which account a fresh sign-in reaches, and which properties contacts have there."""
        line = await self._lines.for_sign_in(provider)
        crm = crm_of(provider).crm(gateway().settings, line, credentials.token, credentials.host)
        return await crm.account(), {each.name for each in await crm.properties("contacts")}

    async def refresh_expiring(self) -> None:
        await self._lines.tokens.refresh_expiring(CRMS)


async def finish_crm_sign_in(
    doors: Doors, sealed: str, *, provider: str, code: str, browser_secret: str | None, redirect_uri: str
) -> CrmAccount:
    """Where the CRM sent the browser, in the name of whoever began it."""
    state = read_state(sealed)
    connecting = CrmConnecting(await scopes_of(doors, state, where="CRM"))
    return await connecting.finish(
        state, provider=provider, code=code, browser_secret=browser_secret, redirect_uri=redirect_uri
    )


class CrmConnecting:
    """Begins, finishes and ends the connection of a CRM."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._door = CrmDoor(scopes)

    async def start(
        self, provider: CrmProvider, who: Listener, *, redirect_uri: str, writes: Sequence[Kind] = ()
    ) -> Started:
        """Under the session or key of `who`; `writes` asks for the right to write these besides."""
        if writes and writable(provider) is None:
            raise CrmNotWritable
        sign_in = await self._door.sign_in(provider, writes=writes)
        return await SignIns(self._scopes).begin(
            provider,
            who,
            lambda state: sign_in.authorize_url(
                redirect_uri=redirect_uri, state=state, attempt=read_state(state).attempt_id
            ),
            read_only=not writes,
        )

    async def finish(
        self, state: SignInState, *, provider: str, code: str, browser_secret: str | None, redirect_uri: str
    ) -> CrmAccount:
        """Redeem the code, once, for the browser that began the sign-in at this very CRM."""
        attempt = await SignIns(self._scopes).redeem(state, at={provider}, browser_secret=browser_secret)
        try:
            sign_in = await self._door.sign_in(provider, writes=() if attempt.read_only else ("contacts",))
            credentials = await sign_in.exchange_code(code, redirect_uri=redirect_uri, attempt=attempt.id)
            met, properties = await self._door.met(provider, credentials)
        except PlatformError as error:
            raise as_answer(error) from error
        vendor = None if attempt.read_only else writable(provider)
        writes = vendor is not None and vendor.writing_scopes["contacts"] in credentials.scopes
        new = _new_account(provider, met, properties)
        return await self._keep(credentials, new, by=attempt.started_by, writes=writes)

    async def _keep(
        self, credentials: Credentials, new: CrmAccount, *, by: UUID | None, writes: bool
    ) -> CrmAccount:
        """`new` as it is where the account was not connected before."""
        async with self._scopes() as scope:
            connection = await connected(scope, new.provider, new.external_id, credentials, by=by)
            connection.read_only, connection.external_user_name = not writes, new.name
            accounts = CrmRepository(scope)
            account = await accounts.of(new.provider, new.external_id)
            currency = new.currency
            if account is None:
                account = new
                accounts.add(account)
            account.connection_id, account.currency = connection.id, currency
            account.next_sync_at = None
            account.error_code = account.error = None
            await following.follow(scope, account, written_kinds(account, connection))
            await scope.session.flush()
            await AuditLog(scope).record(
                "integrations.crm.connected",
                entity="crm_accounts",
                entity_id=account.id,
                after={
                    "provider": new.provider,
                    "account": new.external_id,
                    "scopes": list(credentials.scopes),
                },
            )
            await scope.enqueue("integrations.crm.sync", {"account_id": str(account.id)}, unless_pending=True)
            await scope.session.refresh(account)
        return account

    async def disconnect(self, account_id: UUID) -> CrmAccount:
        """Forget the token here, and have the CRM forget it; what was read stays, and nothing more is."""
        async with self._scopes() as scope:
            account = await CrmRepository(scope).find(account_id, for_update=True)
            if account is None:
                raise CrmAccountNotFound(account_id=str(account_id))
            connection = await ConnectionRepository(scope).for_update(account.connection_id)
            if connection is None or connection.status == ConnectionStatus.DISCONNECTED:
                return account
            held = forgotten(connection, scope.tenant_id)
            following.end(account)
            await AuditLog(scope).record(
                "integrations.crm.disconnected", entity="crm_accounts", entity_id=account.id
            )
        if held.token is not None:
            sign_in = await self._door.sign_in(account.provider, connection.id)
            await given_up(sign_in.revoke(held.token, held.refresh_token), connection)
        return account


def _new_account(provider: str, met: RemoteCrm, properties: set[str]) -> CrmAccount:
    """What is told of a contact at first, as far as contacts have it there."""
    return CrmAccount(
        id=uuid7(),
        provider=provider,
        external_id=met.external_id,
        name=met.name,
        currency=met.currency,
        mapping=[
            {"property": name, "to": to, "name": trait}
            for name, to, trait in crm_of(provider).standard_mapping
            if name in properties
        ],
        won_event="Order Completed",
    )
