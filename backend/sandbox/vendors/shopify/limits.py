"""The bucket of points that queries are paid from: full at first, filled again in real time.

It is wide until somebody narrows it. Shopify's own for a standard shop: 100 points a second, a bucket of 2,000.
"""

from time import monotonic
from typing import Any

from sandbox.vendors.shopify.errors import GraphError

_WIDE, _WIDE_RATE = 1_000_000.0, 100_000.0
MOST_OF_ONE = 1_000


class Bucket:
    def __init__(self) -> None:
        self.narrow(None, None)

    def narrow(self, most: float | None, rate: float | None) -> None:
        """None widens again."""
        self._most, self._rate = most or _WIDE, rate or _WIDE_RATE
        self._held, self._at = self._most, monotonic()

    def pay(self, requested: int, actual: int) -> dict[str, Any]:
        """What the query is said to cost; one that there are not enough points for is refused."""
        self._fill()
        if requested > MOST_OF_ONE:
            raise GraphError(
                f"Query cost is {requested}, which exceeds the single query max cost limit ({MOST_OF_ONE}).",
                "MAX_COST_EXCEEDED",
                cost=self._said(requested, None),
            )
        if requested > self._held:
            raise GraphError("Throttled", "THROTTLED", cost=self._said(requested, None))
        self._held -= actual
        return self._said(requested, actual)

    def status(self) -> dict[str, float]:
        self._fill()
        return {
            "maximumAvailable": self._most,
            "currentlyAvailable": float(int(self._held)),
            "restoreRate": self._rate,
        }

    def _fill(self) -> None:
        now = monotonic()
        self._held, self._at = min(self._most, self._held + (now - self._at) * self._rate), now

    def _said(self, requested: int, actual: int | None) -> dict[str, Any]:
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": self.status(),
        }
