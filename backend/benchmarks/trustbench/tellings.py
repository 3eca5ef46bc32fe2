"""What each reading of a simulated account newly told of, by the age of the day: as synchronising writes it down."""

from collections.abc import Sequence

import numpy as np

from app.services.campaigns.metrics.repository import TOLD_AGES
from app.services.trust_engine.signals.repository import Telling
from benchmarks.trustbench.calendar import calendar_day, moment
from benchmarks.trustbench.reports import READ_DAYS, READINGS, STEP, TIMES, Reports
from benchmarks.trustbench.world import DAYS, Floats

_MICROS = 1_000_000


class Tellings:
    """Of every reading of an account; nothing of those that failed."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._failing: list[bool] = reports.failing.tolist()
        self._tellings: dict[tuple[int, int], Telling] = {}
        self._by_age = np.zeros((5, READINGS, TOLD_AGES))
        before = None
        for reading in range(READINGS):
            if reports.failing[reading]:
                continue
            now = self._told(reading)
            if before is not None:
                self._by_age[:, reading] = self._difference(reading, before, now)
            before = now

    def by_day(self, first: int, last: int) -> Sequence[Telling]:
        """What the readings after `first`, up to `last`, told of on each of their days."""
        found: dict[int, list[int]] = {}
        for reading in range(max(first + 1, 1), last + 1):
            if not self._failing[reading]:
                found.setdefault((reading * STEP - 1) // 24, []).append(reading)
        return [self._telling(day, mine[0], mine[-1]) for day, mine in found.items()]

    def _telling(self, day: int, first: int, last: int) -> Telling:
        """Kept: an account is asked about each of its days again and again."""
        known = self._tellings.get((first, last))
        if known is None:
            held = self._by_age[:, [each for each in range(first, last + 1) if not self._failing[each]]].sum(
                1
            )
            known = self._tellings[first, last] = Telling(
                calendar_day(day),
                moment(float(last * STEP)),
                tuple(held[0].tolist()),
                *(tuple(map(int, each)) for each in held[1:].tolist()),
            )
        return known

    def _told(self, reading: int) -> Floats:
        """(conversions, value, spend) by campaign and day."""
        reports = self._reports
        return np.stack([reports.conversions[reading], reports.value[reading], reports.delivered(reading)[0]])

    def _difference(self, reading: int, before: Floats, now: Floats) -> Floats:
        today = int(TIMES[reading]) // 24
        found = np.zeros((5, TOLD_AGES))
        ages = np.arange(max(0, today - DAYS + 1), min(READ_DAYS, today) + 1)
        more = now[:, :, today - ages] - before[:, :, today - ages]
        micros = np.round(more[1:] * _MICROS)
        found[0, ages] = np.maximum(more[0], 0).sum(axis=0)
        for place, each in enumerate(micros):
            found[2 * place + 1, ages] = np.maximum(each, 0).sum(axis=0)
            found[2 * place + 2, ages] = np.maximum(-each, 0).sum(axis=0)
        return found
