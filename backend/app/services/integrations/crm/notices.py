"""What a CRM says by itself: kept, and worked off by looking at the objects that it names.

A notification is a hint. What it says of an object is not believed; the object is read, and goes the way of all that
is read. So it matters neither in which order notifications come nor how often.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.logging import get_logger
from app.db.locks import exclusive_among
from app.db.session import Scopes, TenantScope
from app.models.integrations.crm import CrmAccount, CrmNotice
from app.services.cdp.profiles.service import ProfileService
from app.services.integrations.crm import rules
from app.services.integrations.crm.connecting import CrmDoor
from app.services.integrations.crm.departure_repository import Departures
from app.services.integrations.crm.errors import CrmAccountNotFound
from app.services.integrations.crm.notice_repository import NoticeRepository
from app.services.integrations.crm.ports import Gone, Notice, Notifying
from app.services.integrations.crm.repository import CrmRepository
from app.services.integrations.crm.telling import CrmTelling, Work, ingestion_of, new_run
from app.services.integrations.ports import PlatformError

log = get_logger(__name__)

_AT_ONCE = 100
_MOST_BATCHES = 50
_MOST_ATTEMPTS = 6
_PAUSE = timedelta(seconds=30)
_LONGEST_WAIT = 3_600


class CrmNotices:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = NoticeRepository(scope)

    async def keep(self, notices: Mapping[UUID, Sequence[Notice]]) -> int:
        """By the account that they are about; how many.

        One that is switched off is read whole later, and keeps only that somebody was deleted for good: nothing else
        would tell of that again.
        """
        enabled = await self._rows.enabled(notices)
        kept = 0
        for account_id in sorted(notices):
            theirs = [each for each in notices[account_id] if account_id in enabled or each.privacy]
            await self._rows.keep(account_id, theirs)
            kept += len(theirs)
            if theirs and account_id in enabled:
                await self._ask(account_id)
        return kept

    async def refused(self, account_ids: Sequence[UUID], why: str) -> None:
        """A delivery in the name of these was not what it said that it was."""
        await self._rows.refused(account_ids, why)

    async def enqueue_due(self) -> None:
        for account_id in await self._rows.accounts_with_due():
            await self._ask(account_id)

    async def _ask(self, account_id: UUID) -> None:
        payload = {"account_id": str(account_id)}
        await self._scope.enqueue("integrations.crm.notices", payload, unless_pending=True)


class CrmNoticeWork:
    """Takes a scope factory: no transaction is open while the CRM is called. Safe to run twice."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._telling = CrmTelling(scopes)

    async def run(self, account_id: UUID) -> int:
        """How many were settled. It takes turns with what else reads and writes the account."""
        async with exclusive_among(self._scopes, "crm", str(account_id)) as mine:
            return await self._run(account_id) if mine else 0

    async def _run(self, account_id: UUID) -> int:
        async with self._scopes() as scope:
            account = await CrmRepository(scope).find(account_id)
            if account is None:
                raise CrmAccountNotFound(account_id=str(account_id))
            tenant_id, now, ingestion = scope.tenant_id, scope.now(), ingestion_of(scope)
        settled = 0
        try:
            if not account.enabled:
                return 0
            crm = await CrmDoor(self._scopes).crm(account)
            if not isinstance(crm, Notifying):
                return 0
            run = new_run(account, now)
            work = Work(account, tenant_id, crm, ingestion, run, rules.fields_of(account.mapping))
            for _ in range(_MOST_BATCHES):
                found = await self._contacts(work, crm) + await self._deals(work, crm)
                settled += found
                if not found:
                    break
        except PlatformError as error:
            # Each notice stays due: the account is tried again when its next round comes.
            log.warning("integrations.crm.notices_failed", account_id=str(account_id), code=error.code)
            await self._wait(account_id, error)
        finally:
            await ingestion.close()
        return settled

    async def _contacts(self, work: Work, crm: Notifying) -> int:
        async with self._scopes() as scope:
            due = await NoticeRepository(scope).due(work.account.id, "contacts", _AT_ONCE)
        if not due:
            return 0
        ids = [each.external_id for each in due]
        looked = await crm.look_at_contacts(ids, rules.properties_asked(work.fields))
        await self._telling.tell_contacts(work, looked.rows)
        here = {each.id for each in looked.rows}
        gone = [each for each in due if each.external_id in looked.gone]
        # Told to be gone for good, and still there: the CRM has not come to it yet, or it is not true.
        unclear = [
            each
            for each in due
            if each.external_id not in looked.gone and (each.privacy or each.external_id not in here)
        ]
        async with self._scopes() as scope:
            await self._telling.tell_gone_contacts(scope, work, [_gone(each) for each in gone])
            for_good = [each.external_id for each in gone if each.privacy]
            await _propose_erasures(scope, work.account, for_good)
            return await self._settle(scope, due, unclear)

    async def _deals(self, work: Work, crm: Notifying) -> int:
        async with self._scopes() as scope:
            due = await NoticeRepository(scope).due(work.account.id, "deals", _AT_ONCE)
        if not due:
            return 0
        ids = [each.external_id for each in due]
        looked = await crm.look_at_deals(ids, rules.properties_asked(work.deal_fields))
        await self._telling.tell_deals(work, looked.rows)
        gone = [_gone(each) for each in due if each.external_id in looked.gone]
        await self._telling.tell_gone_deals(work, gone)
        here = {each.id for each in looked.rows} | looked.gone
        async with self._scopes() as scope:
            return await self._settle(scope, due, [each for each in due if each.external_id not in here])

    @staticmethod
    async def _settle(scope: TenantScope, due: Sequence[CrmNotice], unclear: Sequence[CrmNotice]) -> int:
        rows = NoticeRepository(scope)
        waiting = [each for each in unclear if each.attempts + 1 < _MOST_ATTEMPTS]
        left = [each for each in unclear if each.attempts + 1 >= _MOST_ATTEMPTS]
        for attempts in {each.attempts for each in waiting}:
            theirs = [each for each in waiting if each.attempts == attempts]
            await rows.put_off(theirs, real_now() + _PAUSE * (1 << attempts))
        if left:
            log.warning("integrations.crm.notices_left", count=len(left))
        settled = [each for each in due if each not in waiting]
        await rows.done(settled)
        return len(settled)

    async def _wait(self, account_id: UUID, error: PlatformError) -> None:
        until = real_now() + timedelta(seconds=min(_LONGEST_WAIT, max(30, error.retry_after or 0)))
        async with self._scopes() as scope:
            await NoticeRepository(scope).put_all_off(account_id, until)


async def _propose_erasures(scope: TenantScope, account: CrmAccount, contacts: Sequence[str]) -> None:
    """For everybody whom these contacts named. Somebody here decides: a profile is more than one contact."""
    if not contacts:
        return
    keys = await Departures(scope).keys(account.id, contacts)
    whose: dict[UUID, str] = {}
    for contact in sorted(keys):
        for profile_id in await ProfileService(scope).named(keys[contact]):
            whose.setdefault(profile_id, contact)
    for profile_id, contact in sorted(whose.items()):
        reason = f"{account.name} deleted contact {contact} for good, as its person may ask."
        payload = {"profile_id": str(profile_id), "reason": reason, "by": account.name}
        await scope.enqueue("cdp.privacy.propose", payload, queue="cdp")


def _gone(notice: CrmNotice) -> Gone:
    return Gone(notice.external_id, notice.occurred_at, notice.merged_into, privacy=notice.privacy)
