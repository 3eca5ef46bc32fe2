"""The figures of a rule's set: one pass over the days, whatever the number of windows; part of the rule's statement.

A figure is a fraction of two exact numbers, or is not known, with the reason.
"""

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
    Text,
    and_,
    case,
    cast,
    exists,
    extract,
    false,
    func,
    literal,
    or_,
    select,
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
    Lifetime,
    Measure,
    WholeDays,
    Window,
)
from app.services.rules.rules import (
    BASES,
    FORMULAS,
    days_of,
    length_of,
    measures,
    windows,
)

_LONGEST_ATTRIBUTION = 28
"""Days, the most that an account's attribution may be set to."""
_SHOWN = 6

_account = AdAccount.__table__.alias("a")
_campaign = Campaign.__table__.alias("c")
_sync = AccountSync.__table__.alias("s")
link = CampaignLabelLink.__table__.alias("l")
_OF_CAMPAIGN = (
    *("tenant_id", "id", "ad_account_id", "platform", "external_id", "name", "status", "effective_status"),
    *("budget_level", "daily_budget_micros", "currency", "learning"),
)


class FigureQuery:
    """The set of a rule with what is read of it, as of `now`; with `as_of` by what was known then."""

    def __init__(self, definition: RuleDefinition, *, now: datetime, as_of: bool) -> None:
        self._definition = definition
        self._now = literal(now, UtcDateTime())
        self._moment = now
        self._as_of = as_of
        self.measures = measures(definition.condition)
        self._windows = windows(self.measures)

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
        where: list[ColumnElement[bool]] = [_campaign.c.status.in_(asked.statuses)]
        if asked.platforms:
            where.append(_campaign.c.platform.in_([str(each) for each in asked.platforms]))
        if asked.ad_account_ids:
            where.append(_campaign.c.ad_account_id.in_(asked.ad_account_ids))
        if asked.label_ids:
            where.append(bears(_campaign, link.c.label_id.in_(asked.label_ids)))
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

    def _needed(self, day: FromClause, scope: FromClause) -> list[ColumnElement[bool]]:
        """The same by the campaign's own account: what no window has is not summed over."""
        spans = [days_of(each) for each in self._windows]
        if any(each.first is None for each in spans):
            return []
        back = max(each.first or 0 for each in spans)
        lag = scope.c.lag if any(each.settled for each in spans) else literal(0)
        return [day.c.day >= scope.c.today - lag - back]

    def _recent(self, day: FromClause) -> list[ColumnElement[bool]]:
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

    def known(self) -> FromClause:
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
                coded(Unknown.NOT_KEPT) if self._as_of else case((budget.is_(None), coded(Unknown.NO_BUDGET)))
            )
            return budget, one, missing
        formula, number = FORMULAS[measure.metric], self._windows.index(measure.window)

        def total(base: str) -> ColumnElement[Any]:
            return func.coalesce(cast(sums.c[f"{base}_{number}"], Numeric()), literal(Decimal(0), Numeric()))

        over = total(formula.over) * literal(Decimal(formula.times), Numeric())
        under = one if formula.under is None else func.nullif(total(formula.under), 0)
        reasons = [
            (or_(scope.c.read_day.is_(None), scope.c.read_day < scope.c.today), coded(Unknown.UNREAD)),
            (_before_storing(measure.window, scope), coded(Unknown.NOT_STORED)),
            (func.coalesce(sums.c[f"mixed_{number}"], false()), coded(Unknown.CURRENCY)),
        ]
        if formula.matures:
            least = literal(self._definition.minimum_maturity, Numeric())
            young = func.coalesce(sums.c[f"mature_{number}"] < least, false())
            reasons.append((young, coded(Unknown.IMMATURE)))
        if formula.under is not None:
            reasons.append((under.is_(None), coded(Unknown.NO_DENOMINATOR)))
        return over, under, case(*reasons)


def coded(why: Unknown) -> ColumnElement[Any]:
    return literal(str(why), Text())


def bears(campaign: FromClause, which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        link.c.tenant_id == campaign.c.tenant_id, link.c.campaign_id == campaign.c.id, which
    )


def _inside(window: Window, day: ColumnElement[Any], scope: FromClause) -> ColumnElement[bool]:
    days = days_of(window)
    today = scope.c.today - scope.c.lag if days.settled else scope.c.today
    until: ColumnElement[bool] = day <= today - days.last
    return until if days.first is None else and_(until, day >= today - days.first)


def _before_storing(window: Window, scope: FromClause) -> ColumnElement[bool]:
    """Whether the window begins before what was ever read, and the campaign may have run then."""
    days = days_of(window)
    began = or_(
        scope.c.read_since.is_(None), scope.c.started_day.is_(None), scope.c.started_day < scope.c.read_since
    )
    if days.first is None:
        return began
    today = scope.c.today - scope.c.lag if days.settled else scope.c.today
    return and_(began, or_(scope.c.read_since.is_(None), today - days.first < scope.c.read_since))
