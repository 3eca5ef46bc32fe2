"""The fault matrix's rows of a crash and of a second delivery, for what makes ads: nothing lost, nothing doubled.

A process publishes a draft and dies when the platform has made an image, a creative or an ad and nobody has written
that down; or the task is delivered twice and runs twice at once. Then it is taken up again.
`python -m benchmarks.fault_matrix` runs it beside the other cells, and prints the table.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from app.models.campaigns.kinds import DraftStatus
from app.models.integrations.kinds import Platform
from app.services.campaigns.drafts.publishing import DraftPublishing
from app.services.integrations.campaigns.service import offers
from tests.factories import google, snapchat
from tests.factories.access import Company
from tests.factories.assets import an_asset
from tests.factories.drafts import ad_json, asked_to_publish, log_of, with_ads
from tests.factories.integrations import US_ACCOUNT
from tests.sandbox.google.conftest import select
from tests.sandbox_process import Sandbox
from tests.services.integrations.contract.conftest import Bench
from tests.swallowing import between
from tests.workers.processes import Process, eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

Held = Iterator[tuple[str, str | None]]
"""Names with their state in the platform's word; None of what has none."""


@dataclass(frozen=True)
class Maker:
    """A platform where ads are made: by what each request that makes something is known, and what it holds then."""

    identity: dict[str, str]
    size: tuple[int, int]
    steps: Mapping[str, tuple[bytes, bytes]]
    """Of each step how its request begins, and what else is in it."""
    held: Callable[[Sandbox], Held]
    paused: str = "PAUSED"
    unfound: frozenset[str] = field(default_factory=frozenset)
    """Steps that leave nothing to be found yet: they are made again, and are the same."""
    has_logo: bool = False
    body: str = ""
    images: int = 1
    creatives: int = 2


def _meta_held(sandbox: Sandbox) -> Held:
    asked = {"fields": "name,status", "limit": "500"}
    for edge in ("campaigns", "adsets", "adimages", "adcreatives", "ads"):
        for row in sandbox.graph("GET", f"act_{US_ACCOUNT}/{edge}", **asked).json()["data"]:
            yield row.get("name", ""), None if edge in {"adimages", "adcreatives"} else row["status"]


def _snapchat_held(sandbox: Sandbox) -> Held:
    kinds = {
        "campaigns": "campaign",
        "adsquads": "adsquad",
        "media": "media",
        "creatives": "creative",
        "ads": "ad",
    }
    for many, one in kinds.items():
        body = sandbox.snapchat("GET", f"adaccounts/{snapchat.US_ACCOUNT}/{many}", limit="1000").json()
        for row in body[many]:
            yield row[one]["name"], None if one in {"media", "creative"} else row[one]["status"]


def _google_held(sandbox: Sandbox) -> Held:
    for resource in ("campaign", "ad_group", "asset", "ad_group_ad"):
        name = "ad_group_ad.ad.name" if resource == "ad_group_ad" else f"{resource}.name"
        status = "" if resource == "asset" else f", {resource}.status"
        for row in google.google_rows(sandbox, select(f"{name}{status}", resource)):
            told = next(
                value for key, value in row.items() if key in {"campaign", "adGroup", "asset", "adGroupAd"}
            )
            yield told.get("name") or told.get("ad", {}).get("name", ""), told.get("status")


