"""Enforcement: what may be raised, how far, how often, on the worst case the platform allows itself."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from app.models.trust_engine.kinds import EnforcementMode, Origin, Verdict, Violation
from app.services.trust_engine.gate.facts import GateInput, Reason
from app.services.trust_engine.gate.rules.risk import daily_micros, raised_micros, starts

MULTIPLIERS: Mapping[str, tuple[int, int]] = {"meta": (7, 4), "google": (2, 1)}
"""The most that a platform may spend on one day, over its daily budget."""
UNKNOWN_MULTIPLIER = (2, 1)
USUAL_TIMES = (3, 2)
"""The fixed cap of an account that grows slowly, where nobody set one: so many times what it spends on a usual day."""
FEW_CONVERSIONS = 30
"""A day: with fewer the signals are measured over days, and a fault shows as late."""
AUTOMATION = frozenset({Origin.AUTOPILOT, Origin.RULE, Origin.API})


def caps_1(facts: GateInput) -> Iterator[Reason]:
    """The first decider's limits: a cost per conversion that no rate could convert went unread."""
    raised = raised_micros(facts.change)
    if raised <= 0:
        return
    yield from _pace(facts)
    yield from _growth(facts, raised, _absent)
    if _any_amount(facts) and _rate(facts) is None:
        sentence = f"No rate from {facts.platform.account_currency} to {_currency(facts)} is fresh enough."
        yield Reason(code="fx_stale", verdict=Verdict.HOLD, sentence=sentence)
    yield from _amounts(facts, raised)
    yield from _performance(facts)


def caps_2(facts: GateInput) -> Iterator[Reason]:
    """The second and third decider's limits: without one of its sources an account waited for somebody's cap."""
    yield from _caps(facts, _absent)


def caps_4(facts: GateInput) -> Iterator[Reason]:
    """The fourth decider's limits: what was started counted against none, since its change names no budget."""
    yield from _caps(facts, _slowly)


def caps(facts: GateInput) -> Iterator[Reason]:
    """Yield every limit that this raise breaks; one that cannot be converted holds it.

    What starts raises by its whole budget, which the change does not name. A person's own start, or one that a person
    approved, is held against the amounts alone, and so is what gives back our own stop, which raises nothing over the
    day; automation's against everything, and it waits where the budget is not known.
    """
    change, own = facts.change, facts.activity.own_daily_micros
    if not (change.entity_type in _BUDGETED and change.before and starts(change)) or (
        daily_micros(change.after) is not None
    ):
        yield from caps_4(facts)
        return
    if own is None:
        yield from _budget_unknown(facts)
        return
    facts = replace(facts, change=replace(change, after={**change.after, "daily_budget_micros": own}))
    restores = facts.ask.restores_micros
    gives_back = restores is not None and own <= restores and facts.ask.untouched_since
    if not (gives_back or _by_a_person(facts)):
        yield from caps_4(facts)
    elif own and _any_amount(facts):
        yield from _exchange(facts)
        yield from _amounts(facts, 0 if gives_back else own)


_BUDGETED = frozenset({"campaign", "ad_set"})


def _budget_unknown(facts: GateInput) -> Iterator[Reason]:
    """Unknown is not nothing: automation waits. A person's start waits where amounts are set that it may break."""
    sentence = "What it may spend on a day once it runs is not known, so no cap can be held against it."
    person = _by_a_person(facts) and (not _any_amount(facts) or enforced(facts) is Verdict.PASS)
    yield Reason(code="budget_unknown", verdict=Verdict.PASS if person else Verdict.HOLD, sentence=sentence)


def _caps(facts: GateInput, slowly: "Slowly") -> Iterator[Reason]:
    raised = raised_micros(facts.change)
    if raised <= 0:
        return
    yield from _pace(facts)
    yield from _growth(facts, raised, slowly)
    yield from _exchange(facts)
    yield from _amounts(facts, raised)
    yield from _performance(facts)


