"""Replays that somebody waits for: over the connections of long questions, so that they take none from others."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.db.session import Scopes, TenantScope, is_too_slow
from app.schemas.trust_engine.replay import (
    CalibrationRead,
    CounterfactualBody,
    CounterfactualRead,
    ReplayedRead,
)
from app.services.cdp.answers.service import Answers, Question
from app.services.trust_engine.policies.service import Policies, drafted
from app.services.trust_engine.replay.errors import ReplayTookTooLong
from app.services.trust_engine.replay.presenting import calibration_read, counterfactual_read, replayed_read
from app.services.trust_engine.replay.service import Period, Replay

PATIENCE = timedelta(seconds=20)
_MONTH = timedelta(days=30)


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """A statement that the database ended for its length is told as a question that is too large."""
    try:
        yield
    except Exception as error:
        if is_too_slow(error):
            raise ReplayTookTooLong from error
        raise


class ReplayAnswers:
    def __init__(self, scopes: Scopes, answers: Answers, *, patience: timedelta = PATIENCE) -> None:
        self._scopes = scopes
        self._answers = answers
        self._patience = patience

    async def counterfactual(self, asked: CounterfactualBody) -> CounterfactualRead:
        """As of half a minute ago at the most."""
        changes = asked.document.model_dump(exclude_none=True)
        async with self._scopes() as scope:
            tenant_id = scope.tenant_id
            version = drafted(await Policies(scope).current(), changes).version

        async def ask(scope: TenantScope) -> CounterfactualRead:
            policy = drafted(await Policies(scope).current(), changes)
            until = asked.until or scope.now() + timedelta(microseconds=1)
            period = Period(asked.since or until - _MONTH, until)
            async with _in_time():
                found = await Replay(scope, patience=self._patience).counterfactual(
                    policy, period, newest=asked.newest
                )
            return counterfactual_read(found)

        question = Question(
            "trust_engine.replay", f"{version} {asked.model_dump_json()}", CounterfactualRead, ask
        )
        return await self._answers.of(tenant_id, question)

    async def calibration(self, days: int) -> CalibrationRead:
        async with self._scopes() as scope:
            tenant_id = scope.tenant_id

        async def ask(scope: TenantScope) -> CalibrationRead:
            now = scope.now()
            period = Period(now - timedelta(days=days), now + timedelta(microseconds=1))
            async with _in_time():
                found = await Replay(scope).calibration(period)
            return calibration_read(found, period, now)

        question = Question("trust_engine.calibration", str(days), CalibrationRead, ask)
        return await self._answers.of(tenant_id, question)

    async def decision(self, decision_id: UUID, changes: Mapping[str, Any] | None) -> ReplayedRead:
        async with self._scopes() as scope:
            return replayed_read(await Replay(scope).decision(decision_id, changes))
