"""Writing to a CRM: both sides of a contact or a deal compared, and what has won sent there or told here.

What is about to be written is noted before it is sent: whoever dies in between compares again, and knows their own
value when they meet it. The CRM is read by the objects' ids at that moment, so that no index that lags decides. It
takes turns with the reading: one of them at a time works at an account.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.clock import real_now
from app.core.config import settings
from app.core.logging import get_logger
from app.db.locks import exclusive_among
from app.db.session import Scopes, TenantScope, door
from app.models.integrations.crm import CrmAccount, CrmPush, CrmWrite
from app.services.cdp.events.service import Envelope, Ingestion
from app.services.cdp.sources.service import Sender
from app.services.cdp.tombstones.service import Tombstones
from app.services.integrations.crm import property_rules, rules, write_rules
from app.services.integrations.crm.comparing import Compared, Comparison, Kept, compared_of
from app.services.integrations.crm.connecting import CrmDoor
from app.services.integrations.crm.following import CrmFollowing
from app.services.integrations.crm.ours import Found, value_hash
from app.services.integrations.crm.ports import (
    Changed,
    CrmWriter,
    Kind,
    ObjectChange,
    Refusal,
    RemoteObject,
)
from app.services.integrations.crm.repository import CrmRepository
from app.services.integrations.crm.rights import KINDS
from app.services.integrations.crm.rounds import ended, new_push
from app.services.integrations.crm.sending import Outcome, send_changes
from app.services.integrations.crm.sides import keep_agreed, known_sides, met_sides
from app.services.integrations.crm.write_rules import Agreed
from app.services.integrations.crm.writing_repository import WritingRepository
from app.services.integrations.ports import PlatformError, PlatformErrorKind

log = get_logger(__name__)

_TURN_SECONDS = 120.0
_AMBIGUOUS = "integrations.crm.ambiguous"
_NO_RIGHT = "integrations.crm.no_right"
_MOST_PROMISED = 1000
_OF_ALL = frozenset({PlatformErrorKind.AUTH, PlatformErrorKind.RATE_LIMITED})
"""What holds of whatever is asked next; anything else may be the fault of one batch, which must not come first for
ever, or of one kind of objects, which must not keep the other back."""
_BEHIND = timedelta(milliseconds=1)


@dataclass(slots=True)
class _Work(Comparison):
    writer: CrmWriter
    push: CrmPush
    queued: Mapping[str, CrmWrite] = field(default_factory=dict)
    is_checked: bool = False


class _Changes:
    """A writer for objects of one kind."""

    def __init__(self, writer: CrmWriter, kind: Kind) -> None:
        self.batch_size = writer.batch_size
        self._writer = writer
        self._kind = kind

    async def send(self, changes: Sequence[ObjectChange]) -> Changed:
        return await self._writer.change(self._kind, changes)


class CrmWriting:
    """Takes a scope factory: no transaction is open while the CRM is called. Safe to run twice."""

    def __init__(self, scopes: Scopes, *, seconds: float = _TURN_SECONDS) -> None:
        self._scopes = scopes
        self._seconds = seconds

    async def run(self, account_id: UUID) -> CrmPush | None:
        """Follow, compare and write until nothing is left; None where there was nothing, or it is not to be."""
        async with exclusive_among(self._scopes, "crm", str(account_id)) as mine:
            return await self._run(account_id) if mine else None

    async def _run(self, account_id: UUID) -> CrmPush | None:
        ends_at = time.monotonic() + self._seconds
        await CrmFollowing(self._scopes).drain(account_id)
        async with self._scopes() as scope:
            account = await CrmRepository(scope).find(account_id)
            waiting = {kind: await WritingRepository(scope).due(account_id, kind, 1) for kind in KINDS}
            tenant_id = scope.tenant_id
        if account is None or not account.enabled:
            return None
        push, called, failed = new_push(account_id), False, None
        for kind in (each for each in KINDS if waiting[each]):
            try:
                called = await self._kind(account, kind, tenant_id, push, ends_at) or called
            except PlatformError as error:
                called, failed = True, failed or error
                if error.kind in _OF_ALL:
                    break
        return await ended(self._scopes, push, failed) if called else None

    async def _kind(
        self, account: CrmAccount, kind: Kind, tenant_id: int, push: CrmPush, ends_at: float
    ) -> bool:
        """What waits of this kind, while there is time; False where it may not be written."""
        writer = await CrmDoor(self._scopes).writer(account, kind)
        if writer is None:
            async with self._scopes() as scope:
                await self._give_up(WritingRepository(scope), account, kind)
            return False
        mapping, refused = _mapped(account, kind)
        work = _Work(account, kind, tenant_id, rules.taken_fields(mapping, refused), mapping, writer, push)
        try:
            while await self._batch(work) and time.monotonic() < ends_at:
                pass
        except PlatformError as error:
            if error.kind not in _OF_ALL:
                async with self._scopes() as scope:
                    await WritingRepository(scope).put_behind(account.id, list(work.queued.values()))
            raise
        return True

    @staticmethod
    async def _give_up(rows: WritingRepository, account: CrmAccount, kind: Kind) -> None:
        """It may not be written; what an erasure has promised is shown as such, and waits for the right."""
        await rows.drop(account.id, kind)
        for each in await rows.due(account.id, kind, _MOST_PROMISED):
            pause = write_rules.pause_after(each.attempts)
            await rows.failed(each, next_at=real_now() + pause, code=_NO_RIGHT, properties=each.clears)

    async def _batch(self, work: _Work) -> bool:
        async with self._scopes() as scope:
            account = await CrmRepository(scope).find(work.account.id)
            if account is None or not account.enabled or _is_mapped_otherwise(account, work):
                return False
            rows = WritingRepository(scope)
            due = await rows.due(work.account.id, work.kind, work.writer.batch_size)
            agreed, here = await known_sides(scope, work, [each.external_id for each in due])
        if not due:
            return False
        work.queued = {each.external_id: each for each in due}
        kept: Kept = {
            name: {each.property: Agreed.kept(fields.get(each.property)) for each in work.fields}
            for name, fields in agreed.items()
        }
        clears = {name: row for name, row in work.queued.items() if row.clears}
        asked = [
            name
            for name, row in work.queued.items()
            if name in kept
            and name not in clears
            and (row.looked or not self._is_quiet(work, kept[name], here[name]))
        ]
        rest = [name for name in work.queued if name not in asked and name not in clears]
        async with self._scopes() as scope:
            await WritingRepository(scope).done(work.account.id, _rows(work, rest))
        if clears:
            await self._clear(work, clears)
        if asked:
            await self._compare(work, asked, kept)
        return True

    @staticmethod
    def _is_quiet(work: _Work, agreed: Mapping[str, Agreed], found: Found) -> bool:
        ours = found.ours
        if ours is None:
            return not found.is_ambiguous
        return all(
            write_rules.is_quiet(
                each, agreed[each.property], value_hash(ours.values[each.property], work.tenant_id)
            )
            for each in work.fields
        )

    async def _compare(self, work: _Work, names: Sequence[str], kept: Kept) -> None:
        if not work.is_checked:
            await self._check(work)
        properties = list(dict.fromkeys(each.property for each in work.mapping))
        dated = [each.property for each in work.fields if each.direction == "both"]
        # One that was merged into another is answered as the other, who was not asked about: it is gone.
        found = {each.row.id: each for each in await work.writer.states(work.kind, names, properties, dated)}
        states = [found[name] for name in names if name in found]
        work.push.compared += len(states)
        async with self._scopes() as scope:
            rows = WritingRepository(scope)
            here = await met_sides(scope, work, states)
            states = [each for each in states if each.row.id in here]
            compared = compared_of(work, states, here, kept)
            still = await keep_agreed(scope, work, compared.agreed, compared.whose)
            ambiguous = [name for name, found in here.items() if found.is_ambiguous]
            for name in ambiguous:
                await self._fault(rows, work, name, _AMBIGUOUS, (), permanent=True)
            compared.forget_but(still)
            busy = {*compared.writes, *compared.news, *ambiguous}
            await rows.done(work.account.id, _rows(work, [n for n in names if n not in busy]))
        changes = [ObjectChange(name, values) for name, values in compared.writes.items()]
        await self._tell(work, compared)
        if changes:
            outcome = await send_changes(_Changes(work.writer, work.kind), changes)
            await self._record(work, compared, outcome)

    async def _tell(self, work: _Work, compared: Compared) -> None:
        """By the way of all events; then it is known that it was told."""
        if not compared.news:
            return
        async with self._scopes() as scope:
            engine, clock = scope.session.bind, scope.clock
        ingestion = Ingestion(door(engine, clock=clock), clock, settings)  # type: ignore[arg-type]  # a scope's bind is its engine
        try:
            outcome = await ingestion.receive(
                Sender(work.tenant_id, None),
                Envelope([event for *_, event in compared.news.values()]),
                dialect="segment",
                contact_suffices=True,
            )
        finally:
            await ingestion.close()
        work.push.told += outcome.accepted
        verdicts = {each.message_id: each.code for each in outcome.rejected}
        refused = {
            name: f"cdp.events.{verdicts[message_id]}"
            for name, (*_, event) in compared.news.items()
            if (message_id := rules.message_id_of(event)) in verdicts
        }
        told = {n: each for n, (_, _, each, _) in compared.news.items() if n not in refused}
        async with self._scopes() as scope:
            rows = WritingRepository(scope)
            await keep_agreed(scope, work, told, {})
            await rows.done(
                work.account.id, _rows(work, [name for name in told if name not in compared.writes])
            )
            for name, code in refused.items():
                _, _, properties, _ = compared.news[name]
                await self._fault(rows, work, name, code, list(properties), permanent=True)

    async def _record(self, work: _Work, compared: Compared, outcome: Outcome) -> None:
        async with self._scopes() as scope:
            rows = WritingRepository(scope)
            # Of a property of which nothing is taken, nothing of ours can stand there.
            agreed: Kept = {
                name: {each: replace(compared.agreed[name][each], writing=None) for each in left}
                for name in outcome.left
                if (left := outcome.refused.keys() & compared.writes[name].keys())
            }
            for name, properties in outcome.written.items():
                for each in properties:
                    ours = compared.hashes[name][each]
                    stored = outcome.stored[name].properties.get(each, compared.writes[name][each])
                    theirs = value_hash(stored, work.tenant_id)
                    agreed.setdefault(name, {})[each] = Agreed(ours, theirs, wrote=True)
            await keep_agreed(scope, work, agreed, compared.whose)
            await rows.done(work.account.id, _rows(work, outcome.done))
            await self._refuse(scope, work, outcome.refused)
            await self._count(rows, work, outcome)
        if outcome.error is not None:
            raise outcome.error

    async def _check(self, work: _Work) -> None:
        """Once in a round: a property that is gone is not one that somebody has emptied everywhere."""
        properties = await work.writer.properties(work.kind)
        refused = property_rules.refusals(work.fields, properties, work.kind)
        async with self._scopes() as scope:
            await self._refuse(scope, work, refused)
        work.is_checked = True

    @staticmethod
    async def _refuse(scope: TenantScope, work: _Work, refused: Mapping[str, Refusal]) -> None:
        """From here on these properties are not written, until somebody saves the mapping again."""
        if not refused:
            return
        account = await CrmRepository(scope).find(work.account.id, for_update=True)
        if account is not None and not _is_mapped_otherwise(account, work):
            new = {name: {"code": each.code, "message": each.message} for name, each in refused.items()}
            if work.kind == "contacts":
                account.refused = account.refused | new
            else:
                account.deal_refused = account.deal_refused | new
            work.fields = rules.taken_fields(work.mapping, _mapped(account, work.kind)[1])
            log.warning(
                "integrations.crm.property_refused",
                account_id=str(account.id),
                properties=sorted(refused),
            )

    async def _count(self, rows: WritingRepository, work: _Work, outcome: Outcome) -> None:
        for name, fault in outcome.faults.items():
            await self._fault(rows, work, name, fault.code, fault.properties, permanent=fault.is_permanent)
        if work.kind == "contacts":
            work.push.written += len(outcome.written)
        else:
            work.push.deals += len(outcome.written)
        work.push.values += sum(len(each) for each in outcome.written.values())

    async def _clear(self, work: _Work, clears: Mapping[str, CrmWrite]) -> None:
        """Of people who are erased here: what was written of them is emptied there, whatever the mapping is now.

        What somebody there has set since is theirs.
        """
        properties = sorted({each for row in clears.values() for each in row.clears})
        states = await work.writer.states(work.kind, list(clears), properties, ())
        changes = [
            ObjectChange(name, dict.fromkeys(ours))
            for name, there in ((each.row.id, each.row) for each in states)
            if name in clears and (ours := _ours_still(clears[name], there, work.tenant_id))
        ]
        outcome = await send_changes(_Changes(work.writer, work.kind), changes)
        settled = clears.keys() - {each.id for each in changes}
        async with self._scopes() as scope:
            rows = WritingRepository(scope)
            done = outcome.done
            for name in outcome.written.keys() & set(
                done
            ):  # the modification is ours: it must not bring back whom it is about
                row, before = clears[name], outcome.stored[name].modified_at + _BEHIND
                if row.request_id is not None:
                    await Tombstones(scope).bury(row.keys, before, row.request_id)
            await rows.done(work.account.id, _rows(work, [*done, *settled]))
            await self._count(rows, work, outcome)
        if outcome.error is not None:
            raise outcome.error

    @staticmethod
    async def _fault(
        rows: WritingRepository,
        work: _Work,
        name: str,
        code: str,
        properties: Sequence[str],
        *,
        permanent: bool,
    ) -> None:
        row = work.queued[name]
        gives_up = permanent or row.attempts + 1 >= write_rules.MOST_ATTEMPTS
        pause = write_rules.pause_after(write_rules.MOST_ATTEMPTS if gives_up else row.attempts)
        # What an erasure has promised is tried for ever: nothing that changes here would bring it back.
        is_left = gives_up and row.request_id is None
        await rows.failed(
            row,
            next_at=None if is_left else real_now() + pause,
            code=code,
            properties=properties,
        )
        work.push.failed += 1


def _mapped(account: CrmAccount, kind: Kind) -> tuple[list[rules.Field], Mapping[str, Any]]:
    """What stands for what, and which properties are not taken."""
    if kind == "deals":
        return rules.deal_fields_of(account.deal_mapping), account.deal_refused
    return rules.fields_of(account.mapping), account.refused


def _is_mapped_otherwise(account: CrmAccount, work: _Work) -> bool:
    return _mapped(account, work.kind)[0] != work.mapping


def _rows(work: _Work, names: Iterable[str]) -> list[CrmWrite]:
    return [work.queued[name] for name in names]


def _ours_still(row: CrmWrite, there: RemoteObject, tenant_id: int) -> list[str]:
    """The properties of those to be emptied in which nobody else has set anything since."""
    return [
        each
        for each in row.clears
        if each not in row.standing or value_hash(there.properties.get(each), tenant_id) in row.standing[each]
    ]


async def enqueue_waiting(scope: TenantScope) -> None:
    """A round for each account that has something to follow or to write."""
    for account_id in await WritingRepository(scope).waiting():
        await scope.enqueue("integrations.crm.write", {"account_id": str(account_id)}, unless_pending=True)
