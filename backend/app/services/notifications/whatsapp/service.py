"""A company's WhatsApp number: connected once Meta has said whose it is, its templates handed in and looked after."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from app.core.clock import real_now
from app.core.config import Settings
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.core.security import random_token, seal, token_hash
from app.db.session import Scopes, TenantScope
from app.models.notifications.whatsapp import WhatsAppAccount
from app.services.audit_logs.service import AuditLog
from app.services.notifications.cloud_api.client import WhatsAppClient
from app.services.notifications.cloud_api.codes_rules import Fate, verdict
from app.services.notifications.cloud_api.keys import (
    WHATSAPP_SECRET,
    WHATSAPP_TOKEN,
    MakeWhatsApp,
    credentials_of,
)
from app.services.notifications.cloud_api.ports import Credentials, NumberIdentity, WhatsApp, WhatsAppRefused
from app.services.notifications.cloud_api.repository import (
    AccountRepository,
    HeardRepository,
    PeopleRepository,
)
from app.services.notifications.cloud_api.templates_rules import NAMES, Standing, standings, wanted
from app.services.notifications.whatsapp.errors import (
    WhatsAppNotConnected,
    WhatsAppRefusal,
    WhatsAppUnreachable,
    WhatsAppUnwilling,
)

__all__ = ["Standing", "WhatsAppChannel", "WhatsAppDesk", "WhatsAppState", "forget_heard"]

log = get_logger(__name__)

T = TypeVar("T")
HOOK_PREFIX = "wah"
_HEARD_KEPT = timedelta(days=30)
_GRAPH_INVALID = 100


@dataclass(frozen=True, slots=True)
class WhatsAppState:
    """What is set up. `callback_url` is what Meta's app is given as its webhook."""

    phone_number_id: str
    waba_id: str
    display_number: str
    verified_name: str
    quality: str | None
    enabled: bool
    webhook_verified_at: datetime | None
    heard_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    created_at: datetime
    callback_url: str
    templates: list[Standing]


class WhatsAppChannel:
    """What needs no call."""

    def __init__(self, scope: TenantScope, settings: Settings) -> None:
        self._scope = scope
        self._url = settings.public_url.rstrip("/")
        self._rows = AccountRepository(scope)

    async def state(self) -> WhatsAppState | None:
        account = await self._rows.get()
        if account is None:
            return None
        found = await self._rows.templates()
        hook = f"{HOOK_PREFIX}_{self._scope.tenant_id}_{account.id.hex}"
        return WhatsAppState(
            phone_number_id=account.phone_number_id,
            waba_id=account.waba_id,
            display_number=account.display_number,
            verified_name=account.verified_name,
            quality=account.quality,
            enabled=account.enabled,
            webhook_verified_at=account.webhook_verified_at,
            heard_at=account.heard_at,
            last_error=account.last_error,
            last_error_at=account.last_error_at,
            created_at=account.created_at,
            callback_url=f"{self._url}/api/v1/notifications/whatsapp/webhook/{hook}",
            templates=[found[name] for name in NAMES if name in found],
        )

    async def switch(self, *, enabled: bool) -> None:
        account = await _found(self._scope)
        account.enabled = enabled
        await self._rows.save(account)
        await _audit(self._scope, "changed", account)

    async def new_verify_token(self) -> str:
        """For a webhook that is set up again; the one before counts no more."""
        account = await _found(self._scope)
        token = random_token()
        account.verify_hash, account.webhook_verified_at = token_hash(token), None
        await self._rows.save(account)
        await _audit(self._scope, "verify_token_changed", account)
        return token

    async def disconnect(self) -> None:
        """Token and secret are forgotten; whom the company may write to is kept, and so are the receipts."""
        account = await _found(self._scope)
        await _audit(self._scope, "disconnected", account)
        await self._rows.delete(account)


