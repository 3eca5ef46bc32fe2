"""What a rule would have proposed on past days, from what was known on each of them."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.db.session import TenantScope
from app.models.rules.kinds import Metric
from app.schemas.rules.definition import RuleDefinition, RuleSchedule
from app.services.rules.acting import platform_action
from app.services.rules.repository import RuleRepository, Seen
from app.services.rules.rules import measures
from app.services.rules.schedule_rules import moments_of

PATIENCE = timedelta(seconds=20)
"""For the whole of it; the days for which it does not suffice are told as not looked at."""
_SHOWN = 20

ASSUMED = (
    "Each day is looked at once, at the last time that the schedule has on it.",
    "Names, labels, accounts and whether a campaign is paused are today's: what they were is not kept.",
    "Maturity is reckoned by the attribution windows that the accounts have today.",
    "Nothing was done: had the rule acted, the figures of the days after would have been others.",
    "What the gate would have said on that day is not asked: its health is not kept for trials.",
)
BUDGET_UNKNOWN = (
    "What the daily budget was on a past day is not kept: by how much it would have moved is not known."
)


@dataclass(frozen=True, slots=True)
class PastDay:
    """One day of the schedule's zone; `at` is None where the schedule has no time on it."""

    day: date
    at: datetime | None
    considered: int = 0
    held: int = 0
    fired: int = 0
    """Without those on which it would have acted within its cooldown before."""
    unknown_by_reason: Mapping[str, int] | None = None
    examples: Sequence[Seen] = ()


@dataclass(frozen=True, slots=True)
class Backtest:
    days: Sequence[PastDay]
    """The oldest first."""
    not_looked_at: Sequence[date]
    unknowable: Sequence[str]


class Backtesting:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = RuleRepository(scope)

    async def run(
        self, definition: RuleDefinition, schedule: RuleSchedule, cooldown: timedelta, days: int
    ) -> Backtest:
        """The last `days` whole days, as known then."""
        now = self._scope.now()
        today = now.astimezone(ZoneInfo(schedule.timezone)).date()
        asked = [today - timedelta(days=back) for back in range(days, 0, -1)]
        until, slowest = time.monotonic() + PATIENCE.total_seconds(), 0.0
        found: list[PastDay] = []
        acted: dict[UUID, datetime] = {}
        for day in asked:
            began = time.monotonic()
            if until - began <= slowest:
                break
            moments = moments_of(schedule, day)
            if not moments:
                found.append(PastDay(day, None))
                continue
            found.append(await self._day(definition, day, moments[-1], cooldown, acted))
            slowest = max(slowest, time.monotonic() - began)
        return Backtest(found, asked[len(found) :], unknowable(definition))

    async def _day(
        self,
        definition: RuleDefinition,
        day: date,
        at: datetime,
        cooldown: timedelta,
        acted: dict[UUID, datetime],
    ) -> PastDay:
        verdicts = await self._rows.verdicts(definition, at, most=1, as_of=True, patience=PATIENCE)
        awake = [each for each in verdicts.held if at - acted.get(each.id, at - cooldown) >= cooldown]
        acted.update({each.id: at for each in awake})
        return PastDay(
            day=day,
            at=at,
            considered=verdicts.considered,
            held=len(verdicts.held),
            fired=len(awake),
            unknown_by_reason=Counter(verdicts.unknown_by_reason),
            examples=awake[:_SHOWN],
        )


def unknowable(definition: RuleDefinition) -> list[str]:
    """What of this rule the past does not tell."""
    change = platform_action(definition)
    reads_budget = any(each.metric is Metric.DAILY_BUDGET for each in measures(definition.condition))
    moves = change is not None and change.kind in {"budget_percent", "budget_amount", "set_budget"}
    return [*ASSUMED, *([BUDGET_UNKNOWN] if reads_budget or moves else [])]
