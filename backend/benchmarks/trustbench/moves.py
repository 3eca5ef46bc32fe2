"""What automation would do on what is told, and what it would truly earn: the money that a gate is for."""

from dataclasses import dataclass

import numpy as np

from benchmarks.trustbench.gates import READINGS_A_DAY, Opinions
from benchmarks.trustbench.reports import READINGS, TIMES, Bools, Reports
from benchmarks.trustbench.world import MARGIN, Floats, Tape

_AT = 2
"""Budgets are looked at once a day, at noon."""
_LOOK_BACK = 7
_STEP = 0.1
_TARGET = 1.33 / MARGIN
"""The return, as platforms tell it, at which people believe that they break even: they know of the over-claim."""
_BETTER, _WORSE = 1.2, 0.8


@dataclass(frozen=True, slots=True)
class Moves:
    """One row for each move that is proposed. Money a day in the account's major unit."""

    reading: Floats
    amount: Floats
    """How much of the budget is moved, either way."""
    earns: Floats
    """What it truly earns a day; less than nothing for a bad one."""
    raises: Bools

    def passed(self, opinions: Opinions) -> Bools:
        """Which of them that gate lets pass."""
        index = self.reading.astype(int) - opinions.first
        closed = np.where(self.raises, opinions.raises_closed[index], opinions.cuts_closed[index])
        return np.asarray(~closed)


def propose(tape: Tape, reports: Reports, first: int) -> Moves:
    """Scaling by return: a campaign that returns a fifth more than the target gets a tenth more, and the reverse."""
    rows: list[tuple[float, float, float, bool]] = []
    for reading in range(first - first % READINGS_A_DAY + _AT, READINGS, READINGS_A_DAY):
        if reading < first or reports.failing[reading]:
            continue
        day = int(TIMES[reading]) // 24
        returns = _returns(reports, reading, day)
        for campaign, told in enumerate(returns):
            budget = tape.budget[campaign, day]
            if not np.isfinite(told) or budget <= 0 or _WORSE < told / _TARGET < _BETTER:
                continue
            raises = bool(told > _TARGET)
            amount = _STEP * budget
            marginal = tape.marginal_profit[campaign, day]
            rows.append((reading, amount, amount * (marginal if raises else -marginal), raises))
    columns = np.array(rows, dtype=float).reshape(-1, 4)
    return Moves(columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3].astype(bool))


def _returns(reports: Reports, reading: int, day: int) -> Floats:
    """Value over spend of the last days, by campaign, as they are told now."""
    until = int(reports.as_of[reading])
    hours = slice((day - _LOOK_BACK) * 24, min(day * 24, until))
    spend = reports.delivery[0, :, hours].sum(axis=1)
    if reports.lacking[reading].any():
        spend = spend - reports.hidden[0, :, hours].sum(axis=1)
    value = reports.value[reading, :, day - _LOOK_BACK : day].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(spend > 0, value / spend, np.nan))
