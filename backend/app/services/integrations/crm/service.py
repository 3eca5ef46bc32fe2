"""CRMs: which are connected, how their contacts are read, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.errors import FieldError
from app.db.session import Scopes, TenantScope
from app.db.utils import Slice
from app.models.integrations.connections import Connection
from app.models.integrations.crm import (
    CrmAccount,
    CrmDeparture,
    CrmPush,
    CrmSync,
    CrmWebhook,
    CrmWrite,
)
from app.models.integrations.kinds import ConnectionStatus, CrmProvider
from app.services.audit_logs.service import AuditLog
from app.services.integrations.conversions.service import ConversionValues
from app.services.integrations.crm import following, property_rules, rules
from app.services.integrations.crm.connecting import (
    CrmConnecting,
    CrmDoor,
    finish_crm_sign_in,
)
from app.services.integrations.crm.counting_repository import Counts, counts_of
from app.services.integrations.crm.creating import (
    CreationPreview,
    CrmCreating,
    creates_as,
    demand_creatable,
    enqueue_creations,
)
from app.services.integrations.crm.creating_repository import CreatingRepository
from app.services.integrations.crm.deal_repository import DealRepository
from app.services.integrations.crm.departure_repository import Departures
from app.services.integrations.crm.errors import (
    CrmAccountNotFound,
    CrmNotConnected,
    MappingInvalid,
    NoSegmentChosen,
)
from app.services.integrations.crm.notice_repository import NoticeRepository, accounts_of
from app.services.integrations.crm.notices import CrmNotices, CrmNoticeWork
from app.services.integrations.crm.ports import Kind, Notice, RemoteProperty
from app.services.integrations.crm.repository import CrmRepository
from app.services.integrations.crm.rights import KINDS, can_write, written_kinds
from app.services.integrations.crm.sync import CrmSyncService
from app.services.integrations.crm.write_rules import Agreed
from app.services.integrations.crm.writing import CrmWriting, enqueue_waiting
from app.services.integrations.crm.writing_repository import Clear, WritingRepository
from app.services.integrations.crms import CRMS, writable
from app.services.integrations.errors import as_answer
from app.services.integrations.gateway import gateway
from app.services.integrations.ports import PlatformError

__all__ = [
    "CrmConnecting",
    "CrmCreating",
    "CrmDesk",
    "CrmErasure",
    "CrmNoticeWork",
    "CrmNotices",
    "CrmProvider",
    "CrmService",
    "CrmSyncService",
    "CrmWriting",
    "Notice",
    "accounts_of",
    "finish_crm_sign_in",
]
_SETTINGS = (
    *("enabled", "mapping", "deal_mapping", "won_event", "clear_on_erasure"),
    *("create_segment_id", "create_as", "create_per_day"),
)
_CLEARABLE = frozenset({"won_event", "create_segment_id"})
_MOST_FAULTS = 100
_MOST_DEPARTURES = 100


@dataclass(frozen=True, slots=True)
class Offer:
    provider: CrmProvider
    name: str
    signs_in: bool


@dataclass(frozen=True, slots=True)
class CrmView:
    """An account with its connection, and how much of it is here."""

    account: CrmAccount
    connection: Connection
    counts: Counts
    misreported: int
    webhook: CrmWebhook | None

    @property
    def creates_as(self) -> Sequence[str]:
        return creates_as(self.account.provider)

    @property
    def is_writable(self) -> bool:
        return writable(self.account.provider) is not None

    @property
    def can_write(self) -> bool:
        return can_write(self.account, self.connection)

    @property
    def can_write_deals(self) -> bool:
        return can_write(self.account, self.connection, "deals")


@dataclass(frozen=True, slots=True)
class ErasedThere:
    """What was forgotten of a CRM's account: contacts, some gone there before, whose deals were.

    `clearing` are the contacts that are emptied there, `clearing_deals` the deals.
    """

    contacts: int
    departed: int
    deals: int
    clearing: int
    clearing_deals: int


class CrmService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = CrmRepository(scope)

    @staticmethod
    def providers() -> list[Offer]:
        settings = gateway().settings
        return [Offer(each.provider, each.name, each.has_app(settings)) for each in CRMS.values()]

    async def page(self, *, page: int, limit: int, sort: str) -> tuple[Slice[CrmAccount], list[CrmView]]:
        found = await self._rows.page(page=page, limit=limit, sort=sort)
        return found, await self._seen(found.items)

    async def get(self, account_id: UUID) -> CrmView:
        [view] = await self._seen([await self._demand(account_id)])
        return view

    async def change(self, account_id: UUID, wanted: Mapping[str, Any]) -> CrmView:
        """Apply settings. Another mapping has every contact read again; `won_event` None tells of no deal.

        So does a segment whose people are created there, where there was none: whoever is there is known before. Saved
        again, it tries those again whom the CRM did not take.

        A mapping that is saved tries the properties again that the CRM refused.
        """
        wanted = {name: value for name, value in wanted.items() if value is not None or name in _CLEARABLE}
        row = await self._demand(account_id, for_update=True)
        before = {name: getattr(row, name) for name in _SETTINGS}
        if "mapping" in wanted:
            _demand_possible(rules.mapping_faults(rules.fields_of(wanted["mapping"])))
        if "deal_mapping" in wanted:
            _demand_possible(rules.deal_mapping_faults(rules.deal_fields_of(wanted["deal_mapping"])))
        for name in _SETTINGS:
            if name in wanted:
                setattr(row, name, wanted[name])
        await self._creates(row, before)
        if "create_segment_id" in wanted:
            await CreatingRepository(self._scope).forget_failed(row.id)
        begins: set[Kind] = set(KINDS if row.enabled != before["enabled"] else ())
        if await self._maps_contacts(row, before, wanted):
            begins.add("contacts")
        if await self._maps_deals(row, before, wanted):
            begins.add("deals")
        if begins:
            connection = (await self._rows.connections([row]))[row.connection_id]
            await following.follow(self._scope, row, written_kinds(row, connection), begins)
        after = {name: getattr(row, name) for name in _SETTINGS}
        if after != before:
            await AuditLog(self._scope).record(
                "integrations.crm.changed",
                entity="crm_accounts",
                entity_id=row.id,
                before=_audited(before),
                after=_audited(after),
            )
        [view] = await self._seen([row])
        return view

    async def _creates(self, row: CrmAccount, before: Mapping[str, Any]) -> None:
        """Whether contacts can be created as is wanted now; whoever is there is known before any are."""
        if all(getattr(row, name) == before[name] for name in ("create_segment_id", "create_as")):
            return
        connection = (await self._rows.connections([row]))[row.connection_id]
        await demand_creatable(self._scope, row, may_write=can_write(row, connection))
        if row.create_segment_id != before["create_segment_id"]:
            row.create_after = None
        if before["create_segment_id"] is None:
            _read_again(row)

    async def _maps_contacts(
        self, row: CrmAccount, before: Mapping[str, Any], wanted: Mapping[str, Any]
    ) -> bool:
        """Whether contacts are to be compared anew: mapped otherwise, or a refused property is tried again."""
        tries_again = bool(row.refused) and "mapping" in wanted
        if tries_again:
            row.refused = {}
        now, then = rules.fields_of(row.mapping), rules.fields_of(before["mapping"])
        if now != then:
            _read_again(row)
            if others := rules.meaning_others(now, then):
                await self._rows.forget_fields(row.id, "contacts", others)
        return tries_again or now != then

    async def _maps_deals(
        self, row: CrmAccount, before: Mapping[str, Any], wanted: Mapping[str, Any]
    ) -> bool:
        tries_again = bool(row.deal_refused) and "deal_mapping" in wanted
        if tries_again:
            row.deal_refused = {}
        now, then = (rules.deal_fields_of(each) for each in (row.deal_mapping, before["deal_mapping"]))
        if now != then and (others := rules.meaning_others(now, then)):
            await self._rows.forget_fields(row.id, "deals", others)
        return tries_again or now != then

    async def request_sync(self, account_id: UUID) -> str:
        """The name of the task that will do it, after this transaction."""
        row = await self._demand(account_id, for_update=True)
        [view] = await self._seen([row])
        if view.connection.status != ConnectionStatus.ACTIVE:
            raise CrmNotConnected
        # Due at once, too: while the CRM is written, what is enqueued here finds it taken.
        row.next_sync_at = None
        await self._scope.enqueue("integrations.crm.sync", {"account_id": str(row.id)}, unless_waiting=True)
        return "integrations.crm.sync"

    async def syncs(
        self, account_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CrmSync], str | None]:
        """Newest first."""
        await self._demand(account_id)
        return await self._rows.syncs(account_id, cursor=cursor, limit=limit)

    async def pushes(
        self, account_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CrmPush], str | None]:
        """Rounds of writing, newest first."""
        await self._demand(account_id)
        return await WritingRepository(self._scope).pushes(account_id, cursor=cursor, limit=limit)

    async def faults(self, account_id: UUID) -> Sequence[CrmWrite]:
        """Contacts that could not be written: the first hundred."""
        await self._demand(account_id)
        return await WritingRepository(self._scope).faults(account_id, most=_MOST_FAULTS)

    async def departures(self, account_id: UUID) -> Sequence[CrmDeparture]:
        """Contacts that are no longer there: the last hundred, the newest first."""
        await self._demand(account_id)
        return await Departures(self._scope).newest(account_id, _MOST_DEPARTURES)

    async def enqueue_creations(self) -> None:
        await enqueue_creations(self._scope)

    async def enqueue_writes(self) -> None:
        await enqueue_waiting(self._scope)

    async def enqueue_due(self) -> None:
        for account_id in await self._rows.due(self._scope.now()):
            await self._scope.enqueue(
                "integrations.crm.sync", {"account_id": str(account_id)}, unless_pending=True
            )

    async def _demand(self, account_id: UUID, *, for_update: bool = False) -> CrmAccount:
        found = await self._rows.find(account_id, for_update=for_update)
        if found is None:
            raise CrmAccountNotFound(account_id=str(account_id))
        return found

    async def _seen(self, accounts: Sequence[CrmAccount]) -> list[CrmView]:
        ids = [each.id for each in accounts]
        connections = await self._rows.connections(accounts)
        counts = await counts_of(self._scope, ids)
        webhooks = await NoticeRepository(self._scope).webhooks(ids)
        beginnings = {each.id: rules.conversion_keys(each.provider, each.external_id) for each in accounts}
        misreported = await ConversionValues(self._scope).misreported(list(beginnings.values()))
        return [
            CrmView(
                each,
                connections[each.connection_id],
                counts[each.id],
                misreported[beginnings[each.id]],
                webhooks.get(each.id),
            )
            for each in accounts
        ]


class CrmDesk:
    """What needs the CRM itself: between transactions."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def properties(self, account_id: UUID, kind: Kind = "contacts") -> list[RemoteProperty]:
        """Which properties contacts, or deals, have there, by name."""
        async with self._scopes() as scope:
            account = await CrmRepository(scope).find(account_id)
        if account is None:
            raise CrmAccountNotFound(account_id=str(account_id))
        try:
            return await (await CrmDoor(self._scopes).crm(account)).properties(kind)
        except PlatformError as error:
            raise as_answer(error) from error

    async def check_mapping(self, account_id: UUID, mapping: Sequence[Mapping[str, Any]]) -> None:
        """Whether the CRM has these properties, and takes what would be written to them."""
        fields = rules.fields_of(mapping)
        _demand_possible(rules.mapping_faults(fields))
        _demand_possible(property_rules.property_faults(fields, await self.properties(account_id)))

    async def check_deal_mapping(self, account_id: UUID, mapping: Sequence[Mapping[str, Any]]) -> None:
        """The same of deals, of which only what somebody in the company made is written; none needs no answer."""
        fields = rules.deal_fields_of(mapping)
        _demand_possible(rules.deal_mapping_faults(fields))
        if fields:
            there = await self.properties(account_id, "deals")
            _demand_possible(property_rules.property_faults(fields, there, "deals"))

    async def preview_creation(self, account_id: UUID, segment_id: UUID | None) -> CreationPreview:
        """Whom of a segment's people (None: of the one chosen) would be created there, by what is known of it now."""
        async with self._scopes() as scope:
            account = await CrmRepository(scope).find(account_id)
        if account is None:
            raise CrmAccountNotFound(account_id=str(account_id))
        chosen = segment_id or account.create_segment_id
        if chosen is None:
            raise NoSegmentChosen
        return await CrmCreating(self._scopes).preview(account_id, chosen)

    async def refresh_expiring(self) -> None:
        await CrmDoor(self._scopes).refresh_expiring()


