"""The fold, and that adding to it by parts is the same as folding all."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.cdp.identity.graph_rules import Assertion, Kind, Node, fold
from app.services.cdp.identity.reading import assertion_id
from app.services.cdp.identity.rules import PRIORITY, IdentifierType, Reason, Rules, is_garbage

_START = datetime(2026, 11, 1, tzinfo=UTC)
_USERS, _EMAILS, _DEVICES, _VISITORS = range(100, 110), range(200, 210), range(300, 310), range(400, 420)


def _key(number: int) -> UUID:
    return UUID(int=number)


def _type(number: int) -> IdentifierType:
    return {
        1: IdentifierType.USER_ID,
        2: IdentifierType.EMAIL,
        3: IdentifierType.DEVICE_ID,
        4: IdentifierType.ANONYMOUS_ID,
    }[number // 100]


def _said(minute: int, *numbers: int) -> Assertion:
    keys = tuple(_key(number) for number in sorted(numbers, key=lambda n: (-PRIORITY[_type(n)], n)))
    return Assertion(
        assertion_id(keys), Kind.OBSERVED, (_START + timedelta(minutes=minute), f"m{minute}"), keys
    )


def _nodes(assertions: Iterable[Assertion]) -> dict[UUID, Node]:
    nodes: dict[UUID, Node] = {}
    for each in sorted(assertions, key=lambda a: a.at):
        for key in each.keys:
            nodes.setdefault(key, Node(_type(key.int), each.at))
    return nodes


def _people(assertions: Sequence[Assertion], rules: Rules | None = None) -> set[frozenset[int]]:
    components, _ = fold(assertions, _nodes(assertions), rules or Rules())
    return {frozenset(key.int for key in group) for group in components.groups()}


def test_one_match_attaches_and_several_merge() -> None:
    assert _people([_said(1, 101, 401), _said(2, 101, 402), _said(3, 201, 403), _said(4, 101, 201)]) == {
        frozenset({101, 201, 401, 402, 403})
    }


def test_two_users_are_never_merged_by_what_is_weaker() -> None:
    assert _people([_said(1, 101, 301), _said(2, 102, 302), _said(3, 301, 302)]) == {
        frozenset({101, 301}),
        frozenset({102, 302}),
    }


def test_the_lowest_priority_is_demoted_first() -> None:
    said = [_said(1, 101, 201), _said(2, 102, 301), _said(3, 101, 202, 301, 401)]
    components, decisions = fold(said, _nodes(said), Rules())
    assert decisions[said[-1].id] == (None, Reason.DIFFERENT_USERS, Reason.DEMOTED)
    assert components.find(_key(101)) == components.find(_key(202))


def test_a_type_has_a_limit() -> None:
    said = [_said(minute, 101, 400 + minute) for minute in range(1, 8)]
    _, decisions = fold(said, _nodes(said), Rules())
    assert [decisions[each.id][0] for each in said] == [None] * 5 + [Reason.TYPE_LIMIT] * 2


def test_a_hundred_merges_are_enough() -> None:
    many = Rules(limits=dict.fromkeys(IdentifierType, 500))
    born = [Node(IdentifierType.ANONYMOUS_ID, (_START, f"b{number:03}")) for number in range(120)]
    nodes = {_key(1_000 + number): node for number, node in enumerate(born)}
    linked = [
        Assertion(assertion_id(pair), Kind.OBSERVED, (_START + timedelta(days=1, minutes=place), "m"), pair)
        for place, pair in enumerate(pairwise(sorted(nodes)))
    ]
    components, decisions = fold(linked, nodes, many)
    refused = [reason for each in linked if (reason := decisions[each.id][0])]
    assert len(refused) == 1
    assert max(len(group) for group in components.groups()) == 101


def test_a_thousand_identifiers_are_enough() -> None:
    many = Rules(limits=dict.fromkeys(IdentifierType, 5_000), max_merges=5_000)
    said = [_said(1, 101, 401)]
    said += [
        Assertion(assertion_id(pair), Kind.OBSERVED, (_START + timedelta(hours=1, minutes=n), "m"), pair)
        for n in range(1_005)
        for pair in [(_key(101), _key(10_000 + n))]
    ]
    nodes = {key: Node(IdentifierType.EMAIL, (_START, "")) for each in said for key in each.keys}
    components, decisions = fold(said, nodes, many)
    assert max(len(group) for group in components.groups()) == 1_000
    assert {reason for reasons in decisions.values() for reason in reasons} == {
        None,
        Reason.TOO_MANY_IDENTIFIERS,
    }


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "0",
            "000-000",
            "----",
            "-1",
            "null",
            "NULL",
            '"null"',
            "'None'",
            "nil",
            "undefined",
            "Anonymous",
        ),
        *(
            "guest",
            "UNKNOWN",
            "NaN",
            "true",
            "False",
            "[object Object]",
            "test",
            ' "Undefined" ',
            '\\"null\\"',
        ),
    ],
)
def test_garbage_names_nobody(value: str) -> None:
    assert is_garbage(value)


@pytest.mark.parametrize("value", ["1", "u-1", "testing", "0a", "nullable", "10-0", "jo@example.com"])
def test_what_looks_like_garbage_may_be_somebody(value: str) -> None:
    assert not is_garbage(value)


def test_a_tenant_adds_garbage_of_its_own() -> None:
    assert is_garbage(' "Walk-In" ', frozenset({"walk-in"}))


_SETS = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sets(
            st.sampled_from([*_USERS[:4], *_EMAILS[:4], *_DEVICES[:4], *_VISITORS[:6]]),
            min_size=2,
            max_size=4,
        ).filter(lambda numbers: sum(number // 100 == 1 for number in numbers) < 2),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=200)
@given(_SETS, st.randoms(use_true_random=False))
def test_the_fold_does_not_mind_the_order_in_which_it_is_given(
    drawn: list[tuple[int, set[int]]], random: Random
) -> None:
    said = [_said(minute, *numbers) for minute, numbers in drawn]
    shuffled = list(said)
    random.shuffle(shuffled)
    assert _people(said) == _people(shuffled)
