"""Two checkouts on one server: the second does not take the roles from the first."""

import asyncpg
import pytest

from app.core.config import Settings
from app.db.roles import owner_dsn
from launcher.database import named_addresses
from launcher.errors import LauncherError
from launcher.home import Secrets

_FIRST = Secrets(
    app_password="stratum_app-password",
    relay_password="stratum_relay-password",
    maintenance_password="stratum_maintenance-password",
)
"""The passwords that this run's server has: those of the checkout that was there first."""


async def test_a_second_checkout_is_told_whose_the_roles_are(settings: Settings) -> None:
    owner = owner_dsn(settings)
    with pytest.raises(LauncherError, match=r"stratum_app .*another checkout[\s\S]*secrets\.json"):
        await named_addresses({"DATABASE_URL": owner}, Secrets())
    with pytest.raises(LauncherError, match="stratum_relay"):
        await named_addresses({"DATABASE_URL": owner, "DATABASE_OWNER_URL": owner}, Secrets())
    still = await asyncpg.connect(settings.database_url.get_secret_value())
    await still.close()


async def test_the_first_checkout_goes_on(settings: Settings) -> None:
    owner = owner_dsn(settings)
    found = await named_addresses({"DATABASE_URL": owner}, _FIRST)
    assert found.owner == owner
    assert "stratum_app:stratum_app-password@" in found.app


async def test_addresses_that_are_all_named_are_taken_as_they_are(settings: Settings) -> None:
    owner = owner_dsn(settings)
    named = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "DATABASE_OWNER_URL": owner,
        "DATABASE_RELAY_URL": "postgresql://relay",
        "DATABASE_MAINTENANCE_URL": "postgresql://maintenance",
    }
    found = await named_addresses(named, Secrets())
    assert (found.app, found.relay) == (named["DATABASE_URL"], "postgresql://relay")
