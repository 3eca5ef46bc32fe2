from app.models.trust_engine.kinds import EnforcementMode
from app.services.autopilot.enforcement.rules import LimitChanges, merged


def test_a_campaigns_limit_overrides_its_accounts_and_the_tenants() -> None:
    said = merged(
        LimitChanges(level=1, max_changes_per_day=3),
        LimitChanges(max_changes_per_day=2),
        LimitChanges(mode=EnforcementMode.HARD_BLOCK),
    )
    assert said == {"level": 1, "max_changes_per_day": 2, "mode": EnforcementMode.HARD_BLOCK}


def test_zero_is_a_limit_and_not_silence() -> None:
    assert merged(LimitChanges(level=2), LimitChanges(level=0)) == {"level": 0}
