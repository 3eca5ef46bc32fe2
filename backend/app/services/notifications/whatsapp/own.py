"""One's own number: given, confirmed from it, given up. Nothing is sent to a number before its owner has written.

The code is shown to whoever is signed in and comes back from the phone: that proves both, opens the window of a day,
and leaves no way to have a stranger's phone written to.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.clock import real_now
from app.core.security import token_hash
from app.db.session import TenantScope
from app.models.notifications.kinds import (
    WhatsAppConsentAct,
    WhatsAppConsentState,
    WhatsAppConsentWay,
)
from app.models.notifications.whatsapp import WhatsAppConsent, WhatsAppPerson
from app.services.audit_logs.service import AuditLog
from app.services.notifications.cloud_api.repository import AccountRepository, PeopleRepository
from app.services.notifications.cloud_api.rules import (
    CODE_BYTES,
    CODE_LASTS,
    WORDING,
    agreed_words,
    code_of,
    digits_of,
    e164,
    is_open,
    link_to,
)
from app.services.notifications.whatsapp.errors import (
    NoNumberOfYours,
    NumberInvalid,
    NumberIsTheCompanys,
    WhatsAppNotConnected,
)
from app.services.tenants.service import TenantService

__all__ = ["Asked", "OwnNumber", "OwnNumberService"]


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """`company_number` is None where the company has connected none, or has it switched off."""

    company_number: str | None
    company_name: str
    words: str
    number: str | None
    state: WhatsAppConsentState | None
    code_until: datetime | None
    confirmed_at: datetime | None
    stopped_at: datetime | None
    window_is_open: bool
    falls_back: bool
    last_error: str | None
    receipts: Sequence[WhatsAppConsent]


@dataclass(frozen=True, slots=True)
class Asked:
    """The code, which no other answer shows, and an address that opens WhatsApp with it."""

    code: str
    link: str
    until: datetime


class OwnNumberService:
    def __init__(self, scope: TenantScope, user_id: UUID) -> None:
        self._scope = scope
        self._user_id = user_id
        self._people = PeopleRepository(scope)
        self._accounts = AccountRepository(scope)

    async def get(self) -> OwnNumber:
        account, person = await self._accounts.get(), await self._people.of(self._user_id)
        is_offered = account is not None and account.enabled
        company = (await TenantService(self._scope).current()).name
        return OwnNumber(
            company_number=account.display_number if account is not None and is_offered else None,
            company_name=account.verified_name if account is not None else company,
            words=agreed_words(company),
            number=person.number if person else None,
            state=WhatsAppConsentState(person.state) if person else None,
            code_until=person.code_until if person else None,
            confirmed_at=person.confirmed_at if person else None,
            stopped_at=person.stopped_at if person else None,
            window_is_open=person is not None and is_open(person.wrote_at, self._scope.now()),
            falls_back=person.falls_back if person else True,
            last_error=person.last_error if person else None,
            receipts=await self._people.receipts(self._user_id),
        )

    async def ask(self, number: str) -> Asked:
        """Give a number, and be given the code that confirms it. Another number's agreement is none for this one."""
        normal = e164(number)
        if normal is None:
            raise NumberInvalid
        account = await self._accounts.get()
        if account is None or not account.enabled:
            raise WhatsAppNotConnected
        if digits_of(normal) == digits_of(account.display_number):
            raise NumberIsTheCompanys
        person = await self._people.made(self._user_id, normal, WORDING)
        now = self._scope.now()
        if person.state == WhatsAppConsentState.CONFIRMED and person.number != normal:
            await self._people.give_receipt(
                person, WhatsAppConsentAct.STOPPED, WhatsAppConsentWay.DASHBOARD, at=now
            )
        if person.number != normal:
            person.wa_id = person.wrote_at = None
        if person.state != WhatsAppConsentState.CONFIRMED or person.number != normal:
            person.state = WhatsAppConsentState.PENDING
            person.confirmed_at = person.stopped_at = None
        code = code_of(secrets.token_bytes(CODE_BYTES))
        person.number, person.wording, person.last_error = normal, WORDING, None
        person.code_hash, person.code_until = token_hash(code), real_now() + CODE_LASTS
        await self._people.save(person)
        await self._people.give_receipt(
            person, WhatsAppConsentAct.ASKED, WhatsAppConsentWay.DASHBOARD, at=now
        )
        await self._audit("asked", person)
        return Asked(code, link_to(account.display_number, code), person.code_until)

    async def set_falls_back(self, *, falls_back: bool) -> None:
        person = await self._own()
        person.falls_back = falls_back
        await self._people.save(person)

    async def stop(self) -> None:
        """Be written to no more; what waits comes by mail, where one wishes that."""
        person = await self._own()
        if person.state == WhatsAppConsentState.STOPPED:
            return
        await stop(self._scope, person, WhatsAppConsentWay.DASHBOARD, at=self._scope.now())
        await self._audit("stopped", person)

    async def _own(self) -> WhatsAppPerson:
        person = await self._people.of(self._user_id, for_update=True)
        if person is None:
            raise NoNumberOfYours
        return person

    async def _audit(self, what: str, person: WhatsAppPerson) -> None:
        await AuditLog(self._scope).record(
            f"notifications.whatsapp.{what}", entity="whatsapp_people", entity_id=person.id
        )


async def stop(
    scope: TenantScope,
    person: WhatsAppPerson,
    way: WhatsAppConsentWay,
    *,
    at: datetime,
    message_id: str | None = None,
) -> None:
    """With its receipt; a code that waited confirms nothing any more."""
    people = PeopleRepository(scope)
    person.state, person.stopped_at = WhatsAppConsentState.STOPPED, at
    person.code_hash = person.code_until = None
    await people.save(person)
    await people.give_receipt(person, WhatsAppConsentAct.STOPPED, way, at=at, message_id=message_id)
