"""From a rule to one set-based statement over all campaigns of its set; bound parameters alone.

A figure is a fraction of two exact numbers, or is not known, with the reason. Conditions compare fractions by
multiplying crosswise, so that nothing is rounded. What is not known is NULL, and SQL's own `and`, `or` and `not` are
the three-valued logic that the rule promises. The days are read once, whatever the number of windows.

With `as_of` the same statement reads what was known at a past moment: of each day the last observation until then, of
each account the last reading until then.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Integer,
    Interval,
    Numeric,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    extract,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import distinct_on

from app.db.base import UtcDateTime
from app.models.campaigns import Campaign
from app.models.campaigns.labels import CampaignLabelLink
from app.models.campaigns.metrics import CampaignMetricsDay, CampaignMetricsObservation
from app.models.integrations.ad_accounts import AccountSync, AdAccount
from app.models.rules.kinds import Unknown
from app.schemas.rules.definition import RuleDefinition
from app.schemas.rules.tree import (
    RATIOS,
    AMetric,
    AnAmount,
    ChangeTest,
    Labelled,
    Leaf,
    Lifetime,
    Measure,
    MetricTest,
    Named,
    Node,
    OnPlatform,
    RankTest,
    RuleAll,
    RuleAny,
    RuleNot,
    WholeDays,
    Window,
)
from app.services.rules.rules import (
    BASES,
    COMPARISONS,
    FORMULAS,
    days_of,
    leaves,
    length_of,
    measures,
    windows,
)

Truth = ColumnElement[bool]
_LONGEST_ATTRIBUTION = 28
"""Days, the most that an account's attribution may be set to."""
_FINE = Decimal(10) ** 12
"""Ranks tell figures apart down to a millionth of a millionth."""
_SHOWN = 6

_account = AdAccount.__table__.alias("a")
_campaign = Campaign.__table__.alias("c")
_sync = AccountSync.__table__.alias("s")
_link = CampaignLabelLink.__table__.alias("l")
_OF_CAMPAIGN = (
    *("tenant_id", "id", "ad_account_id", "platform", "external_id", "name", "status", "effective_status"),
    *("budget_level", "daily_budget_micros", "currency", "learning"),
)
_SHOWN_OF_CAMPAIGN = ("id", "ad_account_id", "account", "platform", "external_id", "name", "status",
    "budget_level", "daily_budget_micros", "currency", "learning", "today")  # fmt: skip


