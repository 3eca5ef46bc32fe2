from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import and_, case, select, text
from sqlalchemy.engine import Row

from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.kinds import AutopilotMode, Component, SignalState
from app.services.trust_engine.health.rules import ModeState
from app.services.trust_engine.replay.rescoring_rules import Evaluation
from app.services.trust_engine.signals.measurements import Fact, Signal

_PAGE = 500

_Signal = tuple[Component, SignalState, float | None, bool, datetime, dict[str, Fact] | None]
_SIGNALS = msgspec.json.Decoder(list[_Signal])
_ORDER = {component: place for place, component in enumerate(Component)}
"""As they are measured: a mean is rounded, so the order of its sum is part of it."""

_BETWEEN = text("""
SELECT e.id, e.ad_account_id, e.evaluated_at, e.policy_version, e.score, e.coverage, e.mode, e.run, e.candidate,
  e.evidence_digest, (
    SELECT json_agg(json_build_array(s.component, s.state, s.score, s.broken, s.observed_at,
      CASE WHEN s.component = 'freshness' THEN s.evidence END))::text
    FROM trust_signals s WHERE s.tenant_id = e.tenant_id AND s.evaluation_id = e.id
  ) AS signals
FROM trust_evaluations e
WHERE e.ad_account_id = :account
  AND (e.evaluated_at, e.id) > (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid))
  AND (e.evaluated_at, e.id) <= (CAST(:until_at AS timestamptz), CAST(:until_id AS uuid))
ORDER BY e.evaluated_at, e.id LIMIT :page
""")
_BEFORE = text("""
SELECT id, ad_account_id, evaluated_at, policy_version, score, coverage, mode, run, candidate, evidence_digest,
  NULL AS signals
FROM trust_evaluations
WHERE ad_account_id = :account
  AND (evaluated_at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid))
ORDER BY evaluated_at DESC, id DESC LIMIT 1
""")
_CALIBRATION = text("""
SELECT body #>> '{result,risk}' AS risk, (body #>> '{result,score}')::double precision AS score, state,
  count(*) AS decisions
FROM (
  SELECT convert_from(l.body, 'UTF8')::json AS body,
    CASE WHEN a.state = 'verified' AND a.watch_until > :now THEN 'applied' ELSE a.state END AS state
  FROM trust_ledger l
  JOIN autopilot_actions a ON a.tenant_id = l.tenant_id AND a.id = l.action_id AND a.decision_id = l.id
  WHERE l.kind = :kind AND l.verdict = 'pass' AND l.at >= :since AND l.at < :until
) AS passed
GROUP BY 1, 2, 3
""")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an evaluation stands among those of its account."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Passed:
    """How many passed changes of a class and score ended in a state."""

    risk: str
    score: float | None
    state: str
    decisions: int


class ReplayRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def places(self, evaluations: Sequence[UUID]) -> dict[UUID, tuple[UUID, Place]]:
        """The account of each evaluation that is stored, and its place there."""
        statement = select(TrustEvaluation.id, TrustEvaluation.ad_account_id, TrustEvaluation.evaluated_at)
        found = await self._session.execute(statement.where(TrustEvaluation.id.in_(evaluations)))
        return {id_: (account, Place(at, id_)) for id_, account, at in found}

    async def before(self, account: UUID, place: Place) -> Evaluation | None:
        """The account's evaluation before that one, without its signals."""
        found = await self._session.execute(_BEFORE, {"account": account, "at": place.at, "id": place.id})
        row = found.one_or_none()
        return None if row is None else _evaluation(row)

    async def evaluations(self, account: UUID, after: Place, until: Place) -> list[Evaluation]:
        """The next of them, oldest first: a page."""
        found = await self._session.execute(
            _BETWEEN,
            {
                "account": account,
                "after_at": after.at,
                "after_id": after.id,
                "until_at": until.at,
                "until_id": until.id,
                "page": _PAGE,
            },
        )
        return [_evaluation(row) for row in found]

    async def actions(self, ids: Sequence[UUID], now: datetime) -> dict[UUID, tuple[UUID | None, str]]:
        """The decision that each action went by last, and its state: what is watched still counts as applied only."""
        watched = and_(AutopilotAction.state == "verified", AutopilotAction.watch_until > now)
        state = case((watched, "applied"), else_=AutopilotAction.state)
        statement = select(AutopilotAction.id, AutopilotAction.decision_id, state)
        found = await self._session.execute(statement.where(AutopilotAction.id.in_(ids)))
        return {id_: (decision, state) for id_, decision, state in found}

    async def passed(self, kind: str, *, since: datetime, until: datetime, now: datetime) -> list[Passed]:
        """What passed and was written, or was to be, by class, score and state; likewise."""
        values = {"kind": kind, "since": since, "until": until, "now": now}
        found = await self._session.execute(_CALIBRATION, values)
        return [Passed(row.risk, row.score, row.state, row.decisions) for row in found]


def _evaluation(row: Row[Any]) -> Evaluation:
    candidate = AutopilotMode(row.candidate) if row.candidate else None
    return Evaluation(
        id=row.id,
        ad_account_id=row.ad_account_id,
        evaluated_at=row.evaluated_at,
        policy_version=row.policy_version,
        score=row.score,
        coverage=row.coverage,
        state=ModeState(mode=AutopilotMode(row.mode), run=row.run, candidate=candidate),
        digest=row.evidence_digest,
        signals=_signals(row.signals),
    )


def _signals(stored: str | None) -> tuple[Signal, ...]:
    if stored is None:
        return ()
    found = [
        Signal(
            component=component,
            state=state,
            score=score,
            observed_at=at,
            reason="",
            evidence=evidence or {},
            broken=broken,
        )
        for component, state, score, broken, at, evidence in _SIGNALS.decode(stored)
    ]
    return tuple(sorted(found, key=lambda each: _ORDER[each.component]))
