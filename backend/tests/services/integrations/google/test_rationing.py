"""A day's operations are shared out: the last of them are kept for changes, and the very last for stops."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.config import Settings
from app.db.session import Scopes
from app.services.integrations.gateway import Gateway, gateway_by
from app.services.integrations.google.rationing import Ration, Use, allowed, seconds_of_day_left
from app.services.integrations.ports import (
    SET_STATUS,
    AdPlatform,
    CallRecord,
    PlatformError,
    PlatformErrorKind,
)
from app.services.integrations.service import IntegrationsService
from app.services.integrations.wire import Line
from tests.conftest import pointed_at
from tests.factories.google import BRAND, DISPLAY, Connected, as_laid, connect, google_value
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.google.test_client import change_of, daily


@given(per_day=st.integers(100, 100_000))
def test_reading_ends_before_changing_and_changing_before_stopping(per_day: int) -> None:
    assert (
        0 < allowed(Use.READ, per_day) < allowed(Use.CHANGE, per_day) < allowed(Use.STOP, per_day) == per_day
    )


@given(at=st.datetimes(timezones=st.just(UTC)))
def test_the_wait_ends_with_the_day(at: datetime) -> None:
    assert 1 <= seconds_of_day_left(at) <= 24 * 3600


async def _ignored(_: CallRecord) -> None:
    return None


async def test_what_is_refused_is_not_counted(platforms: Gateway, scopes: Scopes) -> None:
    async with scopes() as scope:
        line = Line(platforms.http, platforms.breaker, _ignored, scope.key("circuit", "google", "1"))
    ration = Ration(line, 100)
    for _ in range(90):
        await ration.spend(Use.READ)
    for _ in range(30):
        with pytest.raises(PlatformError) as caught:
            await ration.spend(Use.READ)
        assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.RATE_LIMITED, "google.rationed")
    for _ in range(5):
        await ration.spend(Use.CHANGE)
    with pytest.raises(PlatformError, match=r"google\.rationed"):
        await ration.spend(Use.CHANGE)
    for _ in range(50):
        await ration.spend(Use.STOP)


@pytest.fixture
async def rationed(
    scopes: Scopes, settings: Settings, sandbox: Sandbox, desk: Desk
) -> AsyncIterator[AdPlatform]:
    """The dollar account, with 100 operations a day."""
    as_laid(sandbox)
    wanted = pointed_at(settings, sandbox).model_copy(update={"google_account_operations_per_day": 100})
    async with gateway_by(wanted):
        made: Connected = await connect(scopes, sandbox)
        yield await IntegrationsService(scopes, desk).connector(made.dollars)
    as_laid(sandbox)


async def test_a_stop_goes_out_when_the_day_is_used_up(
    rationed: AdPlatform, desk: Desk, sandbox: Sandbox
) -> None:
    for _ in range(90):
        await rationed.read_entity("campaign", BRAND)
    with pytest.raises(PlatformError, match=r"google\.rationed"):
        await rationed.read_entity("campaign", BRAND)
    for number in range(4):
        change = daily(181_000_000 + number * 10_000)
        try:
            await rationed.set_daily_budget(change, desk.mint(change))
        except PlatformError as error:
            assert error.code == "google.rationed"  # noqa: PT017  (the first pass, and it is not said how many)
    spent = len(desk.used)
    refused = daily(190_000_000)
    with pytest.raises(PlatformError, match=r"google\.rationed"):
        await rationed.set_daily_budget(refused, desk.mint(refused))
    assert len(desk.used) == spent > 0, "no permit is spent on what may not leave"
    stop = change_of(SET_STATUS, {"status": "paused"}, entity=DISPLAY)
    await rationed.set_status(stop, desk.mint(stop))
    assert google_value(sandbox, "campaign", "status", DISPLAY) == "PAUSED"