class RuleQuery:
    def __init__(self, definition: RuleDefinition, *, now: datetime, as_of: bool = False) -> None:
        self._definition = definition
        self._now = literal(now, UtcDateTime())
        self._moment = now
        self._as_of = as_of
        self.measures = measures(definition.condition)
        self.leaves = tuple(leaf for _, leaf in leaves(definition.condition))
        self._windows = windows(self.measures)

    def verdicts(self, most: int) -> Select[Any]:
        """Every campaign for which the rule holds, and up to `most` of each other kind, beside how many there are.

        Kinds are: it does not hold, and it is not known, for each reason (`why`) apart. `of_kind` counts them all.
        """
        rows = self._decided().subquery("decided")
        order = (rows.c.name, rows.c.id)
        kind = (rows.c.matched, rows.c.why)
        placed = select(
            *rows.c,
            func.row_number().over(partition_by=kind, order_by=order).label("place"),
            func.count().over(partition_by=kind).label("of_kind"),
        ).subquery("placed")
        return (
            select(*placed.c)
            .where(or_(placed.c.matched, placed.c.place <= literal(most)))
            .order_by(placed.c.name, placed.c.id)
        )

    def _decided(self) -> Select[Any]:
        known = self._known()
        tested = [self._test(leaf, known) for leaf in self.leaves]
        columns = [known.c[name] for name in _SHOWN_OF_CAMPAIGN]
        columns += [known.c[f"{part}{n}"] for n in range(len(self.measures)) for part in "uv"]
        for number, (holds, why) in enumerate(tested):
            columns += [holds.label(f"l{number}"), why.label(f"w{number}")]
        leaf = select(*columns).offset(literal(0)).subquery("leaf")
        count = len(tested)
        whole = self._whole(self._definition.condition, iter([leaf.c[f"l{n}"] for n in range(count)]))
        held = select(*leaf.c, whole.label("matched")).subquery("held")
        reasons = [case((held.c[f"l{n}"].is_(None), held.c[f"w{n}"])) for n in range(count)]
        first = func.coalesce(*reasons, type_=Text()) if len(reasons) > 1 else reasons[0]
        shown = [each for each in held.c if not each.key.startswith("w")]
        return select(*shown, case((held.c.matched.is_(None), first)).label("why"))

    def _accounts(self) -> FromClause:
        """Each account with its own day, and what had been read of it."""
        own = and_(
            _sync.c.tenant_id == _account.c.tenant_id,
            _sync.c.ad_account_id == _account.c.id,
            _sync.c.error_code.is_(None),
            _sync.c.finished_at <= self._now,
        )
        newest = select(_sync.c.finished_at).where(own).order_by(_sync.c.started_at.desc(), _sync.c.id.desc())
        oldest = select(_sync.c.since).where(own).order_by(_sync.c.started_at, _sync.c.id)
        read_at = newest.limit(1).scalar_subquery()
        lag = func.greatest(
            _account.c.attribution_click_days, _account.c.attribution_view_days, type_=Integer()
        )
        return (
            select(
                _account.c.tenant_id,
                _account.c.id,
                _account.c.external_id,
                _account.c.timezone,
                self._day_at(self._now).label("today"),
                lag.label("lag"),
                read_at.label("read_at"),
                oldest.limit(1).scalar_subquery().label("read_since"),
            )
            .where(_account.c.enabled)
            .offset(literal(0))
            .subquery("accounts")
        )

    @staticmethod
    def _day_at(
        moment: ColumnElement[Any], zone: ColumnElement[Any] = _account.c.timezone
    ) -> ColumnElement[Any]:
        return cast(func.timezone(zone, moment, type_=DateTime()), Date)

    def _scope(self) -> FromClause:
        """The rule's set."""
        accounts, asked = self._accounts(), self._definition.scope
        joined = _campaign.join(
            accounts,
            and_(accounts.c.tenant_id == _campaign.c.tenant_id, accounts.c.id == _campaign.c.ad_account_id),
        )
        where: list[Truth] = [_campaign.c.status.in_(asked.statuses)]
        if asked.platforms:
            where.append(_campaign.c.platform.in_([str(each) for each in asked.platforms]))
        if asked.ad_account_ids:
            where.append(_campaign.c.ad_account_id.in_(asked.ad_account_ids))
        if asked.label_ids:
            where.append(_bears(_campaign, _link.c.label_id.in_(asked.label_ids)))
        if self._as_of:
            where.append(or_(_campaign.c.started_at.is_(None), _campaign.c.started_at <= self._now))
        return (
            select(
                *[_campaign.c[name] for name in _OF_CAMPAIGN],
                accounts.c.external_id.label("account"),
                accounts.c.timezone,
                accounts.c.today,
                accounts.c.lag,
                accounts.c.read_at,
                accounts.c.read_since,
                self._day_at(accounts.c.read_at, accounts.c.timezone).label("read_day"),
                self._day_at(_campaign.c.started_at, accounts.c.timezone).label("started_day"),
            )
            .select_from(joined)
            .where(*where)
            .cte("scope")
        )

    def _sums(self, scope: FromClause) -> FromClause | None:
        """One pass over the days: a row for each campaign that has any."""
        if not self._windows:
            return None
        day = self._day_rows()
        columns: list[ColumnElement[Any]] = []
        for number, window in enumerate(self._windows):
            inside = _inside(window, day.c.day, scope)
            needed = {
                part
                for each in self.measures
                if each.window == window
                for part in FORMULAS[each.metric].parts
            }
            columns += [
                func.sum(day.c[base]).filter(inside).label(f"{base}_{number}")
                for base in BASES
                if base in needed
            ]
            columns.append(
                func.bool_or(day.c.currency != scope.c.currency).filter(inside).label(f"mixed_{number}")
            )
            columns.append(func.min(self._maturity(day, scope)).filter(inside).label(f"mature_{number}"))
        own = and_(day.c.tenant_id == scope.c.tenant_id, day.c.campaign_id == scope.c.id)
        rows = select(scope.c.id, *columns).select_from(scope.join(day, own))
        needed_days = [day.c.day <= scope.c.today, *self._recent(day), *self._needed(day, scope)]
        return rows.where(*needed_days).group_by(scope.c.id).subquery("sums")

    def _needed(self, day: FromClause, scope: FromClause) -> list[Truth]:
        """The same by the campaign's own account: what no window has is not summed over."""
        spans = [days_of(each) for each in self._windows]
        if any(each.first is None for each in spans):
            return []
        back = max(each.first or 0 for each in spans)
        lag = scope.c.lag if any(each.settled for each in spans) else literal(0)
        return [day.c.day >= scope.c.today - lag - back]

    def _recent(self, day: FromClause) -> list[Truth]:
        """What holds of every day that a window may have: the days of years need not be read for a week."""
        if any(isinstance(each, Lifetime) for each in self._windows):
            return []
        back = max(
            length_of(each)
            + 2
            + (_LONGEST_ATTRIBUTION if isinstance(each, WholeDays) and each.settled else 0)
            for each in self._windows
        )
        return [day.c.day >= literal(self._moment.date() - timedelta(days=back), Date())]

    def _day_rows(self) -> FromClause:
        if not self._as_of:
            return CampaignMetricsDay.__table__.alias("d")
        seen = CampaignMetricsObservation.__table__.alias("o")
        return (
            select(
                seen.c.tenant_id,
                seen.c.campaign_id,
                seen.c.day,
                seen.c.currency,
                *[seen.c[name] for name in BASES],
            )
            .ext(distinct_on(seen.c.campaign_id, seen.c.day))
            .where(seen.c.observed_at <= self._now, *self._recent(seen))
            .order_by(seen.c.campaign_id, seen.c.day, seen.c.observed_at.desc(), seen.c.id.desc())
            .subquery("d")
        )

    def _maturity(self, day: FromClause, scope: FromClause) -> ColumnElement[Any]:
        """As it was stored; of a past moment, from the account's last reading by the attribution of today."""
        if not self._as_of:
            return day.c.maturity
        ended = func.timezone(scope.c.timezone, cast(day.c.day + 1, DateTime()), type_=UtcDateTime())
        passed = extract("epoch", cast(scope.c.read_at - ended, Interval()))
        share = func.floor(cast(passed, Numeric) * 100 / (func.nullif(scope.c.lag, 0) * 86_400)) / 100
        bounded = func.least(1, func.greatest(0, share))
        return case((scope.c.lag > 0, bounded), else_=case((passed >= 0, 1), else_=0))

    def _known(self) -> FromClause:
        """The set's campaigns with each figure: `n` over `d`, why it is not known (`u`), and as it is shown (`v`)."""
        scope = self._scope()
        sums = self._sums(scope)
        source = scope if sums is None else scope.outerjoin(sums, sums.c.id == scope.c.id)
        raw_columns: list[ColumnElement[Any]] = []
        for number, measure in enumerate(self.measures):
            over, under, unknown = self._figure(measure, scope, sums)
            raw_columns += [
                case((unknown.is_(None), over)).label(f"n{number}"),
                under.label(f"d{number}"),
                unknown.label(f"u{number}"),
            ]
        raw = select(*scope.c, *raw_columns).select_from(source).offset(literal(0)).subquery("raw")
        shown = [
            func.round(raw.c[f"n{number}"] / raw.c[f"d{number}"], _SHOWN).label(f"v{number}")
            for number in range(len(self.measures))
        ]
        return select(*raw.c, *shown).offset(literal(0)).subquery("known")

    def _figure(
        self, measure: Measure, scope: FromClause, sums: FromClause | None
    ) -> tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]:
        one: ColumnElement[Any] = literal(Decimal(1), Numeric())
        if measure.window is None or sums is None:
            budget = cast(scope.c.daily_budget_micros, Numeric())
            missing = (
                _code(Unknown.NOT_KEPT) if self._as_of else case((budget.is_(None), _code(Unknown.NO_BUDGET)))
            )
            return budget, one, missing
        formula, number = FORMULAS[measure.metric], self._windows.index(measure.window)

        def total(base: str) -> ColumnElement[Any]:
            return func.coalesce(cast(sums.c[f"{base}_{number}"], Numeric()), literal(Decimal(0), Numeric()))

        over = total(formula.over) * literal(Decimal(formula.times), Numeric())
        under = one if formula.under is None else func.nullif(total(formula.under), 0)
        reasons = [
            (or_(scope.c.read_day.is_(None), scope.c.read_day < scope.c.today), _code(Unknown.UNREAD)),
            (_before_storing(measure.window, scope), _code(Unknown.NOT_STORED)),
            (func.coalesce(sums.c[f"mixed_{number}"], false()), _code(Unknown.CURRENCY)),
        ]
        if formula.matures:
            least = literal(self._definition.minimum_maturity, Numeric())
            young = func.coalesce(sums.c[f"mature_{number}"] < least, false())
            reasons.append((young, _code(Unknown.IMMATURE)))
        if formula.under is not None:
            reasons.append((under.is_(None), _code(Unknown.NO_DENOMINATOR)))
        return over, under, case(*reasons)

    def _test(self, leaf: Leaf, known: FromClause) -> tuple[Truth, ColumnElement[Any]]:
        """Whether a condition holds, and, where that is NULL, why it is not known."""
        match leaf:
            case MetricTest():
                return self._against(leaf, known)
            case ChangeTest():
                return self._changed(leaf, known)
            case RankTest():
                return self._ranked(leaf, known)
            case OnPlatform():
                return known.c.platform.in_([str(each) for each in leaf.one_of]), _nothing()
            case Named():
                return _named(leaf, known.c.name), _nothing()
            case Labelled():
                return _bears(known, _link.c.label_id == leaf.label_id), _nothing()

    def _fraction(self, measure: Measure, known: FromClause) -> tuple[ColumnElement[Any], ...]:
        number = self.measures.index(measure)
        return known.c[f"n{number}"], known.c[f"d{number}"], known.c[f"u{number}"]

    def _against(self, leaf: MetricTest, known: FromClause) -> tuple[Truth, ColumnElement[Any]]:
        over, under, why = self._fraction(leaf.measure, known)
        match leaf.than:
            case AMetric():
                other, below, unknown = self._fraction(leaf.than.measure, known)
                times = literal(leaf.than.times, Numeric())
                return _compared(leaf.op, over * below, times * other * under), func.coalesce(why, unknown)
            case AnAmount():
                same = known.c.currency == leaf.than.currency
                holds = _compared(leaf.op, over, literal(Decimal(leaf.than.micros), Numeric()) * under)
                return case((same, holds)), func.coalesce(why, case((not_(same), _code(Unknown.CURRENCY))))
            case _:
                return _compared(leaf.op, over, literal(leaf.than.value, Numeric()) * under), why

    def _changed(self, leaf: ChangeTest, known: FromClause) -> tuple[Truth, ColumnElement[Any]]:
        over, under, why = self._fraction(leaf.measure, known)
        other, below, unknown = self._fraction(leaf.before, known)
        days, before = (1, 1) if leaf.metric in RATIOS or leaf.window is None else (
            length_of(leaf.window), length_of(leaf.base))  # fmt: skip
        left = over * below * literal(Decimal(100 * before), Numeric())
        right = other * under * literal((100 + leaf.percent) * days, Numeric())
        nothing = case((other <= 0, _code(Unknown.NO_DENOMINATOR)))
        return case((other > 0, _compared(leaf.op, left, right))), func.coalesce(why, unknown, nothing)

    def _ranked(self, leaf: RankTest, known: FromClause) -> tuple[Truth, ColumnElement[Any]]:
        over, under, why = self._fraction(leaf.measure, known)
        same: Truth = true() if leaf.currency is None else known.c.currency == leaf.currency
        ranks = and_(over.is_not(None), same)
        figure = case((ranks, func.div(over * literal(_FINE, Numeric()), under)))
        ordered = figure.desc() if leaf.end == "top" else figure.asc()
        better = func.rank().over(order_by=ordered.nulls_last()) - 1
        may_pass = [str(each) for each in (Unknown.UNREAD, Unknown.NOT_STORED, Unknown.IMMATURE)]
        hidden = func.count().filter(and_(why.in_(may_pass), same)).over()
        count = literal(leaf.count)
        holds = case((not_(ranks), null()), (better + hidden < count, true()), (better >= count, false()))
        unknown = case((ranks, _code(Unknown.OTHERS)), else_=func.coalesce(why, _code(Unknown.CURRENCY)))
        return holds, unknown

    def _whole(self, node: Node, answers: Any) -> Truth:
        if isinstance(node, RuleNot):
            return not_(self._whole(node.of, answers))
        if isinstance(node, RuleAll | RuleAny):
            parts: Sequence[Truth] = [self._whole(child, answers) for child in node.of]
            return and_(*parts) if isinstance(node, RuleAll) else or_(*parts)
        found: Truth = next(answers)
        return found


