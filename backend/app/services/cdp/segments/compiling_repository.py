"""From a rule to one set-based statement; bound parameters alone.

The statement has a row for each profile: whether the rule holds, and when nothing but time may next change that. The
events that the conditions speak of are read in one pass and grouped by person, whatever their number. Preview, whole
recomputation, following of changes and `why` all use it.

**When time may change the answer.** A window that slides can only lose events as time passes. Each condition says no
later than when it may change by itself; from these a bound of the whole follows: where `all` holds, the first of its
parts that may cease; where it does not, the last of the parts that are missing; and the reverse of `any`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Interval,
    Numeric,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.db.base import UtcDateTime
from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.segments import CdpSegmentListEntry
from app.schemas.cdp.segments_tree import (
    AllOf,
    AnyOf,
    Between,
    ComputedTrait,
    Counter,
    Did,
    Exists,
    Happened,
    HasIdentifier,
    HasLifecycle,
    HasText,
    IsNumber,
    IsText,
    IsTruth,
    IsWhen,
    LastDays,
    LastOf,
    Lately,
    Moment,
    Money,
    MoneyOf,
    Not,
    OneOf,
    SumOf,
    Times,
    Trait,
    ValueTest,
    When,
)
from app.services.cdp.profiles.service import trait_hash
from app.services.cdp.segments.rules import COMPARISONS, Leaf, Listed, Question, slides

Truth = ColumnElement[bool]
Time = ColumnElement[datetime]

NEVER: Time = literal_column("'infinity'::timestamptz", UtcDateTime())
_LONG_AGO: Time = literal_column("'-infinity'::timestamptz", UtcDateTime())
_TIME = r"^\d{4}-\d{2}-\d{2}"
_ZONE = r"(Z|[+-]\d{2}:?\d{2})$"

_event = CdpEvent.__table__.alias("e")
_identifier = CdpIdentifier.__table__.alias("i")
_profile = CdpProfile.__table__.alias("p")


def compared(op: str, value: ColumnElement[Any], bound: Any) -> Truth:
    truth: Truth = COMPARISONS[op](value, bound)
    return truth


def certain(truth: Truth) -> Truth:
    """What is unknown does not hold."""
    return func.coalesce(truth, false())


def _inside(document: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """The value at a name; dots lead into objects."""
    path = name.split(".")
    if len(path) == 1:
        return document.op("->", return_type=JSONB())(literal(name, Text))
    return document.op("#>", return_type=JSONB())(literal(path, ARRAY(Text)))


def _text(value: ColumnElement[Any]) -> ColumnElement[str]:
    return value.op("#>>", return_type=Text())(cast(literal("{}", Text), ARRAY(Text)))


def _json(value: str | Decimal) -> ColumnElement[Any]:
    if isinstance(value, str):
        return func.to_jsonb(literal(value, Text), type_=JSONB())
    return func.to_jsonb(literal(value, Numeric), type_=JSONB())


def _is_a(value: ColumnElement[Any], kind: str) -> Truth:
    return func.jsonb_typeof(value) == literal(kind, Text)


def tested(test: ValueTest, value: ColumnElement[Any]) -> Truth:
    """A test of a JSON value; never null."""
    match test:
        case Exists():
            truth = func.jsonb_typeof(value) != literal("null", Text)
        case IsText():
            truth = value == _json(test.text)
        case OneOf():
            truth = or_(*[value == _json(each) for each in test.texts])
        case HasText(op="contains"):
            truth = and_(_is_a(value, "string"), _text(value).contains(test.text, autoescape=True))
        case HasText():
            truth = and_(_is_a(value, "string"), _text(value).startswith(test.text, autoescape=True))
        case IsNumber():
            truth = and_(_is_a(value, "number"), compared(test.op, value, _json(test.number)))
        case IsTruth():
            truth = value == cast(literal(str(test.op == "is_true").lower(), Text), JSONB)
        case IsWhen():
            at = _as_time(value)
            truth = at < test.at if test.op == "before" else at >= test.at
    return certain(truth)


def _as_time(value: ColumnElement[Any]) -> Time:
    """ISO 8601 text as a time, UTC where it names no zone; null where it is none."""
    said = _text(value)
    zoned = case((said.op("~")(_ZONE), said), else_=said.op("||")("Z"))
    is_time = and_(_is_a(value, "string"), said.op("~")(_TIME), func.pg_input_is_valid(zoned, "timestamptz"))
    return case((is_time, cast(zoned, UtcDateTime())))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one condition, or a part of the tree, comes to for a profile."""

    holds: Truth
    flips_at: Time | None = None
    """No later than when time alone may change it; None for never."""


