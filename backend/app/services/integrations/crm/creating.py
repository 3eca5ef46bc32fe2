"""Contacts created at a CRM for the people of a segment whom it does not know.

Who is about to be created is noted before anything is sent, and what became of each address stays noted: somebody whom
a person deletes there is not created again, nor whoever was known there once. Whoever dies behind the sending asks the
CRM for the address first, and finds their own.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.errors import FieldError
from app.db.locks import exclusive_among
from app.db.session import Scopes, TenantScope
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.models.integrations.crm import CrmAccount, CrmPush
from app.models.integrations.kinds import CreatedAs
from app.services.cdp.consents.service import Consents, Purpose, Question
from app.services.cdp.profiles.service import ProfileService
from app.services.cdp.segments.errors import SegmentNotFound
from app.services.cdp.segments.service import SegmentService
from app.services.cdp.tombstones.service import Tombstones
from app.services.integrations.crm import rules, write_rules
from app.services.integrations.crm.connecting import CrmDoor
from app.services.integrations.crm.creating_repository import (
    CREATED,
    CREATING,
    FAILED,
    KNOWN,
    PUT_OFF,
    CreatingRepository,
)
from app.services.integrations.crm.errors import CreationInvalid
from app.services.integrations.crm.ports import Changed, CrmWriter, ObjectChange
from app.services.integrations.crm.repository import CrmRepository
from app.services.integrations.crm.rounds import ended, new_push
from app.services.integrations.crm.sending import Outcome, send_changes
from app.services.integrations.crm.writing_repository import WritingRepository
from app.services.integrations.crms import writable
from app.services.integrations.ports import PlatformError

_TURN_SECONDS = 120.0
_FIRST = UUID(int=0)
_NEVER = datetime.min.replace(tzinfo=UTC)
_BEHIND = timedelta(milliseconds=1)
_PAGE = 1_000
_MOST_PREVIEWED = 50_000
ALREADY_THERE = "integrations.crm.already_there"
"""The code of a contact that the CRM itself takes for one that it has."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the segment, with the first address that they were seen with, and every key of theirs."""

    profile: CdpProfile
    email: CdpIdentifier
    keys: tuple[UUID, ...]


@dataclass(slots=True)
class CreationPreview:
    """Of a segment's people: with an address, allowed, known there or dealt with before, and who would be created.

    Not `is_whole`: it is larger than what was looked at, and these count the first of them.
    """

    members: int = 0
    with_email: int = 0
    allowed: int = 0
    known: int = 0
    to_create: int = 0
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class _Work:
    account: CrmAccount
    writer: CrmWriter
    push: CrmPush


@dataclass(slots=True)
class _Page:
    members: int
    last: UUID | None
    candidates: list[Candidate]
    allowed: list[Candidate]
    known: list[Candidate]
    newly_known: list[UUID]
    wanted: list[Candidate]
    """Those to be created: who was not tried yet first, then whose trial is the longest ago."""
    untried: int
    unsure: set[UUID]
    """Of these an earlier creation was never answered."""


class Candidates:
    """Pages of a segment's people, told apart by what speaks for and against creating them."""

    def __init__(self, scope: TenantScope, account_id: UUID, segment_id: UUID, most: int = _PAGE) -> None:
        self._scope = scope
        self._most = most
        self._account_id = account_id
        self._segment_id = segment_id
        self._rows = CreatingRepository(scope)

    async def page(self, after: UUID) -> _Page:
        ids = await self._rows.members(self._segment_id, after, self._most)
        identifiers = await self._rows.identifiers(ids) if ids else {}
        profiles = await self._rows.profiles(ids) if ids else ()
        found = [
            Candidate(each, email, tuple(one.key for one in identifiers[each.id]))
            for each in profiles
            if (email := _address(identifiers.get(each.id, ()))) is not None
        ]
        keys = {key for each in found for key in each.keys}
        known_keys = await self._rows.known(self._account_id, keys)
        dealt = await self._rows.dealt(self._account_id, keys)
        settled = known_keys | {key for key, (state, _) in dealt.items() if state not in {CREATING, PUT_OFF}}
        tried = {key: at for key, (state, at) in dealt.items() if state == PUT_OFF}
        allowed = await self._allowed(found)
        known = [each for each in found if not settled.isdisjoint(each.keys)]
        wanted = [each for each in allowed if settled.isdisjoint(each.keys)]
        wanted.sort(key=lambda each: tried.get(each.email.key, _NEVER))
        untried = sum(each.email.key not in tried for each in wanted)
        unsure = {key for key, (state, _) in dealt.items() if state == CREATING}
        newly = sorted({each.email.key for each in known if each.email.key not in dealt})
        last = ids[-1] if len(ids) == self._most else None
        return _Page(len(ids), last, found, allowed, known, newly, wanted, untried, unsure)

    async def _allowed(self, found: Sequence[Candidate]) -> list[Candidate]:
        """A contact is created to be written to: whoever allows e-mail."""
        profiles, now = ProfileService(self._scope), self._scope.now()
        questions = [Question([e.profile.id], now, {}, profiles.country(e.profile)) for e in found]
        decided = await Consents(self._scope).decide(Purpose.EMAIL, questions)
        return [each for each, said in zip(found, decided, strict=True) if said.is_granted]