def _compared(op: str, value: ColumnElement[Any], bound: ColumnElement[Any]) -> Truth:
    truth: Truth = COMPARISONS[op](value, bound)
    return truth


def _code(why: Unknown) -> ColumnElement[Any]:
    return literal(str(why), Text())


def _nothing() -> ColumnElement[Any]:
    return cast(null(), Text())


def _inside(window: Window, day: ColumnElement[Any], scope: FromClause) -> Truth:
    days = days_of(window)
    today = scope.c.today - scope.c.lag if days.settled else scope.c.today
    until: Truth = day <= today - days.last
    return until if days.first is None else and_(until, day >= today - days.first)


def _before_storing(window: Window, scope: FromClause) -> Truth:
    """Whether the window begins before what was ever read, and the campaign may have run then."""
    days = days_of(window)
    began = or_(
        scope.c.read_since.is_(None), scope.c.started_day.is_(None), scope.c.started_day < scope.c.read_since
    )
    if days.first is None:
        return began
    today = scope.c.today - scope.c.lag if days.settled else scope.c.today
    return and_(began, or_(scope.c.read_since.is_(None), today - days.first < scope.c.read_since))


def _named(leaf: Named, name: ColumnElement[Any]) -> Truth:
    lowered, text = func.lower(name, type_=Text()), leaf.text.lower()
    match leaf.op:
        case "is":
            return lowered == text
        case "contains":
            return lowered.contains(text, autoescape=True)
        case "starts_with":
            return lowered.startswith(text, autoescape=True)


def _bears(campaign: FromClause, which: Truth) -> Truth:
    return exists().where(
        _link.c.tenant_id == campaign.c.tenant_id, _link.c.campaign_id == campaign.c.id, which
    )
