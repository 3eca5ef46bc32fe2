"""Whatever the order in which events arrive, and however they are cut into sets: the same people."""

import itertools
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core.ids import uuid7
from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier, CdpIdentityEdge, CdpIdentitySettings
from app.models.cdp.profiles import CdpProfile
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.graph_rules import Assertion, Kind, Node, fold
from app.services.cdp.identity.reading import read_events
from app.services.cdp.identity.repository import Graph
from app.services.cdp.identity.rules import Rules
from app.services.cdp.identity.service import GraphChanges, Resolver
from app.services.cdp.identity.settings import IdentitySettings
from app.services.cdp.sources.service import Sender
from tests.factories.access import Company
from tests.factories.cdp import ingest

SMALL = {"limits": {"email": 2, "device_id": 2, "anonymous_id": 3}, "max_identifiers": 7}
FEW_MERGES = {"limits": {"email": 9, "device_id": 9, "anonymous_id": 9}, "max_merges": 2}


async def rule(company: Company, rules: dict[str, Any]) -> None:
    async with company.scopes() as scope:
        scope.session.add(CdpIdentitySettings(rules=rules, updated_by="test"))


def said(run: str, number: int, drawn: tuple[int, dict[str, int | None]]) -> dict[str, Any]:
    """An event of one run: its identifiers are that run's alone."""
    minute, ids = drawn
    context: dict[str, Any] = {}
    if ids["device"] is not None:
        context["device"] = {"id": f"{run}-d{ids['device']}"}
    if ids["email"] is not None:
        context["traits"] = {"email": f"e{ids['email']}@{run}.example"}
    visitor = ids["visitor"]
    return {
        "type": "track",
        "event": "Seen",
        "messageId": f"{run}-{number}",
        "userId": None if ids["user"] is None else f"{run}-u{ids['user']}",
        "anonymousId": "undefined" if visitor == 0 else f"{run}-a{visitor}",
        "timestamp": f"2026-11-01T10:{minute:02}:00.000Z",
        "context": context,
    }


async def found(company: Company, run: str) -> tuple[Any, Any]:
    """What the database says of a run's people, and what the fold of all its events says at once."""
    async with company.scopes() as scope:
        session = scope.session
        rules = (await IdentitySettings(scope).current()).rules
        events = (
            await session.execute(
                select(CdpEvent.received_at, CdpEvent.id).where(CdpEvent.message_id.startswith(run))
            )
        ).all()
        batch = read_events(
            await Graph(scope).queue.events([(at, id_) for at, id_ in events]), company.id, frozenset()
        )
        keys = list(batch.sightings)
        rows = await session.execute(
            select(CdpIdentifier.key, CdpIdentifier.profile_id).where(CdpIdentifier.key.in_(keys))
        )
        profile_of: dict[UUID, UUID] = {row[0]: row[1] for row in rows}
        counts = await session.execute(
            select(CdpProfile.id, CdpProfile.event_count, CdpProfile.identifier_count).where(
                CdpProfile.id.in_(set(profile_of.values()))
            )
        )
        edges = (
            await session.scalars(
                select(CdpIdentityEdge).where(CdpIdentityEdge.assertion.in_(batch.assertions))
            )
        ).all()
        by_hand = (
            await session.scalars(
                select(CdpIdentityEdge)
                .where(CdpIdentityEdge.a_key.in_(keys), CdpIdentityEdge.kind != "observed")
                .order_by(CdpIdentityEdge.assertion, CdpIdentityEdge.place)
            )
        ).all()
    stored = {
        "people": _groups(profile_of),
        "counts": {
            (frozenset(k for k, p in profile_of.items() if p == id_), events_, size)
            for id_, events_, size in counts
        },
        "edges": {(edge.assertion, edge.place): edge.reason for edge in edges},
        "profiles": profile_of,
    }
    return stored, _expected(batch, rules, [edge for edge in by_hand if edge.removed_at is None])


def _groups(profile_of: dict[UUID, UUID]) -> set[frozenset[UUID]]:
    return {
        frozenset(key for key, profile in profile_of.items() if profile == each)
        for each in profile_of.values()
    }


