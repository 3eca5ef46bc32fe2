"""What happened to an entity and its account lately: what the gate's caps and cooldowns are held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.services.autopilot.actions.activity_repository import ActivityRepository, Standing
from app.services.autopilot.actions.rules import LOG_MARGIN
from app.services.trust_engine.gate.service import Activity, Limits

_DAY = timedelta(hours=24)
_BUDGET = "daily_budget_micros"


@dataclass(frozen=True, slots=True)
class Seen:
    activity: Activity
    restores_micros: int | None
    """The budget before our own last cut, where this change gives no more than that back."""
    untouched_since: bool
    """Nobody else has edited the entity since our last write to it."""


class ActivityReader:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = ActivityRepository(scope)

    async def read(self, action: AutopilotAction, limits: Limits) -> Seen:
        now = self._scope.now()
        applied = await self._rows.applied(action.ad_account_id, since=now - 7 * _DAY)
        ours = [each for each, _ in applied]
        written = {each.id: at for each, at in applied if at is not None}
        coming = await self._rows.coming(action.ad_account_id, but_not=action.id)
        own = [each for each in ours if each.entity == action.entity]
        writes = [each for each in ours if each.id in written]
        own_writes = [each for each in writes if each.entity == action.entity]
        edits = await self._rows.edits_by_others(action.ad_account_id, action.entity, since=now - _DAY)
        today = [each for each in own if _since(each, now - _DAY)]
        budgets = [value for each in today for value in _budgets(each)]
        totals = await self._rows.totals(
            action, since=(now - timedelta(days=limits.roas_lookback_days)).date()
        )
        usual = await self._rows.usual_day(action.ad_account_id, now=now)
        raises = [each for each in (*ours, *coming) if each.applied_at is None or _since(each, now - _DAY)]
        stands = await self._rows.standing(
            action.ad_account_id, {each.entity for each in (action, *raises) if _may_raise(each)}
        )
        last_write = max((each.applied_at for each in own if each.applied_at), default=None)
        return Seen(
            activity=Activity(
                changes_24h=len(today) + len(edits),
                last_change_at=max((at for at in (last_write, *edits) if at is not None), default=None),
                cooldown_until=_cooldown(own, limits),
                lowest_24h_micros=min(budgets, default=None),
                budget_24h_ago_micros=_budgets(today[0])[0] if today and _budgets(today[0]) else None,
                own_daily_micros=stands[action.entity].daily_micros if action.entity in stands else None,
                others_daily_micros=await self._rows.other_budgets(action.ad_account_id, action.entity)
                + sum(
                    _raise(each, stands)
                    for each in raises
                    if each.entity != action.entity and _is_unread(each, stands)
                ),
                account_raised_24h_micros=sum(
                    _raise(each, stands) for each in raises if not _gives_back_a_stop(each, writes)
                ),
                roas=totals.roas,
                cpa_micros=totals.cpa_micros,
                conversions=totals.conversions_ever,
                launched=totals.launched,
                usual_daily_micros=usual.spend_micros,
                usual_daily_conversions=usual.conversions,
            ),
            restores_micros=_given_back(action, own_writes, stands),
            untouched_since=not own_writes or _is_last_word(written[own_writes[-1].id], edits),
        )


def _is_last_word(began: datetime, edits: Sequence[datetime]) -> bool:
    """Whether nobody else has edited the entity since our write began."""
    return not any(at >= began - LOG_MARGIN for at in edits)


def _budgets(action: AutopilotAction) -> list[int]:
    found = (action.before.get(_BUDGET), action.after.get(_BUDGET))
    return [value for value in found if isinstance(value, int)]


def _may_raise(action: AutopilotAction) -> bool:
    return _starts(action) or len(_budgets(action)) == 2  # noqa: PLR2004  (before and after)


def _starts(action: AutopilotAction) -> bool:
    return action.after.get("status") == "active" and action.before.get("status") not in {None, "active"}


def _raise(action: AutopilotAction, stands: Mapping[str, Standing]) -> int:
    """What starts raises by all that it may spend."""
    if _starts(action):
        own = stands.get(action.entity)
        return 0 if own is None else own.daily_micros or 0
    found = _budgets(action)
    return max(0, found[1] - found[0]) if len(found) == 2 else 0  # noqa: PLR2004  (before and after)


def _is_unread(action: AutopilotAction, stands: Mapping[str, Standing]) -> bool:
    """Whether the campaigns as last read know nothing of it: it is on its way, or came there since."""
    if action.applied_at is None:
        return True
    own = stands.get(action.entity)
    return own is not None and own.synced_at < action.applied_at


def _since(action: AutopilotAction, start: datetime) -> bool:
    return action.applied_at is not None and action.applied_at >= start


def _given_back(
    action: AutopilotAction, own: list[AutopilotAction], stands: Mapping[str, Standing]
) -> int | None:
    """The budget that our last change of the entity took away, where that was a cut or a stop, which this takes back.

    A rollback is no such cut: who took it back would do again what did harm. Nor is a cut whose money went elsewhere,
    as one half of a move or by a plan: it would be spent twice. Nor is a raise that goes beyond.
    """
    if not own or own[-1].rollback_of or own[-1].other_half or own[-1].plan_id:
        return None
    if _starts(action):
        standing = stands.get(action.entity)
        return standing.daily_micros if standing is not None and _stops(own[-1]) else None
    found, wanted = _budgets(own[-1]), action.after.get(_BUDGET)
    if len(found) < 2 or found[1] >= found[0] or not isinstance(wanted, int):  # noqa: PLR2004  (before and after)
        return None
    return found[0] if wanted <= found[0] else None


def _stops(action: AutopilotAction) -> bool:
    return action.after.get("status") == "paused" and action.before.get("status") == "active"


def _gives_back_a_stop(start: AutopilotAction, ours: Sequence[AutopilotAction]) -> bool:
    """Whether it starts again what our change before it had stopped: over the day that raises nothing."""
    if not _starts(start):
        return False
    before = [
        each
        for each in ours
        if each.entity == start.entity
        and each.applied_at is not None
        and (start.applied_at is None or each.applied_at < start.applied_at)
    ]
    return bool(before) and _stops(before[-1])


def _cooldown(own: list[AutopilotAction], limits: Limits) -> datetime | None:
    """A rollback doubles the time that has to pass before the next change."""
    rolled_back = [each.ended_at for each in own if each.state == "rolled_back" and each.ended_at is not None]
    if not rolled_back:
        return None
    return max(rolled_back) + timedelta(hours=2 * limits.min_hours_between)