class SegmentQuery:
    """The statement of one question at one time, for all profiles or for those that are named."""

    def __init__(
        self, question: Question, *, tenant_id: int, now: datetime, touched: ColumnElement[Any] | None = None
    ) -> None:
        self._tenant_id = literal(tenant_id)
        self._tenant = tenant_id
        self._now = now
        self._touched = touched
        self._question = question
        self._spoken: list[Happened] = []
        self._columns: list[ColumnElement[Any]] = []
        self._events: FromClause | None = None
        self._collect(question)

    # -- the statements

    def verdicts(self) -> Select[Any]:
        """`profile_id`, `matched` and `flips_at` of each profile that is in, or that time may bring in."""
        base, answers = self._leaves()
        fenced = base.offset(literal(0)).subquery("leaf")
        whole = self._whole(self._question, iter(_read_back(answers, fenced)))
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
            select(_profile.c.id.label("profile_id"))
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
                self._counts(leaf),
            )
            .order_by(_event.c.event_time.desc(), _event.c.id.desc())
            .limit(most)
        )

    # -- the source

    def _collect(self, question: Question) -> None:
        if isinstance(question, AllOf | AnyOf):
            for child in question.of:
                self._collect(child)
        elif isinstance(question, Not):
            self._collect(question.of)
        elif isinstance(question, Happened) and question not in self._spoken:
            self._spoken.append(question)

    def _of_tenant(self) -> Truth:
        own = _profile.c.tenant_id == self._tenant_id
        return own if self._touched is None else and_(own, _profile.c.id == func.any(self._touched))

    def _leaves(self) -> tuple[Select[Any], list[Answer]]:
        source, answers = self._source()
        columns: list[ColumnElement[Any]] = []
        for number, answer in enumerate(answers):
            columns.append(answer.holds.label(f"l{number}"))
            if answer.flips_at is not None:
                columns.append(answer.flips_at.label(f"f{number}"))
        base = (
            select(_profile.c.id.label("profile_id"), *columns).select_from(source).where(self._of_tenant())
        )
        return base, answers

    def _source(self) -> tuple[FromClause, list[Answer]]:
        events = self._grouped()
        answers: list[Answer] = []
        self._answer(self._question, events, answers)
        if events is None:
            return _profile, answers
        return _profile.outerjoin(events, events.c.profile_id == _profile.c.id), answers

    def _joined(self) -> FromClause:
        return _event.join(
            _identifier,
            and_(_identifier.c.tenant_id == _event.c.tenant_id, _identifier.c.key == _event.c.person_key),
        )

    def _grouped(self) -> FromClause | None:
        """One pass over the events that any condition speaks of, a row for each person that has one."""
        if not self._spoken:
            return None
        wanted = [self._counts(each) for each in self._spoken]
        only = len(wanted) == 1
        columns = [
            column
            for number, (each, counts) in enumerate(zip(self._spoken, wanted, strict=True))
            for column in self._measured(number, each, None if only else counts)
        ]
        statement = (
            select(_identifier.c.profile_id, *columns)
            .select_from(self._joined())
            .where(_event.c.tenant_id == self._tenant_id, or_(*wanted))
            .group_by(_identifier.c.profile_id)
        )
        if self._touched is not None:
            statement = statement.where(_identifier.c.profile_id == func.any(self._touched))
        return statement.subquery("happened")

    def _inside_window(self, leaf: Happened) -> Truth:
        match leaf.window:
            case LastDays():
                return _event.c.event_time > self._now - timedelta(days=leaf.window.days)
            case Between():
                return and_(_event.c.event_time >= leaf.window.since, _event.c.event_time < leaf.window.until)
            case _:
                return true()

    def _counts(self, leaf: Happened) -> Truth:
        """Whether an event is one of those that the condition speaks of."""
        properties = [tested(each.test, _inside(_event.c.properties, each.property)) for each in leaf.where]
        extra: list[Truth] = []
        if isinstance(leaf.test, LastOf):
            extra = [tested(Exists(op="exists"), _inside(_event.c.properties, leaf.test.property))]
        elif isinstance(leaf.test, MoneyOf):
            extra = [_event.c.currency == leaf.test.currency, _event.c.value_micros.is_not(None)]
        return and_(_event.c.event_name == leaf.event, self._inside_window(leaf), *properties, *extra)

    def _measured(self, number: int, leaf: Happened, counts: Truth | None) -> list[ColumnElement[Any]]:
        """What of these events the condition compares, and the time of the one whose passing may change it."""

        def over(aggregate: Any) -> ColumnElement[Any]:
            filtered: ColumnElement[Any] = aggregate if counts is None else aggregate.filter(counts)
            return filtered

        time = _event.c.event_time
        newest, oldest = over(func.max(time)).label(f"t{number}"), over(func.min(time)).label(f"t{number}")
        match leaf.test:
            case Did():
                return [newest]
            case Times():
                measure: ColumnElement[Any] = over(func.count())
            case SumOf():
                value = _inside(_event.c.properties, leaf.test.property)
                number_of = case((_is_a(value, "number"), cast(_text(value), Numeric)))
                measure = over(func.sum(number_of))
            case MoneyOf():
                measure = over(func.sum(_event.c.value_micros))
            case LastOf():
                value = _inside(_event.c.properties, leaf.test.property)
                last = over(
                    func.array_agg(
                        aggregate_order_by(value, time.desc(), _event.c.id.desc()), type_=ARRAY(JSONB)
                    )
                )
                return [newest, last.label(f"m{number}")]
        return [oldest, measure.label(f"m{number}")]

    # -- conditions

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
            answers.append(self._of_profile(question))

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

    def _of_profile(self, leaf: Leaf) -> Answer:
        if isinstance(leaf, When):
            return self._when(leaf)
        match leaf:
            case HasLifecycle():
                truth: Truth = _profile.c.lifecycle.in_(leaf.one_of)
            case HasIdentifier():
                truth = _profile.c[f"has_{leaf.identifier}"]
            case Counter():
                truth = compared(leaf.op, _profile.c[leaf.field], leaf.value)
            case Money():
                truth = compared(leaf.op, self._paid(leaf), leaf.micros)
            case Trait():
                truth = self._trait(leaf)
            case ComputedTrait():
                truth = tested(leaf.test, _inside(_profile.c.computed, leaf.name))
            case Listed():
                truth = self._listed(leaf)
            case _:
                raise TypeError(f"{type(leaf).__name__} is no condition on a profile")
        return Answer(truth)

    def _paid(self, leaf: Money) -> ColumnElement[Any]:
        def micros(column: str) -> ColumnElement[Any]:
            held = _profile.c[column].op("->>", return_type=Text())(literal(leaf.currency, Text))
            return func.coalesce(cast(held, Numeric), 0)

        if leaf.field == "net":
            return micros("revenue") - micros("refunded")
        return micros(leaf.field)

    def _when(self, leaf: When) -> Answer:
        at: Time = _profile.c[leaf.field]
        match leaf.test:
            case Moment():
                return Answer(certain(at < leaf.test.at if leaf.test.op == "before" else at >= leaf.test.at))
            case Lately():
                window = timedelta(days=leaf.test.days)
                lately = at > self._now - window
                holds = certain(lately if leaf.test.op == "within_last" else not_(lately))
                return Answer(holds, case((lately, at + literal(window, Interval)), else_=NEVER))
            case _:
                return Answer(at.is_not(None))

    def _trait(self, leaf: Trait) -> Truth:
        clear = tested(leaf.test, _inside(_profile.c.traits, leaf.name))
        held = _profile.c.trait_hashes.op("->>", return_type=Text())(literal(leaf.name, Text))
        match leaf.test:
            case Exists():
                return or_(clear, held.is_not(None))
            case IsText():
                return or_(clear, certain(held == trait_hash(leaf.name, leaf.test.text, self._tenant)))
            case OneOf():
                hashes = [trait_hash(leaf.name, each, self._tenant) for each in leaf.test.texts]
                return or_(clear, certain(held.in_(hashes)))
            case _:
                return clear

    def _listed(self, leaf: Listed) -> Truth:
        listed = CdpSegmentListEntry
        return exists(
            select(literal(1))
            .select_from(_identifier)
            .join(listed, and_(listed.tenant_id == _identifier.c.tenant_id, listed.key == _identifier.c.key))
            .where(
                _identifier.c.tenant_id == self._tenant_id,
                _identifier.c.profile_id == _profile.c.id,
                listed.segment_id == leaf.segment_id,
            )
        )

    # -- the tree

    def _whole(self, question: Question, answers: Any) -> Answer:
        if isinstance(question, Not):
            inner = self._whole(question.of, answers)
            return Answer(not_(inner.holds), inner.flips_at)
        if isinstance(question, AllOf | AnyOf):
            parts = [self._whole(child, answers) for child in question.of]
            return _together(parts, every=isinstance(question, AllOf))
        answer: Answer = next(answers)
        return answer


