"""A published plan's ads come to stand at the platform, pictures and words: once each, paused, or not at all."""

import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from app.db.session import Scopes
from app.models.campaigns.ads import Ad
from app.models.campaigns.kinds import DraftStatus
from app.models.trust_engine.permits import TrustPermit
from app.services.campaigns.drafts.publishing import DraftPublishing
from app.services.campaigns.drafts.service import Drafts
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.ads.ports import AdState
from app.services.integrations.campaigns.service import AdMaker
from app.services.integrations.gateway import Gateway
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.service import KillSwitch
from tests.factories import google, snapchat
from tests.factories.access import Company
from tests.factories.assets import an_asset
from tests.factories.drafts import ad_json, asked_to_publish, log_of, read_draft, with_ads
from tests.factories.integrations import US_ACCOUNT, connect
from tests.sandbox_process import Sandbox

META_PAGE = "770000000000001"
SNAPCHAT_PROFILE = "5a9c0008-0000-4000-8000-000000000007"


@dataclass(frozen=True)
class Vendor:
    """A platform where ads are made, and the paths of the requests that make them."""

    name: str
    connect: Callable[[Scopes, Sandbox], Awaitable[UUID]]
    page: str
    brand: str
    size: tuple[int, int]
    paths: Mapping[str, str]
    """Of each step that there is. Where an ad has no creative beside it, none makes one."""
    before: Mapping[str, int] = field(default_factory=dict)
    """Requests behind a step's path that are others' than the ads'."""
    keeps_creatives: bool = False
    """Whether what was made of a creative stays there."""
    has_logo: bool = False
    long: bool = True
    """Whether its ads take a text of several lines."""
    edited: str = "{}"
    """What the sandbox calls an ad, of its id."""
    on: str = "ACTIVE"

    @property
    def has_creatives(self) -> bool:
        return "creative" in self.paths

    def parts(self, *parts: str) -> list[str]:
        """Those of them that are made there."""
        return [part for part in parts if self.has_creatives or not part.endswith(".creative")]

    def switch_on(self, sandbox: Sandbox, ad: AdState) -> None:
        name = "object_id" if self.edited == "{}" else "resource_name"
        edit = {name: self.edited.format(ad.external_id), "changes": {"status": self.on}}
        sandbox.control("POST", f"{self.name}/edit", json=edit)


async def _meta(scopes: Scopes, sandbox: Sandbox) -> UUID:
    return (await connect(scopes, sandbox)).dollars


async def _google(scopes: Scopes, sandbox: Sandbox) -> UUID:
    return (await google.connect(scopes, sandbox)).dollars


async def _snapchat(scopes: Scopes, sandbox: Sandbox) -> UUID:
    return (await snapchat.connect(scopes, sandbox)).dollars


VENDORS = {
    "meta": Vendor(
        "meta",
        _meta,
        META_PAGE,
        "",
        (1200, 628),
        {
            "image": f"/act_{US_ACCOUNT}/adimages",
            "creative": f"/act_{US_ACCOUNT}/adcreatives",
            "ad": f"/act_{US_ACCOUNT}/ads",
        },
        before={"ad": 2},
    ),
    "google": Vendor(
        "google",
        _google,
        "",
        "Northwind",
        (1200, 628),
        dict.fromkeys(("image", "ad"), f"/customers/{google.US_ACCOUNT}/googleAds:mutate"),
        before={"image": 3, "ad": 5},
        has_logo=True,
        long=False,
        edited=f"customers/{google.US_ACCOUNT}/adGroupAds/{{}}",
        on="ENABLED",
    ),
    "snapchat": Vendor(
        "snapchat",
        _snapchat,
        SNAPCHAT_PROFILE,
        "Northwind",
        (1080, 1920),
        {
            "image": "/media/",
            "creative": f"/adaccounts/{snapchat.US_ACCOUNT}/creatives",
            "ad": "/adsquads/",
        },
        keeps_creatives=True,
    ),
}
each_step = pytest.mark.parametrize(
    ("vendor", "step"),
    [(name, step) for name, one in VENDORS.items() for step in one.paths],
    indirect=["vendor"],
)
SHADES = itertools.count(4, 11)
Asked = Callable[..., Awaitable[UUID]]
"""Has a plan with these ads published; no worker has taken it on yet."""


@pytest.fixture(params=sorted(VENDORS))
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return VENDORS[request.param]


