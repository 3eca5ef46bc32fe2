"""What is queued leaves: in batches, each written down before it goes and once it is answered.

Who is taken out goes first, so that an identifier that has found another owner is not taken from them. Consent is asked
for once more as a batch is made. No transaction is open while the platform is called; a batch whose answer was lost
is sent again, which changes nothing there.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.metrics import AUDIENCE_PEOPLE
from app.db.session import Scopes, TenantScope
from app.models.cdp.audience_sync import CdpAudience
from app.services.cdp.audience_sync import rules
from app.services.cdp.audience_sync.members_repository import MemberRepository, Waiting
from app.services.cdp.audience_sync.people import opened
from app.services.cdp.audience_sync.repository import AudienceRepository
from app.services.cdp.audience_sync.rules import State, Why
from app.services.cdp.consents.service import Consents, Purpose, Question
from app.services.integrations.audiences.ports import AudiencePlatform, Batch, Row, Taken
from app.services.integrations.audiences.service import offer_of
from app.services.integrations.ports import PlatformError, PlatformErrorKind

_FIRST = UUID(int=0)
_REMOVING, _ADDING, _REPLACING = 0, 1, 2
Call = Callable[[str, Sequence[str], Sequence[Row], Batch], Awaitable[Taken]]


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A batch: whom it is about, and what is sent of them."""

    profile_ids: list[UUID]
    rows: list[Row]


