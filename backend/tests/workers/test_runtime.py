"""A task runs once, whatever happens to its copies; one that fails is tried again, then kept as a dead letter."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from redis.exceptions import RedisError
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.base_models import Base
from app.core.config import Settings
from app.core.context import Actor, ActorKind
from app.core.errors import Unavailable
from app.core.ids import uuid7
from app.db.session import platform_scope
from app.workers.relay import Relay
from app.workers.runtime import Delivery, Outcome, Runtime, is_permanent, pause_before
from tests.factories.access import Company
from tests.workers import stand


class Desk:
    """Plays the relay and the broker in one process: finds a tenant's tasks and delivers them."""

    def __init__(self, company: Company, settings: Settings) -> None:
        self.company = company
        self.runtime = Runtime(settings)

    async def waiting(self) -> list[tuple[str, UUID]]:
        """Without the mails that tell of a dead letter: they are a task of their own."""
        async with self.company.scopes() as scope:
            rows = await scope.session.execute(
                text(
                    "select name, id from outbox where kind = 'task' and name <> 'notifications.send_due' "
                    "order by seq"
                )
            )
            return [(row.name, row.id) for row in rows]

    async def deliver(self, name: str, task_id: UUID) -> Outcome:
        return await self.runtime.deliver(name, Delivery(task_id, self.company.id))

    async def deliver_next(self) -> Outcome:
        name, task_id = (await self.waiting())[0]
        return await self.deliver(name, task_id)

    async def noted(self, mark: str) -> int:
        async with self.company.scopes() as scope:
            return (
                await scope.session.scalar(
                    text("select count(*) from audit_logs where entity = 'stand' and entity_id = :mark"),
                    {"mark": mark},
                )
                or 0
            )


@pytest.fixture
async def desk(acme: Company, settings: Settings) -> AsyncIterator[Desk]:
    desk = Desk(acme, settings)
    yield desk
    await desk.runtime.aclose()


@pytest.fixture
async def relay(settings: Settings) -> AsyncIterator[Relay]:
    relay = Relay(settings)
    yield relay
    await relay.aclose()


async def enqueue(company: Company, name: str, **payload: object) -> None:
    async with company.scopes() as scope:
        await scope.enqueue(name, payload)


async def test_a_task_runs_in_the_name_of_who_asked_for_it(acme: Company, desk: Desk) -> None:
    await enqueue(acme, "stand.note", mark="named")
    assert await desk.deliver_next() is Outcome.DONE
    async with acme.scopes() as scope:
        label = await scope.session.scalar(
            text("select actor_label from audit_logs where entity_id = 'named'")
        )
    assert label == acme.person().email
    assert await desk.waiting() == []


@pytest.mark.parametrize("name", ["stand.note", "stand.step_by_step"])
async def test_a_task_delivered_twice_is_done_once(acme: Company, desk: Desk, name: str) -> None:
    mark = uuid7().hex
    await enqueue(acme, name, mark=mark)
    task_id = (await desk.waiting())[0][1]
    outcomes = [await desk.deliver(name, task_id), await desk.deliver(name, task_id)]
    assert outcomes == [Outcome.DONE, Outcome.DUPLICATE]
    assert await desk.noted(mark) == 1


@pytest.mark.parametrize("name", ["stand.slow_note", "stand.step_by_step"])
async def test_two_copies_at_once_are_done_once(acme: Company, desk: Desk, name: str) -> None:
    mark = uuid7().hex
    await enqueue(acme, name, mark=mark, seconds=0.2)
    task_id = (await desk.waiting())[0][1]
    outcomes = await asyncio.gather(*(desk.deliver(name, task_id) for _ in range(4)))
    assert sorted(outcomes) == [Outcome.DONE, *[Outcome.DUPLICATE] * 3]
    assert await desk.noted(mark) == 1


