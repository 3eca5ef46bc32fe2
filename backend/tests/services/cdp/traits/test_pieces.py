"""A set of traits is worked out by statements of so many values, and what was too much once is not tried again."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from app.models.cdp.traits import CdpTrait
from app.services.cdp.traits.following import _Pace, in_pieces

_ASKED = st.lists(st.integers(0, 40), max_size=6)


def asked_of(sizes: list[int]) -> list[tuple[CdpTrait, list[UUID]]]:
    return [
        (CdpTrait(name=f"t{n}"), [UUID(int=n * 100 + i) for i in range(size)]) for n, size in enumerate(sizes)
    ]


@given(sizes=_ASKED, most=st.integers(1, 50))
def test_pieces_hold_everybody_once_in_order_and_none_too_many(sizes: list[int], most: int) -> None:
    asked = asked_of(sizes)
    pieces = list(in_pieces(asked, most))
    flat = [(trait.name, one) for piece in pieces for trait, whom in piece for one in whom]
    assert flat == [(trait.name, one) for trait, whom in asked for one in whom]
    full = [sum(len(whom) for _, whom in piece) for piece in pieces]
    assert all(size == most for size in full[:-1])
    assert all(0 < size <= most for size in full[-1:])


class _Cancelled(Exception):
    sqlstate = "57014"


def too_slow() -> DBAPIError:
    adapted = Exception()
    adapted.__cause__ = _Cancelled()
    return DBAPIError("select", None, adapted)


async def test_what_was_too_slow_once_is_not_tried_again() -> None:
    pace, tried = _Pace(), []

    async def work(most: int) -> int:
        tried.append(most)
        if most > 400:
            raise too_slow()
        return most

    assert await pace.of(work) == await pace.of(work) == 312
    assert tried == [20_000, 2_500, 312, 312]


async def test_what_is_too_slow_for_one_value_fails() -> None:
    async def work(most: int) -> int:
        raise too_slow()

    with pytest.raises(DBAPIError):
        await _Pace().of(work)