class Sending:
    """The requests of one run."""

    def __init__(
        self,
        scopes: Scopes,
        audience: CdpAudience,
        platform: AudiencePlatform,
        run_id: UUID,
        *,
        most: int,
    ) -> None:
        self._scopes = scopes
        self._audience = audience
        self._platform = platform
        self._run_id = run_id
        self._most = min(most, platform.most_rows)
        self._number = 0
        self._in_session = 0

    @property
    def session(self) -> int:
        """The upload in which people were added."""
        return rules.session_of(self._run_id, _ADDING)

    async def removals(self) -> int:
        """Take out all who wait for it; how many."""
        removed, total = 0, await self._waiting(State.REMOVING)
        self._in_session = 0
        while True:
            async with self._scopes() as scope:
                found = await self._members(scope).next_of(State.REMOVING, _FIRST, self._most)
                batch = self._cut(found, scope.tenant_id)
                if batch is None:
                    return removed
                part = await self._part(scope, State.REMOVING, batch, total)
                number = await self._begin(scope, "remove", batch)
            taken = await self._call(self._platform.remove_members, batch, part, number)
            async with self._scopes() as scope:
                await self._members(scope).gone(batch.profile_ids)
                await self._end(scope, number, taken, removed=len(batch.profile_ids))
            removed += len(batch.profile_ids)

    async def additions(self) -> int:
        """Add all who wait for it and may still be sent; how many."""
        added, total = 0, await self._waiting(State.ADDING)
        self._in_session = 0
        while True:
            async with self._scopes() as scope:
                found = await self._members(scope).next_of(State.ADDING, _FIRST, self._most)
                if not found:
                    return added
                batch = await self._allowed(scope, found)
                if batch is None:
                    continue
                part = await self._part(scope, State.ADDING, batch, total)
                number = await self._begin(scope, "add", batch)
                await self._members(scope).tried(batch.profile_ids, self._run_id, scope.now())
            taken = await self._call(self._platform.add_members, batch, part, number)
            async with self._scopes() as scope:
                await self._members(scope).took(batch.profile_ids, self._run_id, scope.now())
                await self._end(scope, number, taken, added=len(batch.profile_ids))
            added += len(batch.profile_ids)

    async def replacement(self) -> int:
        """Send all who are to be in, as the whole of the audience; how many.

        Where the platform replaces nothing, everybody is sent again, once those have left who must.
        """
        if not offer_of(self._audience.platform).replaces:
            async with self._scopes() as scope:
                await self._members(scope).resend_all()
            return 0
        async with self._scopes() as scope:
            members = self._members(scope)
            await members.renew_all()
            counts = await members.counts()
        total = counts[State.THERE] + counts[State.ADDING]
        sent, after, last = 0, _FIRST, False
        self._in_session = 0
        while not last:
            async with self._scopes() as scope:
                members = self._members(scope)
                found = await members.next_of_whole(after, self._most)
                batch = await self._allowed(scope, found) if found else None
                if batch is None:
                    if not found:
                        break
                    after = found[-1].profile_id
                    continue
                after = batch.profile_ids[-1]
                last = not await members.next_of_whole(after, 1)
                number = await self._begin(scope, "replace", batch)
                await members.tried(batch.profile_ids, self._run_id, scope.now())
            self._in_session += 1
            part = Batch(rules.session_of(self._run_id, _REPLACING), self._in_session, last, total)
            taken = await self._call(self._platform.replace_members, batch, part, number)
            async with self._scopes() as scope:
                await self._end(scope, number, taken, added=len(batch.profile_ids))
            sent += len(batch.profile_ids)
        if not sent:
            return 0  # nobody is to be in: the removals that follow say so
        if not last:
            raise PlatformError(
                PlatformErrorKind.TRANSIENT,
                f"{self._platform.platform}.replacement_unfinished",
                "The last of those who were to be in refused meanwhile: it is begun anew.",
            )
        async with self._scopes() as scope:
            gone, _ = await self._members(scope).replaced(self._run_id, scope.now())
            await AudienceRepository(scope).count(self._run_id, removed=gone)
        return sent

    async def _allowed(self, scope: TenantScope, found: Sequence[Waiting]) -> _Claimed | None:
        """Of these, as many as one batch holds, those who allow it still; the others leave the queue."""
        questions = [Question([each.profile_id], scope.now(), {}, each.country) for each in found]
        decided = await Consents(scope).decide(Purpose.ADS, questions)
        refused = [
            each
            for each, said in zip(found, decided, strict=True)
            if not said.is_granted or not each.is_somebody
        ]
        members = self._members(scope)
        await members.forget([each.profile_id for each in refused if not each.was_tried])
        tried = [(each.profile_id, _why(each)) for each in refused if each.was_tried]
        await members.remove(tried, scope.now())
        out = {each.profile_id for each in refused}
        return self._cut([each for each in found if each.profile_id not in out], scope.tenant_id)

    def _cut(self, found: Sequence[Waiting], tenant_id: int) -> _Claimed | None:
        """The first of these, up to what the platform takes at once."""
        profile_ids: list[UUID] = []
        rows: list[Row] = []
        for each in found:
            entries = opened(each.sealed, tenant_id)
            if rows and len(rows) + len(entries) > self._most:
                break
            profile_ids.append(each.profile_id)
            rows += entries
        if not rows:
            return None
        return _Claimed(profile_ids, rows)

    async def _part(self, scope: TenantScope, state: State, batch: _Claimed, total: int) -> Batch:
        """The batch's place in its upload, which ends where nobody waits behind it."""
        self._in_session += 1
        session = rules.session_of(self._run_id, _REMOVING if state is State.REMOVING else _ADDING)
        behind = await self._members(scope).next_of(state, batch.profile_ids[-1], 1)
        return Batch(session, self._in_session, not behind, total)

    async def _begin(self, scope: TenantScope, action: str, batch: _Claimed) -> int:
        self._number += 1
        await AudienceRepository(scope).begin_batch(
            run_id=self._run_id,
            number=self._number,
            action=action,
            people=len(batch.profile_ids),
            entries=len(batch.rows),
            begun_at=scope.now(),
        )
        return self._number

    async def _call(self, call: Call, batch: _Claimed, part: Batch, number: int) -> Taken:
        try:
            return await call(self._external_id, self._audience.identifiers, batch.rows, part)
        except PlatformError as error:
            async with self._scopes() as scope:
                await AudienceRepository(scope).end_batch(
                    self._run_id, number, answered_at=scope.now(), error_code=error.code
                )
            raise

    async def _end(self, scope: TenantScope, number: int, taken: Taken, **people: int) -> None:
        rows = AudienceRepository(scope)
        await rows.end_batch(
            self._run_id,
            number,
            answered_at=scope.now(),
            received=taken.received,
            invalid=taken.invalid,
            receipts=list(taken.receipts),
        )
        for action, count in people.items():
            AUDIENCE_PEOPLE.labels(self._audience.platform, action).inc(count)
        told = {} if "removed" in people else {"received": taken.received, "invalid": taken.invalid}
        await rows.count(self._run_id, **people, **told)

    async def _waiting(self, state: State) -> int:
        async with self._scopes() as scope:
            return (await self._members(scope).counts())[state]

    def _members(self, scope: TenantScope) -> MemberRepository:
        return MemberRepository(scope, self._audience.id)

    @property
    def _external_id(self) -> str:
        if self._audience.external_id is None:
            raise LookupError("the audience has not been made at the platform")
        return self._audience.external_id


def _why(each: Waiting) -> Why:
    return Why.NO_CONSENT if each.is_somebody else Why.ERASED