async def test_what_can_never_work_is_a_dead_letter_at_once_and_leaves_no_trace(
    acme: Company, desk: Desk
) -> None:
    await enqueue(acme, "stand.refused", mark="refused")
    assert await desk.deliver_next() is Outcome.DEAD
    assert await desk.noted("refused") == 0
    assert await desk.waiting() == []
    letter = (await acme.client().get("/api/v1/work/dead-letters")).json()["items"][0]
    assert (letter["task"], letter["error_code"], letter["attempts"]) == ("stand.refused", "stand.refused", 1)
    assert letter["payload"] == {"mark": "refused"}


async def test_a_payload_that_does_not_fit_the_handler_is_a_dead_letter(acme: Company, desk: Desk) -> None:
    await enqueue(acme, "stand.note", wrong="name")
    assert await desk.deliver_next() is Outcome.DEAD


async def test_what_may_mend_is_tried_again_later_and_then_kept(acme: Company, desk: Desk) -> None:
    await enqueue(acme, "stand.down", mark="down")
    outcomes = []
    while waiting := await desk.waiting():
        outcomes.append(await desk.deliver(*waiting[0]))
        async with acme.scopes() as scope:
            later = await scope.session.scalar(
                text("select available_at > now() from outbox where name = 'stand.down'")
            )
        assert later in {True, None}
    assert outcomes == [Outcome.RETRIED, Outcome.RETRIED, Outcome.DEAD]
    assert await desk.noted("down") == 0


async def test_a_task_over_its_time_is_interrupted(acme: Company, desk: Desk) -> None:
    await enqueue(acme, "stand.too_long", mark="long")
    outcomes = [await desk.deliver_next(), await desk.deliver_next()]
    assert outcomes == [Outcome.RETRIED, Outcome.DEAD]
    assert await desk.noted("long") == 0


async def test_a_task_that_keeps_killing_its_worker_is_given_up(acme: Company, desk: Desk) -> None:
    await enqueue(acme, "stand.note", mark="deadly")
    async with acme.scopes() as scope:
        await scope.session.execute(text("update outbox set starts = 3, handovers = 4"))
    assert await desk.deliver_next() is Outcome.DEAD
    letter = (await acme.client().get("/api/v1/work/dead-letters")).json()["items"][0]
    assert letter["error_code"] == "work.worker_killed"


async def test_another_tenants_task_cannot_be_delivered(acme: Company, globex: Company, desk: Desk) -> None:
    await enqueue(globex, "stand.note", mark="theirs")
    async with globex.scopes() as scope:
        task_id = await scope.session.scalar(text("select id from outbox"))
    assert task_id is not None
    assert await desk.deliver("stand.note", task_id) is Outcome.DUPLICATE
    async with globex.scopes() as scope:
        assert await scope.session.scalar(text("select count(*) from outbox")) == 1


async def test_a_periodic_task_waits_once_however_often_its_hour_comes(acme: Company) -> None:
    for _ in range(3):
        async with acme.scopes() as scope:
            await scope.enqueue("stand.note", {"mark": "often"}, unless_pending=True)
    async with acme.scopes() as scope:
        assert await scope.session.scalar(text("select count(*) from outbox")) == 1


async def test_what_somebody_asks_for_while_it_runs_is_done_once_more(acme: Company, desk: Desk) -> None:
    """It may have read what there was; however many ask, it is once more, and never beside itself."""
    name, payload = "stand.step_by_step", {"mark": uuid7().hex, "seconds": 0.3}
    await enqueue(acme, name, **payload)
    [(_, task_id)] = await desk.waiting()
    running = asyncio.create_task(desk.deliver(name, task_id))
    for _ in range(500):
        if await started(acme):
            break
        await asyncio.sleep(0.01)
    for _ in range(3):
        await ask_now(acme, name, payload)
    assert await running is Outcome.DONE
    assert await desk.waiting() == [(name, task_id)]
    async with acme.scopes() as scope:
        asked_by = await scope.session.scalar(text("select context -> 'actor' ->> 'label' from outbox"))
    assert asked_by == LATER.label, "it acts for whoever asked for it now"
    await ask_now(acme, name, payload)
    assert await desk.waiting() == [(name, task_id)], "it waits already"
    assert await desk.deliver_next() is Outcome.DONE
    assert await desk.waiting() == []


