"""The form of what a source sends: the same in whatever order it is learned, and what is odd about it."""

import random
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.services.cdp.schemas.rules import (
    MOST_PROPERTIES,
    DriftKind,
    Shape,
    ValueType,
    drift,
    type_of,
    usual_days,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2)
)
_PROPERTIES = st.dictionaries(
    st.sampled_from("abcd"), st.one_of(_VALUES, st.dictionaries(st.sampled_from("xy"), _VALUES)), max_size=4
)
_EVENTS = st.lists(st.tuples(_PROPERTIES, st.integers(0, 59 * 24 * 60)), max_size=20)


def learned(events: list[tuple[dict[str, Any], int, int]]) -> Shape:
    shape = Shape()
    for properties, minutes, number in events:
        at = NOW - timedelta(minutes=minutes)
        shape.count(1, at, at)
        shape.sample(properties, at, f"{number:04}")
    return shape


@given(_EVENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_learned_from_does_not_count(
    drawn: list[Any], shuffle: random.Random
) -> None:
    events = [(*each, number) for number, each in enumerate(drawn)]
    shuffled = deepcopy(events)
    shuffle.shuffle(shuffled)
    assert learned(events) == learned(shuffled)


def test_values_are_told_apart_by_type_and_what_was_sealed_is_personal() -> None:
    values: list[Any] = [None, True, 3, 2.5, "a", "2026-11-28T10:00:00Z", "[sealed]", [1], {}]
    assert [type_of(each).value for each in values] == [
        *("nothing", "yes_no", "number", "number", "text", "time", "personal", "list", "list")
    ]


def test_generated_names_of_properties_are_capped_and_said_to_be() -> None:
    shape = Shape()
    for number in range(MOST_PROPERTIES + 20):
        shape.sample({f"p{number}": 1}, NOW, str(number))
    assert len(shape.properties) == MOST_PROPERTIES
    assert shape.properties_left_out
    assert shape.sampled == MOST_PROPERTIES + 20


def _daily(days: range, step: int = 1) -> Shape:
    shape = Shape()
    for number in days:
        at = NOW - timedelta(days=number * step)
        shape.count(5, at, at)
    return shape


def test_an_event_that_came_every_day_is_missed_after_a_day_and_a_half() -> None:
    began = NOW - timedelta(days=40)
    assert drift(_daily(range(1, 20)), began, NOW) == []
    [found] = drift(_daily(range(2, 20)), began, NOW)
    assert (found.kind, found.usual_days) == (DriftKind.STOPPED, 1)
    assert found.since == NOW - timedelta(days=2)


def test_an_event_that_comes_weekly_is_not_missed_before_its_week_is_long_over() -> None:
    began = NOW - timedelta(days=80)
    weekly = _daily(range(1, 6), step=7)
    assert usual_days(weekly.days) == 7
    assert drift(weekly, began, NOW) == []
    assert [each.kind for each in drift(weekly, began, NOW + timedelta(days=4))] == [DriftKind.STOPPED]


def test_of_two_days_no_cadence_is_made() -> None:
    assert drift(_daily(range(20, 22)), NOW - timedelta(days=40), NOW) == []


def test_a_name_is_new_on_its_first_day_unless_the_source_is() -> None:
    shape = _daily(range(1))
    assert [each.kind for each in drift(shape, NOW - timedelta(days=9), NOW)] == [DriftKind.NEW_EVENT]
    assert drift(shape, shape.first_at, NOW) == []


def test_a_property_of_another_type_than_before_is_told_with_both() -> None:
    shape = _daily(range(1))
    for number in range(3):
        shape.sample({"price": "10", "note": None}, NOW - timedelta(hours=9 - number), str(number))
    shape.sample({"price": 10, "note": "x"}, NOW - timedelta(hours=1), "9")
    [found] = drift(shape, shape.first_at, NOW)
    assert (found.kind, found.property, found.before, found.now) == (
        DriftKind.TYPE_CHANGED,
        "price",
        ValueType.TEXT,
        ValueType.NUMBER,
    )
    assert found.since == NOW - timedelta(hours=1)