class CrmCreating:
    """Takes a scope factory: no transaction is open while the CRM is called. Safe to run twice."""

    def __init__(self, scopes: Scopes, *, seconds: float = _TURN_SECONDS, page: int = _PAGE) -> None:
        self._scopes = scopes
        self._seconds = seconds
        self._at_once = page

    async def preview(self, account_id: UUID, segment_id: UUID) -> CreationPreview:
        counted, after = CreationPreview(), _FIRST
        while True:
            async with self._scopes() as scope:
                if await CrmRepository(scope).find(account_id) is None:
                    return counted
                await SegmentService(scope).one(segment_id)
                page = await Candidates(scope, account_id, segment_id).page(after)
            counted.members += page.members
            counted.with_email += len(page.candidates)
            counted.allowed += len(page.allowed)
            counted.known += len(page.known)
            counted.to_create += len(page.wanted)
            if page.last is None:
                return counted
            if counted.members >= _MOST_PREVIEWED:
                counted.is_whole = False
                return counted
            after = page.last

    async def run(self, account_id: UUID) -> CrmPush | None:
        """Create who is to be created, as many as the day allows; None where nothing is to be done."""
        async with exclusive_among(self._scopes, "crm", str(account_id)) as mine:
            return await self._run(account_id) if mine else None

    async def _run(self, account_id: UUID) -> CrmPush | None:
        ends_at = time.monotonic() + self._seconds
        async with self._scopes() as scope:
            account = await CrmRepository(scope).find(account_id)
        if account is None or not _is_ready(account):
            return None
        push = new_push(account_id)
        try:
            writer = await CrmDoor(self._scopes).writer(account)
            if writer is None:
                return None
            work = _Work(account, writer, push)
            while await self._page(work) and time.monotonic() < ends_at:
                pass
        except PlatformError as error:
            return await ended(self._scopes, push, error)
        return await ended(self._scopes, push, None) if push.created or push.failed else None

    async def _page(self, work: _Work) -> bool:
        """Whether there is more to do in this round. How far it is, is kept: the next round goes on there."""
        account_id = work.account.id
        async with self._scopes() as scope:
            now = await CrmRepository(scope).find(account_id)
            if now is None or not _is_ready(now) or now.create_segment_id is None:
                return False
            segment_id, rows = now.create_segment_id, CreatingRepository(scope)
            left = max(0, now.create_per_day - await rows.made_since(account_id, _day()))
            candidates = Candidates(scope, account_id, segment_id, self._at_once)
            page = await candidates.page(now.create_after or _FIRST)
            # Known there now, they are not created when somebody deletes them there.
            await rows.note(account_id, KNOWN, page.newly_known)
            wanted = page.wanted[:left]
            people = _people(scope, wanted, rules.fields_of(now.mapping), work.writer.names)
        size = work.writer.batch_size
        for at in range(0, len(wanted), size):
            keys = {people[each.profile.id].id: each.email.key for each in wanted[at : at + size]}
            changes = [people[each.profile.id] for each in wanted[at : at + size]]
            await self._create(work, changes, keys, page.unsure)
        if len(wanted) < page.untried or (page.wanted and not left):
            return False  # the day is used up: the others of this page come first when the next one has begun
        async with self._scopes() as scope:
            await CreatingRepository(scope).came_to(account_id, segment_id, page.last)
        return page.last is not None

    async def _create(
        self, work: _Work, changes: Sequence[ObjectChange], keys: Mapping[str, UUID], unsure: set[UUID]
    ) -> None:
        account_id = work.account.id
        there = await work.writer.known_emails([each.id for each in changes])
        fresh = [each for each in changes if each.id not in there]
        ours = [keys[each] for each in sorted(there) if keys[each] in unsure]
        async with self._scopes() as scope:
            rows = CreatingRepository(scope)
            await rows.note(account_id, CREATED, ours)
            await rows.note(
                account_id, KNOWN, [k for each in sorted(there) if (k := keys[each]) not in unsure]
            )
            asked = [keys[each.id] for each in fresh]
            known = (await WritingRepository(scope).owners(asked)).keys() - await Tombstones(scope).barred(
                asked
            )
            fresh = [each for each in fresh if keys[each.id] in known]  # nobody who is erased meanwhile
            await rows.note(account_id, CREATING, [keys[each.id] for each in fresh])
        work.push.created += len(ours)
        if fresh:
            outcome = await send_changes(_Creates(work.writer, work.account.create_as), fresh, new=True)
            await self._settle(work, outcome, keys)
            if outcome.error is not None:
                raise outcome.error

    async def _settle(self, work: _Work, outcome: Outcome, keys: Mapping[str, UUID]) -> None:
        faults = {name: each for name, each in outcome.faults.items() if name not in outcome.stored}
        there = [keys[name] for name, each in faults.items() if each.code == ALREADY_THERE]
        failed = {
            keys[name]: each.code
            for name, each in faults.items()
            if each.is_permanent and each.code != ALREADY_THERE
        }
        again = {keys[name]: each.code for name, each in faults.items() if not each.is_permanent}
        made = {keys[name]: contact.id for name, contact in outcome.stored.items()}
        async with self._scopes() as scope:
            rows = CreatingRepository(scope)
            await rows.settle(work.account.id, CREATED, made)
            await rows.settle(work.account.id, KNOWN, dict.fromkeys(there))
            await rows.settle(work.account.id, FAILED, failed)
            await rows.settle(work.account.id, PUT_OFF, again)
            made_at = {keys[name]: contact.modified_at for name, contact in outcome.stored.items()}
            # Whose erasure began behind the sending: what we made there must not bring them back.
            for key, request_id in (await Tombstones(scope).barred(made)).items():
                await Tombstones(scope).bury([key], made_at[key] + _BEHIND, request_id)
        work.push.created += len(made)
        work.push.failed += len(failed) + len(again)


