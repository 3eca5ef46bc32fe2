"""From a rule to one set-based statement; bound parameters alone.

The statement has a row for each profile: whether the rule holds, and when nothing but time may next change that. The
events that the conditions speak of are read in one pass and grouped by person, whatever their number. Preview, whole
recomputation, following of changes and `why` all use it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Interval,
    Numeric,
    Select,
    Uuid,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.schemas.cdp.conditions import Exists
from app.schemas.cdp.segments_tree import (
    AllOf,
    AnyOf,
    Between,
    Did,
    Happened,
    LastDays,
    LastOf,
    MoneyOf,
    Not,
    SumOf,
    Times,
)
from app.services.cdp.conditions.service import (
    Truth,
    compared,
    events_by_profile,
    inside,
    is_a,
    received_for,
    tested,
    text_of,
)
from app.services.cdp.segments.answers_repository import NEVER, Answer, read_back, together
from app.services.cdp.segments.profile_conditions_repository import ProfileConditions
from app.services.cdp.segments.rules import Question, slides

_event = CdpEvent.__table__.alias("e")
_identifier = CdpIdentifier.__table__.alias("i")
_profile = CdpProfile.__table__.alias("p")


class SegmentQuery:
    """The statement of one question at one time, for all profiles or for those that are named."""

    def __init__(
        self, question: Question, *, tenant_id: int, now: datetime, touched: ColumnElement[Any] | None = None
    ) -> None:
        self._tenant_id = literal(tenant_id)
        self._now = now
        self._touched = touched
        self._profile, self._profiles = (_profile, _profile) if touched is None else self._of(touched)
        self._of_profile = ProfileConditions(self._profile, tenant_id=tenant_id, now=now)
        self._question = question
        self._spoken: list[Happened] = []
        self._collect(question)

    def verdicts(self) -> Select[Any]:
        """`profile_id`, `matched` and `flips_at` of each profile that is in, or that time may bring in."""
        base, answers = self._leaves()
        fenced = base.offset(literal(0)).subquery("leaf")
        whole = self._whole(self._question, iter(read_back(answers, fenced)))
        flips = NEVER if whole.flips_at is None else whole.flips_at
        rows = select(fenced.c.profile_id, whole.holds.label("matched"), flips.label("flips_at"))
        if whole.flips_at is None:
            return rows.where(whole.holds)
        return rows.where(or_(whole.holds, flips < NEVER))

    def members(self) -> Select[Any]:
        """`profile_id` of each profile for which the rule holds."""
        source, answers = self._source()
        whole = self._whole(self._question, iter(answers))
        return (
            select(self._profile.c.id.label("profile_id"))
            .select_from(source)
            .where(self._of_tenant(), whole.holds)
        )

    def conditions(self) -> Select[Any]:
        """Each condition by itself, `l0`, `l1`, …, from left to right, and the whole as `matched`."""
        source, answers = self._source()
        whole = self._whole(self._question, iter(answers))
        flips = NEVER if whole.flips_at is None else whole.flips_at
        columns = [each.holds.label(f"l{number}") for number, each in enumerate(answers)]
        return (
            select(whole.holds.label("matched"), func.nullif(flips, NEVER).label("flips_at"), *columns)
            .select_from(source)
            .where(self._of_tenant())
        )

    def evidence(self, leaf: Happened, profile_id: UUID, most: int) -> Select[Any]:
        """The newest events that a condition counts for one profile: `id`, `event_time`, `of` how many."""
        return (
            select(_event.c.id, _event.c.event_time, _event.c.received_at, func.count().over().label("of"))
            .select_from(self._joined())
            .where(
                _event.c.tenant_id == self._tenant_id,
                _identifier.c.profile_id == profile_id,
                self._received(leaf),
                self._counts(leaf),
            )
            .order_by(_event.c.event_time.desc(), _event.c.id.desc())
            .limit(most)
        )

    def _collect(self, question: Question) -> None:
        if isinstance(question, AllOf | AnyOf):
            for child in question.of:
                self._collect(child)
        elif isinstance(question, Not):
            self._collect(question.of)
        elif isinstance(question, Happened) and question not in self._spoken:
            self._spoken.append(question)

    def _of(self, touched: ColumnElement[Any]) -> tuple[FromClause, FromClause]:
        """These profiles' columns, and where they come from: each is looked up by its key."""
        whom = func.unnest(touched).table_valued(column("profile_id", Uuid())).render_derived("touched")
        own = and_(_profile.c.tenant_id == self._tenant_id, _profile.c.id == whom.c.profile_id)
        found = select(_profile).where(own).offset(literal(0)).lateral("p")
        return found, whom.join(found, true())

    def _of_tenant(self) -> Truth:
        return self._profile.c.tenant_id == self._tenant_id

    def _leaves(self) -> tuple[Select[Any], list[Answer]]:
        source, answers = self._source()
        columns: list[ColumnElement[Any]] = []
        for number, answer in enumerate(answers):
            columns.append(answer.holds.label(f"l{number}"))
            if answer.flips_at is not None:
                columns.append(answer.flips_at.label(f"f{number}"))
        base = (
            select(self._profile.c.id.label("profile_id"), *columns)
            .select_from(source)
            .where(self._of_tenant())
        )
        return base, answers

    def _source(self) -> tuple[FromClause, list[Answer]]:
        events, profiles = self._grouped(), self._profiles
        answers: list[Answer] = []
        self._answer(self._question, events, answers)
        if events is None:
            return profiles, answers
        return profiles.outerjoin(events, events.c.profile_id == self._profile.c.id), answers

    def _joined(self) -> FromClause:
        return _event.join(
            _identifier,
            and_(_identifier.c.tenant_id == _event.c.tenant_id, _identifier.c.key == _event.c.person_key),
        )

    def _grouped(self) -> FromClause | None:
        """One pass over the events that any condition speaks of, a row for each person that has one."""
        if not self._spoken:
            return None
        wanted = or_(*(and_(self._received(each), self._counts(each)) for each in self._spoken))
        only = len(self._spoken) == 1
        newest = only and isinstance(self._spoken[0].test, Did)
        event = events_by_profile(_event, self._tenant_id, wanted, self._touched, newest=newest)
        columns = [
            column
            for number, each in enumerate(self._spoken)
            for column in self._measured(number, each, event, None if only else self._counts(each, event))
        ]
        return select(event.c.profile_id, *columns).group_by(event.c.profile_id).subquery("happened")

    def _received(self, leaf: Happened) -> Truth:
        """What holds of every stored event of its window: older partitions need not be looked into."""
        match leaf.window:
            case LastDays():
                return received_for(self._now - timedelta(days=leaf.window.days), _event)
            case Between():
                return received_for(leaf.window.since, _event)
            case _:
                return true()

    def _inside_window(self, leaf: Happened, event: FromClause) -> Truth:
        match leaf.window:
            case LastDays():
                return event.c.event_time > self._now - timedelta(days=leaf.window.days)
            case Between():
                return and_(event.c.event_time >= leaf.window.since, event.c.event_time < leaf.window.until)
            case _:
                return true()

    def _counts(self, leaf: Happened, event: FromClause = _event) -> Truth:
        """Whether an event is one of those that the condition speaks of."""
        properties = [tested(each.test, inside(event.c.properties, each.property)) for each in leaf.where]
        extra: list[Truth] = []
        if isinstance(leaf.test, LastOf):
            extra = [tested(Exists(op="exists"), inside(event.c.properties, leaf.test.property))]
        elif isinstance(leaf.test, MoneyOf):
            extra = [event.c.currency == leaf.test.currency, event.c.value_micros.is_not(None)]
        return and_(event.c.event_name == leaf.event, self._inside_window(leaf, event), *properties, *extra)

    def _measured(
        self, number: int, leaf: Happened, event: FromClause, counts: Truth | None
    ) -> list[ColumnElement[Any]]:
        """What of these events the condition compares, and the time of the one whose passing may change it."""

        def over(aggregate: Any) -> ColumnElement[Any]:
            filtered: ColumnElement[Any] = aggregate if counts is None else aggregate.filter(counts)
            return filtered

        time = event.c.event_time
        newest, oldest = over(func.max(time)).label(f"t{number}"), over(func.min(time)).label(f"t{number}")
        match leaf.test:
            case Did():
                return [newest]
            case Times():
                measure: ColumnElement[Any] = over(func.count())
            case SumOf():
                value = inside(event.c.properties, leaf.test.property)
                number_of = case((is_a(value, "number"), cast(text_of(value), Numeric)))
                measure = over(func.sum(number_of))
            case MoneyOf():
                measure = over(func.sum(event.c.value_micros))
            case LastOf():
                value = inside(event.c.properties, leaf.test.property)
                last = over(
                    func.array_agg(
                        aggregate_order_by(value, time.desc(), event.c.id.desc()), type_=ARRAY(JSONB)
                    )
                )
                return [newest, last.label(f"m{number}")]
        return [oldest, measure.label(f"m{number}")]

    def _answer(self, question: Question, events: FromClause | None, answers: list[Answer]) -> None:
        if isinstance(question, AllOf | AnyOf):
            for child in question.of:
                self._answer(child, events, answers)
        elif isinstance(question, Not):
            self._answer(question.of, events, answers)
        elif isinstance(question, Happened):
            if events is not None:
                answers.append(self._happened(question, events))
        else:
            answers.append(self._of_profile.answer(question))

    def _happened(self, leaf: Happened, events: FromClause) -> Answer:
        number = self._spoken.index(leaf)
        time = events.c[f"t{number}"]
        match leaf.test:
            case Did(op="did"):
                holds: Truth = time.is_not(None)
            case Did():
                holds = time.is_(None)
            case LastOf():
                holds = tested(leaf.test.test, events.c[f"m{number}"][1])
            case Times():
                holds = compared(leaf.test.compare, _or_zero(events.c[f"m{number}"]), leaf.test.value)
            case SumOf():
                holds = compared(leaf.test.compare, _or_zero(events.c[f"m{number}"]), leaf.test.number)
            case MoneyOf():
                holds = compared(leaf.test.compare, _or_zero(events.c[f"m{number}"]), leaf.test.micros)
        window = slides(leaf)
        return Answer(
            holds, None if window is None else func.coalesce(time + literal(window, Interval), NEVER)
        )

    def _whole(self, question: Question, answers: Any) -> Answer:
        if isinstance(question, Not):
            inner = self._whole(question.of, answers)
            return Answer(not_(inner.holds), inner.flips_at)
        if isinstance(question, AllOf | AnyOf):
            parts = [self._whole(child, answers) for child in question.of]
            return together(parts, every=isinstance(question, AllOf))
        answer: Answer = next(answers)
        return answer


def _or_zero(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(value, 0)


def ids(values: Sequence[UUID]) -> ColumnElement[Any]:
    return literal(list(values), ARRAY(Uuid()))