def _expected(batch: Any, rules: Rules, by_hand: Sequence[CdpIdentityEdge]) -> dict[str, Any]:
    nodes = {key: Node(seen.type, seen.first) for key, seen in batch.sightings.items()}
    apart = [(edge.a_key, edge.b_key) for edge in by_hand if edge.kind == "apart"]
    merges: dict[UUID, Assertion] = {}
    for edge in by_hand:
        if edge.kind == "merge":
            held = merges.get(edge.assertion)
            keys = (*held.keys, edge.b_key) if held else (edge.a_key, edge.b_key)
            merges[edge.assertion] = Assertion(
                edge.assertion, Kind.MERGE, (edge.asserted_at, edge.message_id), keys
            )
    components, decisions = fold([*batch.assertions.values(), *merges.values()], nodes, rules, apart)
    groups = [frozenset(group) for group in components.groups()]
    counts = {
        (group, sum(batch.states[key].event_count for key in group if key in batch.states), len(group))
        for group in groups
    }
    return {
        "people": set(groups),
        "counts": {each for each in counts if each[1]},
        "edges": {
            (name, place): reason
            for name, reasons in decisions.items()
            if name in batch.assertions
            for place, reason in enumerate(reasons)
        },
    }


_EVENTS = st.lists(
    st.tuples(
        st.integers(0, 59),
        st.fixed_dictionaries(
            {
                "user": st.sampled_from([None, None, 1, 2, 3]),
                "email": st.sampled_from([None, None, 1, 2, 3]),
                "device": st.sampled_from([None, None, 1, 2]),
                "visitor": st.sampled_from([0, 1, 2, 3, 4]),
            }
        ),
    ),
    min_size=2,
    max_size=16,
)


_NOBODY: dict[str, int | None] = {"user": None, "email": None, "device": None, "visitor": 0}


async def holds(company: Company, ingestion: Ingestion, events: list[dict[str, Any]], parts: int) -> None:
    """Resolve the events of one run by parts, and compare with the fold of all of them."""
    run = events[0]["messageId"].partition("-")[0]
    size = -(-len(events) // parts)
    for start in range(0, len(events), size):
        await ingest(ingestion, Sender(company.id, None), *events[start : start + size])
        await Resolver(company.scopes).drain()
    stored, expected = await found(company, run)
    del stored["profiles"]
    assert stored == expected, events


async def _folded(company: Company, run: str, said: Any) -> dict[UUID, UUID]:
    """Holds the database to the fold; the profile of each identifier."""
    stored, expected = await found(company, run)
    profiles: dict[UUID, UUID] = stored.pop("profiles")
    assert stored == expected, said
    return profiles


class People:
    """Those of one run, split and reunited by hand."""

    def __init__(self, company: Company, run: str) -> None:
        self.company = company
        self.run = run
        self.acts: list[UUID] = []

    async def split(self, one: int, mask: int) -> bool:
        """Divide a person of several identifiers; False where there is none."""
        groups: dict[UUID, list[UUID]] = {}
        stored, _ = await found(self.company, self.run)
        for key, profile in sorted(stored["profiles"].items()):
            groups.setdefault(profile, []).append(key)
        several = sorted((profile, keys) for profile, keys in groups.items() if len(keys) > 1)
        if not several:
            return False
        profile, keys = several[one % len(several)]
        chosen = mask % (2 ** len(keys) - 2) + 1
        away = [key for place, key in enumerate(keys) if chosen >> place & 1]
        async with self.company.scopes() as scope:
            await GraphChanges(scope).split(profile, away, "Two people.")
            act = await scope.session.scalar(
                select(CdpIdentityEdge.act)
                .where(CdpIdentityEdge.act.is_not(None))
                .order_by(CdpIdentityEdge.act.desc())
                .limit(1)
            )
        assert act is not None
        self.acts.append(act)
        return True

    async def undo(self, which: int) -> None:
        """Take back one of the splits, by whichever of its rows."""
        act = self.acts.pop(which % len(self.acts))
        async with self.company.scopes() as scope:
            rows = (
                await scope.session.scalars(
                    select(CdpIdentityEdge.assertion)
                    .where(CdpIdentityEdge.act == act)
                    .order_by(CdpIdentityEdge.assertion, CdpIdentityEdge.place)
                )
            ).all()
            await GraphChanges(scope).undo(rows[which % len(rows)], "One after all.")


@pytest.mark.parametrize("rules", [{}, SMALL, FEW_MERGES], ids=["defaults", "small", "merges"])
async def test_adding_by_parts_in_any_order_is_folding_the_whole(
    acme: Company, ingestion: Ingestion, rules: dict[str, Any]
) -> None:
    await rule(acme, rules)

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(_EVENTS, st.integers(1, 5), st.randoms(use_true_random=False))
    def draw(drawn: list[Any], parts: int, shuffle: random.Random) -> None:
        examples.append((drawn, parts, shuffle.random()))

    examples: list[tuple[list[Any], int, float]] = []
    draw()
    for drawn, parts, seed in examples:
        run = uuid7().hex
        events = [said(run, number, each) for number, each in enumerate(drawn)]
        random.Random(seed).shuffle(events)  # noqa: S311  (an order, not a secret)
        await holds(acme, ingestion, events, parts)


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("split"), st.integers(0, 9), st.integers(0, 2**12)),
        st.tuples(st.just("undo"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("events"), st.integers(1, 4), st.just(0)),
    ),
    min_size=3,
    max_size=8,
)


