"""What a worker can do: handlers by task name, and which of them run by the clock.

A handler's first parameter says what it gets: `scope: TenantScope`, one transaction for the whole task;
`scopes: Scopes`, a factory, for work that calls a vendor; `platform: Platform`, for periodic work of no tenant.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Any, Literal, TypeVar, get_type_hints

from celery.schedules import crontab

from app.db.platform import Platform
from app.db.session import Scopes, TenantScope

Queue = Literal["default", "sync", "rules", "intel", "ml", "cdp"]
QUEUES: tuple[Queue, ...] = ("default", "sync", "rules", "intel", "ml", "cdp")

HARD_LIMIT_MARGIN = timedelta(seconds=30)

Function = TypeVar("Function", bound=Callable[..., Awaitable[None]])


class Takes(Enum):
    SCOPE = auto()
    SCOPES = auto()
    PLATFORM = auto()


_BY_ANNOTATION: dict[Any, Takes] = {
    TenantScope: Takes.SCOPE,
    Scopes: Takes.SCOPES,
    Platform: Takes.PLATFORM,
}


@dataclass(frozen=True, slots=True)
class Handler:
    """One task: what it is called, where it runs, how long it may take, how often it is tried again."""

    name: str
    function: Callable[..., Awaitable[None]]
    takes: Takes
    queue: Queue
    max_retries: int
    timeout: timedelta
    """After this the task is interrupted and tried again; half a minute later its process is killed."""

    @property
    def hard_limit(self) -> int:
        """Seconds."""
        return int((self.timeout + HARD_LIMIT_MARGIN).total_seconds())


@dataclass(frozen=True, slots=True)
class Periodic:
    """A handler that runs by the clock: for every active tenant, or once where it takes the platform."""

    handler: Handler
    schedule: timedelta | crontab

    @property
    def lapses_after(self) -> float | None:
        """Seconds after which a tick that no worker took is dropped: the next one stands for it."""
        return self.schedule.total_seconds() if isinstance(self.schedule, timedelta) else None


HANDLERS: dict[str, Handler] = {}
PERIODIC: dict[str, Periodic] = {}


def handles(
    name: str,
    *,
    queue: Queue = "default",
    max_retries: int = 5,
    timeout: float = 120,
) -> Callable[[Function], Function]:
    """Register the handler of the task `name`. `timeout` is in seconds.

    Errors that waiting may mend (anything but a `StratumError` under 500) are tried again with growing pauses;
    then, and at once for the rest, the task becomes a dead letter.
    """

    def register(function: Function) -> Function:
        if name in HANDLERS:
            raise LookupError(f"{name} has two handlers")
        if queue not in QUEUES:
            raise LookupError(f"{name}: there is no queue {queue}")
        first = next(iter(inspect.signature(function).parameters))
        takes = _BY_ANNOTATION.get(get_type_hints(function).get(first))
        if takes is None:
            raise TypeError(f"{name}: its first parameter is a TenantScope, Scopes or Platform")
        HANDLERS[name] = Handler(name, function, takes, queue, max_retries, timedelta(seconds=timeout))
        return function

    return register


def every(*, seconds: float | None = None, at: crontab | None = None) -> Callable[[Function], Function]:
    """Run a handler by the clock; stands above `@handles`. `at` is a crontab in UTC."""
    if (seconds is None) == (at is None):
        raise TypeError("every() takes seconds or a crontab")
    schedule = timedelta(seconds=seconds) if seconds is not None else at

    def register(function: Function) -> Function:
        handler = next((each for each in HANDLERS.values() if each.function is function), None)
        if handler is None or schedule is None:
            raise LookupError(f"{function.__qualname__}: @every stands above @handles")
        PERIODIC[handler.name] = Periodic(handler, schedule)
        return function

    return register
