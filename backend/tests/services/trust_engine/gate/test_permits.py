"""A permit is bound to bytes: the same change spells the same, another change never does."""

from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.trust_engine.gate.permits import Change, Json, NotCanonical, canonical_bytes

values: st.SearchStrategy[Json] = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=4)
    | st.lists(st.integers(0, 3), max_size=3)
    | st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), max_size=3)
)
states = st.dictionaries(st.sampled_from(["daily_budget_micros", "status", "name"]), values, max_size=3)

RAISE = Change(
    platform="meta",
    account="act_1",
    entity_type="campaign",
    entity="c1",
    operation="set_daily_budget",
    before={"daily_budget_micros": 100_000_000},
    after={"daily_budget_micros": 110_000_000},
)


@given(before=states, after=states)
def test_the_order_of_keys_does_not_change_the_digest(
    before: dict[str, Json], after: dict[str, Json]
) -> None:
    one = replace(RAISE, before=before, after=after)
    other = replace(RAISE, before=dict(reversed(before.items())), after=dict(reversed(after.items())))
    assert one.digest == other.digest
    assert one.canonical() == other.canonical()


@given(one=states, other=states)
def test_two_states_that_differ_have_two_digests(one: dict[str, Json], other: dict[str, Json]) -> None:
    same = canonical_bytes(one) == canonical_bytes(other)
    assert (replace(RAISE, after=one).digest == replace(RAISE, after=other).digest) == same


@pytest.mark.parametrize(
    "other",
    [
        replace(RAISE, platform="google"),
        replace(RAISE, account="act_2"),
        replace(RAISE, entity_type="ad_set"),
        replace(RAISE, entity="c2"),
        replace(RAISE, operation="set_status"),
        replace(RAISE, before={"daily_budget_micros": 100_000_001}),
        replace(RAISE, after={"daily_budget_micros": 110_000_001}),
    ],
)
def test_no_part_of_a_change_can_be_swapped(other: Change) -> None:
    assert other.digest != RAISE.digest


def test_true_is_not_one() -> None:
    assert replace(RAISE, after={"status": True}).digest != replace(RAISE, after={"status": 1}).digest


def test_a_float_is_refused() -> None:
    with pytest.raises(NotCanonical):
        replace(RAISE, after={"daily_budget_micros": cast("int", 1.5)}).canonical()


def test_a_change_undone_twice_is_the_change() -> None:
    assert RAISE.reversed().reversed() == RAISE
    assert RAISE.reversed().after == RAISE.before
    assert RAISE.state_digest == RAISE.reversed().reversed().state_digest
