"""What WhatsApp tells by itself: checked over the bytes as they came, known again, and of nobody else's business.

The address names the company; its app's secret proves who speaks. Whoever writes without being known here leaves no
trace, and the answer is the same for all.
"""

import json
from datetime import timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import LARGEST_TENANT
from app.core.logging import get_logger
from app.core.security import Unsealable, constant_time_equal, token_hash
from app.db.session import Doors, TenantScope
from app.models.notifications.kinds import (
    DeliveryKind,
    WhatsAppConsentAct,
    WhatsAppConsentState,
    WhatsAppConsentWay,
    WhatsAppTemplateStatus,
)
from app.models.notifications.whatsapp import WhatsAppAccount, WhatsAppPerson
from app.services.integrations.webhooks.service import is_signed
from app.services.notifications.channels.service import Becoming, answer
from app.services.notifications.cloud_api.keys import credentials_of
from app.services.notifications.cloud_api.repository import (
    AccountRepository,
    HeardRepository,
    PeopleRepository,
)
from app.services.notifications.cloud_api.rules import WORDING, Word, codes_in, spellings, word_of
from app.services.notifications.cloud_api.templates_rules import LANGUAGE, NAMES, Standing, status_of
from app.services.notifications.cloud_api.webhook_rules import Judged, Told, Unreadable, Written, told
from app.services.notifications.whatsapp.errors import (
    HookNotSigned,
    HookNotVerified,
    HookUnknown,
    HookUnreadable,
)
from app.services.notifications.whatsapp.own import stop
from app.services.notifications.whatsapp.service import HOOK_PREFIX

log = get_logger(__name__)

_OLDEST = timedelta(days=14)
"""Twice as long as Meta goes on trying: what is older was taken before, and is known again for as long."""


class WhatsAppWebhook:
    def __init__(self, doors: Doors, hook: str) -> None:
        self._doors = doors
        self._tenant_id, self._account_id = _read(hook)

    async def verified(self, token: str, challenge: str) -> str:
        """What Meta wants to read when the webhook is set up: the challenge, for our own token."""
        async with self._doors.tenant(self._tenant_id) as scope:
            account = await self._account(scope)
            if not constant_time_equal(token_hash(token), account.verify_hash):
                raise HookNotVerified
            account.webhook_verified_at = real_now()
        return challenge

    async def take(self, signature: str | None, body: bytes) -> None:
        """Each thing that is told is a transaction of its own: what comes again after a failure is known again."""
        async with self._doors.tenant(self._tenant_id) as scope:
            account = await self._account(scope)
            said = _understood(account, scope.tenant_id, signature, body)
            await _judge(scope, said.judged)
        for written in sorted(said.written, key=lambda each: each.at):
            async with self._doors.tenant(self._tenant_id) as scope:
                await _Hearing(scope, account).take(written)
        for became in said.became:
            async with self._doors.tenant(self._tenant_id) as scope:
                await Becoming(scope).take(became)
        async with self._doors.tenant(self._tenant_id) as scope:
            await AccountRepository(scope).heard()
        log.info(
            "notifications.whatsapp.received",
            written=len(said.written), became=len(said.became), judged=len(said.judged),
        )  # fmt: skip

    async def _account(self, scope: TenantScope) -> WhatsAppAccount:
        account = await AccountRepository(scope).get()
        if account is None or account.id != self._account_id:
            raise HookUnknown
        return account


