"""Decisions as people are shown them."""

from typing import Any

import msgspec

from app.models.trust_engine.ledger import LedgerEntry
from app.schemas.trust_engine.gate import DecisionDetail, DecisionRead, ReasonRead, Result
from app.services.trust_engine.gate.facts import GateDecision, GateInput, Reason
from app.services.trust_engine.gate.service import Decision, Proposal, read_entry

_RESULTS: dict[str, Result] = {"pass": "PASS", "hold": "HOLD", "block": "BLOCK"}


def decision_read(entry: LedgerEntry) -> DecisionRead:
    facts, result = read_entry(entry)
    return DecisionRead(**_told(entry, facts, result))


def decision_detail(entry: LedgerEntry) -> DecisionDetail:
    facts, result = read_entry(entry)
    return DecisionDetail(
        **_told(entry, facts, result),
        before=facts.change.before,
        after=facts.change.after,
        inputs=msgspec.to_builtins(facts),
        evidence=msgspec.to_builtins(facts.health) if facts.health else {},
        decider_version=entry.decider,
        hash=entry.hash.hex(),
        previous_hash=entry.prev_hash.hex(),
    )


def trial(proposal: Proposal, decision: Decision) -> DecisionRead:
    """A decision that was not made."""
    return DecisionRead(
        id=None,
        sequence=None,
        decided_at=decision.facts.at,
        ad_account_id=proposal.ad_account_id,
        action_id=None,
        **_said(decision.facts, decision.result),
    )


def _told(entry: LedgerEntry, facts: GateInput, result: GateDecision) -> dict[str, Any]:
    return {
        "id": entry.id,
        "sequence": entry.seq,
        "decided_at": entry.at,
        "ad_account_id": entry.ad_account_id,
        "action_id": entry.action_id,
        **_said(facts, result),
    }


def _said(facts: GateInput, result: GateDecision) -> dict[str, Any]:
    return {
        "result": _RESULTS[result.verdict],
        "risk_class": result.risk,
        "kind": result.kind,
        "operation": facts.change.operation,
        "entity_type": facts.change.entity_type,
        "entity_id": facts.change.entity,
        "entity_name": facts.entity_name,
        "currency": facts.platform.account_currency,
        "score": result.score,
        "required_score": result.need,
        "reasons": [_reason(each) for each in result.reasons],
        "policy_version": facts.policy.version if facts.policy else 0,
    }


def _reason(reason: Reason) -> ReasonRead:
    detail = {"verdict": _RESULTS[reason.verdict], "violation": reason.violation}
    return ReasonRead(code=reason.code, message=reason.sentence, detail=detail)
