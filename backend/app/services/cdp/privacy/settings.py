"""How long a tenant keeps what its people did: shorter than the platform if it likes, never longer."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from app.core.clock import real_now
from app.core.logging import get_logger
from app.db.session import Scopes, TenantScope
from app.services.audit_logs.service import AuditLog
from app.services.cdp.events.service import events_forgotten
from app.services.cdp.privacy.repository import PrivacyRepository

log = get_logger(__name__)

_AT_ONCE = 5_000
_TURNS = 200
_LATE = timedelta(days=1)
"""For so long after an erasure, what was being written while it ran is looked for again."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """In days and hours; None follows the platform's own limit."""

    event_days: int | None = None
    verdict_days: int | None = None
    export_hours: int = 72


class PrivacySettings:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = PrivacyRepository(scope)

    async def current(self) -> Keeping:
        row = await self._rows.settings()
        return Keeping(row.event_days, row.verdict_days, row.export_hours) if row else Keeping()

    async def change(self, keeping: Keeping) -> Keeping:
        """What is older goes within the hour."""
        before = await self.current()
        values = asdict(keeping)
        await self._rows.save_settings(
            {**values, "updated_at": self._scope.now(), "updated_by": self._scope.actor.label}
        )
        await AuditLog(self._scope).record(
            "cdp.privacy.keeping_changed",
            entity="cdp_privacy_settings",
            before=asdict(before),
            after=values,
        )
        return await self.current()


class Forgetting:
    """What a tenant's time has run out for, in bites, each a short transaction."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def run(self) -> None:
        async with self._scopes() as scope:
            rows = PrivacyRepository(scope)
            keeping, now = await PrivacySettings(scope).current(), scope.now()
            exports = await rows.drop_expired_exports(now, timedelta(hours=keeping.export_hours))
            late = await rows.erased_since(now - _LATE)
        events = verdicts = 0
        for _ in range(_TURNS):
            bite = 0
            async with self._scopes() as scope:
                rows = PrivacyRepository(scope)
                for request_id in late:
                    bite += await rows.erase_events(request_id, _AT_ONCE)
                if keeping.event_days is not None:
                    # By the domain's clock, which stamps events, and never ahead of real time.
                    until = _midnight(min(now, real_now())) - timedelta(days=keeping.event_days)
                    expired = await rows.expire_events(until, _AT_ONCE)
                    bite += expired
                    if expired:
                        await events_forgotten(scope, until)
                events += bite
                if keeping.verdict_days is not None:
                    gone = await rows.expire_verdicts(now - timedelta(days=keeping.verdict_days), _AT_ONCE)
                    verdicts, bite = verdicts + gone, bite + gone
            if not bite:
                break
        log.info("cdp.privacy.forgotten", events=events, verdicts=verdicts, exports=exports)


def _midnight(at: datetime) -> datetime:
    """Events go by whole days: what is computed of them is computed anew once a day then."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