class _Hearing:
    """What a person's message changes: a number is confirmed, a window opens, somebody is written to no more."""

    def __init__(self, scope: TenantScope, account: WhatsAppAccount) -> None:
        self._scope = scope
        self._account = account
        self._people = PeopleRepository(scope)

    async def take(self, message: Written) -> None:
        if self._scope.now() - message.at > _OLDEST:
            return
        confirms = await self._confirmed_by(message)
        known = list(await self._people.of_line(message.sender))
        word = word_of(message.text)
        waiting = list(await self._people.pending(spellings(message.sender))) if word is Word.STOP else []
        if confirms is None and not known and not waiting:
            return
        if not await HeardRepository(self._scope).is_new(message.message_id):
            return
        if confirms is not None:
            await self._confirm(confirms, message, known)
            return
        for each in known[:1]:
            if each.wrote_at is None or each.wrote_at < message.at:
                each.wrote_at = message.at
            await self._people.save(each)
            if word is not None:
                await self._obey(word, each, message)
        for each in waiting:
            await stop(
                self._scope, each, WhatsAppConsentWay.WORD, at=message.at, message_id=message.message_id
            )

    async def _confirmed_by(self, message: Written) -> WhatsAppPerson | None:
        codes = codes_in(message.text)
        if not codes:
            return None
        return await self._people.by_code(spellings(message.sender), [token_hash(each) for each in codes])

    async def _confirm(self, person: WhatsAppPerson, message: Written, known: list[WhatsAppPerson]) -> None:
        """A line is one person's: links in messages act as whom they were sent to."""
        for each in known:
            if each.id != person.id and each.state == WhatsAppConsentState.CONFIRMED:
                await stop(
                    self._scope, each, WhatsAppConsentWay.MOVED, at=message.at, message_id=message.message_id
                )
        person.state, person.wa_id = WhatsAppConsentState.CONFIRMED, message.sender
        person.confirmed_at, person.stopped_at = message.at, None
        person.wrote_at = max(message.at, person.wrote_at or message.at)
        person.code_hash = person.code_until = None
        await self._people.save(person)
        await self._people.give_receipt(
            person, WhatsAppConsentAct.CONFIRMED, WhatsAppConsentWay.CODE,
            at=message.at, message_id=message.message_id,
        )  # fmt: skip
        await self._answer(DeliveryKind.WELCOME, person)

    async def _obey(self, word: Word, person: WhatsAppPerson, message: Written) -> None:
        """Messages may come out of their order: a START from before the STOP is none."""
        if word is Word.STOP:
            if person.state != WhatsAppConsentState.STOPPED:
                await stop(
                    self._scope, person, WhatsAppConsentWay.WORD, at=message.at, message_id=message.message_id
                )
                await self._answer(DeliveryKind.GOODBYE, person)
            return
        is_later = person.stopped_at is None or message.at >= person.stopped_at
        if person.state == WhatsAppConsentState.STOPPED and is_later:
            person.state, person.stopped_at = WhatsAppConsentState.CONFIRMED, None
            person.confirmed_at, person.wording = message.at, WORDING
            await self._people.save(person)
            await self._people.give_receipt(
                person, WhatsAppConsentAct.RESUMED, WhatsAppConsentWay.WORD,
                at=message.at, message_id=message.message_id,
            )  # fmt: skip
            await self._answer(DeliveryKind.WELCOME, person)

    async def _answer(self, kind: DeliveryKind, person: WhatsAppPerson) -> None:
        if self._account.enabled:
            await answer(self._scope, kind, person.user_id)


def _understood(account: WhatsAppAccount, tenant_id: int, signature: str | None, body: bytes) -> Told:
    """What a message says that this account's app has signed; an error for any other."""
    try:
        secret = credentials_of(account, tenant_id).app_secret
    except Unsealable as error:
        raise HookNotSigned from error
    if not is_signed(signature, body, secret):
        raise HookNotSigned
    try:
        return told(json.loads(body), phone_number_id=account.phone_number_id, waba_id=account.waba_id)
    except (Unreadable, RecursionError) as error:
        raise HookUnreadable(str(error)) from error
    except ValueError as error:
        raise HookUnreadable("Send JSON.") from error


async def _judge(scope: TenantScope, judged: list[Judged]) -> None:
    rows = AccountRepository(scope)
    ours = [each for each in judged if each.name in NAMES and each.language == LANGUAGE]
    if not ours:
        return
    before = await rows.templates()
    for each in ours:
        known = before.get(each.name)
        if known is not None and known.status == WhatsAppTemplateStatus.DIFFERS:
            # That Meta approves it does not make its words ours: it is looked at whole.
            await scope.enqueue("notifications.look_at_whatsapp", {}, unless_pending=True)
            continue
        category = each.category or (known.category if known else None)
        await rows.put_templates([Standing(each.name, status_of(each.event), category, each.reason)])


def _read(hook: str) -> tuple[int, UUID]:
    try:
        prefix, tenant, account_id = hook.split("_")
        if prefix != HOOK_PREFIX or not tenant.isascii() or not 0 < int(tenant) <= LARGEST_TENANT:
            raise HookUnknown
        return int(tenant), UUID(hex=account_id)
    except ValueError as error:
        raise HookUnknown from error
