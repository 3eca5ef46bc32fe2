"""An account's place in the feed of changed profiles and in the segments' log: whoever changed in what is written.

A turn is one transaction: whom it found is queued, and how far it has come is written down, together.
"""

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from uuid import UUID

from app.core.clock import real_now
from app.db.session import Scopes, TenantScope
from app.models.integrations.crm import CrmAccount
from app.services.integrations.crm import rules
from app.services.integrations.crm.deal_repository import DealRepository
from app.services.integrations.crm.ports import Kind
from app.services.integrations.crm.repository import CrmRepository
from app.services.integrations.crm.rights import KINDS, written_kinds
from app.services.integrations.crm.rules import Field
from app.services.integrations.crm.writing_repository import FeedRow, WritingRepository

_ROWS = 500
_WORKED_OUT, _OVER = frozenset({"computed", "lifecycle"}), frozenset({"ended", "erased"})
LOST_AFTER = timedelta(days=30)
"""As long as the feed is held for who does not follow."""


async def follow(
    scope: TenantScope, account: CrmAccount, kinds: Sequence[Kind], anew: Collection[Kind] = KINDS
) -> None:
    """These from here on, nothing where there are none; those `anew` are all compared for what was before, and read.

    So are all where it was not followed, or so long ago that the feed may have gone on without it.
    """
    if not kinds:
        end(account)
        return
    if _is_lost(account):
        end(account)
        anew = KINDS
    rows = WritingRepository(scope)
    if account.change_seq is None or account.transition_seq is None:
        account.change_seq, account.transition_seq = await rows.heads()
    account.followed_at = real_now()
    account.next_write_at = None
    begins = [each for each in kinds if each in anew]
    for kind in begins:
        await rows.queue_all(account.id, kind)
        if kind == "contacts":
            account.contacts_until = None
        else:
            account.deals_until = None
    if begins:
        account.reading = {name: place for name, place in account.reading.items() if name not in begins}
        account.next_sync_at = None


def end(account: CrmAccount) -> None:
    account.change_seq = account.transition_seq = account.followed_at = account.next_write_at = None


def _is_lost(account: CrmAccount) -> bool:
    return account.followed_at is None or account.followed_at < real_now() - LOST_AFTER


class CrmFollowing:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def drain(self, account_id: UUID) -> None:
        while await self._turn(account_id):
            pass

    async def _turn(self, account_id: UUID) -> bool:
        """Whether there was anything."""
        async with self._scopes() as scope:
            account = await CrmRepository(scope).find(account_id, for_update=True)
            if account is None or account.change_seq is None or account.transition_seq is None:
                return False
            connection = (await CrmRepository(scope).connections([account]))[account.connection_id]
            kinds = written_kinds(account, connection)
            if _is_lost(account):
                await follow(scope, account, kinds)
                return False
            rows = WritingRepository(scope)
            fields = rules.written_fields(rules.fields_of(account.mapping))
            _, last_move = await rows.heads()
            changes = await rows.changes(account.change_seq, _ROWS)
            segments = [UUID(each.name) for each in fields if each.to == "segment" and each.name]
            moves = await rows.moves(account.transition_seq, last_move, segments, _ROWS) if segments else []
            whom = set(concerned(changes, fields)) | {profile_id for _, profile_id in moves}
            if whom:
                await rows.queue(account_id, await rows.contacts_of(account_id, whom), looked=False)
            buyers = set(acted(changes)) if "deals" in kinds else set()
            if buyers:
                contacts = await rows.contacts_of(account_id, buyers)
                deals = await DealRepository(scope).of_contacts(account_id, contacts)
                await rows.queue(account_id, deals, looked=False, kind="deals")
            if changes:
                account.change_seq = changes[-1].seq
            account.transition_seq = moves[-1][0] if len(moves) == _ROWS else last_move
            account.followed_at = real_now()
            return len(changes) == _ROWS or len(moves) == _ROWS


def concerned(changes: Iterable[FeedRow], fields: Sequence[Field]) -> Iterable[UUID]:
    """Who may have changed in one of these."""
    computed = {(each.name or "").partition(".")[0] for each in fields if each.to == "computed"}
    lifecycle = any(each.to == "lifecycle" for each in fields)
    traits = {each.name for each in fields if each.to == "trait"}
    for row in changes:
        if _concerns(row, computed, traits, lifecycle=lifecycle):
            yield from row.profile_ids


def acted(changes: Iterable[FeedRow]) -> Iterable[UUID]:
    """Who may have come from somewhere, or bought something: whatever they did, or were joined to who did."""
    for row in changes:
        if row.reason not in _WORKED_OUT | _OVER:
            yield from row.profile_ids


def _concerns(
    row: FeedRow, computed: AbstractSet[str], traits: AbstractSet[str | None], *, lifecycle: bool
) -> bool:
    if row.reason == "computed":
        return not computed.isdisjoint(row.traits)
    if row.reason == "lifecycle":
        return lifecycle
    if row.reason == "events":
        return lifecycle or not traits.isdisjoint(row.traits)
    return row.reason not in _OVER
