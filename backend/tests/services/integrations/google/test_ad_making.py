"""Ads at Google: images as assets, a Demand Gen ad of them, and its removal, each by one permit."""

import hashlib
from typing import Any, cast

import pytest
from sqlalchemy import select

from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.services.integrations.campaigns.ports import AdMaker
from app.services.integrations.google.ad_creation import place_of
from app.services.integrations.ports import AdPlatform, PlatformError, PlatformErrorKind
from app.services.trust_engine.gate.permits import Change
from tests.factories.assets import jpeg
from tests.factories.google import BRAND, US_ACCOUNT
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.google.test_client import change_of
from tests.services.integrations.google.test_creation import create, group, named


def picture(content: bytes, size: tuple[int, int], **facts: Any) -> dict[str, Any]:
    return {
        "status": "paused",
        "name": f"{uuid7().hex}.jpg",
        "sha256": hashlib.sha256(content).hexdigest(),
        "format": "jpeg",
        "width": size[0],
        "height": size[1],
    } | facts


def advert(ad_set: str, image: str, logo: str, **facts: Any) -> dict[str, Any]:
    return {
        "status": "paused",
        "name": f"Ridge [{uuid7().hex}]",
        "ad_set": ad_set,
        "image": image,
        "logo": logo,
        "width": 1200,
        "height": 628,
        "page": "",
        "brand": "Northwind",
        "headline": "Down the ridge, dry",
        "body": "Light shoes for wet trails.",
        "call_to_action": "shop_now",
        "landing_url": "https://northwind.example/trail",
    } | facts


def new(operation: str, entity_type: Any, after: dict[str, Any]) -> Change:
    return change_of(operation, after, entity="marker", entity_type=entity_type, account=US_ACCOUNT)


async def upload(platform: AdPlatform, desk: Desk, content: bytes, size: tuple[int, int] = (1, 1)) -> str:
    change = new("upload_image", "image", picture(content, size))
    made = await cast("AdMaker", platform).upload_image(change, desk.mint(change), content)
    return made.external_id


async def make_ad(platform: AdPlatform, desk: Desk, after: dict[str, Any]) -> str:
    change = new("create_ad", "ad", after)
    return (await cast("AdMaker", platform).create_ad(change, desk.mint(change))).external_id


async def stands(platform: AdPlatform, desk: Desk, **facts: Any) -> tuple[dict[str, Any], str]:
    """An ad of its own in an ad group of its own: what was asked for, and its id."""
    group_id = await create(platform, desk, group(await create(platform, desk, named())))
    image, logo = (
        await upload(platform, desk, jpeg(1200, 628, 321)),
        await upload(platform, desk, jpeg(300, 300, 321)),
    )
    asked = advert(group_id, image, logo, **facts)
    return asked, await make_ad(platform, desk, asked)


async def test_an_ad_stands_as_it_was_asked_for_and_the_log_keeps_no_picture(
    dollars: AdPlatform, desk: Desk, stock: Sandbox, scopes: Scopes
) -> None:
    maker = cast("AdMaker", dollars)
    asked, made = await stands(dollars, desk)
    found = await maker.read_made("ad", made)
    assert (found.status, found.name) == ("paused", asked["name"])
    assert found.facts == {name: asked[name] for name in found.facts}
    assert {"image", "logo", "headline", "body", "brand", "call_to_action", "landing_url"} <= set(found.facts)
    again = await maker.find_made("ad", asked["name"], asked["ad_set"])
    assert again == found == await maker.find_made("ad", asked["name"])
    image = await maker.read_made("image", asked["image"])
    assert image.facts == {"width": 1200, "height": 628}
    assert await maker.find_made("image", image.name) == image
    async with scopes() as scope:
        logged = list(await scope.session.scalars(select(PlatformCall).where(PlatformCall.mutating)))
    assert all(len(str(each.asked)) < 2_000 for each in logged)
    assert any("assetOperation" in str(each.asked) for each in logged)


