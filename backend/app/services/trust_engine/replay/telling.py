"""A counterfactual as a terminal shows it."""

from collections.abc import Iterator

from app.schemas.trust_engine.replay import (
    BudgetMoneyRead,
    CounterfactualRead,
    ShareRead,
    SplitRead,
    VerdictChangeRead,
    VerdictsRead,
)


def told(tenant_id: int, found: CounterfactualRead) -> Iterator[str]:
    """Line by line: all together, then each class and account, then what would change and how it ended."""
    how = "scores and modes worked out anew" if found.rescored else "scores and modes as they were"
    yield f"tenant {tenant_id}: {found.rows} decisions under version {found.policy_version}, {how}"
    if found.unreadable:
        yield f"  {found.unreadable} rows cannot be read"
    yield from _split("all", found.together)
    for group in found.groups:
        yield from _split(f"{group.platform} {group.account}, {group.risk_class}", group)
    for transition in found.together.transitions:
        if transition.before != transition.after:
            yield from _changed(transition)
    for undecided in found.together.undecided:
        yield f"  cannot be decided again, {undecided.before}: {undecided.decisions}. {undecided.message}"


def _split(name: str, split: SplitRead) -> Iterator[str]:
    open_ = sum(each.decisions for each in split.undecided)
    left = f", {open_} cannot be decided again" if open_ else ""
    yield f"  {name}: {_counts(split.before)} -> {_counts(split.after)}{left}"


def _counts(found: VerdictsRead) -> str:
    return f"PASS {found.PASS} HOLD {found.HOLD} BLOCK {found.BLOCK}"


def _changed(found: VerdictChangeRead) -> Iterator[str]:
    yield f"  {found.before} -> {found.after}: {found.decisions}; {_money(found.money, found.unpriced)}"
    for code in found.reasons:
        yield f"    {code.code} ({code.result}): {code.decisions}"
    for outcome in found.outcomes:
        money = _money(outcome.money, outcome.unpriced)
        yield f"    ended {outcome.outcome}: {outcome.decisions}; {money}"
    if found.rolled_back is not None:
        yield f"    rolled back, of those kept or undone: {_share(found.rolled_back)}"
    else:
        yield "    what would have come of them is not known: they were not written"


def _money(money: list[BudgetMoneyRead], unpriced: int) -> str:
    parts = [
        f"+{each.raises_micros / 1_000_000:,.2f} -{each.cuts_micros / 1_000_000:,.2f} {each.currency} a day"
        for each in money
    ]
    if unpriced:
        parts.append(f"{unpriced} do not say how much")
    return ", ".join(parts) or "no money"


def _share(found: ShareRead) -> str:
    counted = f"{found.count} of {found.of}"
    if found.low is None or found.high is None:
        return f"{counted}, not enough data"
    return f"{counted}, 95 % interval {found.low:.0%} to {found.high:.0%}"