def _read_again(row: CrmAccount) -> None:
    """Every contact, from the beginning."""
    row.contacts_until = None
    row.reading = {name: place for name, place in row.reading.items() if name != "contacts"}
    row.next_sync_at = None


def _audited(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in settings.items()}


def _demand_possible(faults: Sequence[FieldError]) -> None:
    if faults:
        raise MappingInvalid(fields=list(faults))


class CrmErasure:
    def __init__(self, scope: TenantScope) -> None:
        self._rows = CrmRepository(scope)
        self._deals = DealRepository(scope)
        self._writing = WritingRepository(scope)
        self._departures = Departures(scope)
        self._notices = NoticeRepository(scope)

    async def erase(self, keys: Sequence[UUID], request_id: UUID) -> Mapping[str, ErasedThere]:
        """Forget whom these identifiers name, by the CRM's account; what was written there is emptied if it says so."""
        gone = await self._rows.erase(keys)
        departed = await self._departures.erase(keys)
        found: dict[str, ErasedThere] = {}
        accounts = [*(each.account_id for each in gone), *(each.account_id for each in departed)]
        for account_id in dict.fromkeys(accounts):
            theirs = [each for each in gone if each.account_id == account_id]
            left = [each for each in departed if each.account_id == account_id]
            keys_of = {each.external_id: each.keys for each in theirs}
            keys_of |= {each.external_id: each.keys for each in left}
            # Whose a deal is goes first: whoever writes it in this moment finds that it is not theirs any more.
            deals = await self._deals.forget_buyers(account_id, list(keys_of))
            written = await self._deals.forget_written(account_id, list(keys_of))
            await self._notices.erase(account_id, list(keys_of))
            account = await self._rows.find(account_id)
            cleared: Sequence[Kind] = ()
            if account is not None and account.clear_on_erasure:
                cleared = await self._clearable(account)
            clears = [
                Clear(each.external_id, standing, each.keys)
                for each in theirs
                if "contacts" in cleared and (standing := _standing(each.fields))
            ]
            deal_clears = [
                Clear(each.external_id, standing, keys_of[each.contact], "deals")
                for each in written
                if "deals" in cleared and (standing := _standing(each.fields))
            ]
            await self._writing.queue_clears(account_id, [*clears, *deal_clears], request_id)
            name = f"{account.provider}:{account.name}" if account else str(account_id)
            found[name] = ErasedThere(len(theirs), len(left), deals, len(clears), len(deal_clears))
        return found

    async def erase_creations(self, keys: Sequence[UUID]) -> int:
        """That somebody was created at a CRM: how many rows."""
        return await self._rows.erase_creations(keys)

    async def _clearable(self, account: CrmAccount) -> Sequence[Kind]:
        """Nothing is promised that the connection does not allow."""
        connection = (await self._rows.connections([account]))[account.connection_id]
        if not account.enabled or connection.status != ConnectionStatus.ACTIVE:
            return ()
        return [kind for kind in KINDS if can_write(account, connection, kind)]


def _standing(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """By property: as what a value of ours may stand there."""
    found = {name: Agreed.kept(kept).standing for name, kept in sorted(fields.items())}
    return {name: hashes for name, hashes in found.items() if hashes}
