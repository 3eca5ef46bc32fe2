"""Whatever the order in which events arrive, and however they are cut into sets: the same people."""

import random
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
from app.services.cdp.identity.graph_rules import Node, fold
from app.services.cdp.identity.reading import read_events
from app.services.cdp.identity.repository import Graph
from app.services.cdp.identity.rules import Rules
from app.services.cdp.identity.service import Resolver
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
    stored = {
        "people": _groups(profile_of),
        "counts": {
            (frozenset(k for k, p in profile_of.items() if p == id_), events_, size)
            for id_, events_, size in counts
        },
        "edges": {(edge.assertion, edge.place): edge.reason for edge in edges},
    }
    return stored, _expected(batch, rules)


def _groups(profile_of: dict[UUID, UUID]) -> set[frozenset[UUID]]:
    return {
        frozenset(key for key, profile in profile_of.items() if profile == each)
        for each in profile_of.values()
    }


def _expected(batch: Any, rules: Rules) -> dict[str, Any]:
    nodes = {key: Node(seen.type, seen.first) for key, seen in batch.sightings.items()}
    components, decisions = fold(batch.assertions.values(), nodes, rules)
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


async def holds(company: Company, ingestion: Ingestion, events: list[dict[str, Any]], parts: int) -> None:
    """Resolve the events of one run by parts, and compare with the fold of all of them."""
    run = events[0]["messageId"].partition("-")[0]
    size = -(-len(events) // parts)
    for start in range(0, len(events), size):
        await ingest(ingestion, Sender(company.id, None), *events[start : start + size])
        await Resolver(company.scopes).drain()
    stored, expected = await found(company, run)
    assert stored == expected, events


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


async def test_an_identifier_that_was_only_named_is_a_person_from_its_first_event_on(
    acme: Company, ingestion: Ingestion
) -> None:
    """The visitor was demoted beside another user, and made nobody; then comes alone."""
    nobody: dict[str, int | None] = {"user": None, "email": None, "device": None, "visitor": 0}
    drawn = [
        (1, nobody | {"user": 1, "email": 1}),
        (2, nobody | {"user": 2, "email": 1, "visitor": 1}),
        (3, nobody | {"visitor": 1}),
    ]
    run = uuid7().hex
    await holds(acme, ingestion, [said(run, number, each) for number, each in enumerate(drawn)], parts=3)


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
