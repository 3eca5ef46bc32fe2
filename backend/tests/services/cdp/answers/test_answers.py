"""A long question is asked once for all who wait, over connections of its own, and its answer is kept a moment."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from redis.asyncio import Redis
from sqlalchemy import text

from app.core.clock import SystemClock
from app.core.ids import uuid7
from app.db.session import Doors, TenantScope
from app.services.cdp.answers.errors import TooManyQuestions
from app.services.cdp.answers.service import Answers, Question
from tests.factories.access import Company


class _Count(BaseModel):
    times: int


class _Asked:
    """A question that counts how often it is asked, and waits until it may be answered."""

    def __init__(self) -> None:
        self.times = 0
        self.begun = asyncio.Event()
        self.may_go = asyncio.Event()
        self.may_go.set()
        self._text = str(uuid7())

    def question(self) -> Question[_Count]:
        return Question("tests", self._text, _Count, self._ask)

    async def _ask(self, scope: TenantScope) -> _Count:
        self.times += 1
        times = self.times
        self.begun.set()
        await scope.session.execute(text("select 1"))
        await self.may_go.wait()
        return _Count(times=times)


@pytest.fixture
async def answers(app: FastAPI, redis: Redis) -> AsyncIterator[Answers]:
    answers = Answers(Doors(app.state.questions, SystemClock()), redis, at_once=1, turn_seconds=0.2)
    yield answers
    await answers.close()


async def test_who_asks_the_same_at_once_waits_for_one_answer(acme: Company, answers: Answers) -> None:
    asked = _Asked()
    asked.may_go.clear()
    waiting = [asyncio.create_task(answers.of(acme.id, asked.question())) for _ in range(20)]
    await asked.begun.wait()
    # Who gives up takes the answer from nobody else.
    waiting.pop(0).cancel()
    asked.may_go.set()
    assert {each.times for each in await asyncio.gather(*waiting)} == {1}


async def test_other_processes_wait_for_the_same_answer_too(
    app: FastAPI, redis: Redis, acme: Company, answers: Answers
) -> None:
    elsewhere = Answers(Doors(app.state.questions, SystemClock()), redis)
    asked = _Asked()
    asked.may_go.clear()
    first = asyncio.create_task(answers.of(acme.id, asked.question()))
    await asked.begun.wait()
    second = asyncio.create_task(elsewhere.of(acme.id, asked.question()))
    await asyncio.sleep(0.1)
    asked.may_go.set()
    assert [(await first).times, (await second).times] == [1, 1]


async def test_an_answer_is_kept_for_its_company_alone_until_a_fresh_one_is_wanted(
    acme: Company, globex: Company, answers: Answers
) -> None:
    asked = _Asked()
    assert [(await answers.of(acme.id, asked.question())).times for _ in range(3)] == [1, 1, 1]
    assert (await answers.of(globex.id, asked.question())).times == 2
    assert (await answers.of(acme.id, asked.question(), fresh=True)).times == 3
    assert (await answers.of(acme.id, asked.question())).times == 3


async def test_a_question_that_fails_fails_for_all_who_wait_and_can_be_asked_again(
    acme: Company, answers: Answers
) -> None:
    asked = _Asked()

    async def fail(_scope: TenantScope) -> _Count:
        raise TooManyQuestions(retry_after=1)

    failing = Question("tests", asked.question().text, _Count, fail)
    both = await asyncio.gather(*[answers.of(acme.id, failing) for _ in range(2)], return_exceptions=True)
    assert [type(each) for each in both] == [TooManyQuestions, TooManyQuestions]
    assert (await answers.of(acme.id, asked.question())).times == 1


async def test_more_than_there_is_room_for_are_told_to_come_back(acme: Company, answers: Answers) -> None:
    slow, other = _Asked(), _Asked()
    slow.may_go.clear()
    waiting = asyncio.create_task(answers.of(acme.id, slow.question()))
    await slow.begun.wait()
    with pytest.raises(TooManyQuestions) as refused:
        await answers.of(acme.id, other.question())
    assert (refused.value.status, other.times) == (429, 0)
    slow.may_go.set()
    await waiting
    assert (await answers.of(acme.id, other.question())).times == 1


async def test_without_redis_questions_are_answered_all_the_same(app: FastAPI, acme: Company) -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    answers = Answers(Doors(app.state.questions, SystemClock()), nowhere)
    asked = _Asked()
    assert [(await answers.of(acme.id, asked.question())).times for _ in range(2)] == [1, 2]
    together = await asyncio.gather(*[answers.of(acme.id, asked.question()) for _ in range(5)])
    assert {each.times for each in together} == {3}
    await nowhere.aclose()


async def test_a_request_that_waits_for_an_answer_holds_none_of_the_others_connections(
    app: FastAPI, acme: Company
) -> None:
    before = app.state.engine.pool.checkedout()
    asked = _Asked()
    asked.may_go.clear()
    waiting = asyncio.create_task(app.state.answers.of(acme.id, asked.question()))
    await asked.begun.wait()
    assert app.state.engine.pool.checkedout() == before
    assert app.state.questions.pool.checkedout() == 1
    asked.may_go.set()
    await waiting
