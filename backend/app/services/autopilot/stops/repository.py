from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import Slice, counted, newest_first, slice_of
from app.models.autopilot.actions import AutopilotAction
from app.models.autopilot.stops import AutopilotStop, AutopilotStopCampaign
from app.models.campaigns import AdSet, Campaign
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.connections import Connection
from app.models.integrations.kinds import ConnectionStatus
from app.services.autopilot.stops.rules import REFUSED, STILL_OWED, Running, Unreached, unreached

_MOVING = ("executing", "applied")


@dataclass(frozen=True, slots=True)
class Account:
    """An ad account as a stop meets it; `active` counts the campaigns that run there, None: not known."""

    id: UUID
    name: str
    platform: str
    active: int | None
    why: Unreached | None


@dataclass(slots=True)
class Tally:
    """How many campaigns of a stop stand where."""

    campaigns: int = 0
    waiting: int = 0
    """No pause is proposed yet."""
    pauses: Counter[str] = field(default_factory=Counter)
    """By the action's state."""
    passed_over: Counter[str] = field(default_factory=Counter)
    enables: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Line:
    """One campaign of a stop, with both of its actions' states."""

    row: AutopilotStopCampaign
    name: str
    ad_account_id: UUID
    state: str | None
    enable_state: str | None


@dataclass(frozen=True, slots=True)
class Target:
    """One campaign whose turn it is, as it is known now."""

    row: AutopilotStopCampaign
    campaign: Campaign
    account: AdAccount
    connection: Connection

    @property
    def why(self) -> Unreached | None:
        return _why(self.account, self.connection, known=True)


class StopRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def by_key(self, idempotency_key: str) -> AutopilotStop | None:
        statement = select(AutopilotStop).where(AutopilotStop.idempotency_key == idempotency_key)
        return (await self._session.scalars(statement)).one_or_none()

    async def find(self, stop_id: UUID) -> AutopilotStop | None:
        statement = select(AutopilotStop).where(AutopilotStop.id == stop_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def for_update(self, stop_id: UUID) -> AutopilotStop | None:
        statement = (
            select(AutopilotStop)
            .where(AutopilotStop.id == stop_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def listed(self, *, cursor: str | None, limit: int) -> tuple[Sequence[AutopilotStop], str | None]:
        return await newest_first(
            self._session,
            select(AutopilotStop),
            at=AutopilotStop.asked_at,
            id=AutopilotStop.id,
            cursor=cursor,
            limit=limit,
        )

    async def unfinished(self) -> Sequence[UUID]:
        """Those whose campaigns have not all had their turn, to be paused or to be given back."""
        returning = AutopilotStop.given_back_at.is_not(None) & AutopilotStop.returned_at.is_(None)
        statement = select(AutopilotStop.id).where(or_(AutopilotStop.proposed_at.is_(None), returning))
        return (await self._session.scalars(statement.order_by(AutopilotStop.id))).all()

    async def account_name(self, ad_account_id: UUID | None) -> str:
        return await self._session.scalar(select(AdAccount.name).where(AdAccount.id == ad_account_id)) or ""

    async def accounts(self, ad_account_id: UUID | None) -> list[Account]:
        """The account, or all of the company's, by name."""
        active = func.count().filter(Campaign.status == "active")
        statement = (
            select(AdAccount, Connection, active, func.count(Campaign.id))
            .join(Connection, Connection.id == AdAccount.connection_id)
            .outerjoin(Campaign, Campaign.ad_account_id == AdAccount.id)
            .group_by(AdAccount.tenant_id, AdAccount.id, Connection.tenant_id, Connection.id)
            .order_by(AdAccount.name, AdAccount.id)
        )
        if ad_account_id is not None:
            statement = statement.where(AdAccount.id == ad_account_id)
        found = []
        for account, connection, running, campaigns in await self._session.execute(statement):
            known = account.last_synced_at is not None or campaigns > 0
            why = _why(account, connection, known=known)
            found.append(Account(account.id, account.name, account.platform, running if known else None, why))
        return found

    async def running(self, ad_account_ids: Collection[UUID]) -> list[Running]:
        """Every active campaign of the accounts; a lifetime budget counts as what one day may cost at worst."""
        below = (
            select(
                func.sum(func.coalesce(AdSet.daily_budget_micros, AdSet.lifetime_budget_micros)).label(
                    "micros"
                )
            )
            .where(
                AdSet.tenant_id == Campaign.tenant_id,
                AdSet.campaign_id == Campaign.id,
                AdSet.status == "active",
                ~AdSet.gone,
            )
            .scalar_subquery()
        )
        daily = cast(
            func.coalesce(Campaign.daily_budget_micros, Campaign.lifetime_budget_micros, below), BigInteger
        )
        statement = (
            select(Campaign.id, daily, Campaign.currency)
            .where(Campaign.ad_account_id.in_(ad_account_ids), Campaign.status == "active")
            .order_by(Campaign.id)
        )
        return [Running(*each) for each in await self._session.execute(statement)]

    async def keep(self, stop: AutopilotStop, running: Sequence[Running]) -> None:
        self._session.add(stop)
        await self._session.flush()
        self._session.add_all(
            AutopilotStopCampaign(
                id=uuid7(),
                stop_id=stop.id,
                campaign_id=each.campaign_id,
                place=place,
                daily_micros=each.daily_micros,
                currency=each.currency,
            )
            for place, each in enumerate(running)
        )

    async def next_to_pause(self, stop_id: UUID) -> Target | None:
        row = AutopilotStopCampaign
        return await self._next(
            row.stop_id == stop_id, row.action_id.is_(None), row.passed_over.is_(None), first=literal(0)
        )

    async def next_to_give_back(self, stop_id: UUID) -> Target | None:
        """Those last whose pause is under way still."""
        row, pause = AutopilotStopCampaign, AutopilotAction
        moving = (
            select(case((pause.state.in_(_MOVING), 1), else_=0))
            .where(pause.tenant_id == row.tenant_id, pause.id == row.action_id)
            .scalar_subquery()
        )
        return await self._next(
            row.stop_id == stop_id,
            row.enable_action_id.is_(None),
            row.kept.is_(None),
            first=func.coalesce(moving, 0),
        )

    async def _next(self, *which: ColumnElement[bool], first: ColumnElement[int]) -> Target | None:
        row = AutopilotStopCampaign
        statement = (
            select(row, Campaign, AdAccount, Connection)
            .join(Campaign, Campaign.id == row.campaign_id)
            .join(AdAccount, AdAccount.id == Campaign.ad_account_id)
            .join(Connection, Connection.id == AdAccount.connection_id)
            .where(*which)
            .order_by(first, row.failures, row.place, row.id)
            .limit(1)
        )
        found = (await self._session.execute(statement)).one_or_none()
        return None if found is None else Target(*found)

    async def pass_over_the_rest(self, stop_id: UUID, why: str) -> None:
        row = AutopilotStopCampaign
        await self._session.execute(
            update(row)
            .where(row.stop_id == stop_id, row.action_id.is_(None), row.passed_over.is_(None))
            .values(passed_over=why)
        )

    async def try_again(self, stop_id: UUID) -> None:
        """What was refused, or kept for a while, has its turn once more."""
        row = AutopilotStopCampaign
        await self._session.execute(
            update(row)
            .where(row.stop_id == stop_id, _is_owed())
            .values(enable_action_id=None, kept=None, failures=0)
        )

    async def owed(self, stop_ids: Collection[UUID]) -> dict[UUID, int]:
        """How many campaigns of each would be tried again, of stops where there are any."""
        row = AutopilotStopCampaign
        statement = (
            select(row.stop_id, func.count())
            .where(row.stop_id.in_(stop_ids), _is_owed())
            .group_by(row.stop_id)
        )
        return dict((await self._session.execute(statement)).all())

    async def is_stopped_again(self, stop: AutopilotStop, ad_account_id: UUID) -> bool:
        """Whether a later stop, of the company or of this account, has not been given back."""
        later = AutopilotStop
        found = await self._session.scalar(
            select(later.id)
            .where(
                tuple_(later.asked_at, later.id) > tuple_(stop.asked_at, stop.id),
                later.given_back_at.is_(None),
                or_(later.ad_account_id.is_(None), later.ad_account_id == ad_account_id),
            )
            .limit(1)
        )
        return found is not None

    async def tallies(self, stop_ids: Collection[UUID]) -> dict[UUID, Tally]:
        row, pause, enable = AutopilotStopCampaign, AutopilotAction, aliased(AutopilotAction)
        statement = (
            select(row.stop_id, pause.state, row.passed_over, enable.state, row.kept, func.count())
            .outerjoin(pause, pause.id == row.action_id)
            .outerjoin(enable, enable.id == row.enable_action_id)
            .where(row.stop_id.in_(stop_ids))
            .group_by(row.stop_id, pause.state, row.passed_over, enable.state, row.kept)
        )
        found = {each: Tally() for each in stop_ids}
        for stop_id, state, passed_over, enabled, kept, count in await self._session.execute(statement):
            tally = found[stop_id]
            tally.campaigns += count
            if state is None and passed_over is None:
                tally.waiting += count
            for counter, name in (
                (tally.pauses, state),
                (tally.passed_over, passed_over),
                (tally.enables, enabled),
                (tally.kept, kept),
            ):
                if name is not None:
                    counter[name] += count
        return found

    async def campaigns(self, stop_id: UUID, *, page: int, limit: int) -> Slice[Line]:
        """In their turn."""
        row, pause, enable = AutopilotStopCampaign, AutopilotAction, aliased(AutopilotAction)
        mine = select(row.id).where(row.stop_id == stop_id)
        statement = (
            select(row, Campaign.name, Campaign.ad_account_id, pause.state, enable.state)
            .join(Campaign, Campaign.id == row.campaign_id)
            .outerjoin(pause, pause.id == row.action_id)
            .outerjoin(enable, enable.id == row.enable_action_id)
            .where(row.stop_id == stop_id)
            .order_by(row.place, row.id)
            .offset((page - 1) * limit)
            .limit(limit)
        )
        total = await self._session.scalar(select(counted(mine))) or 0
        rows = [Line(*each) for each in await self._session.execute(statement)]
        return slice_of(rows, total, page=page, limit=limit)


def _is_owed() -> ColumnElement[bool]:
    row, enable = AutopilotStopCampaign, AutopilotAction
    refused = exists().where(
        enable.tenant_id == row.tenant_id,
        enable.id == row.enable_action_id,
        enable.state.in_(REFUSED),
        enable.halted.is_(None),
    )
    return or_(refused, row.kept.in_(STILL_OWED))


def _why(account: AdAccount, connection: Connection, *, known: bool) -> Unreached | None:
    return unreached(
        connected=connection.status == ConnectionStatus.ACTIVE,
        read_only=connection.read_only,
        write_lease=account.write_lease,
        enabled=account.enabled,
        known=known,
    )
