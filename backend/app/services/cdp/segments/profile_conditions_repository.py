"""What a rule asks of a profile itself: its counters, times, traits, identifiers and lists."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Interval,
    Numeric,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)

from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.segments import CdpSegmentListEntry
from app.schemas.cdp.conditions import Exists, IsText, OneOf
from app.schemas.cdp.segments_tree import (
    ComputedTrait,
    Counter,
    HasIdentifier,
    HasLifecycle,
    Lately,
    Moment,
    Money,
    Trait,
    When,
)
from app.services.cdp.conditions.service import Time, Truth, certain, compared, inside, tested
from app.services.cdp.profiles.service import trait_hash
from app.services.cdp.segments.answers_repository import NEVER, Answer
from app.services.cdp.segments.computed_repository import computed_answer
from app.services.cdp.segments.rules import Leaf, Listed

_identifier = CdpIdentifier.__table__.alias("i")


class ProfileConditions:
    """Answers conditions from the columns of `profile`."""

    def __init__(self, profile: FromClause, *, tenant_id: int, now: datetime) -> None:
        self._profile = profile
        self._tenant_id = literal(tenant_id)
        self._tenant = tenant_id
        self._now = now

    def answer(self, leaf: Leaf) -> Answer:
        if isinstance(leaf, When):
            return self._when(leaf)
        match leaf:
            case HasLifecycle():
                truth: Truth = self._profile.c.lifecycle.in_(leaf.one_of)
            case HasIdentifier():
                truth = self._profile.c[f"has_{leaf.identifier}"]
            case Counter():
                truth = compared(leaf.op, self._profile.c[leaf.field], leaf.value)
            case Money():
                truth = compared(leaf.op, self._paid(leaf), leaf.micros)
            case Trait():
                truth = self._trait(leaf)
            case ComputedTrait():
                return computed_answer(leaf, self._profile.c.computed, self._now)
            case Listed():
                truth = self._listed(leaf)
            case _:
                raise TypeError(f"{type(leaf).__name__} is no condition on a profile")
        return Answer(truth)

    def _paid(self, leaf: Money) -> ColumnElement[Any]:
        def micros(column: str) -> ColumnElement[Any]:
            held = self._profile.c[column].op("->>", return_type=Text())(literal(leaf.currency, Text))
            return func.coalesce(cast(held, Numeric), 0)

        if leaf.field == "net":
            return micros("revenue") - micros("refunded")
        return micros(leaf.field)

    def _when(self, leaf: When) -> Answer:
        at: Time = self._profile.c[leaf.field]
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
        clear = tested(leaf.test, inside(self._profile.c.traits, leaf.name))
        held = self._profile.c.trait_hashes.op("->>", return_type=Text())(literal(leaf.name, Text))
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
                _identifier.c.profile_id == self._profile.c.id,
                listed.segment_id == leaf.segment_id,
            )
        )