async def test_what_is_asked_for_in_a_long_transaction_begins_after_it(acme: Company, desk: Desk) -> None:
    """Its worker waits: to leave the task would be to leave it until it is handed over again, ten minutes later."""
    name, payload = "stand.step_by_step", {"mark": uuid7().hex}
    await enqueue(acme, name, **payload)
    async with acme.scopes() as scope:
        await replace(scope, actor=LATER).enqueue(name, payload, unless_waiting=True)
        delivered = asyncio.create_task(desk.deliver_next())
        await asyncio.sleep(2.5)
        assert not delivered.done()
    assert await delivered is Outcome.DONE
    assert await desk.noted(payload["mark"]) == 1


LATER = Actor(ActorKind.USER, "later@acme.example", uuid7())


async def started(company: Company) -> bool:
    async with company.scopes() as scope:
        return bool(await scope.session.scalar(text("select exists (select from outbox where starts > 0)")))


async def ask_now(company: Company, name: str, payload: dict[str, object]) -> None:
    async with company.scopes() as scope:
        await replace(scope, actor=LATER).enqueue(name, payload, unless_waiting=True)


def test_pauses_grow_and_respect_what_the_other_side_asks() -> None:
    pauses = [pause_before(attempt, Unavailable()) for attempt in range(12)]
    assert timedelta(seconds=1) <= pauses[0] <= timedelta(seconds=2)
    assert timedelta(seconds=300) <= pauses[-1] <= timedelta(seconds=600)
    asked = Unavailable()
    asked.retry_after = 3600  # type: ignore[attr-defined]  # as a platform's error carries it
    assert pause_before(0, asked) == timedelta(seconds=3600)


def test_only_what_waiting_cannot_mend_is_permanent() -> None:
    assert is_permanent(stand.Refused())
    assert is_permanent(TypeError())
    assert not is_permanent(Unavailable())
    assert not is_permanent(TimeoutError())
    assert not is_permanent(ConnectionError())


async def test_the_relay_hands_a_task_over_again_until_it_is_done(acme: Company, relay: Relay) -> None:
    await enqueue(acme, "stand.note", mark="again")
    await relay.hand_over_tasks()
    async with acme.scopes() as scope:
        row = (
            await scope.session.execute(
                text("select handovers, available_at > now() + interval '5 minutes' as leased from outbox")
            )
        ).one()
        assert tuple(row) == (1, True)
        await scope.session.execute(text("update outbox set available_at = now()"))
    await relay.hand_over_tasks()
    async with acme.scopes() as scope:
        assert await scope.session.scalar(text("select handovers from outbox")) == 2


async def test_a_task_without_a_handler_waits_and_says_so(acme: Company, relay: Relay) -> None:
    await enqueue(acme, "stand.from_a_newer_release")
    await relay.hand_over_tasks()
    async with acme.scopes() as scope:
        row = (
            await scope.session.execute(text("select last_error, available_at > now() as later from outbox"))
        ).one()
    assert tuple(row) == ("no handler has this name", True)


async def test_with_the_broker_down_tasks_stay(acme: Company, settings: Settings) -> None:
    relay = Relay(
        settings.model_copy(update={"redis_url": type(settings.redis_url)("redis://127.0.0.1:9/0")})
    )
    async with acme.scopes() as scope:
        await scope.announce("platform_status", {"platform": "meta"})
    with pytest.raises(RedisError):
        await relay.hand_over_live()
    await relay.aclose()
    async with acme.scopes() as scope:
        assert await scope.session.scalar(text("select count(*) from outbox where kind = 'live'")) == 1


async def test_the_relays_role_sees_nothing_but_the_outbox(relay: Relay) -> None:
    for table in ("memberships", "users", "dead_letters", "audit_logs"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with platform_scope(relay._engine) as session:
                await session.execute(select(Base.metadata.tables[table].c[0]))
