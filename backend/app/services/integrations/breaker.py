"""A circuit breaker that all processes share over Redis, and each keeps for itself while Redis is down.

Closed: calls pass. Open, after five failures without a success between: calls are refused for 30 s. Then half
open: one call passes as a probe, its success closes the circuit and its failure opens it again. Beside it
stands the platform's own "come back in N seconds", which is obeyed the same way. Time here is real time.
"""

import time
from typing import Literal

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.logging import get_logger

log = get_logger(__name__)

Circuit = Literal["closed", "half_open", "open"]
Refusal = tuple[Literal["circuit", "rate_limit"] | None, int]

FAILURES_TO_OPEN = 5
OPEN_SECONDS = 30
_FORGET_SECONDS = 600
_PROBE_SECONDS = 60
_LONGEST_WAIT = 86_400
_MANY_ENTRIES = 10_000


class _Memory:
    """The few commands of Redis that the breaker needs, for one process."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, float]] = {}

    def ttl(self, key: str) -> int:
        entry = self._entries.get(key)
        left = 0.0 if entry is None else entry[1] - time.monotonic()
        return int(left) + 1 if left > 0 else -2

    def get(self, key: str) -> int:
        return self._entries[key][0] if self.ttl(key) > 0 else 0

    def put(self, key: str, value: int, seconds: int) -> None:
        self._forget_ended()
        self._entries[key] = (value, time.monotonic() + seconds)

    def add(self, key: str, amount: int, seconds: int) -> int:
        """Keeps the end that the key has."""
        self._forget_ended()
        fresh = self.ttl(key) <= 0
        value = amount + (0 if fresh else self._entries[key][0])
        self._entries[key] = (value, time.monotonic() + seconds if fresh else self._entries[key][1])
        return value

    def drop(self, *keys: str) -> None:
        for key in keys:
            self._entries.pop(key, None)

    def _forget_ended(self) -> None:
        """Once there are many: a process that lives for months would keep each account's every day."""
        if len(self._entries) >= _MANY_ENTRIES:
            now = time.monotonic()
            self._entries = {key: entry for key, entry in self._entries.items() if entry[1] > now}


class Breaker:
    """One account's circuit: `key` is built by the tenant's scope."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._memory = _Memory()

    async def refused_for(self, key: str, *, trying: bool = True) -> Refusal:
        """Why a call may not leave now, and for how many seconds; who is `trying` takes the probe where one is due."""
        try:
            return await self._shared_refusal(key, trying=trying)
        except RedisError as error:
            log.warning("integrations.breaker_alone", error=str(error))
            return self._own_refusal(key, trying=trying)

    async def _shared_refusal(self, key: str, *, trying: bool) -> Refusal:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.ttl(f"{key}:wait")
            pipe.ttl(f"{key}:open")
            pipe.get(f"{key}:failures")
            wait, opened, failures = await pipe.execute()
        if wait > 0:
            return "rate_limit", wait
        if opened > 0:
            return "circuit", opened
        if int(failures or 0) < FAILURES_TO_OPEN:
            return None, 0
        if trying:
            may_leave = await self._redis.set(f"{key}:probe", 1, nx=True, ex=_PROBE_SECONDS)
        else:
            may_leave = not await self._redis.exists(f"{key}:probe")
        return (None, 0) if may_leave else ("circuit", 1)

    def _own_refusal(self, key: str, *, trying: bool) -> Refusal:
        for reason, name in (("rate_limit", f"{key}:wait"), ("circuit", f"{key}:open")):
            if (left := self._memory.ttl(name)) > 0:
                return ("rate_limit" if reason == "rate_limit" else "circuit"), left
        if self._memory.get(f"{key}:failures") < FAILURES_TO_OPEN:
            return None, 0
        if self._memory.get(f"{key}:probe"):
            return "circuit", 1
        if trying:
            self._memory.put(f"{key}:probe", 1, _PROBE_SECONDS)
        return None, 0

    async def succeeded(self, key: str) -> None:
        names = (f"{key}:failures", f"{key}:open", f"{key}:probe")
        self._memory.drop(*names)
        try:
            await self._redis.delete(*names)
        except RedisError as error:
            log.warning("integrations.breaker_alone", error=str(error))

    async def failed(self, key: str) -> None:
        own = self._memory.get(f"{key}:failures") + 1
        self._memory.put(f"{key}:failures", own, _FORGET_SECONDS)
        self._memory.drop(f"{key}:probe")
        if own >= FAILURES_TO_OPEN:
            self._memory.put(f"{key}:open", 1, OPEN_SECONDS)
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.incr(f"{key}:failures")
                pipe.expire(f"{key}:failures", _FORGET_SECONDS)
                pipe.delete(f"{key}:probe")
                failures, *_ = await pipe.execute()
            if failures >= FAILURES_TO_OPEN:
                await self._redis.set(f"{key}:open", 1, ex=OPEN_SECONDS)
        except RedisError as error:
            log.warning("integrations.breaker_alone", error=str(error))

    async def wait(self, key: str, seconds: int) -> None:
        """Obey the platform: nothing leaves for so long, though never longer than a day."""
        seconds = min(_LONGEST_WAIT, max(1, seconds))
        self._memory.put(f"{key}:wait", 1, seconds)
        try:
            await self._redis.set(f"{key}:wait", 1, ex=seconds)
        except RedisError as error:
            log.warning("integrations.breaker_alone", error=str(error))

    async def count(self, key: str, amount: int, *, seconds: int) -> int:
        """Add to what is counted under the key, which is forgotten so long after its first; what it comes to."""
        own = self._memory.add(key, amount, seconds)
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.incrby(key, amount)
                pipe.expire(key, seconds, nx=True)
                shared, _ = await pipe.execute()
        except RedisError as error:
            log.warning("integrations.breaker_alone", error=str(error))
            return own
        return max(own, int(shared))

    async def state(self, key: str) -> tuple[Circuit, int]:
        """The circuit, and for how many more seconds the platform asked us to wait."""
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.ttl(f"{key}:wait")
                pipe.ttl(f"{key}:open")
                pipe.get(f"{key}:failures")
                wait, opened, failures = await pipe.execute()
        except RedisError:
            wait, opened = self._memory.ttl(f"{key}:wait"), self._memory.ttl(f"{key}:open")
            failures = self._memory.get(f"{key}:failures")
        if opened > 0:
            return "open", max(0, wait)
        return ("half_open" if int(failures or 0) >= FAILURES_TO_OPEN else "closed"), max(0, wait)
