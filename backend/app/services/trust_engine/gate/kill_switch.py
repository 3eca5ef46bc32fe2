"""The kill switch: while it is on, no permit but a safety action's can be used."""

from dataclasses import dataclass
from datetime import datetime

from app.core.logging import get_logger
from app.db.session import TenantScope
from app.models.trust_engine.kill_switches import KillSwitchRow, PlatformKillSwitchRow
from app.services.audit_logs.service import AuditLog
from app.services.notifications.service import (
    Notice,
    NotificationKind,
    Notifications,
    NotificationSeverity,
    NotificationSubject,
)
from app.services.trust_engine.gate.kill_switch_repository import KillSwitchRepository

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Switch:
    engaged: bool
    reason: str | None = None
    changed_by: str | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KillSwitchState:
    """The tenant's own switch and the one over the whole platform: either of them stops everything."""

    tenant: Switch
    platform: Switch

    @property
    def engaged(self) -> bool:
        return self.tenant.engaged or self.platform.engaged


class KillSwitch:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._switches = KillSwitchRepository(scope)

    async def state(self) -> KillSwitchState:
        return KillSwitchState(_switch(await self._switches.own()), _switch(await self._switches.platforms()))

    async def set(self, *, engaged: bool, reason: str) -> KillSwitchState:
        """Turn the tenant's switch: from this commit on, and while it is on, a permit not yet used is worth nothing."""
        before = await self.state()
        await self._switches.set_own(engaged=engaged, reason=reason, changed_by=self._scope.actor.label)
        await self._record("tenant", before.tenant, engaged=engaged, reason=reason)
        await self._scope.announce(
            "autopilot_mode_change", {"kill_switch": "tenant", "engaged": engaged, "reason": reason}
        )
        after = await self.state()
        if before.tenant.engaged != engaged:
            await self._notify("tenant", after.tenant)
        return after

    async def set_for_platform(self, *, engaged: bool, reason: str) -> KillSwitchState:
        """Turn the switch over every tenant, and tell each of them: a superadmin's."""
        before = await self.state()
        await self._switches.set_platforms(engaged=engaged, reason=reason, changed_by=self._scope.actor.label)
        await self._record("platform", before.platform, engaged=engaged, reason=reason)
        await self._switches.tell_every_tenant()
        return await self.state()

    async def tell_of_platforms(self) -> None:
        """Write into this company's inboxes how the switch over all of them stands."""
        await self._notify("platform", (await self.state()).platform)

    async def _notify(self, whose: str, switch: Switch) -> None:
        everywhere = " It is the one over all companies." if whose == "platform" else ""
        stops = (
            "Nothing but safety actions leaves from now on."
            if switch.engaged
            else "Automation may act again."
        )
        await Notifications(self._scope).tell(
            Notice(
                kind=NotificationKind.KILL_SWITCH_CHANGED,
                severity=NotificationSeverity.CRITICAL if switch.engaged else NotificationSeverity.WARNING,
                subject=NotificationSubject.KILL_SWITCH,
                key=whose,
                facts={
                    "turned": "on" if switch.engaged else "off",
                    "by": switch.changed_by or "",
                    "reason": switch.reason or "",
                    "effect": f"{stops}{everywhere}",
                },
            )
        )

    async def _record(self, whose: str, before: Switch, *, engaged: bool, reason: str) -> None:
        await AuditLog(self._scope).record(
            "trust_engine.gate.kill_switch_changed",
            entity="trust_engine.gate",
            entity_id=whose,
            before={"engaged": before.engaged},
            after={"engaged": engaged, "reason": reason},
        )
        log.warning("trust_engine.gate.kill_switch_changed", whose=whose, engaged=engaged)


def _switch(row: KillSwitchRow | PlatformKillSwitchRow | None) -> Switch:
    if row is None:
        return Switch(engaged=False)
    return Switch(row.engaged, row.reason, row.changed_by, row.changed_at)
