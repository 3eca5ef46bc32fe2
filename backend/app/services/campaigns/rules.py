"""What is decided about campaigns without asking anyone."""

from collections.abc import Iterable

from app.models.integrations.kinds import BudgetLevel
from app.services.integrations.ports import EntityState


def budget_level(campaign: EntityState, ad_sets: Iterable[EntityState]) -> BudgetLevel:
    """Where a campaign's money is set. Budgets at both levels at once are none that we understand."""
    own = _has_budget(campaign)
    below = any(_has_budget(ad_set) for ad_set in ad_sets)
    if own == below:
        return BudgetLevel.UNKNOWN
    return BudgetLevel.CAMPAIGN if own else BudgetLevel.AD_SET


def is_learning(ad_sets: Iterable[EntityState]) -> bool | None:
    """Whether any ad set that delivers is learning; None when the platform does not say."""
    told = [one.learning for one in ad_sets if one.effective_status == "active" and one.learning is not None]
    return any(told) if told else None


def _has_budget(state: EntityState) -> bool:
    return state.daily_budget_micros is not None or state.lifetime_budget_micros is not None