def _together(parts: Sequence[Answer], *, every: bool) -> Answer:
    holds = and_(*[part.holds for part in parts]) if every else or_(*[part.holds for part in parts])
    if all(part.flips_at is None for part in parts):
        return Answer(holds)
    settled = holds if every else not_(holds)
    """Every part stands on the same side: the first that changes may change the whole."""
    first = _least([part.flips_at for part in parts if part.flips_at is not None])
    missing = _greatest(
        [
            case((part.holds if every else not_(part.holds), _LONG_AGO), else_=_or_never(part))
            for part in parts
        ]
    )
    return Answer(holds, case((settled, first), else_=missing))


def _or_never(part: Answer) -> Time:
    return NEVER if part.flips_at is None else part.flips_at


def _least(times: Sequence[Time]) -> Time:
    return func.least(*times, type_=UtcDateTime()) if len(times) > 1 else times[0]


def _greatest(times: Sequence[Time]) -> Time:
    return func.greatest(*times, type_=UtcDateTime()) if len(times) > 1 else times[0]


def _or_zero(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(value, 0)


def _read_back(answers: Sequence[Answer], rows: FromClause) -> list[Answer]:
    """The same answers, as columns of the statement that holds them."""
    return [
        Answer(rows.c[f"l{number}"], None if answer.flips_at is None else rows.c[f"f{number}"])
        for number, answer in enumerate(answers)
    ]


def ids(values: Sequence[UUID]) -> ColumnElement[Any]:
    return literal(list(values), ARRAY(Uuid()))
