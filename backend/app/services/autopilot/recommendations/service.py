"""Recommendations: what strategies would do where they only suggest. A person's yes sends it through the gate."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import msgspec

from app.core.ids import uuid7
from app.core.logging import get_logger
from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.autopilot.recommendations import AutopilotRecommendation
from app.services.audit_logs.service import AuditLog
from app.services.autopilot.recommendations.errors import (
    NoLongerHolds,
    NothingToAccept,
    RecommendationChanged,
    RecommendationNotFound,
    RecommendationNotOpen,
)
from app.services.autopilot.recommendations.repository import RecommendationRepository
from app.services.autopilot.recommendations.rules import (
    LASTS,
    RecommendationState,
    key_of,
)
from app.services.autopilot.strategies.service import SILENT_FOR, Finding, StrategyService, Suggestion

log = get_logger(__name__)

__all__ = ["RecommendationService", "RecommendationState"]


class RecommendationService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = RecommendationRepository(scope)
        self._strategies = StrategyService(scope)

    async def refresh(self) -> int:
        """Ask every strategy anew: renew what it still says, add what is new, let lapse what it no longer says."""
        await self._rows.lock()
        now = self._scope.now()
        dismissed = await self._rows.dismissed_since(now - SILENT_FOR)
        standing = {row.key: row for row in await self._rows.open()}
        said = set()
        for suggestion in await self._strategies.suggestions():
            values = _values(suggestion)
            key = str(values["key"])
            said.add(key)
            if key in standing:
                row = standing[key]
                for name, value in values.items():
                    setattr(row, name, value)
                row.renewed_at, row.expires_at = now, now + LASTS
            elif key not in dismissed:
                self._rows.add(
                    AutopilotRecommendation(
                        id=uuid7(),
                        state=RecommendationState.OPEN,
                        made_at=now,
                        renewed_at=now,
                        expires_at=now + LASTS,
                        action_ids=[],
                        **values,
                    )
                )
        for key, row in standing.items():
            if key not in said:
                self._end(row, RecommendationState.EXPIRED, "The figures no longer call for it.")
        log.info("autopilot.recommendations.refreshed", said=len(said), standing=len(standing))
        return len(said)

    async def expire(self) -> int:
        """What was not renewed in time lapses, even where no strategy could look."""
        lapsed = [row for row in await self._rows.open() if row.expires_at <= self._scope.now()]
        for row in lapsed:
            self._end(row, RecommendationState.EXPIRED, "Nobody answered in time.")
        return len(lapsed)

    async def get(self, recommendation_id: UUID) -> AutopilotRecommendation:
        row = await self._rows.find(recommendation_id)
        if row is None:
            raise RecommendationNotFound
        return row

    async def listed(
        self, *, states: Collection[str], cursor: str | None, limit: int
    ) -> tuple[list[AutopilotRecommendation], str | None]:
        return await self._rows.listed(states=states, cursor=cursor, limit=limit)

    async def accept(
        self, recommendation_id: UUID, *, version: str, reason: str | None
    ) -> tuple[AutopilotRecommendation, Sequence[AutopilotAction]]:
        """A person wants what they were shown: actions under their name, on which the gate decides as on any other."""
        row = await self._open(recommendation_id)
        if not row.changes:
            raise NothingToAccept
        if row.version != version:
            raise RecommendationChanged
        actions = await self._strategies.take_up(row.strategy, row.changes, reason=reason)
        if not actions:
            raise NoLongerHolds
        row.action_ids = [action.id for action in actions]
        await self._answered(row, RecommendationState.ACCEPTED, reason)
        return row, actions

    async def dismiss(self, recommendation_id: UUID, *, reason: str) -> AutopilotRecommendation:
        row = await self._open(recommendation_id)
        await self._answered(row, RecommendationState.DISMISSED, reason)
        return row

    async def _open(self, recommendation_id: UUID) -> AutopilotRecommendation:
        row = await self._rows.for_update(recommendation_id)
        if row is None:
            raise RecommendationNotFound
        if row.state != RecommendationState.OPEN or row.expires_at <= self._scope.now():
            raise RecommendationNotOpen(f"The recommendation is {row.state}.")
        return row

    async def _answered(
        self, row: AutopilotRecommendation, state: RecommendationState, reason: str | None
    ) -> None:
        self._end(row, state, reason)
        row.ended_by = self._scope.actor.label
        await AuditLog(self._scope).record(
            f"autopilot.recommendations.{state}",
            entity="autopilot.recommendations",
            entity_id=row.id,
            before={"state": RecommendationState.OPEN},
            after={"reason": reason, "strategy": row.strategy, "changes": _amounts(row.changes)},
        )

    def _end(self, row: AutopilotRecommendation, state: RecommendationState, note: str | None) -> None:
        row.state, row.note, row.ended_at = state, note, self._scope.now()


def _values(suggestion: Suggestion) -> dict[str, Any]:
    group = suggestion.group
    first = group.findings[0].view.campaign
    changes = [_change(each) for each in group.changes]
    subject = group.campaign_id or group.account.id
    return {
        "ad_account_id": group.account.id,
        "strategy": suggestion.strategy,
        "key": key_of(suggestion.strategy, str(subject), [each.way for each in group.changes]),
        "campaign_id": group.campaign_id,
        "subject": first.name if group.campaign_id else group.account.name,
        "why": group.findings[0].why if group.campaign_id else suggestion.strategy,
        "sentence": group.sentence,
        "currency": first.currency,
        "changes": changes,
        "effect": None if group.effect is None else asdict(group.effect),
        "evidence": _evidence(group.findings),
    }


def _change(finding: Finding) -> dict[str, Any]:
    return {
        "campaign_id": str(finding.view.campaign.id),
        "name": finding.view.campaign.name,
        "operation": finding.operation,
        "before": dict(finding.before),
        "after": dict(finding.after or {}),
        "why": str(finding.why),
        "sentence": finding.sentence,
        "evidence": msgspec.to_builtins(finding.evidence),
        "rests_on": [str(each) for each in finding.rests_on],
        "spend_only": finding.spend_only,
    }


def _evidence(findings: Sequence[Finding]) -> dict[str, Any]:
    """What was read of each campaign, those that are left alone too."""
    read = [
        {
            "campaign_id": str(each.view.campaign.id),
            "name": each.view.campaign.name,
            "sentence": each.sentence,
            **msgspec.to_builtins(dict(each.evidence)),
        }
        for each in findings
    ]
    return {"campaigns": read}


def _amounts(changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: each[name] for name in ("campaign_id", "before", "after")} for each in changes]
