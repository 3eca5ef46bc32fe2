"""A set that is too slow for the database is followed by smaller ones, and a company's failure is not the others'."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.db.platform import Platform
from app.db.roles import owner_dsn
from app.db.session import TenantScope
from app.services.cdp.events.service import Ingestion
from app.services.cdp.traits.service import TraitFollowing, follow_traits
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.traits import TraitLab

Counted = Callable[[Company, int], Awaitable[TraitLab]]
"""Of a company and so many people, who have just done what a trait of theirs counts."""
_SLOW = "PERFORM pg_sleep(0.1)"
_BROKEN = "RAISE EXCEPTION 'broken'"


@asynccontextmanager
async def where_values_are_written(settings: Settings, company: Company, body: str) -> AsyncIterator[None]:
    """Something happens whenever a value is put into one of the company's profiles."""
    owner = await asyncpg.connect(owner_dsn(settings))
    try:
        await owner.execute(
            "CREATE FUNCTION hinder() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {body}; RETURN NEW; END $$; "
            "CREATE TRIGGER hinder BEFORE UPDATE ON cdp_profiles FOR EACH ROW "
            f"WHEN (NEW.tenant_id = {company.id} AND NEW.computed IS DISTINCT FROM OLD.computed) "
            "EXECUTE FUNCTION hinder()"
        )
        yield
    finally:
        await owner.execute("DROP TRIGGER IF EXISTS hinder ON cdp_profiles; DROP FUNCTION IF EXISTS hinder")
        await owner.close()


@pytest.fixture
def counted(engine: AsyncEngine, ingestion: Ingestion) -> Counted:
    async def make(company: Company, people: int) -> TraitLab:
        lab = TraitLab(company, engine, ingestion)
        await lab.trait("looks", event="Viewed", kind="count")
        await lab.send(*(track("Viewed", userId=f"u-{number}") for number in range(people)))
        return lab

    return make


async def test_a_set_that_takes_too_long_is_computed_by_less_at_once(
    acme: Company, counted: Counted, settings: Settings
) -> None:
    lab = await counted(acme, 8)

    @asynccontextmanager
    async def impatient() -> AsyncIterator[TenantScope]:
        async with lab.scopes() as scope:
            await scope.session.execute(text("SET LOCAL statement_timeout = 500"))
            yield scope

    async with where_values_are_written(settings, acme, _SLOW):
        await TraitFollowing(impatient).drain()
    assert list((await lab.stored("looks")).values()) == [1] * 8


async def test_a_company_whose_turn_fails_holds_no_other_up(
    app: FastAPI, acme: Company, globex: Company, counted: Counted, settings: Settings
) -> None:
    first, second = [await counted(each, 1) for each in (acme, globex)]
    async with where_values_are_written(settings, acme, _BROKEN):
        with pytest.raises(ExceptionGroup) as failed:
            await follow_traits(Platform(app.state.engine, settings, app.state.clock))
    assert [f"The work of tenant {acme.id}."] in [each.__notes__ for each in failed.value.exceptions]
    assert (await first.stored("looks"), list((await second.stored("looks")).values())) == ({}, [1])
