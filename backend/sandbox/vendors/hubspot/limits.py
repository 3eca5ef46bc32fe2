"""Rate limits: calls in a rolling ten seconds, searches in a second, and the headers that tell of the first.

A search answers without these headers, as HubSpot's does. Both are wide until somebody narrows them: HubSpot's own
are 110 in ten seconds for an app that people install, and five searches a second.
"""

from collections import deque
from time import monotonic

from sandbox.vendors.hubspot.errors import rate_limited

TEN_SECONDLY, SECONDLY = "TEN_SECONDLY_ROLLING", "SECONDLY"
_WINDOW = {TEN_SECONDLY: 10.0, SECONDLY: 1.0}
_WIDE = 100_000


class Limits:
    def __init__(self) -> None:
        self.most = {TEN_SECONDLY: _WIDE, SECONDLY: _WIDE}
        self._calls: dict[str, deque[float]] = {TEN_SECONDLY: deque(), SECONDLY: deque()}

    def count(self, *, search: bool) -> dict[str, str]:
        """The headers of an answer that is let through."""
        if search:
            self._take(SECONDLY)
            self._take(TEN_SECONDLY)
            return {}
        self._take(TEN_SECONDLY)
        return self.headers()

    def headers(self) -> dict[str, str]:
        most = self.most[TEN_SECONDLY]
        return {
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(max(0, most - len(self._calls[TEN_SECONDLY]))),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }

    def narrow(self, ten_seconds: int | None, searches: int | None) -> None:
        """None widens again."""
        self.most = {TEN_SECONDLY: ten_seconds or _WIDE, SECONDLY: searches or _WIDE}
        for calls in self._calls.values():
            calls.clear()

    def _take(self, policy: str) -> None:
        calls, now = self._calls[policy], monotonic()
        while calls and calls[0] <= now - _WINDOW[policy]:
            calls.popleft()
        if len(calls) >= self.most[policy]:
            raise rate_limited(policy, self.headers() if policy == TEN_SECONDLY else None)
        calls.append(now)
