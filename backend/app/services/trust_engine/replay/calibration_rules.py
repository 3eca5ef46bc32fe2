"""How good the gate was: what it let pass, by the score that it passed at, and how that ended."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from app.services.trust_engine.replay.intervals_rules import Share, share
from app.services.trust_engine.replay.tally_rules import OUTCOMES, Outcome

WIDTH = 10
"""Points of a band; the last one holds 100 too."""


@dataclass(frozen=True, slots=True)
class Band:
    """Passed changes of a class, or of all (None), at a score from `low` to under `high`; None where none was read."""

    risk: str | None
    low: int | None
    high: int | None
    passed: int
    ended: int
    """Kept, undone or failed: the three below add up to it."""
    verified: Share
    rolled_back: Share
    failed: Share


def bands(passed: Iterable[tuple[str, float | None, str, int]]) -> list[Band]:
    """Of (class, score, state, how many); the bands of all classes together come first, each class's after them."""
    counted: dict[tuple[str | None, int | None], Counter[Outcome]] = {}
    for risk, score, state, count in passed:
        outcome, low = OUTCOMES.get(state, Outcome.NOT_WRITTEN), band_of(score)
        for key in ((None, low), (risk, low)):
            counted.setdefault(key, Counter())[outcome] += count
    order = sorted(counted, key=lambda key: (key[0] or "", -1 if key[1] is None else key[1]))
    return [_band(risk, low, counted[risk, low]) for risk, low in order]


def band_of(score: float | None) -> int | None:
    return None if score is None else min(100 - WIDTH, int(score // WIDTH) * WIDTH)


def _band(risk: str | None, low: int | None, found: Counter[Outcome]) -> Band:
    parts = (Outcome.VERIFIED, Outcome.ROLLED_BACK, Outcome.FAILED)
    ended = sum(found[part] for part in parts)
    verified, rolled_back, failed = (share(found[part], ended) for part in parts)
    return Band(
        risk=risk,
        low=low,
        high=None if low is None else low + WIDTH,
        passed=found.total(),
        ended=ended,
        verified=verified,
        rolled_back=rolled_back,
        failed=failed,
    )