def in_limit_currency(micros: int, rate: Decimal) -> int:
    """Micros of the limits' currency, rounded up to the next: exact, so that a cap is met to the last unit."""
    top, bottom = rate.as_integer_ratio()
    return -(-micros * top // bottom)


def worst_case(micros: int, platform: str) -> int:
    """What a day may cost at worst under this daily budget."""
    top, bottom = MULTIPLIERS.get(platform, UNKNOWN_MULTIPLIER)
    return -(-micros * top // bottom)


def enforced(facts: GateInput) -> Verdict:
    """What breaking a limit leads to. Automation is at least held: nobody is there to read its warning."""
    mode, approval = facts.limits.mode, facts.ask.approval
    if mode is EnforcementMode.HARD_BLOCK:
        return Verdict.BLOCK
    if mode is EnforcementMode.ADVISORY and _by_a_person(facts):
        return Verdict.PASS
    confirmed = approval is not None and bool(approval.reason)
    return Verdict.PASS if confirmed else Verdict.HOLD


def _by_a_person(facts: GateInput) -> bool:
    return facts.ask.origin is Origin.PERSON or facts.ask.approval is not None


def _breach(facts: GateInput, code: str, sentence: str, violation: Violation) -> Reason:
    return Reason(code=code, verdict=enforced(facts), sentence=sentence, violation=violation)


def _pace(facts: GateInput) -> Iterator[Reason]:
    limits, activity = facts.limits, facts.activity
    if facts.ask.restores_micros is not None:
        return
    if activity.changes_24h >= limits.max_changes_per_day:
        sentence = f"Changed {activity.changes_24h} times in 24 h; {limits.max_changes_per_day} is the most."
        yield Reason(code="too_many_changes", verdict=Verdict.HOLD, sentence=sentence)
    since = facts.at - activity.last_change_at if activity.last_change_at else None
    if since is not None and since < timedelta(hours=limits.min_hours_between):
        hours = since.total_seconds() / 3600
        sentence = f"Changed {hours:.1f} h ago; {limits.min_hours_between:g} h must lie between changes."
        yield Reason(code="too_soon", verdict=Verdict.HOLD, sentence=sentence)
    if activity.cooldown_until is not None and facts.at < activity.cooldown_until:
        sentence = f"Cooling down until {activity.cooldown_until:%Y-%m-%d %H:%M} UTC."
        yield Reason(code="cooldown", verdict=Verdict.HOLD, sentence=sentence)


Slowly = Callable[[GateInput, int, int], Iterator[Reason]]
"""What an account may grow by whose evidence is short: the raise of 24 h in hundredths, and what it is held against;
both nothing where there is no budget to compare with."""


def _growth(facts: GateInput, raised: int, slowly: Slowly) -> Iterator[Reason]:
    limits, activity = facts.limits, facts.activity
    before, after = daily_micros(facts.change.before), daily_micros(facts.change.after)
    if after is None:
        return
    restores = facts.ask.restores_micros
    if restores is not None and after <= restores and facts.ask.untouched_since:
        return
    if before and raised * 100 > before * limits.increase_limit_pct:
        sentence = f"A raise of {raised / before:.0%} is more than {limits.increase_limit_pct:g} % at a time."
        yield _breach(facts, "raise_too_large", sentence, Violation.BUDGET_EXCEEDED)
    known = [
        value
        for value in (before, activity.lowest_24h_micros, activity.budget_24h_ago_micros)
        if value is not None and value > 0
    ]
    if not known:
        yield from slowly(facts, 0, 0)
        return
    base = min(known)
    total = (after - base) * 100
    if total > base * limits.total_raise_pct:
        sentence = (
            f"Raised {(after - base) / base:.0%} within 24 h; {limits.total_raise_pct:g} % is the most."
        )
        yield Reason(
            code="total_raise",
            verdict=Verdict.HOLD,
            sentence=sentence,
            violation=Violation.BUDGET_EXCEEDED,
        )
    yield from slowly(facts, total, base)


def _absent(facts: GateInput, total: int, base: int) -> Iterator[Reason]:
    """Without one of its sources an account grows slowly, and under a cap that somebody set."""
    if base == 0 or facts.health is None or not facts.health.absent or facts.policy is None:
        return
    limit = facts.policy.absent_raise_pct
    if total > base * limit:
        sentence = f"A source is absent by design here: raises are at most {limit:g} % in 24 h."
        yield Reason(code="absent_source_raise", verdict=Verdict.HOLD, sentence=sentence)
    if facts.limits.max_daily_budget_micros is None:
        sentence = "A source is absent by design here: raises need a fixed daily cap, and none is set."
        yield Reason(code="absent_source_no_cap", verdict=Verdict.HOLD, sentence=sentence)


def _slowly(facts: GateInput, total: int, base: int) -> Iterator[Reason]:
    """Whose evidence lacks a source, or takes days to gather, grows slowly and under a fixed cap.

    The cap is the one that somebody set, which the amounts are held against in any case; where nobody did, half as
    much again as the account spends on a usual day, both by their budgets, so that no multiplier is needed.
    """
    why = _why_slowly(facts)
    if why is None or facts.policy is None:
        return
    limit, usual = facts.policy.absent_raise_pct, facts.activity.usual_daily_micros
    if total > base * limit:
        sentence = f"{why}: raises are at most {limit:g} % in 24 h."
        yield Reason(code="absent_source_raise", verdict=Verdict.HOLD, sentence=sentence)
    pace = f"{why}: raises are at most {limit:g} % in 24 h, and"
    if facts.limits.max_daily_budget_micros is not None:
        cap = _money(facts.limits.max_daily_budget_micros, _currency(facts))
        sentence = f"{pace} a day costs at most the {cap} that is set as its cap."
        yield Reason(code="grows_slowly", verdict=Verdict.PASS, sentence=sentence)
        return
    if usual is None:
        sentence = (
            f"{pace} under a fixed daily cap: none is set, and too few days are known to tell a usual one."
        )
        yield Reason(code="absent_source_no_cap", verdict=Verdict.HOLD, sentence=sentence)
        return
    own = facts.platform.account_currency
    cap_micros = usual * USUAL_TIMES[0] // USUAL_TIMES[1]
    after = (daily_micros(facts.change.after) or 0) + facts.activity.others_daily_micros
    shown = f"{_money(cap_micros, own)} a day in all: half as much again as on a usual day, as no cap is set"
    if after > cap_micros:
        sentence = f"{pace} its budgets at most {shown}; this would make them {_money(after, own)}."
        yield Reason(
            code="usual_cap", verdict=Verdict.HOLD, sentence=sentence, violation=Violation.DAILY_SPEND_LIMIT
        )
        return
    yield Reason(code="grows_slowly", verdict=Verdict.PASS, sentence=f"{pace} its budgets at most {shown}.")


def _why_slowly(facts: GateInput) -> str | None:
    if facts.health is not None and facts.health.absent:
        return "A source is absent by design here"
    few = facts.activity.usual_daily_conversions
    if few is not None and few < FEW_CONVERSIONS:
        return f"With {few:g} conversions on a usual day a fault takes days to show here"
    return None


def _any_amount(facts: GateInput) -> bool:
    limits = facts.limits
    amounts = (
        limits.max_daily_budget_micros,
        limits.max_campaign_budget_micros,
        limits.max_daily_increase_micros,
    )
    return any(amount is not None for amount in amounts)


def _exchange(facts: GateInput) -> Iterator[Reason]:
    """A rate that a limit needs and nobody recorded, or not lately: never guessed, so it holds."""
    if not _any_amount(facts) and facts.limits.cpa_ceiling_micros is None:
        return
    if _rate(facts) is not None:
        return
    platform, pair = facts.platform, f"from {facts.platform.account_currency} to {_currency(facts)}"
    if platform.fx_rate is None or platform.fx_at is None:
        sentence = f"The limits need a rate {pair}, and none is recorded."
        yield Reason(code="fx_unknown", verdict=Verdict.HOLD, sentence=sentence)
        return
    age = (facts.at - platform.fx_at).total_seconds() / 3600
    sentence = (
        f"The rate {pair} is {age:.0f} h old ({platform.fx_source or 'source unknown'}): too old to use."
    )
    yield Reason(code="fx_stale", verdict=Verdict.HOLD, sentence=sentence)


def _amounts(facts: GateInput, raised: int) -> Iterator[Reason]:
    limits = facts.limits
    rate = _rate(facts)
    if rate is None or not _any_amount(facts):
        return
    after = daily_micros(facts.change.after) or 0
    platform = facts.change.platform
    checks = (
        (
            "daily_cap",
            worst_case(after + facts.activity.others_daily_micros, platform),
            limits.max_daily_budget_micros,
            "The account could spend {amount} on a day; the cap is {cap}.",
            Violation.DAILY_SPEND_LIMIT,
        ),
        (
            "campaign_cap",
            worst_case(after, platform),
            limits.max_campaign_budget_micros,
            "It could spend {amount} on a day; the cap for one campaign is {cap}.",
            Violation.BUDGET_EXCEEDED,
        ),
        (
            "increase_cap",
            worst_case(raised + facts.activity.account_raised_24h_micros, platform),
            limits.max_daily_increase_micros,
            "Raises of 24 h could add {amount} a day; the cap is {cap}.",
            Violation.DAILY_SPEND_LIMIT,
        ),
    )
    for code, worst, cap, sentence, violation in checks:
        amount = in_limit_currency(worst, rate)
        if cap is not None and amount > cap:
            text = sentence.format(amount=_money(amount, _currency(facts)), cap=_money(cap, _currency(facts)))
            yield _breach(facts, code, text, violation)


def _rate(facts: GateInput) -> Decimal | None:
    platform = facts.platform
    if platform.account_currency == _currency(facts):
        return Decimal(1)
    if platform.fx_rate is None or platform.fx_at is None or facts.policy is None:
        return None
    old = facts.at - platform.fx_at > timedelta(hours=facts.policy.fx_max_age_hours)
    return None if old else platform.fx_rate


def _currency(facts: GateInput) -> str:
    return facts.limits.currency or facts.platform.account_currency


def _performance(facts: GateInput) -> Iterator[Reason]:
    limits, activity = facts.limits, facts.activity
    if facts.ask.restores_micros is not None:
        return
    if limits.roas_floor is not None and activity.roas is not None and activity.roas < limits.roas_floor:
        sentence = f"ROAS of {activity.roas:.2f} over {limits.roas_lookback_days} days is under {limits.roas_floor:g}."
        yield _breach(facts, "roas_floor", sentence, Violation.ROAS_BELOW_THRESHOLD)
    ceiling = limits.cpa_ceiling_micros
    if ceiling is not None and activity.cpa_micros is not None:
        rate = _rate(facts)
        if rate is not None and in_limit_currency(activity.cpa_micros, rate) > ceiling:
            sentence = f"A conversion costs more than {_money(ceiling, _currency(facts))}."
            yield _breach(facts, "cpa_ceiling", sentence, Violation.ROAS_BELOW_THRESHOLD)


def _money(micros: int, currency: str) -> str:
    return f"{micros / 1_000_000:,.2f} {currency}"