class _Creates:
    """A writer's creations in the form of its changes: a batch that is refused is cut the same way."""

    def __init__(self, writer: CrmWriter, kind: CreatedAs) -> None:
        self.batch_size = writer.batch_size
        self._writer = writer
        self._kind = kind

    async def send(self, changes: Sequence[ObjectChange]) -> Changed:
        return await self._writer.create_contacts(changes, self._kind)


async def enqueue_creations(scope: TenantScope) -> None:
    """A round for each account that creates contacts."""
    for account_id in await CreatingRepository(scope).due():
        await scope.enqueue("integrations.crm.create", {"account_id": str(account_id)}, unless_pending=True)


async def demand_creatable(scope: TenantScope, account: CrmAccount, *, may_write: bool) -> None:
    """Whether contacts can be created as the account says."""
    vendor = writable(account.provider)
    if account.create_segment_id is None:
        return
    faults: list[FieldError] = []
    if vendor is None or not may_write:
        message = "Sign in with the right to write contacts first."
        faults.append(FieldError("body.create_segment_id", message, "not_writable"))
    elif account.create_as not in vendor.creates_as:
        message = f"{vendor.name} has no {account.create_as}s: choose {' or '.join(vendor.creates_as)}."
        faults.append(FieldError("body.create_as", message, "no_such_type"))
    try:
        segment = await SegmentService(scope).one(account.create_segment_id)
    except SegmentNotFound:
        segment = None
    if segment is None or segment.archived_at is not None:
        message = "There is no such segment, or it is archived: choose another."
        faults.append(FieldError("body.create_segment_id", message, "no_segment"))
    if faults:
        raise CreationInvalid(fields=faults)


def creates_as(provider: str) -> Sequence[CreatedAs]:
    vendor = writable(provider)
    return () if vendor is None else vendor.creates_as


def _is_ready(account: CrmAccount) -> bool:
    """Read whole since somebody wanted it: whoever is not known by then is not there."""
    return account.enabled and account.create_segment_id is not None and account.contacts_until is not None


def _address(identifiers: Sequence[CdpIdentifier]) -> CdpIdentifier | None:
    return next((each for each in identifiers if each.type == "email" and each.sealed is not None), None)


def _people(
    scope: TenantScope, wanted: Sequence[Candidate], fields: Sequence[rules.Field], names: Sequence[str]
) -> dict[UUID, ObjectChange]:
    """Each by their address, with the names that the mapping knows; all else is written once they are known there."""
    profiles = ProfileService(scope)
    mapped = {e.property: e.name for e in fields if e.to == "trait" and e.name and e.property in names}
    found: dict[UUID, ObjectChange] = {}
    for each in wanted:
        traits = {**each.profile.traits, **profiles.opened_traits(each.profile)}
        values = {name: write_rules.text_of(traits.get(trait)) for name, trait in mapped.items()}
        said = {name: value for name, value in values.items() if value is not None}
        found[each.profile.id] = ObjectChange(profiles.value(each.email), said)
    return found


def _day() -> datetime:
    """The beginning of today, UTC."""
    return real_now().replace(hour=0, minute=0, second=0, microsecond=0)
