"""The gate at work: gather the facts, decide, write the decision down, mint a permit on a PASS."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from app.core.logging import get_logger
from app.core.metrics import GATE_DECISIONS
from app.db.session import TenantScope
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.kinds import AutopilotMode, CalendarKind, Component, RiskClass, Verdict
from app.models.trust_engine.ledger import LedgerEntry
from app.services.trust_engine.calendar.service import Calendar
from app.services.trust_engine.fx_rates.service import FxRates
from app.services.trust_engine.gate import facts as _facts
from app.services.trust_engine.gate.desk import PermitDesk, mint
from app.services.trust_engine.gate.errors import AccountNotFound, DecisionNotFound
from app.services.trust_engine.gate.facts import (
    Activity,
    Approval,
    Ask,
    CalendarEntry,
    ChangeFacts,
    GateDecision,
    GateInput,
    HealthFacts,
    Leg,
    Limits,
    Move,
    PlatformFacts,
    Reason,
    RollUpFacts,
)
from app.services.trust_engine.gate.kill_switch import KillSwitch, KillSwitchState
from app.services.trust_engine.gate.permits import Change, EntityType, Permit
from app.services.trust_engine.gate.permits_repository import PermitRepository
from app.services.trust_engine.gate.repository import GateRepository, Line, active_tenants
from app.services.trust_engine.gate.rules import DECIDERS, decide
from app.services.trust_engine.health.service import HealthReading, HealthService, states
from app.services.trust_engine.ledger.service import ALWAYS, Ledger, Period
from app.services.trust_engine.policies.service import Policies

log = get_logger(__name__)

KIND = "trust_engine.gate"
_PREFIX = "gate/"

__all__ = [
    "Activity",
    "Approval",
    "Ask",
    "CalendarEntry",
    "Change",
    "Decision",
    "EntityType",
    "GateService",
    "KillSwitch",
    "KillSwitchState",
    "Limits",
    "Period",
    "Permit",
    "PermitDesk",
    "Proposal",
    "Reason",
    "active_tenants",
    "deciders",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change that somebody wants, with what only its proposer can know. The gate reads the rest itself."""

    change: Change
    ad_account_id: UUID
    ask: Ask
    campaign_id: UUID | None = None
    limits: Limits = field(default_factory=Limits)
    activity: Activity = field(default_factory=Activity)
    learning: bool = False
    other: "Proposal | None" = None
    """The other half, where the two move money from one account to another."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the gate itself reads of an account."""

    name: str
    health: HealthFacts | None
    evaluated_with: int | None
    platform: PlatformFacts
    calendar: tuple[CalendarEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the gate said. `id` is the ledger's entry, None for a trial; `permit` comes with a PASS alone."""

    id: UUID | None
    verdict: Verdict
    result: GateDecision
    facts: GateInput
    permit: Permit | None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.result.reasons


class GateService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = GateRepository(scope)

    async def action_of(self, permit_id: UUID) -> UUID | None:
        """The action that a permit was minted for; None for one of no action, or no permit of ours."""
        permit = await PermitRepository(self._scope).find(permit_id)
        return None if permit is None else permit.action_id

    async def take_turn(self) -> None:
        """Decide after every other decision of the tenant: what is read from now on knows what they let pass.

        Whoever reads what a proposal is held against takes their turn first, or two raises at once would each be
        alone under a cap.
        """
        await Ledger(self._scope).hold()

    async def used_at(self, permit_id: UUID) -> datetime | None:
        """When a permit was used, on real time; None of one that was not, or of none of ours."""
        return await PermitRepository(self._scope).used_at(permit_id)

    async def freshen(self, ad_account_id: UUID) -> None:
        """Score the account anew, where another policy scored it last: adopting one ends nothing that had passed."""
        policy = await Policies(self._scope).current()
        newest = await HealthService(self._scope).newest(ad_account_id)
        if newest is None or newest.policy_version != policy.version:
            await HealthService(self._scope).evaluate(ad_account_id)

    async def decide(self, proposal: Proposal, *, action_id: UUID | None = None) -> Decision:
        """Decide and write it down; a PASS mints a permit for exactly this change."""
        facts = await self._gather(proposal)
        result = decide(facts)
        entry = await Ledger(self._scope).append(
            KIND,
            f"{_PREFIX}{result.decider}",
            {"inputs": facts, "result": result},
            verdict=result.verdict,
            ad_account_id=proposal.ad_account_id,
            action_id=action_id,
        )
        GATE_DECISIONS.labels(result.risk, result.verdict).inc()
        log.info(
            "trust_engine.gate.decided",
            decision_id=str(entry.id),
            verdict=result.verdict,
            risk=result.risk,
            reasons=[reason.code for reason in result.reasons],
        )
        permit = None
        if result.verdict is Verdict.PASS:
            permit = mint(
                self._scope,
                proposal.change,
                decision_id=entry.id,
                action_id=action_id,
                policy_version=facts.policy.version if facts.policy else 0,
                evidence_hash=facts.health.evidence_digest if facts.health else _NO_EVIDENCE,
                safety=result.risk is RiskClass.SAFETY,
                ad_account_id=proposal.ad_account_id,
                evaluation_id=_evaluation_of(facts, result),
                evaluation_ids=_evaluations_of(facts),
            )
        return Decision(id=entry.id, verdict=result.verdict, result=result, facts=facts, permit=permit)

    async def check(self, proposal: Proposal) -> Decision:
        """Say what the gate would decide now; nothing is written and no permit minted."""
        facts = await self._gather(proposal)
        result = decide(facts)
        return Decision(id=None, verdict=result.verdict, result=result, facts=facts, permit=None)

    async def decisions(
        self,
        *,
        before_seq: int | None,
        limit: int,
        verdict: str | None = None,
        ad_account_id: UUID | None = None,
        period: Period = ALWAYS,
    ) -> list[LedgerEntry]:
        """Newest first."""
        return await Ledger(self._scope).newest(
            before_seq=before_seq,
            limit=limit,
            kind=KIND,
            verdict=verdict,
            ad_account_id=ad_account_id,
            period=period,
        )

    async def listed(
        self,
        *,
        before_seq: int | None,
        limit: int,
        verdict: str | None,
        ad_account_id: UUID | None,
        risk: str | None,
        period: Period = ALWAYS,
    ) -> tuple[list[LedgerEntry], int | None]:
        """Newest first, and the `seq` to go on before; by class a page may be short before the end."""
        if risk is not None:
            return await Ledger(self._scope).saying(
                ("result", "risk"),
                risk,
                kind=KIND,
                verdict=verdict,
                ad_account_id=ad_account_id,
                period=period,
                before_seq=before_seq,
                limit=limit,
            )
        found = await self.decisions(
            before_seq=before_seq,
            limit=limit,
            verdict=verdict,
            ad_account_id=ad_account_id,
            period=period,
        )
        return found, found[-1].seq if len(found) == limit else None

    async def decision(self, decision_id: UUID) -> LedgerEntry:
        entry = await Ledger(self._scope).entry(decision_id)
        if entry.kind != KIND:
            raise DecisionNotFound
        return entry

    async def _gather(self, proposal: Proposal) -> GateInput:
        known = await self._known(proposal)
        policy = await Policies(self._scope).current()
        switch = await KillSwitch(self._scope).state()
        gathered = GateInput(
            tenant_id=self._scope.tenant_id,
            at=self._scope.now(),
            ask=proposal.ask,
            change=ChangeFacts.of(proposal.change),
            health=known.health,
            policy=policy,
            evaluated_with=policy.version if known.evaluated_with is None else known.evaluated_with,
            limits=proposal.limits,
            activity=proposal.activity,
            platform=known.platform,
            calendar=known.calendar,
            entity_name=await self._rows.entity_name(proposal.ad_account_id, proposal.change.entity),
            kill_switch=switch.engaged,
            move=None if proposal.other is None else await self._move(proposal.other, policy.version),
        )
        # What is decided is what is stored: the same bytes give the same facts for ever.
        return _facts.decode_input(_facts.encode(gathered))

    async def _known(self, proposal: Proposal) -> _Known:
        """What is known of the proposal's own account."""
        line = await self._rows.account(proposal.ad_account_id)
        if line is None:
            raise AccountNotFound
        evaluation = await HealthService(self._scope).newest(proposal.ad_account_id)
        entries = await Calendar(self._scope).on_now(proposal.ad_account_id)
        return _Known(
            name=line.account.name,
            health=None if evaluation is None else _health(evaluation),
            evaluated_with=None if evaluation is None else evaluation.policy_version,
            platform=await self._platform(line, proposal),
            calendar=tuple(
                CalendarEntry(
                    kind=CalendarKind(each.kind),
                    name=each.name,
                    starts_at=each.starts_at,
                    ends_at=each.ends_at,
                )
                for each in entries
            ),
        )

    async def _platform(self, line: Line, proposal: Proposal) -> PlatformFacts:
        own, theirs = line.account.currency, proposal.limits.currency
        rate = await FxRates(self._scope).newest(own, theirs) if theirs and theirs != own else None
        return PlatformFacts(
            learning=proposal.learning,
            read_only=line.connection.read_only,
            write_lease=line.account.write_lease,
            account_currency=own,
            fx_rate=None if rate is None else rate.rate.normalize(),
            fx_at=None if rate is None else rate.as_of,
            fx_source=None if rate is None else rate.source,
        )

    async def _move(self, other: Proposal, policy_version: int) -> Move:
        """The other half of a move, and all accounts together: a roll-up gates nothing else."""
        known = await self._known(other)
        overview = await HealthReading(self._scope).overview()
        together = overview.roll_up
        leg = Leg(
            account_name=known.name,
            change=ChangeFacts.of(other.change),
            health=known.health,
            evaluated_with=policy_version if known.evaluated_with is None else known.evaluated_with,
            limits=other.limits,
            activity=other.activity,
            platform=known.platform,
            untouched_since=other.ask.untouched_since,
            calendar=known.calendar,
        )
        roll_up = RollUpFacts(
            score=together.score,
            coverage=together.coverage,
            mode=together.target,
            evaluations=tuple(str(each.evaluation.id) for each in overview.accounts if each.evaluation),
        )
        return Move(other=leg, roll_up=roll_up)


def rests_on_score(result: GateDecision) -> bool:
    """Whether the score was held against what the change needs: a launch, a cut by spend, what restores need none."""
    return any(reason.code == "healthy" for reason in result.reasons)


def _evaluation_of(facts: GateInput, result: GateDecision) -> UUID | None:
    known = facts.health.evaluation_id if facts.health and rests_on_score(result) else None
    return None if known is None else UUID(known)


def _evaluations_of(facts: GateInput) -> set[UUID] | None:
    """Of a move: those of both accounts, and all that the roll-up was made of."""
    if facts.move is None:
        return None
    legs = {each.evaluation_id for each in (facts.health, facts.move.other.health) if each is not None}
    return {UUID(each) for each in legs.union(facts.move.roll_up.evaluations)}


_NO_EVIDENCE = hashlib.sha256(b"").hexdigest()


def deciders() -> Mapping[str, Any]:
    """Every decider that ever wrote to the ledger, by the name it signs with."""
    return {f"{_PREFIX}{version}": _redecider(version) for version in DECIDERS}


def _redecider(version: str) -> Any:
    def again(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        facts = msgspec.json.decode(msgspec.json.encode(inputs), type=GateInput)
        found: Mapping[str, Any] = msgspec.to_builtins(decide(facts, version))
        return found

    return again


def read_entry(entry: LedgerEntry) -> tuple[GateInput, GateDecision]:
    """What a decision read and what it said."""
    return read_body(entry.body)


def read_body(stored: bytes) -> tuple[GateInput, GateDecision]:
    body = msgspec.json.decode(stored, type=_Body)
    return body.inputs, body.result


class _Body(msgspec.Struct, frozen=True):
    inputs: GateInput
    result: GateDecision


def _health(row: TrustEvaluation) -> HealthFacts:
    return HealthFacts(
        evaluation_id=str(row.id),
        score=row.score,
        coverage=row.coverage,
        mode=AutopilotMode(row.mode),
        states=states(row),
        absent=tuple(Component(name) for name in row.absent),
        evaluated_at=row.evaluated_at,
        expires_at=row.expires_at,
        evidence_digest=row.evidence_digest,
    )