class WhatsAppDesk:
    """What asks Meta first; no transaction is open meanwhile."""

    def __init__(self, scopes: Scopes, settings: Settings, whatsapp: MakeWhatsApp | None = None) -> None:
        self._scopes = scopes
        self._public_url = settings.public_url
        self._whatsapp: MakeWhatsApp = whatsapp or (lambda own: WhatsAppClient(settings, own))

    async def connect(self, own: Credentials) -> str | None:
        """Take a number, once Meta has said that number, account, token and secret belong together.

        Answers the webhook's verify token where the number is new, which no other answer shows.
        """
        whatsapp = self._whatsapp(own)
        try:
            identity = await whatsapp.number()
            await whatsapp.subscribe()
            found = standings(await whatsapp.templates(), self._public_url)
        except WhatsAppRefused as error:
            raise _refusal(error) from error
        async with self._scopes() as scope:
            token = await _keep(scope, own, identity)
            await AccountRepository(scope).put_templates(found)
        return token

    async def hand_in(self) -> None:
        """Hand in whichever template the account does not have, and look at all of them again."""
        whatsapp = await self._connected()
        found = standings(await self._asked(whatsapp.templates()), self._public_url)
        for each in found:
            if each.status == "missing":
                await self._asked(whatsapp.create(wanted(each.name, self._public_url)))
        await self.look()
        async with self._scopes() as scope:
            await _audit(scope, "templates_handed_in", await _found(scope))

    async def look(self) -> None:
        """See how Meta judges the templates now."""
        whatsapp = await self._connected()
        found = standings(await self._asked(whatsapp.templates()), self._public_url)
        async with self._scopes() as scope:
            rows = AccountRepository(scope)
            if await rows.get() is not None:
                await rows.put_templates(found)
                await rows.failed(None)

    async def look_if_connected(self) -> None:
        """By the clock: what Meta refuses now is kept with the number, for people to see."""
        try:
            await self.look()
        except WhatsAppNotConnected:
            return
        except (WhatsAppUnwilling, WhatsAppUnreachable) as error:
            log.info("notifications.whatsapp.not_looked", code=error.context.get("meta_error"))

    async def _connected(self) -> WhatsApp:
        async with self._scopes() as scope:
            account = await AccountRepository(scope).get()
            if account is None:
                raise WhatsAppNotConnected
            return self._whatsapp(credentials_of(account, scope.tenant_id))

    async def _asked(self, call: Awaitable[T]) -> T:
        try:
            found = await call
        except WhatsAppRefused as error:
            judged = verdict(error.code, status=error.status, unheard=error.unheard)
            async with self._scopes() as scope:
                await AccountRepository(scope).failed(error.word)
            if judged.is_final:
                raise WhatsAppUnwilling(
                    f"Meta said: {error.details or error.word}", meta_error=error.word
                ) from error
            raise WhatsAppUnreachable(meta_error=error.word) from error
        return found


async def forget_heard(scope: TenantScope) -> None:
    await HeardRepository(scope).forget_before(real_now() - _HEARD_KEPT)


async def _keep(scope: TenantScope, own: Credentials, identity: NumberIdentity) -> str | None:
    rows = AccountRepository(scope)
    account = await rows.get(for_update=True)
    token: str | None = None
    if account is None or account.phone_number_id != own.phone_number_id:
        if account is not None:
            await rows.delete(account)
            await PeopleRepository(scope).close_windows()
        token = random_token()
        account = WhatsAppAccount(
            id=uuid7(), phone_number_id=own.phone_number_id, enabled=True, verify_hash=token_hash(token)
        )
    account.waba_id, account.quality = own.waba_id, identity.quality
    account.display_number, account.verified_name = identity.display_number, identity.verified_name
    account.token_sealed = seal(own.token, purpose=WHATSAPP_TOKEN, tenant_id=scope.tenant_id)
    account.secret_sealed = seal(own.app_secret, purpose=WHATSAPP_SECRET, tenant_id=scope.tenant_id)
    account.last_error = account.last_error_at = None
    await rows.save(account)
    await _audit(scope, "connected", account)
    return token


def _refusal(error: WhatsAppRefused) -> WhatsAppRefusal | WhatsAppUnreachable:
    """Which of the four is wrong, where Meta's answer tells it."""
    if error.word == "number_not_in_account":
        return WhatsAppRefusal("phone_number_id", "This account has no number with this id.", error.word)
    judged = verdict(error.code, status=error.status, unheard=error.unheard)
    if not judged.is_final:
        return WhatsAppUnreachable(meta_error=error.word)
    if error.code == _GRAPH_INVALID and "appsecret_proof" in error.details:
        return WhatsAppRefusal(
            "app_secret", "This is not the secret of the app that the token is of.", error.word
        )
    if judged.fate is Fate.ACCOUNT:
        return WhatsAppRefusal("token", judged.sentence, error.word)
    sentence = "The token sees no such account: check its id, and that the system user was given it."
    return WhatsAppRefusal("waba_id", sentence, error.word)


async def _found(scope: TenantScope) -> WhatsAppAccount:
    account = await AccountRepository(scope).get(for_update=True)
    if account is None:
        raise WhatsAppNotConnected
    return account


async def _audit(scope: TenantScope, what: str, account: WhatsAppAccount) -> None:
    await AuditLog(scope).record(
        f"notifications.whatsapp.{what}",
        entity="whatsapp_accounts",
        entity_id=account.id,
        after={"number": account.display_number, "enabled": account.enabled},
    )