@pytest.fixture
async def account(scopes: Scopes, sandbox: Sandbox, platforms: Gateway, vendor: Vendor) -> Any:
    yield await vendor.connect(scopes, sandbox)
    sandbox.repair()


@pytest.fixture
async def asset(acme: Company, vendor: Vendor) -> UUID:
    """Another one each time: a platform knows an image again, under the name that it first had."""
    return await an_asset(acme, *vendor.size, shade=next(SHADES))


@pytest.fixture
async def logo(acme: Company, vendor: Vendor) -> UUID | None:
    return await an_asset(acme, 300, 300, shade=next(SHADES)) if vendor.has_logo else None


@pytest.fixture
def asked(scopes: Scopes, account: UUID, vendor: Vendor, logo: UUID | None) -> Asked:
    async def ask(*ads: dict[str, Any]) -> UUID:
        told = {"brand": vendor.brand, "logo": None if logo is None else str(logo)}
        plan = with_ads(vendor.page, *(_of(vendor, ad) for ad in ads), **told)
        return await asked_to_publish(scopes, account, **plan)

    return ask


def _of(vendor: Vendor, ad: dict[str, Any]) -> dict[str, Any]:
    """Snaps have a headline alone, Demand Gen ads one line of text."""
    if vendor.long:
        return ad if vendor.name == "meta" else ad | {"body": ""}
    return ad | {"body": ad["body"].replace("\n", " ")}


async def standing(scopes: Scopes, account: UUID, draft_id: UUID) -> list[AdState]:
    """The platform's ads that bear a marker of the draft."""
    names = {each.name for each in await log_of(scopes, draft_id)}
    listed = await (await IntegrationsService(scopes).connector(account)).list_ads()
    return sorted((each for each in listed if each.name in names), key=lambda each: each.external_id)


async def again(scopes: Scopes, sandbox: Sandbox, draft_id: UUID) -> DraftStatus:
    """The fault is over, and a person has it published again."""
    sandbox.repair()
    async with scopes() as scope:
        await scope.session.execute(text("update connections set status = 'active'"))
    async with scopes() as scope:
        await Drafts(scope).publish(draft_id, 1, ())
    return await DraftPublishing(scopes).run(draft_id)


def breaks(sandbox: Sandbox, vendor: Vendor, kind: str, step: str, skip: int = 0) -> None:
    fault = {"kind": kind, "vendor": vendor.name, "path": vendor.paths[step], "method": "POST", "count": 1}
    skip += vendor.before.get(step, 0)
    sandbox.control("POST", "faults", json=fault | {"skip": skip})


async def outcomes(scopes: Scopes, draft_id: UUID) -> list[tuple[str, str]]:
    return [(each.part, each.outcome) for each in await log_of(scopes, draft_id)]


async def test_an_ad_stands_paused_with_its_picture_and_words_and_is_in_the_list_after_a_sync(
    scopes: Scopes, account: UUID, vendor: Vendor, *, asset: UUID, logo: UUID | None, asked: Asked
) -> None:
    draft_id = await asked(ad_json(asset), ad_json(asset, name="Boots"))
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    first, second = await standing(scopes, account, draft_id)
    assert {first.status, second.status} == {"paused"}
    assert first.ad_set == second.ad_set
    shown = first.creative
    assert (shown.headline, shown.landing_url, (shown.call_to_action or "").capitalize()) == (
        "Down the ridge, dry",
        "https://northwind.example/trail",
        "Shop now",
    )
    assert shown.media
    assert shown.media == second.creative.media, "one image, uploaded once"
    told = [each for each in await outcomes(scopes, draft_id) if "ads." in each[0] or "images." in each[0]]
    parts = [f"images.{each}" for each in (asset, logo) if each is not None]
    parts += vendor.parts("ad_sets.0.ads.0.creative", "ad_sets.0.ads.0")
    parts += vendor.parts("ad_sets.0.ads.1.creative", "ad_sets.0.ads.1")
    assert told == [(part, step) for part in parts for step in ("started", "created", "verified")]
    await AccountSyncService(scopes).sync(account)
    async with scopes() as scope:
        names = await scope.session.scalars(select(Ad.name).where(Ad.external_id == first.external_id))
        assert list(names) == [first.name]
        used = await scope.session.scalar(
            select(func.count()).select_from(TrustPermit).where(TrustPermit.used_at.is_not(None))
        )
    assert used == 3 + len(parts), "each write has its own permit"


