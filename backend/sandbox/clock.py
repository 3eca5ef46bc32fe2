"""Simulated time: real, faster, or standing still. It never goes back: orders and edits cannot unhappen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time
from typing import Any

from sandbox.store import Store

_DOCUMENT = "clock"


class ClockCannotGoBack(ValueError):
    """Simulated time only goes forward."""


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


@dataclass(slots=True)
class _Anchor:
    simulated: float
    real: float
    rate: float


class Clock:
    """`now()` is simulated seconds since 1970; `rate` is simulated seconds per real second."""

    def __init__(self, store: Store, start: float | None = None, real: Callable[[], float] = time) -> None:
        self._store = store
        self._real = real
        kept = store.document(_DOCUMENT)
        if kept is None:
            self.started_at = real() if start is None else start
            self._anchor = _Anchor(self.started_at, real(), 1.0)
        else:
            self.started_at = float(kept["started_at"])
            self._anchor = self._woken(kept)
        self.save()

    def _woken(self, kept: dict[str, Any]) -> _Anchor:
        """After a stop, real-time mode catches up; other clocks go on from where they stopped."""
        simulated, rate = float(kept["simulated"]), float(kept["rate"])
        if rate == 1.0:
            simulated += max(0.0, self._real() - float(kept["real"]))
        return _Anchor(simulated, self._real(), rate)

    def now(self) -> float:
        anchor = self._anchor
        return anchor.simulated + (self._real() - anchor.real) * anchor.rate

    @property
    def rate(self) -> float:
        return self._anchor.rate

    @property
    def mode(self) -> str:
        if self.rate == 0.0:
            return "paused"
        return "real" if self.rate == 1.0 else "scaled"

    def set_rate(self, rate: float) -> None:
        self._anchor = _Anchor(self.now(), self._real(), rate)
        self.save()

    def set_to(self, seconds: float) -> None:
        if seconds < self.now():
            raise ClockCannotGoBack(iso(seconds))
        self._anchor = _Anchor(seconds, self._real(), self.rate)
        self.save()

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ClockCannotGoBack(f"{seconds} s")
        self._anchor = _Anchor(self.now() + seconds, self._real(), self.rate)
        self.save()

    def save(self) -> None:
        self._store.keep(
            _DOCUMENT,
            {"started_at": self.started_at, "simulated": self.now(), "real": self._real(), "rate": self.rate},
        )

    def reading(self) -> dict[str, Any]:
        return {
            "now": iso(self.now()),
            "rate": self.rate,
            "mode": self.mode,
            "real": iso(self._real()),
            "started_at": iso(self.started_at),
        }
