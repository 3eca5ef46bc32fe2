"""Stops as people ask for them, see them and give them back. The campaigns follow after commit (`running`)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from app.core.context import Actor, ActorKind
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.db.locks import one_after_another
from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.autopilot.stops import AutopilotStop
from app.services.audit_logs.service import AuditLog
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.stops.errors import (
    AlreadyGivenBack,
    BeingGivenBack,
    PersonNeeded,
    StillFrozen,
    StopAccountNotFound,
    StopNotFound,
    WholeCompanyOnly,
)
from app.services.autopilot.stops.repository import Account, Line, StopRepository, Tally
from app.services.autopilot.stops.rules import SENTENCES, PassedOver, StopKind, in_turn
from app.services.notifications.service import (
    Notice,
    NotificationKind,
    Notifications,
    NotificationSeverity,
    NotificationSubject,
)
from app.services.trust_engine.gate.service import KillSwitch

log = get_logger(__name__)

__all__ = ["Line", "Reach", "StopKind", "StopService", "StopWanted", "Stopped"]

_PEOPLE = frozenset({ActorKind.USER, ActorKind.SUPERADMIN})


class Freezes(Protocol):
    """The kill switch as people press it."""

    async def set(self, *, engaged: bool, reason: str) -> object: ...


@dataclass(frozen=True, slots=True)
class StopWanted:
    """`ad_account_id`: of one account; None: of the company."""

    kind: StopKind
    reason: str
    ad_account_id: UUID | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    row: AutopilotStop
    tally: Tally
    owed: int
    """Campaigns that giving it back again would try anew."""

    @property
    def out_of_reach(self) -> list[dict[str, Any]]:
        """As it was when it was asked for, each with its sentence."""
        return [_said(each) for each in self.row.out_of_reach]


@dataclass(frozen=True, slots=True)
class Reach:
    """What a stop would pause now, and the accounts that it would not reach."""

    campaigns: int
    accounts: Sequence[Account]
    out_of_reach: Sequence[Account]


class StopService:
    def __init__(self, scope: TenantScope, freeze: Freezes) -> None:
        self._scope = scope
        self._freeze = freeze
        self._rows = StopRepository(scope)

    async def ask(self, wanted: StopWanted) -> Stopped:
        """Write down what is to stop; an emergency stop freezes in the same transaction, before anything is paused."""
        person = self._person()
        if wanted.kind is StopKind.EMERGENCY_STOP and wanted.ad_account_id is not None:
            raise WholeCompanyOnly
        key = wanted.idempotency_key or str(uuid7())
        await one_after_another(self._scope, f"stop:{key}")
        if (known := await self._rows.by_key(key)) is not None:
            return await self._shown(known)
        reach = await self.reach(wanted.ad_account_id)
        if wanted.kind is StopKind.EMERGENCY_STOP:
            await self._freeze.set(engaged=True, reason=wanted.reason)
        await self._let_nothing_start({each.id for each in reach.accounts})
        running = in_turn(await self._rows.running([each.id for each in reach.accounts]))
        now = self._scope.now()
        stop = AutopilotStop(
            id=uuid7(),
            kind=wanted.kind,
            ad_account_id=wanted.ad_account_id,
            reason=wanted.reason,
            idempotency_key=key,
            asked_by=person.id,
            asked_label=person.label,
            asked_at=now,
            out_of_reach=[_written(each) for each in reach.out_of_reach],
            proposed_at=None if running else now,
        )
        await self._rows.keep(stop, running)
        await self._follow(
            stop, "asked", {"kind": stop.kind, "reason": stop.reason, "campaigns": len(running)}
        )
        await self._tell(stop, "are paused", len(running))
        log.warning("autopilot.stops.asked", stop_id=str(stop.id), kind=stop.kind, campaigns=len(running))
        return await self._shown(stop)

    async def give_back(self, stop_id: UUID, *, reason: str) -> Stopped:
        """Have those enabled again that it paused and nobody has touched since, each through the gate.

        Once more, it is of those alone that the gate blocked or holds, that nobody approved in time, or that a kill
        switch or a later stop kept.
        """
        person = self._person()
        stop = await self._rows.for_update(stop_id)
        if stop is None:
            raise StopNotFound
        before = await self._shown(stop)
        campaigns = before.tally.campaigns if stop.given_back_at is None else before.owed
        if stop.given_back_at is not None and campaigns == 0:
            raise AlreadyGivenBack if stop.returned_at is not None else BeingGivenBack
        if (await KillSwitch(self._scope).state()).engaged:
            raise StillFrozen
        await self._rows.try_again(stop.id)
        now = self._scope.now()
        stop.given_back_by, stop.given_back_label = person.id, person.label
        stop.given_back_reason, stop.given_back_at, stop.returned_at = reason, now, None
        stop.givings += 1
        if stop.proposed_at is None:
            await self._rows.pass_over_the_rest(stop.id, PassedOver.GIVEN_BACK)
            stop.proposed_at = now
        await self._follow(stop, "given_back", {"reason": reason})
        await self._tell(stop, "are given back", campaigns)
        log.info("autopilot.stops.given_back", stop_id=str(stop.id))
        return await self._shown(stop)

    async def reach(self, ad_account_id: UUID | None) -> Reach:
        """What a stop of the account, or of the company, would pause now."""
        accounts = await self._rows.accounts(ad_account_id)
        if ad_account_id is not None and not accounts:
            raise StopAccountNotFound
        reached = [each for each in accounts if each.why is None]
        return Reach(
            campaigns=sum(each.active or 0 for each in reached),
            accounts=reached,
            out_of_reach=[each for each in accounts if each.why is not None],
        )

    async def get(self, stop_id: UUID) -> Stopped:
        stop = await self._rows.find(stop_id)
        if stop is None:
            raise StopNotFound
        return await self._shown(stop)

    async def listed(self, *, cursor: str | None, limit: int) -> tuple[list[Stopped], str | None]:
        """Newest first."""
        rows, following = await self._rows.listed(cursor=cursor, limit=limit)
        return await self._all_shown(rows), following

    async def campaigns(self, stop_id: UUID, *, page: int, limit: int) -> Slice[Line]:
        """Its campaigns in their turn, each with what became of it."""
        if await self._rows.find(stop_id) is None:
            raise StopNotFound
        return await self._rows.campaigns(stop_id, page=page, limit=limit)

    def _person(self) -> Actor:
        if self._scope.actor.kind not in _PEOPLE:
            raise PersonNeeded
        return self._scope.actor

    async def _let_nothing_start(self, accounts: Collection[UUID]) -> None:
        """What is about to enable a campaign there does not begin any more: it would run behind the stop's back."""
        actions = AutopilotActions(self._scope)
        for each in await actions.in_flight():
            if each.ad_account_id in accounts and each.after.get("status") == "active":
                await actions.halting.one(await actions.locked(each.id), "Everything was paused.")

    async def _follow(self, stop: AutopilotStop, verb: str, after: dict[str, object]) -> None:
        await AuditLog(self._scope).record(
            f"autopilot.stops.{verb}", entity="autopilot.stops", entity_id=stop.id, after=after
        )
        await self._scope.enqueue("autopilot.stops.go_on", {"stop_id": str(stop.id)}, unless_waiting=True)

    async def _tell(self, stop: AutopilotStop, turned: str, campaigns: int) -> None:
        """Colleagues, who see their campaigns stand still and are to know by whom."""
        paused = stop.given_back_at is None
        one = stop.ad_account_id is not None
        facts = {
            "whose": (await self._rows.account_name(stop.ad_account_id)) if one else "The whole company",
            "turned": turned,
            "by": (stop.asked_label if paused else stop.given_back_label) or "",
            "reason": (stop.reason if paused else stop.given_back_reason) or "",
            "campaigns": str(campaigns),
        }
        if paused and stop.out_of_reach:
            facts["unreached"] = ", ".join(each["name"] for each in stop.out_of_reach)
        await Notifications(self._scope).tell(
            Notice(
                kind=NotificationKind.STOP_CHANGED,
                severity=NotificationSeverity.CRITICAL if paused else NotificationSeverity.WARNING,
                subject=NotificationSubject.STOP,
                subject_id=stop.id,
                key=f"{stop.id}:{turned}" if paused else f"{stop.id}:{turned}:{stop.givings}",
                facts=facts,
            )
        )

    async def _shown(self, stop: AutopilotStop) -> Stopped:
        [found] = await self._all_shown([stop])
        return found

    async def _all_shown(self, rows: Sequence[AutopilotStop]) -> list[Stopped]:
        ids = [each.id for each in rows]
        tallies, owed = await self._rows.tallies(ids), await self._rows.owed(ids)
        return [Stopped(each, tallies[each.id], owed.get(each.id, 0)) for each in rows]


def unreached_accounts(accounts: Sequence[Account]) -> list[dict[str, Any]]:
    """What keeps a stop from each, and the sentence of it."""
    return [_said(_written(each)) for each in accounts]


def _written(account: Account) -> dict[str, Any]:
    return {
        "ad_account_id": str(account.id),
        "name": account.name,
        "platform": account.platform,
        "campaigns": account.active,
        "why": account.why,
    }


def _said(written: Mapping[str, Any]) -> dict[str, Any]:
    return {**written, "sentence": sentence(written["why"])}


def sentence(code: str | None) -> str | None:
    """A reason in words, by its code."""
    return None if code is None else SENTENCES.get(code)
