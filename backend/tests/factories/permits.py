"""Permits to test with, as the gate mints them."""

from datetime import timedelta

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.trust_engine.permits import TrustPermit
from app.services.trust_engine.gate.desk import mint
from app.services.trust_engine.gate.permits import Change, Permit


async def minted(scopes: Scopes, change: Change, *, safety: bool = False, expired: bool = False) -> Permit:
    """A permit for `change`; one that has `expired` was written down so: it cannot be changed afterwards."""
    async with scopes() as scope:
        permit = mint(
            scope,
            change,
            decision_id=uuid7(),
            action_id=None,
            policy_version=1,
            evidence_hash="0" * 64,
            safety=safety,
        )
        for row in scope.session.new:
            if expired and isinstance(row, TrustPermit):
                row.expires_at = real_now() - timedelta(seconds=1)
    return permit