async def test_it_is_under_review_once_it_is_switched_on(
    scopes: Scopes, account: UUID, vendor: Vendor, *, asset: UUID, sandbox: Sandbox, asked: Asked
) -> None:
    """That the review ends is the sandbox's own tests': the clock here is everybody's."""
    draft_id = await asked(ad_json(asset))
    await DraftPublishing(scopes).run(draft_id)
    (ad,) = await standing(scopes, account, draft_id)
    vendor.switch_on(sandbox, ad)
    (ad,) = await standing(scopes, account, draft_id)
    assert (ad.status, ad.review) == ("active", "pending")


async def test_running_twice_makes_everything_once(
    scopes: Scopes, account: UUID, asset: UUID, asked: Asked
) -> None:
    draft_id = await asked(ad_json(asset))
    for _ in range(2):
        assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    assert len(await standing(scopes, account, draft_id)) == 1


@each_step
async def test_a_lost_answer_is_looked_for_and_nothing_is_sent_again(
    scopes: Scopes, account: UUID, vendor: Vendor, *, asset: UUID, sandbox: Sandbox, step: str, asked: Asked
) -> None:
    draft_id = await asked(ad_json(asset))
    breaks(sandbox, vendor, "drop_response", step)
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    assert len(await standing(scopes, account, draft_id)) == 1
    assert [each for each in await outcomes(scopes, draft_id) if each[1] == "found"] == [
        (
            {"image": f"images.{asset}", "creative": "ad_sets.0.ads.0.creative", "ad": "ad_sets.0.ads.0"}[
                step
            ],
            "found",
        )
    ]
    assert await doubles(scopes, account, draft_id) == 0


async def test_an_image_that_the_platform_has_under_another_name_is_sent_again_and_is_the_same(
    scopes: Scopes, account: UUID, vendor: Vendor, *, asset: UUID, sandbox: Sandbox, asked: Asked
) -> None:
    earlier = await asked(ad_json(asset))
    await DraftPublishing(scopes).run(earlier)
    draft_id = await asked(ad_json(asset))
    breaks(sandbox, vendor, "drop_response", "image")
    while await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHING:
        pass
    (first,), (second,) = [await standing(scopes, account, each) for each in (earlier, draft_id)]
    assert first.external_id != second.external_id
    if vendor.name != "snapchat":
        assert first.creative.media == second.creative.media


@pytest.mark.parametrize("vendor", ["snapchat"], indirect=True)
async def test_a_picture_that_was_named_and_not_filled_is_filled_by_the_next_attempt(
    scopes: Scopes, asset: UUID, sandbox: Sandbox, asked: Asked
) -> None:
    """Snapchat's media are two requests: the answer to the first one is lost."""
    draft_id = await asked(ad_json(asset))
    fault = {"kind": "drop_response", "vendor": "snapchat", "method": "POST", "count": 1}
    fault["path"] = f"/adaccounts/{snapchat.US_ACCOUNT}/media"
    sandbox.control("POST", "faults", json=fault)
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHING
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    name = next(each.name for each in await log_of(scopes, draft_id) if each.part.startswith("images."))
    body = sandbox.snapchat("GET", f"adaccounts/{snapchat.US_ACCOUNT}/media", limit="1000").json()
    media = [row["media"] for row in body["media"] if row["media"]["name"] == name]
    assert [each["media_status"] for each in media] == ["READY"]


async def doubles(scopes: Scopes, account: UUID, draft_id: UUID) -> int:
    """How many more creatives and ads stand than parts that were planned."""
    maker = cast("AdMaker", await IntegrationsService(scopes).connector(account))
    parts = {each.part: each.name for each in await log_of(scopes, draft_id)}
    count = 0
    for part, name in parts.items():
        if part.endswith(".creative") and await maker.find_made("creative", name):
            count -= 1
    there = await standing(scopes, account, draft_id)
    if not any(part.endswith(".creative") for part in parts):
        return len(there) - sum(".ads." in part for part in parts)
    return count + len({each.creative.external_id for each in there})