_POST = b"POST "
MAKERS: Mapping[Platform, Maker] = {
    Platform.META: Maker(
        {"page": "770000000000001"},
        (1200, 628),
        {
            "image": (_POST, f"/act_{US_ACCOUNT}/adimages ".encode()),
            "creative": (_POST, f"/act_{US_ACCOUNT}/adcreatives ".encode()),
            "ad": (_POST, f"/act_{US_ACCOUNT}/ads ".encode()),
        },
        _meta_held,
    ),
    Platform.GOOGLE: Maker(
        {"page": "", "brand": "Northwind"},
        (1200, 628),
        {"image": (_POST, b'"assetOperation"'), "ad": (_POST, b'"adGroupAdOperation"')},
        _google_held,
        has_logo=True,
        body="Light shoes for wet trails.",
        images=2,
        creatives=0,
    ),
    Platform.SNAPCHAT: Maker(
        {"page": "5a9c0008-0000-4000-8000-000000000007", "brand": "Northwind"},
        (1080, 1920),
        {
            "image named": (_POST, f"/adaccounts/{snapchat.US_ACCOUNT}/media ".encode()),
            "image filled": (_POST, b"/upload "),
            "creative": (_POST, f"/adaccounts/{snapchat.US_ACCOUNT}/creatives ".encode()),
            "ad": (_POST, b"/ads "),
        },
        _snapchat_held,
        unfound=frozenset({"image named"}),
    ),
}
"""Whoever offers ads is held to this."""
TWICE = "duplicate delivery"
_CELLS = [(name, step) for name, maker in MAKERS.items() for step in (*maker.steps, TWICE)]
_SHADES = {cell: 31 + 7 * number for number, cell in enumerate(_CELLS)}


def test_every_platform_whose_ads_are_made_from_here_is_walked() -> None:
    assert {name for name, offer in offers().items() if offer is not None and offer.ads is not None} == set(
        MAKERS
    )


async def asked(bench: Bench, company: Company, step: str) -> UUID:
    maker, shade = MAKERS[bench.name], _SHADES[bench.name, step]
    asset = await an_asset(company, *maker.size, shade=shade)
    logo = str(await an_asset(company, 300, 300, shade=shade)) if maker.has_logo else None
    ads = [ad_json(asset, name=name, body=maker.body) for name in ("Shoes", "Boots")]
    if bench.name is Platform.META:
        ads = [ad_json(asset), ad_json(asset, name="Boots")]
    plan = with_ads(maker.identity["page"], *ads, brand=maker.identity.get("brand", ""), logo=logo)
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
    maker = MAKERS[bench.name]
    wanted = Counter({each.name: 1 for each in await log_of(bench.scopes, draft_id)})
    held = [(name, state) for name, state in maker.held(bench.sandbox) if name in wanted]
    assert Counter(name for name, _ in held) == wanted
    assert len(wanted) == 1 + 2 + maker.images + maker.creatives + 2
    assert {state for _, state in held if state is not None} == {maker.paused}


async def killed(bench: Bench, company: Company, draft_id: UUID, step: str) -> None:
    """A process publishes, and dies when the platform has answered the step and nobody has written that down."""
    begins, holds = MAKERS[bench.name].steps[step]
    met = asyncio.Event()

    def on_answer(request: bytes) -> bool:
        if request.startswith(begins) and holds in request:
            met.set()
        return met.is_set()

    async def has_met() -> bool:
        return met.is_set()

    async with between(bench.sandbox.url, on_answer) as wire:
        words = ("ads", str(company.id), str(draft_id), bench.sandbox.url, wire)
        process = Process("tests.services.integrations.contract.doomed", *words)
        try:
            await eventually(has_met, watched=(process,))
            process.kill()
        finally:
            process.close()


@pytest.mark.parametrize(("bench", "step"), _CELLS, indirect=["bench"])
async def test_ads_cell(
    bench: Bench, acme: Company, step: str, record_property: Callable[[str, object], None]
) -> None:
    draft_id = await asked(bench, acme, step)
    if step == TWICE:
        await asyncio.gather(*[DraftPublishing(bench.scopes).run(draft_id) for _ in range(3)])
    else:
        await killed(bench, acme, draft_id, step)
        told = {each.part for each in await log_of(bench.scopes, draft_id) if each.outcome == "created"}
        assert "ad_sets.0.ads.0" not in told
    await finished(bench, draft_id)
    await everything_stands_once(bench, draft_id)
    outcomes = [each.outcome for each in await log_of(bench.scopes, draft_id)]
    looked_for = step != TWICE and step not in MAKERS[bench.name].unfound
    assert outcomes.count("found") == int(looked_for)
    record_property("became", "found there, and made once" if looked_for else "made once")
