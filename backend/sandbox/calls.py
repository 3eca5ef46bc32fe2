"""Every request that reached a platform, and when: the newest, in memory."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import time

_KEPT = 20_000


@dataclass(slots=True)
class Arrival:
    """Times are real seconds since 1970; without `ended_at` it is being dealt with."""

    number: int
    began_at: float
    method: str
    path: str
    vendor: str | None
    ended_at: float | None = None


class CallBook:
    def __init__(self, real: Callable[[], float] = time) -> None:
        self._real = real
        self._calls: deque[Arrival] = deque(maxlen=_KEPT)
        self.count = 0

    def arrived(self, method: str, path: str, vendor: str | None) -> Arrival:
        self.count += 1
        arrival = Arrival(self.count, self._real(), method, path, vendor)
        self._calls.append(arrival)
        return arrival

    def ended(self, arrival: Arrival) -> None:
        arrival.ended_at = self._real()

    def after(self, number: int) -> list[Arrival]:
        """Oldest first."""
        return [each for each in self._calls if each.number > number]
