"""Beat's scheduler: waits while Redis is away, and goes on when it is back."""

from collections.abc import Callable
from typing import Any

from redbeat import RedBeatScheduler
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import LockError
from redis.exceptions import TimeoutError as TimedOut

from app.core.logging import get_logger

log = get_logger(__name__)

_PAUSE_SECONDS = 1.0


class Clockwork(RedBeatScheduler):  # type: ignore[misc]  # the package has no types
    """Beat ends with the first error of its scheduler, and whoever started it would have to start it again."""

    def tick(self, min: Callable[..., float] = min, **kwargs: Any) -> float:  # noqa: A002  (Celery's name)
        """What is due; answers how long to rest, in seconds."""
        try:
            rest: float = super().tick(min=min, **kwargs)
        except (NotConnected, TimedOut) as error:
            log.warning("work.beat_waits", error=repr(error))
            return _PAUSE_SECONDS
        except LockError:
            return self._take_lock_again()
        return rest

    def _take_lock_again(self) -> float:
        """The lock ran out meanwhile, or Redis forgot it: whoever gets it first is the one Beat."""
        try:
            if self.lock.acquire(blocking=False):
                log.info("work.beat_resumes")
                self.setup_schedule()
                return 0.0
        except (NotConnected, TimedOut) as error:
            log.warning("work.beat_waits", error=repr(error))
        return _PAUSE_SECONDS
