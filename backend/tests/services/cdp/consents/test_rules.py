"""Consent is decided by the last word, and by the law of the country where there is none."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.cdp.consents.rules import (
    STRICT_COUNTRIES,
    Because,
    Decision,
    Policy,
    Purpose,
    Receipt,
    Source,
    country_code,
    decide,
    read,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Circumstances:
    """All that a decision hangs on beside the receipts."""

    purpose: Purpose
    country: str | None
    policy: Policy
    gpc: bool


PERMISSIVE = Policy(Decision.GRANTED)

times = st.integers(0, 6).map(lambda hours: NOON + timedelta(hours=hours))
receipts = st.lists(
    st.builds(Receipt, st.sampled_from(Purpose), st.sampled_from(Decision), times, st.sampled_from(Source)),
    max_size=8,
)
countries = st.one_of(st.none(), st.sampled_from(["US", "DE", "gb", "CH", "BR", "Elbonia", ""]))
policies = st.builds(
    Policy,
    st.sampled_from(Decision),
    st.dictionaries(st.sampled_from(["US", "DE", "BR"]), st.sampled_from(Decision)),
)
circumstances = st.builds(Circumstances, st.sampled_from(Purpose), countries, policies, st.booleans())


@given(circumstances, receipts.flatmap(lambda said: st.tuples(st.just(said), st.permutations(said))))
def test_the_order_of_receipts_changes_no_decision(
    around: Circumstances, orders: tuple[list[Receipt], list[Receipt]]
) -> None:
    one, other = (
        decide(around.purpose, said, around.country, around.policy, gpc=around.gpc) for said in orders
    )
    assert one == other


@given(circumstances, receipts, st.sampled_from(Source))
def test_a_later_withdrawal_always_wins(around: Circumstances, said: list[Receipt], source: Source) -> None:
    last = max((each.at for each in said), default=NOON)
    withdrawn = [*said, Receipt(around.purpose, Decision.REFUSED, last, source)]
    assert not decide(around.purpose, withdrawn, around.country, around.policy, gpc=around.gpc).is_granted


@given(
    st.sampled_from(Purpose), policies, st.one_of(st.none(), st.text().filter(lambda t: not country_code(t)))
)
def test_silence_in_an_unknown_country_is_a_refusal(
    purpose: Purpose, policy: Policy, country: str | None
) -> None:
    decided = decide(purpose, [], country, policy, gpc=False)
    assert (decided.decision, decided.because) == (Decision.REFUSED, Because.UNKNOWN_COUNTRY)


@given(st.sampled_from(Purpose), st.sampled_from(sorted(STRICT_COUNTRIES)), st.booleans())
def test_no_policy_of_a_tenant_loosens_a_strict_country(purpose: Purpose, country: str, lower: bool) -> None:
    loose = Policy(Decision.GRANTED, {country: Decision.GRANTED})
    decided = decide(purpose, [], country.lower() if lower else country, loose, gpc=False)
    assert (decided.decision, decided.because) == (Decision.REFUSED, Because.STRICT_COUNTRY)


def test_silence_elsewhere_follows_the_tenants_policy() -> None:
    policy = Policy(Decision.GRANTED, {"BR": Decision.REFUSED})
    assert decide(Purpose.EMAIL, [], "US", policy, gpc=False).is_granted
    assert not decide(Purpose.EMAIL, [], "BR", policy, gpc=False).is_granted
    assert not decide(Purpose.EMAIL, [], "US", Policy(Decision.REFUSED), gpc=False).is_granted


def test_the_signal_of_a_browser_opts_out_of_ads_and_of_nothing_else() -> None:
    granted = [Receipt(each, Decision.GRANTED, NOON, Source.SDK) for each in Purpose]
    decided = {each: decide(each, granted, "US", PERMISSIVE, gpc=True) for each in Purpose}
    assert {each for each, said in decided.items() if not said.is_granted} == {Purpose.ADS}
    assert decided[Purpose.ADS].because is Because.GPC


@pytest.mark.parametrize("name", ["C0004", "Advertising", "ad_storage", "marketing"])
def test_the_names_of_consent_managers_are_known(name: str) -> None:
    said = read({"consent": {"categoryPreferences": {name: False}}}, {})
    assert said.decisions == {Purpose.ADS: Decision.REFUSED}


def test_a_tenants_own_categories_come_before_the_defaults() -> None:
    own = {"Marketing": [Purpose.EMAIL, Purpose.SMS]}
    said = read({"consent": {"categoryPreferences": {"marketing": True, "c0004": True}}}, own)
    assert said.decisions == dict.fromkeys((Purpose.EMAIL, Purpose.SMS, Purpose.ADS), Decision.GRANTED)


def test_one_refused_category_refuses_the_purpose_and_only_true_grants() -> None:
    said = read({"consent": {"categoryPreferences": {"marketing": True, "targeting": False}}}, {})
    assert said.decisions == {Purpose.ADS: Decision.REFUSED}
    assert read({"consent": {"categoryPreferences": {"ads": "yes"}}}, {}).decisions == {
        Purpose.ADS: Decision.REFUSED
    }


@pytest.mark.parametrize(
    "context", [{}, {"consent": 7}, {"consent": {"categoryPreferences": [1]}}, {"gpc": "1", "tcf": 7}]
)
def test_what_says_nothing_is_read_as_silence(context: dict[str, object]) -> None:
    said = read(context, {})
    assert (said.decisions, said.gpc, said.strings) == ({}, False, {})
