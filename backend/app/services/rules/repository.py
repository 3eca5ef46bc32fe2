from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, and_, cast, delete, false, func, not_, or_, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.db.session import TenantScope, is_too_slow
from app.db.utils import Slice, in_order, newest_first, paginate
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns import Campaign
from app.models.campaigns.labels import CampaignLabel
from app.models.integrations.ad_accounts import AdAccount
from app.models.rules import Rule, RuleEvaluation, RuleFiring
from app.schemas.rules.definition import RuleDefinition
from app.services.autopilot.actions.service import ActionState
from app.services.rules.compiling_repository import RuleQuery
from app.services.rules.errors import RuleNameTaken, RuleTookTooLong
from app.services.rules.wording_rules import Figure, figure_of

_SORTS: Mapping[str, Any] = {
    "name": Rule.name,
    "created_at": Rule.created_at,
    "updated_at": Rule.updated_at,
    "last_run_at": Rule.last_run_at,
}
_UNIQUE = "uq_rules_name"
_BY_SETS = text("SET LOCAL enable_nestloop = off")
"""Who has just synchronised has days of which the planner knows nothing: it would read them campaign by campaign."""
_AS_BEFORE = (text("SET LOCAL enable_nestloop TO DEFAULT"), text("SET LOCAL statement_timeout TO DEFAULT"))
_PATIENCE = text("SELECT set_config('statement_timeout', :milliseconds, true)")
_BUDGET = "daily_budget_micros"
_ITS_ACTION = and_(
    AutopilotAction.tenant_id == RuleFiring.tenant_id, AutopilotAction.id == RuleFiring.action_id
)
_CAME_TO_NOTHING = func.coalesce(
    and_(
        AutopilotAction.state.in_((ActionState.BLOCKED, ActionState.FAILED)),
        or_(
            func.coalesce(AutopilotAction.after["status"].astext == "paused", false()),
            func.coalesce(
                cast(AutopilotAction.after[_BUDGET].astext, BigInteger)
                < cast(AutopilotAction.before[_BUDGET].astext, BigInteger),
                false(),
            ),
        ),
    ),
    false(),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A campaign as the rule saw it. `matched` is None, with `why`, where it is not known."""

    id: UUID
    ad_account_id: UUID
    account: str
    platform: str
    external_id: str
    name: str
    status: str
    budget_level: str
    daily_budget_micros: int | None
    currency: str
    learning: bool | None
    today: date
    matched: bool | None
    why: str | None
    figures: tuple[Figure, ...]
    leaves: tuple[bool | None, ...]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How many campaigns the rule was held against, those for which it holds, and some of the others."""

    considered: int
    unknown_by_reason: Mapping[str, int]
    held: Sequence[Seen]
    others: Sequence[Seen]

    @property
    def unknown(self) -> int:
        return sum(self.unknown_by_reason.values())


class RuleRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def add(self, rule: Rule) -> None:
        self._session.add(rule)
        await self.save()

    async def save(self) -> None:
        try:
            await self._session.flush()
        except IntegrityError as error:
            if _UNIQUE in str(error.orig):
                raise RuleNameTaken from error
            raise

    async def count(self) -> int:
        statement = select(func.count()).select_from(Rule).where(Rule.archived_at.is_(None))
        return int(await self._session.scalar(statement) or 0)

    async def one(self, rule_id: UUID) -> Rule | None:
        statement = select(Rule).where(Rule.id == rule_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def for_update(self, rule_id: UUID) -> Rule | None:
        statement = select(Rule).where(Rule.id == rule_id, Rule.archived_at.is_(None)).with_for_update()
        return (
            await self._session.scalars(statement.execution_options(populate_existing=True))
        ).one_or_none()

    async def page(
        self, *, page: int, limit: int, sort: str, search: str | None, archived: bool
    ) -> Slice[Rule]:
        statement = in_order(select(Rule), sort, _SORTS, then=Rule.id)
        statement = statement.where(Rule.archived_at.is_not(None) if archived else Rule.archived_at.is_(None))
        if search:
            statement = statement.where(Rule.name.icontains(search, autoescape=True))
        return await paginate(self._session, statement, page=page, limit=limit)

    async def switched_on(self, *, but_not: UUID | None) -> Sequence[Rule]:
        statement = select(Rule).where(Rule.enabled, Rule.archived_at.is_(None)).order_by(Rule.name, Rule.id)
        if but_not is not None:
            statement = statement.where(Rule.id != but_not)
        return (await self._session.scalars(statement)).all()

    async def due(self, now: datetime) -> Sequence[Rule]:
        statement = (
            select(Rule)
            .where(Rule.next_run_at <= now, Rule.enabled, Rule.archived_at.is_(None))
            .order_by(Rule.next_run_at, Rule.id)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.scalars(statement)).all()

    async def labels(self, ids: Collection[UUID]) -> frozenset[UUID]:
        """Of these, the labels that there are."""
        return frozenset(
            await self._session.scalars(select(CampaignLabel.id).where(CampaignLabel.id.in_(ids)))
        )

    async def accounts(self, ids: Collection[UUID]) -> frozenset[UUID]:
        return frozenset(await self._session.scalars(select(AdAccount.id).where(AdAccount.id.in_(ids))))

    async def verdicts(
        self,
        definition: RuleDefinition,
        now: datetime,
        *,
        most: int,
        as_of: bool = False,
        patience: timedelta | None = None,
    ) -> Verdicts:
        """The rule held against its whole set, in one statement; `RuleTookTooLong` past `patience`."""
        query = RuleQuery(definition, now=now, as_of=as_of)
        await self._session.execute(_BY_SETS)
        if patience is not None:
            milliseconds = str(int(patience.total_seconds() * 1_000))
            await self._session.execute(_PATIENCE, {"milliseconds": milliseconds})
        try:
            rows = (await self._session.execute(query.verdicts(most))).mappings().all()
        except DBAPIError as error:
            if patience is not None and is_too_slow(error):
                raise RuleTookTooLong from error
            raise
        for each in _AS_BEFORE:
            await self._session.execute(each)
        kinds = {(row["matched"], row["why"]): int(row["of_kind"]) for row in rows}
        return Verdicts(
            considered=sum(kinds.values()),
            unknown_by_reason={why: count for (matched, why), count in kinds.items() if matched is None},
            held=[_seen(query, row) for row in rows if row["matched"]],
            others=[_seen(query, row) for row in rows if not row["matched"]],
        )

    async def evaluation_for(self, rule_id: UUID, due_at: datetime) -> RuleEvaluation | None:
        statement = select(RuleEvaluation).where(
            RuleEvaluation.rule_id == rule_id, RuleEvaluation.due_at == due_at
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def evaluation(self, evaluation_id: UUID) -> RuleEvaluation | None:
        statement = select(RuleEvaluation).where(RuleEvaluation.id == evaluation_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def keep(self, evaluation: RuleEvaluation) -> None:
        self._session.add(evaluation)
        await self._session.flush()

    async def fire(self, firings: Sequence[RuleFiring]) -> None:
        self._session.add_all(firings)
        await self._session.flush()

    async def fired_by(self, evaluation_id: UUID) -> Sequence[RuleFiring]:
        """In their order."""
        statement = (
            select(RuleFiring)
            .where(RuleFiring.evaluation_id == evaluation_id)
            .order_by(RuleFiring.fired_at, RuleFiring.id)
        )
        return (await self._session.scalars(statement)).all()

    async def acted_since(self, rule_id: UUID, since: datetime) -> Mapping[UUID, bool]:
        """The campaigns that the rule has acted on after that moment; True where all of it came to nothing.

        What would have stopped spend, or taken some, and was blocked has not happened.
        """
        statement = (
            select(RuleFiring.campaign_id, func.bool_and(_CAME_TO_NOTHING))
            .outerjoin(AutopilotAction, _ITS_ACTION)
            .where(RuleFiring.rule_id == rule_id, RuleFiring.fired_at > since)
            .group_by(RuleFiring.campaign_id)
        )
        return dict((await self._session.execute(statement)).all())

    async def being_tried(self, rule_id: UUID) -> Sequence[UUID]:
        """Actions of the rule that may be sent to a platform, or were just now."""
        statement = (
            select(AutopilotAction.id)
            .join(RuleFiring, _ITS_ACTION)
            .where(
                RuleFiring.rule_id == rule_id,
                AutopilotAction.state.in_((ActionState.APPROVED, ActionState.EXECUTING)),
            )
            .order_by(AutopilotAction.id)
        )
        return (await self._session.scalars(statement)).all()

    async def has_acted(self, rule_id: UUID, campaign_id: UUID, since: datetime, evaluation_id: UUID) -> bool:
        """Whether it did so since then, or in this evaluation, whatever came of that."""
        own = RuleFiring.evaluation_id == evaluation_id
        statement = (
            select(RuleFiring.id)
            .outerjoin(AutopilotAction, _ITS_ACTION)
            .where(
                RuleFiring.rule_id == rule_id,
                RuleFiring.campaign_id == campaign_id,
                own | ((RuleFiring.fired_at > since) & not_(_CAME_TO_NOTHING)),
            )
            .limit(1)
        )
        return await self._session.scalar(statement) is not None

    async def stands(self, campaign_id: UUID) -> tuple[str, int | None]:
        """Its status and daily budget at this moment."""
        statement = select(Campaign.status, Campaign.daily_budget_micros).where(Campaign.id == campaign_id)
        found = (await self._session.execute(statement)).one()
        return found.status, found.daily_budget_micros

    async def evaluations(
        self, rule_id: UUID, *, telling: bool, cursor: str | None, limit: int
    ) -> tuple[Sequence[RuleEvaluation], str | None]:
        """`telling`: only those that found something, or could not know."""
        statement = select(RuleEvaluation).where(RuleEvaluation.rule_id == rule_id)
        if telling:
            statement = statement.where((RuleEvaluation.held > 0) | (RuleEvaluation.unknown > 0))
        at, row_id = RuleEvaluation.evaluated_at, RuleEvaluation.id
        return await newest_first(self._session, statement, at=at, id=row_id, cursor=cursor, limit=limit)

    async def firings(
        self, rule_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[RuleFiring], str | None]:
        statement = select(RuleFiring).where(RuleFiring.rule_id == rule_id)
        return await newest_first(
            self._session, statement, at=RuleFiring.fired_at, id=RuleFiring.id, cursor=cursor, limit=limit
        )

    async def forget(self, before: datetime) -> None:
        """Evaluations that are older, with what they led to; actions stay."""
        await self._session.execute(delete(RuleEvaluation).where(RuleEvaluation.evaluated_at < before))


def _seen(query: RuleQuery, row: Mapping[str, Any]) -> Seen:
    own = {name: row[name] for name in Seen.__dataclass_fields__ if name not in {"figures", "leaves"}}
    figures = tuple(
        figure_of(measure, row[f"v{number}"], row[f"u{number}"])
        for number, measure in enumerate(query.measures)
    )
    return Seen(
        **own, figures=figures, leaves=tuple(row[f"l{number}"] for number in range(len(query.leaves)))
    )