@pytest.mark.parametrize(
    ("size", "place"),
    [
        ((1200, 628), "marketingImages"),
        ((600, 600), "squareMarketingImages"),
        ((607, 318), "marketingImages"),
    ],
)
def test_a_picture_goes_where_its_ratio_belongs(size: tuple[int, int], place: str) -> None:
    assert place_of(*size) == place


@pytest.mark.parametrize(
    "facts",
    [
        {"width": 480, "height": 600},
        {"width": 0, "height": 0},
        {"call_to_action": "order_now"},
        {"status": "active"},
        {"image": "1/../2"},
        {"logo": None},
        {"ad_set": "1 OR 1=1"},
    ],
)
async def test_what_google_has_no_word_for_spends_no_permit(
    dollars: AdPlatform, desk: Desk, stock: Sandbox, facts: dict[str, Any]
) -> None:
    change = new("create_ad", "ad", advert("314000060001", "8140000001", "8140000002") | facts)
    with pytest.raises(PlatformError) as caught:
        await cast("AdMaker", dollars).create_ad(change, desk.mint(change))
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.INVALID, "google.not_creatable")
    assert desk.used == []


async def test_another_file_than_the_permits_is_not_sent(
    dollars: AdPlatform, desk: Desk, stock: Sandbox
) -> None:
    change = new("upload_image", "image", picture(jpeg(), (1200, 628)))
    with pytest.raises(PlatformError, match="other_file"):
        await cast("AdMaker", dollars).upload_image(change, desk.mint(change), jpeg(shade=322))
    assert desk.used == []


async def test_an_ad_is_made_in_the_accounts_own_ad_groups_alone(
    dollars: AdPlatform, desk: Desk, stock: Sandbox
) -> None:
    """An ad group of the other account, and a campaign of this one."""
    for ad_set in ("314001010001", BRAND):
        change = new("create_ad", "ad", advert(ad_set, "8140000001", "8140000002"))
        with pytest.raises(PlatformError, match="other_account"):
            await cast("AdMaker", dollars).create_ad(change, desk.mint(change))
    assert desk.used == []


def removal(ad: str, **facts: Any) -> Change:
    told = {"before": {"status": "paused"}, "after": {"status": "deleted"}} | facts
    return Change(
        platform="google",
        account=US_ACCOUNT,
        entity_type="ad",
        entity=ad,
        operation="remove_ad",
        before=told["before"],
        after=told["after"],
    )


async def test_a_paused_ad_is_removed_and_its_images_stay(
    dollars: AdPlatform, desk: Desk, stock: Sandbox
) -> None:
    maker = cast("AdMaker", dollars)
    asked, made = await stands(dollars, desk)
    change = removal(made)
    await maker.remove_ad(change, desk.mint(change))
    assert (await maker.read_made("ad", made)).is_gone
    assert await maker.find_made("ad", asked["name"]) is None
    assert not (await maker.read_made("image", asked["image"])).is_gone
    again = removal(made)
    with pytest.raises(PlatformError, match="not_paused"):
        await maker.remove_ad(again, desk.mint(again))


@pytest.mark.parametrize("ad", ["1", "1~2~3", "1~2' OR", "~", "a~b"])
async def test_an_ads_id_is_no_way_to_another_query(
    dollars: AdPlatform, desk: Desk, stock: Sandbox, ad: str
) -> None:
    change = removal(ad)
    with pytest.raises(PlatformError, match="not_an_id"):
        await cast("AdMaker", dollars).remove_ad(change, desk.mint(change))
    with pytest.raises(PlatformError, match="not_an_id"):
        await cast("AdMaker", dollars).read_made("ad", ad)
    with pytest.raises(PlatformError, match="not_a_name"):
        await cast("AdMaker", dollars).find_made("image", f"x' OR asset.id = {ad}")
    assert desk.used == []


async def test_only_what_leads_from_paused_to_gone_is_a_removal(
    dollars: AdPlatform, desk: Desk, stock: Sandbox
) -> None:
    change = removal("314000010001~314000010009", before={"status": "active"})
    with pytest.raises(PlatformError, match="other_change"):
        await cast("AdMaker", dollars).remove_ad(change, desk.mint(change))
    assert desk.used == []
