from app.models.trust_engine.kinds import EnforcementMode
from app.services.autopilot.enforcement.rules import LimitChanges, effective


def test_a_new_tenant_is_advised_and_nothing_is_done_for_it() -> None:
    assert (effective().mode, effective().level) == (EnforcementMode.ADVISORY, 0)


def test_a_campaigns_limit_overrides_its_accounts_and_the_tenants() -> None:
    merged = effective(
        LimitChanges(level=1, max_changes_per_day=3),
        LimitChanges(max_changes_per_day=2),
        LimitChanges(mode=EnforcementMode.HARD_BLOCK),
    )
    assert (merged.level, merged.max_changes_per_day, merged.mode) == (1, 2, EnforcementMode.HARD_BLOCK)
    assert merged.total_raise_pct == effective().total_raise_pct


def test_zero_is_a_limit_and_not_silence() -> None:
    assert effective(LimitChanges(level=2), LimitChanges(level=0)).level == 0
