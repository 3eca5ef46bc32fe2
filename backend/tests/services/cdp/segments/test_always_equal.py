"""Whatever happens, in whatever order, while time passes: following changes ends where computing it whole would.

Events late and early, orders and refunds, traits, merges, splits and undo by hand, erasures, lifecycles that age, rules
that change: after each following, every segment holds exactly those for whom its rule holds, its log replays to
them, and its count is their number.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import door, make_engine
from app.models.cdp.identity import CdpIdentifier, CdpIdentityEdge
from app.models.cdp.segments import CdpSegment, CdpSegmentTimer, CdpSegmentTransition
from app.schemas.cdp.segments_tree import read_rule
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import GraphChanges, Ruling
from app.services.cdp.profiles.service import Change, ProfileFolding
from app.services.cdp.segments.service import Recomputation, SegmentService
from tests.factories.access import Company
from tests.factories.segments import Lab, MovedClock

Result = TypeVar("Result")
_NAMES = ["Viewed", "Added", "Order Completed"]
_COMPARE = st.sampled_from(["equals", "less_than", "at_most", "more_than", "at_least"])
_DAYS = st.integers(1, 12)


def _kind(name: str, /, **members: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"kind": st.just(name)}
        | {
            key: value if isinstance(value, st.SearchStrategy) else st.just(value)
            for key, value in members.items()
        }
    )


def _test(op: Any, **members: Any) -> st.SearchStrategy[dict[str, Any]]:
    op = op if isinstance(op, st.SearchStrategy) else st.just(op)
    return st.fixed_dictionaries({"op": op, **members})


_VALUE = st.one_of(
    _test("exists"),
    _test("is", text=st.sampled_from(["a", "b"])),
    _test("one_of", texts=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=2)),
    _test(_COMPARE, number=st.integers(0, 3)),
)
_EVENT = st.fixed_dictionaries(
    {"kind": st.just("event"), "event": st.sampled_from(_NAMES)},
    optional={
        "where": st.lists(
            st.fixed_dictionaries({"property": st.sampled_from(["size", "n"]), "test": _VALUE}), max_size=1
        ),
        "window": st.one_of(_kind("last", days=_DAYS), _kind("last", days=_DAYS), st.none()),
        "test": st.one_of(
            _test(st.sampled_from(["did", "did_not"])),
            _test("times", compare=_COMPARE, value=st.integers(0, 3)),
            _test("sum", property=st.just("n"), compare=_COMPARE, number=st.integers(-1, 5)),
            _test(
                "money",
                currency=st.just("EUR"),
                compare=_COMPARE,
                micros=st.sampled_from([0, 10**7, 2 * 10**7]),
            ),
            _test("last", property=st.sampled_from(["size", "n"]), test=_VALUE),
        ),
    },
)
_LEAF = st.one_of(
    _EVENT,
    _EVENT,
    _EVENT,
    _kind("trait", name=st.sampled_from(["plan", "level", "email"]), test=st.just({"op": "exists"})),
    _kind("trait", name=st.sampled_from(["plan", "level"]), test=_VALUE),
    _kind(
        "lifecycle",
        one_of=st.lists(st.sampled_from(["known", "customer", "churned"]), min_size=1, max_size=2),
    ),
    _kind("has", identifier=st.sampled_from(["email", "user_id"])),
    _kind(
        "counter", field=st.sampled_from(["event_count", "order_count"]), op=_COMPARE, value=st.integers(0, 4)
    ),
    _kind(
        "money", field=st.sampled_from(["revenue", "net"]), currency="EUR", op=_COMPARE, micros=st.just(10**7)
    ),
    _kind(
        "time",
        field=st.sampled_from(["last_seen_at", "first_seen_at", "last_order_at"]),
        test=_test(st.sampled_from(["within_last", "longer_ago_than"]), days=_DAYS),
    ),
)
RULES = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        _kind("all", of=st.lists(inner, min_size=1, max_size=3)),
        _kind("any", of=st.lists(inner, min_size=1, max_size=3)),
        _kind("not", of=inner),
    ),
    max_leaves=4,
)
_WHO = st.fixed_dictionaries(
    {},
    optional={
        "user": st.integers(1, 3),
        "visitor": st.integers(1, 4),
        "email": st.integers(1, 2),
    },
).filter(bool)
_HAPPENING = st.fixed_dictionaries(
    {
        "who": _WHO,
        "what": st.sampled_from([*_NAMES, *_NAMES, "Order Refunded", "identify"]),
        "hours_ago": st.integers(0, 24 * 14),
        "size": st.sampled_from(["a", "b", 1]),
        "number": st.sampled_from([0, 1, 2, -1, "2", None]),
    }
)


class Segments(RuleBasedStateMachine):
    """One example: its people are named by its own prefix, its segments are archived when it ends."""

    lab: Lab
    run: Callable[[Awaitable[Any]], Any]
    erase: Callable[[list[UUID]], Awaitable[None]]

    def __init__(self) -> None:
        super().__init__()
        self.prefix = uuid7().hex[-12:]
        self.segments: list[UUID] = []
        self.followed = True

    @initialize(rules=st.lists(RULES, min_size=2, max_size=4))
    def begin(self, rules: list[dict[str, Any]]) -> None:
        for each in rules:
            self.segments.append(self.run(self.lab.segment(each, f"{self.prefix} {uuid7()}")))

    @rule(events=st.lists(_HAPPENING, min_size=1, max_size=4))
    def things_happen(self, events: list[dict[str, Any]]) -> None:
        self.run(self.lab.send(*[self._said(**each) for each in events]))
        self.followed = False

    @rule(events=st.lists(_HAPPENING, min_size=1, max_size=4), hours=st.integers(0, 24 * 3))
    def things_happen_and_are_followed(self, events: list[dict[str, Any]], hours: int) -> None:
        self.things_happen(events)
        self.lab.clock.at += timedelta(hours=hours)
        self.changes_are_followed()

    @rule(hours=st.integers(1, 24 * 6), follow=st.booleans())
    def time_passes(self, hours: int, follow: bool) -> None:
        self.lab.clock.at += timedelta(hours=hours)
        self.followed = False
        if follow:
            self.changes_are_followed()

    @rule(
        how=st.sampled_from(["merge", "merge", "split", "undo", "erase", "age"]),
        one=st.integers(0, 9),
        other=st.integers(0, 9),
    )
    def somebody_changes_who_is_who(self, how: str, one: int, other: int) -> None:
        self.run(getattr(self, f"_{how}")(one, other))
        self.followed = False

    @rule(which=st.integers(0, 3), another=st.one_of(st.none(), RULES))
    def one_is_computed_whole(self, which: int, another: dict[str, Any] | None) -> None:
        self.run(self._recompute(self.segments[which % len(self.segments)], another))

    @rule()
    def changes_are_followed(self) -> None:
        self.run(self.lab.follow())
        self.followed = True

    @invariant()
    def a_followed_membership_is_the_whole_answer(self) -> None:
        if self.followed:
            self.run(self._compare())

    def teardown(self) -> None:
        self.run(self.lab.follow())
        self.run(self._compare())
        self.run(self._end())

    def _said(self, who: dict[str, int], what: str, hours_ago: int, size: Any, number: Any) -> dict[str, Any]:
        event: dict[str, Any] = {
            "type": "track",
            "event": what,
            "messageId": uuid7().hex,
            "timestamp": self.lab.ago(hours=hours_ago, seconds=number if isinstance(number, int) else 0),
            "properties": {"size": size, "n": number, "revenue": 10, "currency": "EUR"},
            "userId": f"{self.prefix}-u{who['user']}" if "user" in who else None,
            "anonymousId": f"{self.prefix}-a{who['visitor']}" if "visitor" in who else "undefined",
        }
        if "email" in who:
            event["context"] = {"traits": {"email": f"e{who['email']}@{self.prefix}.example"}}
        if what == "identify":
            event |= {"type": "identify", "traits": {"plan": size, "level": number}}
        return event

    async def _merge(self, one: int, other: int) -> None:
        people = list(await self._identifiers())
        if len(people) > 1 and (a := people[one % len(people)]) != (b := people[other % len(people)]):
            async with self.lab.scopes() as scope:
                await GraphChanges(scope).merge(a, b, "The same.")

    async def _split(self, one: int, other: int) -> None:
        several = [(profile, keys) for profile, keys in (await self._identifiers()).items() if len(keys) > 1]
        if several:
            profile, keys = several[one % len(several)]
            async with self.lab.scopes() as scope:
                await GraphChanges(scope).split(profile, [keys[other % len(keys)]], "Two.")

    async def _undo(self, one: int, _other: int) -> None:
        async with self.lab.scopes() as scope:
            standing = select(CdpIdentityEdge.assertion).where(CdpIdentityEdge.removed_at.is_(None))
            links = sorted(set(await scope.session.scalars(standing)))
            if links:
                await GraphChanges(scope).undo(links[one % len(links)], "Wrong.")

    async def _age(self, _one: int, _other: int) -> None:
        async with self.lab.scopes() as scope:
            await Ruling(scope).age()

    async def _erase(self, one: int, _other: int) -> None:
        groups = list((await self._identifiers()).items())
        if groups:
            profile, keys = groups[one % len(groups)]
            await self._forget([profile], keys)

    async def _forget(self, profiles: list[UUID], keys: list[UUID]) -> None:
        await self.erase(keys)
        async with self.lab.scopes() as scope:
            folding = ProfileFolding(scope, churn_days=90)
            await folding.fold(profiles)
            await folding.tell([Change("erased", profiles)])

    async def _recompute(self, segment: UUID, another: dict[str, Any] | None) -> None:
        if another is not None:
            async with self.lab.scopes() as scope:
                await SegmentService(scope).change(
                    segment, name=None, description=None, rule=read_rule(another), live=None
                )
        await Recomputation(self.lab.scopes).run(segment)

    async def _compare(self) -> None:
        for segment in self.segments:
            members, answer = await self.lab.members(segment), await self.lab.answer(segment)
            async with self.lab.scopes() as scope:
                stored = await scope.session.scalar(select(CdpSegment).where(CdpSegment.id == segment))
                log = select(CdpSegmentTransition).where(CdpSegmentTransition.segment_id == segment)
                rows = (await scope.session.scalars(log.order_by(CdpSegmentTransition.seq))).all()
                timers = select(CdpSegmentTimer.next_evaluation_at).where(
                    CdpSegmentTimer.segment_id == segment
                )
                due = await scope.session.scalar(
                    timers.where(CdpSegmentTimer.next_evaluation_at <= scope.now())
                )
            assert stored is not None
            assert stored.computed_version == stored.version, stored.rule
            assert members == answer, stored.rule
            replayed: set[UUID] = set()
            for row in rows:
                assert (row.profile_id in replayed) != row.entered
                (replayed.add if row.entered else replayed.remove)(row.profile_id)
            assert replayed == members
            assert stored.member_count == len(members)
            assert due is None

    async def _identifiers(self) -> dict[UUID, list[UUID]]:
        """The identifiers of each profile."""
        groups: dict[UUID, list[UUID]] = {}
        async with self.lab.scopes() as scope:
            rows = await scope.session.execute(select(CdpIdentifier.profile_id, CdpIdentifier.key))
            for profile, key in sorted(tuple(row) for row in rows):
                groups.setdefault(profile, []).append(key)
        return groups

    async def _end(self) -> None:
        """Leave nothing to the next example."""
        for segment in self.segments:
            async with self.lab.scopes() as scope:
                await SegmentService(scope).archive(segment)
        groups = await self._identifiers()
        await self._forget(list(groups), [key for keys in groups.values() for key in keys])
        await self.lab.follow()


@pytest.fixture
def owner() -> str:
    return os.environ["DATABASE_OWNER_URL"]


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    """Of this test alone: the machine runs step by step, between which the session's loop stands."""
    with asyncio.Runner() as runner:
        yield runner


