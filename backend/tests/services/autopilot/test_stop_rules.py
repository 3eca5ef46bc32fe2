"""Whom a stop reaches, in which order, and what of it is given back."""

from itertools import product
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.services.autopilot.stops.rules import (
    SENTENCES,
    Kept,
    PassedOver,
    Paused,
    Running,
    Unreached,
    in_turn,
    kept,
    unreached,
)

campaigns = st.lists(
    st.builds(
        Running,
        st.uuids(),
        st.none() | st.integers(0, 10**15),
        st.sampled_from(["USD", "HUF", "EUR"]),
    ),
    max_size=20,
    unique_by=lambda each: each.campaign_id,
)


@given(campaigns)
def test_each_has_one_turn_and_of_one_currency_the_dearest_come_first(found: list[Running]) -> None:
    ordered = in_turn(found)
    assert sorted(each.campaign_id for each in ordered) == sorted(each.campaign_id for each in found)
    for currency in {each.currency for each in found}:
        own = [each.daily_micros for each in ordered if each.currency == currency]
        known = [each for each in own if each is not None]
        assert own == [None] * (len(own) - len(known)) + sorted(known, reverse=True)


def test_budgets_of_different_currencies_take_turns() -> None:
    found = [
        Running(UUID(int=number), micros, currency)
        for number, (micros, currency) in enumerate([(5, "USD"), (9_000, "HUF"), (7, "USD"), (8_000, "HUF")])
    ]
    assert [each.daily_micros for each in in_turn(found)] == [9_000, 7, 8_000, 5]


def test_only_an_account_that_nothing_keeps_from_is_reached() -> None:
    names = ("connected", "read_only", "write_lease", "enabled", "known")
    for values in product([True, False], repeat=len(names)):
        facts = dict(zip(names, values, strict=True))
        good = facts | {"read_only": not facts["read_only"]}
        assert (unreached(**facts) is None) is all(good.values())


@given(
    st.builds(
        Paused,
        **{each: st.booleans() for each in ("verified", "written", "edited", "changed")},
        status=st.sampled_from([None, "active", "paused", "archived", "deleted"]),
    )
)
def test_only_what_it_paused_and_nobody_touched_is_given_back(seen: Paused) -> None:
    ours = seen.verified and seen.written and not seen.edited and not seen.changed
    assert (kept(seen) is None) is (ours and seen.status in {None, "paused"})


def test_every_reason_has_its_sentence() -> None:
    every = [*Unreached, *PassedOver, *Kept]
    assert len(set(every)) == len(every), "one code is one sentence"
    assert {str(each) for each in SENTENCES} == set(every)
