"""PostgreSQL counts a table now and then: whoever came after the last count is nobody to its planner."""

import random
from datetime import timedelta

import asyncpg
import pytest

from app.core.config import Settings
from app.db.session import plain_url
from app.schemas.cdp.conditions import DaysBetween
from app.schemas.cdp.funnels import FunnelDefinition
from app.services.cdp.funnels.service import FunnelService
from tests.factories.access import Company
from tests.factories.events import store_people
from tests.services.cdp.funnels.test_oracle import START, sequences, steps

_PEOPLE = 2_500


@pytest.mark.parametrize("modes", [(), ("strict_order",)], ids=["any order", "strict order"])
async def test_a_company_that_came_after_the_last_count_is_answered_too(
    acme: Company, globex: Company, settings: Settings, modes: tuple[str, ...]
) -> None:
    draw = random.Random(1)  # noqa: S311  (sequences, not secrets)
    await store_people(acme.scopes, sequences(draw, _PEOPLE, 12))
    assert settings.database_owner_url is not None
    owner = await asyncpg.connect(plain_url(settings.database_owner_url.get_secret_value()))
    await owner.execute("ANALYZE cdp_events; ANALYZE cdp_identifiers")
    await owner.close()
    await store_people(globex.scopes, sequences(draw, _PEOPLE, 40))
    definition = FunnelDefinition.model_validate(
        {
            "steps": steps(3, overlapping=False),
            "window_seconds": 7_200,
            "modes": modes,
            "days": DaysBetween(kind="between", since=START.date(), until=START.date()),
        }
    )
    async with globex.scopes() as scope:
        funnel = await FunnelService(scope, patience=timedelta(seconds=5)).compute(definition)
    assert 0 < funnel.steps[0].people <= _PEOPLE
