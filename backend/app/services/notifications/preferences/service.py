"""How a person wishes to be told: by which ways of what, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db.session import TenantScope
from app.models.notifications.kinds import Digest, NotificationKind
from app.services.notifications.preferences.errors import HoursInvalid
from app.services.notifications.preferences.repository import PreferencesRepository
from app.services.notifications.rules import Choice, choice_of, default_choice

__all__ = ["Preferences", "PreferencesService"]


@dataclass(frozen=True, slots=True)
class Preferences:
    """Every kind has its choice, whether made or by default. Minutes are after midnight in `timezone`."""

    choices: Mapping[NotificationKind, Choice]
    digest: Digest
    digest_minute: int
    quiet_from: int | None
    quiet_until: int | None
    timezone: str
    timezone_is_the_companys: bool


class PreferencesService:
    def __init__(self, scope: TenantScope, user_id: UUID) -> None:
        self._rows = PreferencesRepository(scope, user_id)

    async def get(self) -> Preferences:
        own, company_zone = await self._rows.own(), await self._rows.company_zone()
        chosen = own.choices if own else {}
        return Preferences(
            choices={kind: choice_of(kind, chosen) for kind in NotificationKind},
            digest=Digest(own.digest) if own else Digest.IMMEDIATE,
            digest_minute=own.digest_minute if own else 480,
            quiet_from=own.quiet_from if own else None,
            quiet_until=own.quiet_until if own else None,
            timezone=(own.timezone if own else None) or company_zone,
            timezone_is_the_companys=own is None or own.timezone is None,
        )

    async def change(
        self, values: Mapping[str, Any], choices: Mapping[NotificationKind, Mapping[str, bool]]
    ) -> Preferences:
        """Set what is given; a choice that is the default's is kept as none, so that it follows the default."""
        row = await self._rows.locked()
        after = {name: values.get(name, getattr(row, name)) for name in ("quiet_from", "quiet_until")}
        start, end = after["quiet_from"], after["quiet_until"]
        if (start is None) != (end is None) or (start is not None and start == end):
            raise HoursInvalid("quiet_until" if start is not None else "quiet_from")
        await self._rows.save(row, {**values, "choices": _merged(row.choices, choices)})
        return await self.get()


def _merged(
    before: Mapping[str, Mapping[str, bool]], changes: Mapping[NotificationKind, Mapping[str, bool]]
) -> dict[str, dict[str, bool]]:
    after: dict[str, dict[str, bool]] = {}
    for kind in NotificationKind:
        default = default_choice(kind)
        chosen = {**before.get(kind, {}), **changes.get(kind, {})}
        own = {way: wanted for way, wanted in chosen.items() if wanted != getattr(default, way)}
        if own:
            after[str(kind)] = own
    return after