@pytest.mark.parametrize("kept", range(1, 4))
async def test_a_worker_that_died_between_the_steps_doubles_nothing(
    scopes: Scopes, account: UUID, asset: UUID, kept: int, asked: Asked
) -> None:
    """It wrote down that so many of the ad's requests were about to leave, and not what became of the last."""
    draft_id = await asked(ad_json(asset))
    await DraftPublishing(scopes).run(draft_id)
    made = (await standing(scopes, account, draft_id))[0]
    async with scopes() as scope:
        draft = await Drafts(scope).locked(draft_id)
        draft.status = DraftStatus.PUBLISHING
        steps = [each for each in await Drafts(scope).steps(draft_id) if "." in each.part]
        own = [each for each in steps if each.part.startswith(("images", "ad_sets.0.ads"))]
        for each in own[3 * (kept - 1) + 1 :]:
            if each.outcome != "started":
                await scope.session.delete(each)
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.PUBLISHED
    (ad,) = await standing(scopes, account, draft_id)
    assert ad == made
    assert await doubles(scopes, account, draft_id) == 0


@each_step
async def test_what_is_refused_is_taken_away_again_but_for_the_images_and_made_anew_later(
    scopes: Scopes,
    account: UUID,
    vendor: Vendor,
    *,
    asset: UUID,
    logo: UUID | None,
    sandbox: Sandbox,
    step: str,
    asked: Asked,
) -> None:
    draft_id = await asked(ad_json(asset), ad_json(asset, name="Boots"))
    skip = 0 if step == "image" else 1
    breaks(sandbox, vendor, "token_revoked", step, skip=skip)
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.FAILED
    assert str((await read_draft(scopes, draft_id)).error_code).startswith(f"{vendor.name}.")
    sandbox.repair()
    async with scopes() as scope:
        await scope.session.execute(text("update connections set status = 'active'"))
    assert await standing(scopes, account, draft_id) == []
    told = await outcomes(scopes, draft_id)
    removed = [part for part, outcome in told if outcome == "removed"]
    made = {
        "image": [],
        "creative": ["ad_sets.0.ads.0", "ad_sets.0.ads.0.creative"],
        "ad": vendor.parts("ad_sets.0.ads.1.creative", "ad_sets.0.ads.0", "ad_sets.0.ads.0.creative"),
    }[step]
    stay = [part for part in made if vendor.keeps_creatives and part.endswith(".creative")]
    assert removed == [part for part in made if part not in stay]
    left = {part for part, outcome in told if outcome == "left_paused"}
    images = [] if step == "image" else [f"images.{each}" for each in (asset, logo) if each is not None]
    assert left == {"campaign", "ad_sets.0", "ad_sets.1", *images, *stay}
    assert await again(scopes, sandbox, draft_id) is DraftStatus.PUBLISHED
    assert len(await standing(scopes, account, draft_id)) == 2
    assert await doubles(scopes, account, draft_id) == 0


async def test_what_a_person_has_switched_on_is_not_taken_away(
    scopes: Scopes, account: UUID, vendor: Vendor, *, asset: UUID, sandbox: Sandbox, asked: Asked
) -> None:
    draft_id = await asked(ad_json(asset))
    await DraftPublishing(scopes).run(draft_id)
    (ad,) = await standing(scopes, account, draft_id)
    vendor.switch_on(sandbox, ad)
    async with scopes() as scope:
        (await Drafts(scope).locked(draft_id)).status = DraftStatus.PUBLISHING
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.FAILED
    assert (await read_draft(scopes, draft_id)).error_code == "campaigns.drafts.read_back_mismatch"
    assert len(await standing(scopes, account, draft_id)) == 1
    told = await outcomes(scopes, draft_id)
    assert not [each for each in told if each[1] == "removed"]
    if vendor.has_creatives:
        assert told.count(("ad_sets.0.ads.0.creative", "started")) == 1, (
            "its creative is not asked for either"
        )


async def test_the_kill_switch_stops_ads_and_their_removal(
    scopes: Scopes, vendor: Vendor, asset: UUID, asked: Asked
) -> None:
    draft_id = await asked(ad_json(asset))
    await DraftPublishing(scopes).run(draft_id)
    async with scopes() as scope:
        draft = await Drafts(scope).locked(draft_id)
        draft.status = DraftStatus.PUBLISHING
        for each in await Drafts(scope).steps(draft_id):
            if each.part == "ad_sets.0.ads.0":
                await scope.session.delete(each)
        await KillSwitch(scope).set(engaged=True, reason="Stop.")
    assert await DraftPublishing(scopes).run(draft_id) is DraftStatus.FAILED
    told = await outcomes(scopes, draft_id)
    assert ("ad_sets.0.ads.0", "refused") in told
    below = "ad_sets.0.ads.0.creative" if vendor.has_creatives else f"images.{asset}"
    assert (below, "left_paused") in told
    assert not [each for each in told if each[1] == "removed"]