def play(
    acme: Company,
    app_settings: Settings,
    owner: str,
    loop: asyncio.Runner,
    examples: int,
    *,
    machine: type[Segments] = Segments,
    lab: type[Lab] = Lab,
) -> None:
    def run(step: Awaitable[Result]) -> Result:
        async def whole() -> Result:
            return await step

        return loop.run(whole())

    async def erase(keys: list[UUID]) -> None:
        connection = await asyncpg.connect(owner)
        try:
            for statement in (
                "DELETE FROM cdp_events WHERE tenant_id = $1 AND person_key = ANY($2)",
                "DELETE FROM cdp_identity_edges WHERE tenant_id = $1 AND (a_key = ANY($2) OR b_key = ANY($2))",
                "DELETE FROM cdp_identifiers WHERE tenant_id = $1 AND key = ANY($2)",
            ):
                await connection.execute(statement, acme.id, keys)
        finally:
            await connection.close()

    engine: AsyncEngine = make_engine(app_settings.database_url.get_secret_value(), app_settings)
    clock = MovedClock()
    ingestion = Ingestion(door(engine, clock=clock), clock, app_settings)
    given = {
        "lab": lab(acme, engine, ingestion, clock),
        "run": staticmethod(run),
        "erase": staticmethod(erase),
    }
    try:
        run_state_machine_as_test(
            type("Machine", (machine,), given),
            settings=hypothesis_settings(
                max_examples=examples,
                stateful_step_count=25,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        run(ingestion.close())
        run(engine.dispose())


def test_following_is_computing_the_whole(
    acme: Company, settings: Settings, owner: str, loop: asyncio.Runner
) -> None:
    play(acme, settings, owner, loop, 6)


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_following_is_computing_the_whole_for_long(
    acme: Company, settings: Settings, owner: str, loop: asyncio.Runner
) -> None:
    play(acme, settings, owner, loop, 150)
