"""What each reading of a simulated account newly told of, by the age of the day: as synchronising writes it down."""

from collections.abc import Sequence

import numpy as np

from app.services.campaigns.metrics.repository import TOLD_AGES
from benchmarks.trustbench.reports import READ_DAYS, READINGS, TIMES, Reports
from benchmarks.trustbench.world import DAYS, Floats

_MICROS = 1_000_000


class Tellings:
    """Of every reading of an account; nothing of those that failed."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._by_age = np.zeros((5, READINGS, TOLD_AGES))
        before = None
        for reading in range(READINGS):
            if reports.failing[reading]:
                continue
            now = self._told(reading)
            if before is not None:
                self._by_age[:, reading] = self._difference(reading, before, now)
            before = now

    def by_day(self, first: int, last: int) -> Sequence[tuple[int, int, Floats]]:
        """(day, hours of the day's last reading, what was told by age) of the readings after `first`, up to `last`."""
        found: dict[int, tuple[int, Floats]] = {}
        for reading in range(max(first + 1, 1), last + 1):
            if self._reports.failing[reading]:
                continue
            hour = int(TIMES[reading])
            _, held = found.get((hour - 1) // 24, (0, np.zeros((5, TOLD_AGES))))
            found[(hour - 1) // 24] = hour, held + self._by_age[:, reading]
        return [(day, hour, held) for day, (hour, held) in found.items()]

    def _told(self, reading: int) -> Floats:
        """(conversions, value, spend) by campaign and day."""
        reports = self._reports
        return np.stack([reports.conversions[reading], reports.value[reading], reports.delivered(reading)[0]])

    def _difference(self, reading: int, before: Floats, now: Floats) -> Floats:
        today = int(TIMES[reading]) // 24
        found = np.zeros((5, TOLD_AGES))
        for age in range(READ_DAYS + 1):
            if not 0 <= today - age < DAYS:
                continue
            more = now[:, :, today - age] - before[:, :, today - age]
            micros = np.round(more[1:] * _MICROS)
            found[0, age] = np.maximum(more[0], 0).sum()
            found[1, age], found[2, age] = np.maximum(micros[0], 0).sum(), np.maximum(-micros[0], 0).sum()
            found[3, age], found[4, age] = np.maximum(micros[1], 0).sum(), np.maximum(-micros[1], 0).sum()
        return found
