from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.models.trust_engine.kinds import EnforcementMode
from app.services.autopilot.enforcement.rules import (
    AMOUNTS,
    LimitChanges,
    company_fault,
    merged,
    override_fault,
)


def test_a_campaigns_limit_overrides_its_accounts_and_the_tenants() -> None:
    said = merged(
        LimitChanges(level=1, max_changes_per_day=3),
        LimitChanges(max_changes_per_day=2),
        LimitChanges(mode=EnforcementMode.HARD_BLOCK),
    )
    assert said == {"level": 1, "max_changes_per_day": 2, "mode": EnforcementMode.HARD_BLOCK}


def test_zero_is_a_limit_and_not_silence() -> None:
    assert merged(LimitChanges(level=2), LimitChanges(level=0)) == {"level": 0}


_CURRENCIES = st.sampled_from([None, "EUR", "USD"])
_SAID = st.dictionaries(st.sampled_from(sorted(AMOUNTS)), st.none() | st.integers(0, 9)).flatmap(
    lambda amounts: st.just(amounts) | _CURRENCIES.map(lambda currency: {**amounts, "currency": currency})
)
_WHOSE = st.sampled_from(["company", "account", "campaign"])


@given(st.lists(st.tuples(_WHOSE, _SAID), max_size=12))
def test_no_amount_is_ever_read_in_another_currency_than_it_was_said_in(
    history: list[tuple[str, dict[str, Any]]],
) -> None:
    """Whoever says what in which order: what is refused changes nothing, what stands keeps its meaning."""
    layers = {whose: LimitChanges() for whose in ("company", "account", "campaign")}
    meant: dict[tuple[str, str], str | None] = {}
    for whose, said in history:
        company = layers["company"]
        overrides = [layers["account"], layers["campaign"]]
        fault = (
            company_fault(said, company, overrides) if whose == "company" else override_fault(said, company)
        )
        if fault is not None:
            continue
        for name in AMOUNTS & said.keys():
            meant[whose, name] = said.get("currency", company.currency)
        kept = said if whose == "company" else {k: v for k, v in said.items() if k != "currency"}
        layers[whose] = replace(layers[whose], **kept)
        found = merged(*layers.values())
        for name in AMOUNTS & found.keys():
            speaker = next(
                each for each in ("campaign", "account", "company") if getattr(layers[each], name) is not None
            )
            assert meant[speaker, name] == found.get("currency")