@pytest.mark.parametrize("rules", [{}, SMALL, FEW_MERGES], ids=["defaults", "small", "merges"])
async def test_splits_and_undone_splits_among_the_events_are_folded_as_what_stands_of_them(
    acme: Company, ingestion: Ingestion, rules: dict[str, Any]
) -> None:
    """After each step; and a split that is undone at once leaves everybody the profile that they had."""
    await rule(acme, rules)

    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(_EVENTS, _STEPS)
    def draw(drawn: list[Any], steps: list[Any]) -> None:
        examples.append((drawn, steps))

    examples: list[tuple[list[Any], list[Any]]] = []
    draw()
    for drawn, steps in examples:
        run = uuid7().hex
        people = People(acme, run)
        waiting = [said(run, number, each) for number, each in enumerate(drawn)]
        done = await _some(acme, ingestion, waiting, len(waiting) // 2 + 1)
        for step, one, other in [*steps, ("events", len(waiting), 0)]:
            if step == "events" and waiting:
                done += await _some(acme, ingestion, waiting, one)
            elif step == "split":
                before = await _folded(acme, run, (done, steps))
                if await people.split(one, other):
                    assert await _folded(acme, run, (done, steps)) != before
                    if other % 2:
                        await people.undo(len(people.acts) - 1)
                        assert await _folded(acme, run, (done, steps)) == before, (done, steps)
            elif step == "undo" and people.acts:
                await people.undo(one)
            await _folded(acme, run, (done, steps))


async def test_the_undo_of_a_split_gives_bystanders_their_ids_back_too(
    acme: Company, ingestion: Ingestion
) -> None:
    """A part has room for people whom the whole had refused: they join it, and their profile ends until the undo.

    Theirs is older than the identifier that founded it, so nothing but memory could tell what it was called.
    """
    await rule(acme, {"limits": {"email": 2, "device_id": 9, "anonymous_id": 9}, "max_identifiers": 5})
    run = uuid7().hex
    drawn = [
        (10, _NOBODY | {"email": 1, "visitor": 1}),
        (11, _NOBODY | {"email": 1, "visitor": 2}),
        (20, _NOBODY | {"visitor": 3}),
        (21, _NOBODY | {"device": 1, "visitor": 3}),
        (5, _NOBODY | {"device": 1, "visitor": 4}),
        (31, _NOBODY | {"device": 1, "visitor": 2}),
    ]
    waiting = [said(run, number, each) for number, each in enumerate(drawn)]
    while waiting:
        await _some(acme, ingestion, waiting, 1)
    people = People(acme, run)
    before = await _folded(acme, run, drawn)
    ended = set()
    for one, mask in itertools.product(range(2), range(6)):
        assert await people.split(one, mask)
        ended |= set(before.values()) - set((await _folded(acme, run, drawn)).values())
        await people.undo(0)
        assert await _folded(acme, run, drawn) == before, (one, mask)
    assert ended


async def _some(company: Company, ingestion: Ingestion, waiting: list[Any], most: int) -> list[Any]:
    few, waiting[:] = waiting[:most], waiting[most:]
    if few:
        await ingest(ingestion, Sender(company.id, None), *few)
        await Resolver(company.scopes).drain()
    return few


async def test_an_identifier_that_was_only_named_is_a_person_from_its_first_event_on(
    acme: Company, ingestion: Ingestion
) -> None:
    """The visitor was demoted beside another user, and made nobody; then comes alone."""
    drawn = [
        (1, _NOBODY | {"user": 1, "email": 1}),
        (2, _NOBODY | {"user": 2, "email": 1, "visitor": 1}),
        (3, _NOBODY | {"visitor": 1}),
    ]
    run = uuid7().hex
    await holds(acme, ingestion, [said(run, number, each) for number, each in enumerate(drawn)], parts=3)


async def _why_refused(company: Company, run: str) -> set[str]:
    stored, _ = await found(company, run)
    return {reason for reason in stored["edges"].values() if reason not in {None, "demoted"}}


@pytest.mark.parametrize("late", [(2,), (3,), (2, 3), (3, 2)])
async def test_why_a_link_is_refused_does_not_hang_on_which_event_came_first(
    acme: Company, ingestion: Ingestion, late: tuple[int, ...]
) -> None:
    """Too many emails, until it is known that both sides had a user by then."""
    await rule(acme, SMALL)
    drawn = [
        (1, _NOBODY | {"email": 1, "device": 1}),
        (2, _NOBODY | {"email": 2, "device": 1}),
        (3, _NOBODY | {"user": 1, "email": 1}),
        (4, _NOBODY | {"user": 2, "email": 3}),
        (20, _NOBODY | {"email": 3, "device": 1}),
    ]
    run = uuid7().hex
    events = [said(run, number, each) for number, each in enumerate(drawn)]
    await holds(acme, ingestion, [each for n, each in enumerate(events) if n not in late], parts=1)
    assert await _why_refused(acme, run) == {"type_limit"}
    await holds(acme, ingestion, [events[number] for number in late], parts=len(late))
    assert await _why_refused(acme, run) == {"different_users"}


async def test_a_user_who_was_divided_by_hand_is_why_a_later_link_is_refused_however_late_it_is_known(
    acme: Company, ingestion: Ingestion
) -> None:
    """Two users, until it is known that both sides had a part of the one who was divided by then."""
    run = uuid7().hex
    drawn = [
        (1, _NOBODY | {"device": 1, "visitor": 1}),
        (20, _NOBODY | {"user": 1, "device": 1}),
        (21, _NOBODY | {"user": 2, "visitor": 1}),
        (30, _NOBODY | {"user": 1, "email": 1}),
        (40, _NOBODY | {"user": 2, "email": 1}),
    ]
    events = [said(run, number, each) for number, each in enumerate(drawn)]
    await holds(acme, ingestion, events[:1], parts=1)
    assert await People(acme, run).split(0, 0)
    await holds(acme, ingestion, events[3:], parts=1)
    assert await _why_refused(acme, run) == {"kept_apart", "different_users"}
    await holds(acme, ingestion, events[1:3], parts=2)
    assert await _why_refused(acme, run) == {"kept_apart"}


async def test_a_link_said_again_earlier_may_be_lost_and_free_another(
    acme: Company, ingestion: Ingestion
) -> None:
    """What an assertion joined at its later place it may not join at its earlier one."""
    run = uuid7().hex
    drawn = [  # number, minute, user, email, device, visitor: in the order of arrival
        (0, 8, None, 2, None, 0),
        (14, 50, None, 3, None, 0),
        (7, 16, 1, None, 1, 3),
        (9, 51, 2, 1, None, 1),
        (6, 37, None, 2, None, 0),
        (11, 58, 1, 1, 1, 0),
        (3, 21, 3, None, None, 1),
        (2, 16, 3, None, None, 3),
        (10, 26, None, None, 1, 4),
        (13, 43, None, 1, 2, 0),
        (8, 43, None, 3, 2, 3),
        (4, 57, None, 3, None, 2),
        (5, 43, None, 3, 2, 3),
        (12, 50, None, 3, 1, 3),
        (1, 30, 2, None, 2, 4),
    ]
    events = [
        said(run, number, (minute, {"user": user, "email": email, "device": device, "visitor": visitor}))
        for number, minute, user, email, device, visitor in drawn
    ]
    await holds(acme, ingestion, events, parts=5)
