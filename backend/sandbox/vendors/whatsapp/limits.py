"""Throughput: messages a second of the number, and messages to one person. They are counted in real time."""

from collections import deque
from time import monotonic

from sandbox.vendors.whatsapp.errors import WhatsAppError

A_SECOND, PAIR_BURST = 80, 45
PAIR_SECONDS = 6.0
"""One message every six seconds to the same person; 45 may be sent ahead of that."""


class Limits:
    def __init__(self) -> None:
        self._calls: deque[float] = deque()
        self._pairs: dict[str, deque[float]] = {}
        self.reset()

    def reset(self) -> None:
        self.per_second, self.pair_burst = A_SECOND, PAIR_BURST
        self._calls.clear()
        self._pairs.clear()

    def count(self, person: str) -> None:
        """One message, or the refusal."""
        now = monotonic()
        pair = self._pairs.setdefault(person, deque())
        _drop(self._calls, now - 1.0)
        _drop(pair, now - self.pair_burst * PAIR_SECONDS)
        if len(self._calls) >= self.per_second:
            raise WhatsAppError(130429, "Cloud API message throughput has been reached.")
        if len(pair) >= self.pair_burst:
            raise WhatsAppError(
                131056,
                "Too many messages sent from this phone number to the same phone number in a short period of time.",
            )
        self._calls.append(now)
        pair.append(now)


def _drop(calls: deque[float], before: float) -> None:
    while calls and calls[0] <= before:
        calls.popleft()
