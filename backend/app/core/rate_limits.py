"""Every limit on how often: GCRA (one timestamp per subject) in Redis, per process while Redis is down."""

import asyncio
import ipaddress
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakValueDictionary

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.errors import TooManyRequests
from app.core.logging import get_logger
from app.core.metrics import RATE_LIMITED
from app.core.security import keyed_hash

log = get_logger(__name__)

_ANSWER_SECONDS = 1.0
_PAUSE_SECONDS = 2.0
_AT_ONCE = 32
_LEASE_SECONDS = 1.0
_LOCAL_ENTRIES = 50_000
_IPV6_NETWORK = 64

# Times are microseconds of the Redis server, so that every process counts by one clock.
_GCRA = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local spacing, window, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local due = tonumber(redis.call('GET', KEYS[1]) or now)
if due < now then due = now end
local free = math.floor((window - (due - now)) / spacing)
if free < 1 then
  return {0, 0, due + spacing - window - now, due - now}
end
local granted = math.min(free, wanted)
local after = due + granted * spacing
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return {granted, free - granted, 0, after - now}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`times` at once, and as many again, evenly, over `seconds`.

    A process takes `lease` of them from Redis in one go and spends them without asking again; what it does not
    spend within a second is lost to the caller, so that the limit is never exceeded.
    """

    name: str
    times: int
    seconds: int
    lease: int = 1

    @property
    def window(self) -> int:
        """In microseconds."""
        return self.seconds * 1_000_000

    @property
    def spacing(self) -> int:
        return max(1, self.window // self.times)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to one caller. `retry_after` and `reset_after` are in seconds."""

    allowed: bool
    limit: int
    remaining: int
    retry_after: float
    reset_after: float


class RateLimiter:
    """Counts per limit and subject. A Redis that fails is left alone for two seconds, then tried by one caller."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(_GCRA)
        self._local: OrderedDict[str, int] = OrderedDict()
        self._held: OrderedDict[str, tuple[int, int, float]] = OrderedDict()
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._try_again_at = 0.0
        self._is_down = False
        # Fewer than the pool has connections: a crowd waits its turn, it is not taken for a Redis that is down.
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def take(self, limit: Limit, subject: str) -> Allowance:
        key = _key(limit.name, subject)
        if (held := self._spend(limit, key)) is not None:
            return held
        if limit.lease == 1:
            return await self._ask(limit, key)
        # A page asks ten things at once: each of them would take a lease of its own, and nine would be lost.
        async with self._asking.setdefault(key, asyncio.Lock()):
            return self._spend(limit, key) or await self._ask(limit, key)

    async def _ask(self, limit: Limit, key: str) -> Allowance:
        """One from Redis, with what else the lease holds; by this process's own count where Redis does not answer."""
        if time.monotonic() < self._try_again_at:
            return self._in_process(limit, key)
        if self._is_down:
            self._try_again_at = time.monotonic() + _PAUSE_SECONDS
        try:
            async with self._places, asyncio.timeout(_ANSWER_SECONDS):
                answer: list[int] = await self._script(
                    keys=[key], args=[limit.spacing, limit.window, limit.lease]
                )
        except (RedisError, OSError, TimeoutError) as error:
            self._leave_alone(error)
            return self._in_process(limit, key)
        self._welcome_back()
        granted, remaining, retry_after, reset_after = answer
        if granted > 1:
            count, _, _ = self._held.get(key, (0, 0, 0.0))
            self._held[key] = (count + granted - 1, remaining, time.monotonic() + _LEASE_SECONDS)
            _bound(self._held)
        left = remaining + max(0, granted - 1)
        return Allowance(granted > 0, limit.times, left, retry_after / 1e6, reset_after / 1e6)

    async def enforce(self, limit: Limit, subject: str) -> None:
        """Take one, or raise `TooManyRequests` with when to come again."""
        allowance = await self.take(limit, subject)
        if not allowance.allowed:
            RATE_LIMITED.labels(limit.name).inc()
            raise TooManyRequests(retry_after=whole_seconds(allowance.retry_after))

    def _spend(self, limit: Limit, key: str) -> Allowance | None:
        """One that this process took from Redis before."""
        count, elsewhere, until = self._held.pop(key, (0, 0, 0.0))
        if count < 1 or until < time.monotonic():
            return None
        if count > 1:
            self._held[key] = (count - 1, elsewhere, until)
        left = elsewhere + count - 1
        return Allowance(True, limit.times, left, 0.0, (limit.times - left) * limit.spacing / 1e6)

    def _in_process(self, limit: Limit, key: str) -> Allowance:
        now = time.monotonic_ns() // 1_000
        due = max(self._local.get(key, now), now)
        after = due + limit.spacing
        if after - limit.window > now:
            return Allowance(False, limit.times, 0, (after - limit.window - now) / 1e6, (due - now) / 1e6)
        self._local[key] = after
        self._local.move_to_end(key)
        _bound(self._local)
        remaining = (limit.window - (after - now)) // limit.spacing
        return Allowance(True, limit.times, remaining, 0.0, (after - now) / 1e6)

    def _leave_alone(self, error: Exception) -> None:
        self._try_again_at = time.monotonic() + _PAUSE_SECONDS
        if not self._is_down:
            self._is_down = True
            log.warning("rate_limits.per_process", error=type(error).__name__)

    def _welcome_back(self) -> None:
        if self._is_down:
            self._is_down, self._try_again_at = False, 0.0
            self._local.clear()
            log.info("rate_limits.over_redis")


@lru_cache(maxsize=4096)
def _key(name: str, subject: str) -> str:
    return f"rate:{name}:{keyed_hash(subject, purpose='rate', tenant_id=None).hex()[:32]}"


def _bound(entries: OrderedDict[str, Any]) -> None:
    while len(entries) > _LOCAL_ENTRIES:
        entries.popitem(last=False)


def whole_seconds(seconds: float) -> int:
    """Rounded up: whoever waits so long is let in."""
    return max(1, -int(-seconds // 1))


def neighbourhood(address: str | None) -> str:
    """What one caller can have many of: an IPv4 address, or the /64 network of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
    return str(parsed)
