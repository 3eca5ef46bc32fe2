"""Answers to questions that read many events: each is asked once, however many wait for it, and kept for a short time.

They are asked over few connections of their own, so that they take none from requests that take milliseconds. Every
answer says when it was asked (`as_of`); who wants it newer says so.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.context import SYSTEM, Actor
from app.core.logging import get_logger
from app.db.session import Doors, TenantScope, tenant_key
from app.services.cdp.answers.errors import TooManyQuestions

log = get_logger(__name__)

AT_ONCE = 2
"""How many are asked of the database at once by one process."""
_KEPT_SECONDS = 30
_TURN_SECONDS = 10.0
_LEASE_SECONDS = 60
"""Longer than the wait for a turn and the patience of a question together."""
_LOOK_SECONDS = 0.2

Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Question(Generic[Answer]):
    """`text` holds all that the answer depends on, but for time and what is stored."""

    name: str
    text: str
    answer: type[Answer]
    ask: Callable[[TenantScope], Awaitable[Answer]]


class Answers:
    """`doors` lead to the connections that are kept for questions: as many as `at_once`.

    Who has to wait longer than `turn_seconds` for one of them is told to come back.
    """

    def __init__(
        self, doors: Doors, redis: Redis, *, at_once: int = AT_ONCE, turn_seconds: float = _TURN_SECONDS
    ) -> None:
        self._doors = doors
        self._redis = redis
        self._turn_seconds = turn_seconds
        self._places = asyncio.Semaphore(at_once)
        self._flights: dict[str, asyncio.Task[BaseModel]] = {}

    async def of(self, tenant_id: int, question: Question[Answer], *, fresh: bool = False) -> Answer:
        """The answer that is kept, or that somebody waits for already, or a new one; `fresh`: not the kept one."""
        digest = hashlib.sha256(question.text.encode()).hexdigest()
        key = tenant_key(tenant_id, "answers", question.name, digest)
        if not fresh and (kept := await self._kept(key, question.answer)):
            return kept
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fly(tenant_id, key, question))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._land(key, done))
        # Whoever gives up waiting takes the answer from nobody else.
        answer = await asyncio.shield(flight)
        if not isinstance(answer, question.answer):
            raise TypeError(f"{question.name} was answered with {type(answer).__name__}")
        return answer

    @asynccontextmanager
    async def turn(self, tenant_id: int, actor: Actor = SYSTEM) -> AsyncIterator[TenantScope]:
        """A scope over one of the connections for questions; `TooManyQuestions` where none comes free."""
        try:
            async with asyncio.timeout(self._turn_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise TooManyQuestions(retry_after=int(_TURN_SECONDS)) from None
        try:
            async with self._doors.tenant(tenant_id, actor=actor) as scope:
                yield scope
        finally:
            self._places.release()

    async def close(self) -> None:
        """Give up what is being asked."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _land(self, key: str, flight: asyncio.Task[BaseModel]) -> None:
        self._flights.pop(key, None)
        if not flight.cancelled():
            flight.exception()  # It is told to those who wait, of whom there may be none left.

    async def _fly(self, tenant_id: int, key: str, question: Question[Answer]) -> Answer:
        waited = False
        while not await self._lease(key):
            # Another process asks the same just now.
            waited = True
            await asyncio.sleep(_LOOK_SECONDS)
        try:
            if waited and (kept := await self._kept(key, question.answer)):
                return kept
            async with self.turn(tenant_id) as scope:
                answer = await question.ask(scope)
            await self._keep(key, answer)
            return answer
        finally:
            await self._end_lease(key)

    async def _kept(self, key: str, kind: type[Answer]) -> Answer | None:
        try:
            found = await self._redis.get(key)
            return kind.model_validate_json(found) if found else None
        except ValidationError:
            # An older version of the program wrote it.
            return None
        except RedisError as error:
            log.warning("cdp.answers.unshared", error=str(error))
            return None

    async def _keep(self, key: str, answer: BaseModel) -> None:
        try:
            await self._redis.set(key, answer.model_dump_json(), ex=_KEPT_SECONDS)
        except RedisError as error:
            log.warning("cdp.answers.unshared", error=str(error))

    async def _lease(self, key: str) -> bool:
        """Whether this process is to ask; so it is while Redis is down."""
        try:
            return bool(await self._redis.set(f"{key}:asking", 1, nx=True, ex=_LEASE_SECONDS))
        except RedisError:
            return True

    async def _end_lease(self, key: str) -> None:
        try:
            await self._redis.delete(f"{key}:asking")
        except RedisError as error:
            log.warning("cdp.answers.unshared", error=str(error))
