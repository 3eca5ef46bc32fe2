"""What an audience lacks and what it has too much: compared page by page, and queued; nothing is sent here.

A page is one transaction. Whoever dies half-way leaves whole pages queued, and the next one compares anew.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from app.db.session import Scopes, TenantScope
from app.models.cdp.audience_sync import CdpAudience
from app.services.cdp.audience_sync import rules
from app.services.cdp.audience_sync.members_repository import MemberRepository, Noted, Queued, Standing
from app.services.cdp.audience_sync.people import People, Prepared, sealed
from app.services.cdp.audience_sync.rules import State, Step, Why
from app.services.cdp.consents.service import Consents, Decided, Purpose, Question
from app.services.integrations.audiences.ports import AudiencePlatform

_FIRST = UUID(int=0)
_PAGE = 4_000


@dataclass
class _Page:
    """What is to be written for a page."""

    add: list[Queued] = field(default_factory=list)
    replace: list[Queued] = field(default_factory=list)
    note: list[Noted] = field(default_factory=list)
    remove: list[tuple[UUID, Why]] = field(default_factory=list)
    forget: list[UUID] = field(default_factory=list)


class Planning:
    """`holding` keeps those in who have only left the segment, until a person says that they may go."""

    def __init__(
        self,
        scopes: Scopes,
        audience: CdpAudience,
        platform: AudiencePlatform,
        *,
        holding: bool,
        expires_after: timedelta | None,
        page: int = _PAGE,
    ) -> None:
        self._scopes = scopes
        self._audience = audience
        self._platform = platform
        self._holding = holding
        self._expires_after = expires_after
        self._page = page
        self.withheld: Counter[Why] = Counter()
        """Members of the segment who are not sent, by the reason."""

    async def run(self) -> None:
        after: UUID | None = _FIRST
        while after is not None:
            async with self._scopes() as scope:
                after = await self._turn(scope, after)

    async def _turn(self, scope: TenantScope, after: UUID) -> UUID | None:
        members = MemberRepository(scope, self._audience.id)
        found = await members.page(self._audience.segment_id, after, self._page)
        if found:
            await self._settle(scope, members, found)
        return found[-1].profile_id if len(found) == self._page else None

    async def _settle(self, scope: TenantScope, members: MemberRepository, found: Sequence[Standing]) -> None:
        now = scope.now()
        whys = await self._not_wanted(members, found)
        asked = [each for each in found if each.profile_id not in whys]
        people = await People(scope, self._audience, self._platform).prepared(
            [each.profile_id for each in asked if not _is_known(each)]
        )
        consents = await self._consents(scope, asked, people, now)
        page = _Page()
        for each in found:
            why = whys.get(each.profile_id)
            prepared, said = people.get(each.profile_id), consents.get(each.profile_id)
            if why is None and (said is None or not said.is_granted):
                why = Why.NO_CONSENT
            if why is None and prepared is not None and not prepared.rows:
                why = Why.NO_IDENTIFIER
            if why is not None and each.in_segment:
                self.withheld[why] += 1
            if why is not None or said is None:
                _put_out(page, each, why or Why.NO_CONSENT)
            else:
                self._put_in(page, each, prepared, said, now=now, tenant_id=scope.tenant_id)
        await members.add(page.add, now)
        await members.replace(page.replace, now)
        await members.note(page.note)
        await members.remove(page.remove, now)
        await members.forget(page.forget)

    async def _not_wanted(self, members: MemberRepository, found: Sequence[Standing]) -> dict[UUID, Why]:
        """Those who are out whatever they say of consent."""
        percent = self._audience.holdout_percent
        whys: dict[UUID, Why] = {}
        for each in found:
            if each.version is None:
                whys[each.profile_id] = Why.ERASED
            elif not each.in_segment and not self._stays(each):
                whys[each.profile_id] = Why.LEFT
            elif rules.held_out(self._audience.id, each.profile_id, percent):
                whys[each.profile_id] = Why.HELD_OUT
        ended = [profile_id for profile_id, why in whys.items() if why is Why.ERASED]
        if ended:
            whys |= dict.fromkeys(await members.merged(ended), Why.MERGED)
        return whys

    def _stays(self, each: Standing) -> bool:
        """Whether somebody who left the segment is kept in for the time being."""
        if not self._holding or each.known is None:
            return False
        if each.known.state is State.REMOVING:
            return each.known.reason == Why.CHANGED
        return each.known.state is State.THERE or each.known.tried_at is not None

    async def _consents(
        self, scope: TenantScope, asked: Sequence[Standing], people: dict[UUID, Prepared], now: datetime
    ) -> dict[UUID, Decided]:
        questions = [
            Question(
                [each.profile_id],
                now,
                {},
                people[each.profile_id].country if each.profile_id in people else each.country,
            )
            for each in asked
        ]
        decided = await Consents(scope).decide(Purpose.ADS, questions)
        return {each.profile_id: said for each, said in zip(asked, decided, strict=True)}

    def _put_in(
        self,
        page: _Page,
        each: Standing,
        prepared: Prepared | None,
        said: Decided,
        *,
        now: datetime,
        tenant_id: int,
    ) -> None:
        wanted = prepared.fingerprint if prepared else each.known.fingerprint if each.known else None
        stale = each.known is not None and rules.is_stale(each.known.sent_at, now, self._expires_after)
        step = rules.step(each.known, wanted, stale=stale)
        if step in {Step.ADD, Step.REPLACE} and prepared is not None:
            queued = Queued(
                each.profile_id,
                sealed(prepared.rows, tenant_id),
                prepared.keys,
                prepared.fingerprint,
                prepared.version,
                prepared.at,
                prepared.country,
                said.because,
                said.at,
            )
            (page.add if step is Step.ADD else page.replace).append(queued)
        elif step is Step.SEND_AGAIN or prepared is not None:
            source = prepared or each
            page.note.append(
                Noted(
                    each.profile_id,
                    source.version or 0,
                    source.at or now,
                    source.country,
                    said.because,
                    said.at,
                    step is Step.SEND_AGAIN,
                )
            )


def _is_known(each: Standing) -> bool:
    """Whether they need not be opened: nothing of them has changed since, and nothing is under way."""
    return each.is_unchanged and each.known is not None and each.known.state is not State.REMOVING


def _put_out(page: _Page, each: Standing, why: Why) -> None:
    step = rules.step(each.known, None, stale=False)
    if step is Step.FORGET:
        page.forget.append(each.profile_id)
    elif step is Step.REMOVE:
        page.remove.append((each.profile_id, why))
