"""The door to the platforms: a connector for an ad account, with its token, its limits and its desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.core.config import Settings
from app.db.session import Scopes
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.connections import Connection
from app.models.integrations.kinds import Platform
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.calls.service import call_log
from app.services.integrations.errors import AdAccountNotFound
from app.services.integrations.gateway import close_gateway, gateway
from app.services.integrations.lines import Lines, circuit_key
from app.services.integrations.ports import (
    AdPlatform,
    ConversionSettings,
    Permits,
    PlatformSignIn,
)
from app.services.integrations.tokens import TOKEN_PURPOSE
from app.services.integrations.vendor import Speaker, Vendor
from app.services.integrations.vendors import VENDORS, vendor_of
from app.services.integrations.wire import Line
from app.services.trust_engine.gate.desk import PermitDesk

__all__ = ["TOKEN_PURPOSE", "IntegrationsService", "circuit_key", "close_gateway", "event_names"]


def event_names(platform: str) -> Mapping[str, str]:
    """The platform's names of the conversions that it takes, by ours."""
    return vendor_of(platform).events


def restates(platform: str) -> bool:
    """Whether a conversion sent again under its id, at another worth, is the same one at that worth there."""
    return vendor_of(platform).restates


def demand_conversion(platform: str, conversion: ConversionSettings) -> None:
    """Raises `PlatformError` unless the platform counts this conversion in these windows."""
    vendor_of(platform).demand(conversion)


@dataclass(frozen=True, slots=True)
class Offer:
    """A platform that can be connected. Without an app of ours there, only by a token that a person made."""

    platform: Platform
    name: str
    signs_in: bool


def offers() -> list[Offer]:
    settings = gateway().settings
    return [Offer(each.platform, each.name, each.has_app(settings)) for each in VENDORS.values()]


@dataclass(frozen=True, slots=True)
class Speech:
    """With whom, over what and for whom a connector speaks."""

    vendor: Vendor
    settings: Settings
    line: Line
    speaker: Speaker


@dataclass(frozen=True, slots=True)
class _Connected:
    """What a connector is made from, read in one short transaction."""

    tenant_id: int
    account: AdAccount
    connection: Connection


class IntegrationsService:
    """Takes a scope factory: no transaction is open while a platform is called."""

    def __init__(self, scopes: Scopes, permits: Permits | None = None) -> None:
        self._scopes = scopes
        self._permits = permits or PermitDesk(scopes)
        self._lines = Lines(scopes, self._sign_in_for)
        self.tokens = self._lines.tokens

    async def connector(self, ad_account_id: UUID) -> AdPlatform:
        """The account's platform; `PlatformError` (auth) while its connection does not hold."""
        speech = await self.speech(ad_account_id)
        return speech.vendor.connector(speech.settings, speech.line, self._permits, speech.speaker)

    async def speech(self, ad_account_id: UUID, *, replay_of: UUID | None = None) -> Speech:
        """What any connector of the account is made from; raises as `connector` does.

        `replay_of` is the call that these make again: their rows in the log name it.
        """
        found = await self._connected(ad_account_id)
        account = found.account
        usable = await self.tokens.usable(found.connection)
        connection = usable.connection
        speaker = Speaker(
            token=usable.token,
            app_id=connection.app_id,
            account=account.external_id,
            currency=account.currency,
            timezone=account.timezone,
            read_only=connection.read_only or not account.write_lease,
            lead_event=account.lead_event,
        )
        log = self.tokens.watching(
            call_log(
                self._scopes,
                connection_id=connection.id,
                ad_account_id=ad_account_id,
                replay_of=replay_of,
            ),
            connection,
        )
        key = circuit_key(found.tenant_id, account.platform, account.external_id)
        line = Line(gateway().http, gateway().breaker, log, key)
        return Speech(vendor_of(account.platform), gateway().settings, line, speaker)

    async def sign_in(self, platform: Platform, *, connection_id: UUID | None = None) -> PlatformSignIn:
        line = await self._lines.for_sign_in(platform, connection_id)
        return vendor_of(platform).sign_in(gateway().settings, line)

    async def _sign_in_for(self, platform: str, connection_id: UUID) -> PlatformSignIn:
        return await self.sign_in(Platform(platform), connection_id=connection_id)

    async def _connected(self, ad_account_id: UUID) -> _Connected:
        async with self._scopes() as scope:
            found = await AdAccountRepository(scope).connected(ad_account_id)
            if found is None:
                raise AdAccountNotFound(ad_account_id=str(ad_account_id))
            return _Connected(scope.tenant_id, found.account, found.connection)
