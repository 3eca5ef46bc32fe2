"""Deciders by version. One that has decided is never changed: a new version stands beside it, both runnable."""

from collections.abc import Callable, Mapping

from app.services.trust_engine.gate.facts import GateDecision, GateInput
from app.services.trust_engine.gate.rules.decide import decide as _decide_6
from app.services.trust_engine.gate.rules.decide import decide_1 as _decide_1
from app.services.trust_engine.gate.rules.decide import decide_2 as _decide_2
from app.services.trust_engine.gate.rules.decide import decide_3 as _decide_3
from app.services.trust_engine.gate.rules.decide import decide_4 as _decide_4
from app.services.trust_engine.gate.rules.decide import decide_5 as _decide_5
from app.services.trust_engine.gate.rules.decide import refused

DECIDERS: Mapping[str, Callable[[GateInput, str], GateDecision]] = {
    "1": _decide_1,
    "2": _decide_2,
    "3": _decide_3,
    "4": _decide_4,
    "5": _decide_5,
    "6": _decide_6,
}
CURRENT = "6"


class UnknownDecider(LookupError):
    """The ledger names a decider that this program does not have."""


def decide(facts: GateInput, decider: str = CURRENT) -> GateDecision:
    """Decide, and block where deciding itself fails."""
    found = DECIDERS.get(decider)
    if found is None:
        raise UnknownDecider(decider)
    try:
        return found(facts, decider)
    except Exception as error:  # noqa: BLE001  (fails closed: whatever went wrong, nothing passes)
        return refused(facts, decider, type(error).__name__)
