"""The fault matrix's rows of a crash and of a second delivery, for what makes ads: nothing lost, nothing doubled.

A process publishes a draft and dies when the platform has made the image, the creative or the ad and nobody has
written that down; or the task is delivered twice and runs twice at once. Then it is taken up again.
"""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from app.models.campaigns.kinds import DraftStatus
from app.models.integrations.kinds import Platform
from app.services.campaigns.drafts.publishing import DraftPublishing
from tests.factories.access import Company
from tests.factories.assets import an_asset
from tests.factories.drafts import ad_json, asked_to_publish, log_of, with_ads
from tests.factories.integrations import US_ACCOUNT
from tests.sandbox_process import Sandbox
from tests.services.integrations.contract.conftest import Bench
from tests.swallowing import between
from tests.workers.processes import Process, eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

PAGE = "770000000000001"
EDGES = {
    "image": f"/act_{US_ACCOUNT}/adimages",
    "creative": f"/act_{US_ACCOUNT}/adcreatives",
    "ad": f"/act_{US_ACCOUNT}/ads",
}
SHADES = {"image": 31, "creative": 71, "ad": 111, "twice": 151}
meta = pytest.mark.parametrize("bench", [Platform.META], indirect=True)


async def asked(bench: Bench, company: Company, case: str) -> UUID:
    asset = await an_asset(company, shade=SHADES[case])
    plan = with_ads(PAGE, ad_json(asset), ad_json(asset, name="Boots"))
    return await asked_to_publish(bench.scopes, bench.place.account, **plan)


async def finished(bench: Bench, draft_id: UUID) -> None:
    """The dead worker's lock is the database's, which lets go of it when it sees that the worker is gone."""
    for _ in range(50):
        if await DraftPublishing(bench.scopes).run(draft_id) is DraftStatus.PUBLISHED:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(
        [(each.part, each.outcome, each.message) for each in await log_of(bench.scopes, draft_id)]
    )


async def everything_stands_once(bench: Bench, draft_id: UUID) -> None:
    """Asked of the platform itself, past our own connector."""
    steps = await log_of(bench.scopes, draft_id)
    wanted = Counter({each.name: 1 for each in steps})
    sandbox = bench.sandbox
    edges = ("campaigns", "adsets", "adimages", "adcreatives", "ads")
    found = Counter(name for edge in edges for name in named(sandbox, edge) if name in wanted)
    assert found == wanted
    assert len(wanted) == 1 + 2 + 1 + 2 * 2
    states = {
        row["status"]
        for edge in ("campaigns", "adsets", "ads")
        for row in rows(sandbox, edge)
        if row["name"] in wanted
    }
    assert states == {"PAUSED"}


def rows(sandbox: Sandbox, edge: str) -> list[dict[str, str]]:
    asked = {"fields": "name,status", "limit": "500"}
    found: list[dict[str, str]] = sandbox.graph("GET", f"act_{US_ACCOUNT}/{edge}", **asked).json()["data"]
    return found


def named(sandbox: Sandbox, edge: str) -> list[str]:
    return [row.get("name", "") for row in rows(sandbox, edge)]


@meta
@pytest.mark.parametrize("step", EDGES)
async def test_a_worker_killed_between_write_and_record_leaves_nothing_to_double(
    bench: Bench, acme: Company, step: str
) -> None:
    draft_id = await asked(bench, acme, step)
    met = asyncio.Event()

    def on_answer(request: bytes) -> bool:
        first = request.split(b"\r\n", 1)[0]
        if first.startswith(b"POST") and f"{EDGES[step]} ".encode() in first:
            met.set()
        return met.is_set()

    async def has_met() -> bool:
        return met.is_set()

    async with between(bench.sandbox.url, on_answer) as wire:
        words = ("ads", str(acme.id), str(draft_id), bench.sandbox.url, wire)
        process = Process("tests.services.integrations.contract.doomed", *words)
        try:
            await eventually(has_met, watched=(process,))
            process.kill()
        finally:
            process.close()
    told = {each.part for each in await log_of(bench.scopes, draft_id) if each.outcome == "created"}
    assert "ad_sets.0.ads.0" not in told
    await finished(bench, draft_id)
    await everything_stands_once(bench, draft_id)
    assert [each.outcome for each in await log_of(bench.scopes, draft_id)].count("found") == 1


@meta
async def test_a_task_that_is_delivered_twice_makes_everything_once(bench: Bench, acme: Company) -> None:
    draft_id = await asked(bench, acme, "twice")
    await asyncio.gather(*[DraftPublishing(bench.scopes).run(draft_id) for _ in range(3)])
    await finished(bench, draft_id)
    await everything_stands_once(bench, draft_id)
