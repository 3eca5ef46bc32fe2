"""How one wishes to be told."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from app.api.deps import ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.notifications.preferences import ChoiceRead, PreferencesPatch, PreferencesRead
from app.services.notifications.preferences.service import Preferences, PreferencesService
from app.services.notifications.rules import NATURES
from app.services.notifications.wording_rules import kind_name

router = APIRouter(prefix="/notifications/preferences", tags=["notifications"])

Reader = Annotated[Principal, requires("notifications.preferences:read")]
Writer = Annotated[Principal, requires("notifications.preferences:write")]
_CLOCKS = {"digest_at": "digest_minute", "quiet_from": "quiet_from", "quiet_until": "quiet_until"}


async def preferences(scope: ScopeDep, principal: Reader) -> PreferencesService:
    return PreferencesService(scope, principal.user_id)


Own = Annotated[PreferencesService, Depends(preferences)]


@router.get("")
async def get_preferences(own: Own, reader: Reader) -> PreferencesRead:
    """Your own, with the defaults of what you never chose."""
    return _read(await own.get(), reader)


@router.patch("")
async def change_preferences(body: PreferencesPatch, own: Own, writer: Writer) -> PreferencesRead:
    """Change what is given."""
    given = body.model_dump(exclude_unset=True, exclude={"choices"})
    values: dict[str, Any] = {}
    for name, value in given.items():
        values[_CLOCKS.get(name, name)] = _minutes(value) if name in _CLOCKS else value
    choices = {each.kind: each.model_dump(exclude_none=True, exclude={"kind"}) for each in body.choices}
    return _read(await own.change(values, choices), writer)


def _read(found: Preferences, principal: Principal) -> PreferencesRead:
    return PreferencesRead(
        choices=[
            ChoiceRead(
                kind=kind,
                name=kind_name(kind),
                in_app=choice.in_app,
                email=choice.email,
                whatsapp=choice.whatsapp,
                may_hear=principal.may(NATURES[kind].permission),
            )
            for kind, choice in found.choices.items()
        ],
        digest=found.digest,
        digest_at=_clock(found.digest_minute) or "",
        quiet_from=_clock(found.quiet_from),
        quiet_until=_clock(found.quiet_until),
        timezone=found.timezone,
        timezone_is_the_companys=found.timezone_is_the_companys,
    )


def _minutes(clock: str | None) -> int | None:
    if clock is None:
        return None
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int | None) -> str | None:
    return None if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
