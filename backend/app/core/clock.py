"""Time. Security, permits and retries read `real_now`; what the business means by now comes from a `Clock`.

Outside production `STRATUM_CLOCK_URL` names a clock that answers `{"now", "rate", "real"}`: simulated now,
simulated seconds per real second, and the real instant at which both held.
"""

import asyncio
import json
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

log = structlog.get_logger(module=__name__)

_REFRESH_SECONDS = 0.5
_TIMEOUT_SECONDS = 2.0


def real_now() -> datetime:
    return datetime.now(UTC)


class Clock(Protocol):
    def now(self) -> datetime:
        """The domain's now, UTC-aware."""
        ...

    async def sync(self) -> None:
        """Learn the time anew where it comes from elsewhere; never raises."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return real_now()

    async def sync(self) -> None:
        return None


class RemoteClock:
    """Follows a clock over HTTP, extrapolating between readings; real time until the first reading."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._offset = timedelta(0)
        self._rate = 1.0
        self._read_at = real_now()
        self._due = 0.0
        self._lock = asyncio.Lock()

    def now(self) -> datetime:
        real = real_now()
        return self._read_at + self._offset + (real - self._read_at) * self._rate

    async def sync(self) -> None:
        if time.monotonic() < self._due:
            return
        async with self._lock:
            if time.monotonic() < self._due:
                return
            try:
                await asyncio.to_thread(self._read)
            except (OSError, ValueError, KeyError) as error:
                log.warning("clock.unreachable", url=self._url, error=str(error))
            self._due = time.monotonic() + _REFRESH_SECONDS

    def _read(self) -> None:
        with urllib.request.urlopen(self._url, timeout=_TIMEOUT_SECONDS) as reply:  # noqa: S310  (a setting)
            body = json.load(reply)
        real = real_now()
        self._offset = datetime.fromisoformat(body["now"]).astimezone(UTC) - real
        self._rate = float(body["rate"])
        self._read_at = real


def clock_from(url: str | None) -> Clock:
    return RemoteClock(url) if url else SystemClock()
