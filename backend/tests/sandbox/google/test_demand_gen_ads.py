"""Images and Demand Gen ads at Google: known by their content, held to what the reference demands, and looked at."""

import base64
from typing import Any
from uuid import uuid4

import pytest

from tests.factories.assets import file_of, jpeg, picture
from tests.sandbox.google.conftest import US, Api, code_of, select
from tests.sandbox.google.test_new_campaigns import GROUP, ad_group, new_campaign
from tests.sandbox_process import Sandbox, running_sandbox

Json = dict[str, Any]
PICTURE, SQUARE, LOGO = (f"customers/{US}/assets/{number}" for number in (-11, -12, -13))
AD = "ad_group_ad.ad.demand_gen_multi_asset_ad"


def image(
    width: int = 1200, height: int = 628, *, name: str | None = None, shade: int = 90, **facts: Any
) -> Json:
    content = base64.b64encode(jpeg(width, height, shade)).decode()
    made = {"name": name or uuid4().hex, "type": "IMAGE", "imageAsset": {"data": content}}
    return {"assetOperation": {"create": made | facts}}


def of_asset(api: Api, name: str) -> Json:
    fields = "asset.id, asset.name, asset.type, asset.image_asset.full_size.width_pixels, asset.image_asset.mime_type"
    (row,) = api.rows(select(fields, "asset", f"asset.resource_name = '{name}'"))
    found: Json = row["asset"]
    return found


def test_an_image_is_known_by_its_content_and_keeps_the_name_that_it_first_had(api: Api) -> None:
    name = f"ridge {uuid4().hex}"
    first, second, other = (
        api.mutate("googleAds", each).json()["mutateOperationResponses"][0]["assetResult"]["resourceName"]
        for each in (
            image(name=name, shade=301),
            image(name="another name", shade=301),
            image(name=name, shade=302),
        )
    )
    assert first == second != other
    held = of_asset(api, first)
    assert (held["name"], held["type"]) == (name, "IMAGE")
    assert held["imageAsset"] == {"fullSize": {"widthPixels": "1200"}, "mimeType": "IMAGE_JPEG"}
    assert of_asset(api, other)["name"].startswith(f"{name} "), "a name of another image is told apart"


@pytest.mark.parametrize(
    ("asset", "expected"),
    [
        (image(name=" "), "assetError.NAME_REQUIRED_FOR_ASSET_TYPE"),
        (image(imageAsset={}), "assetError.ASSET_DATA_IS_MISSING"),
        (image(imageAsset={"data": "bm9uc2Vuc2U="}), "imageError.INVALID_IMAGE"),
        (image(imageAsset={"data": "!"}), "imageError.INVALID_IMAGE"),
        (
            image(imageAsset={"data": base64.b64encode(file_of(picture(60, 60), "webp")).decode()}),
            "imageError.FORMAT_NOT_ALLOWED",
        ),
    ],
)
def test_an_image_that_google_would_refuse(api: Api, asset: Json, expected: str) -> None:
    status, group, code = code_of(api.mutate("googleAds", asset))
    assert (status, f"{group}.{code}") == (400, expected)


def test_an_image_is_neither_changed_nor_removed(api: Api) -> None:
    name = f"customers/{US}/assets/8140000001"
    assert code_of(api.mutate("assets", {"remove": name}))[1:] == ("mutateError", "MUTATE_NOT_ALLOWED")
    update = {"update": {"resourceName": name, "name": "Other"}, "updateMask": "name"}
    assert code_of(api.mutate("assets", update))[1:] == ("requestError", "IMMUTABLE_FIELD")


def whole(info: Json | None = None, ad: Json | None = None, **campaign: Any) -> list[Json]:
    """Campaign, ad group, images and ad in one request, and what differs in the ad; None leaves a field out."""
    shown: dict[str, Any] = {
        "marketingImages": [{"asset": PICTURE}],
        "logoImages": [{"asset": LOGO}],
        "headlines": [{"text": "Down the ridge, dry"}],
        "descriptions": [{"text": "Light shoes for wet trails."}],
        "businessName": "Northwind",
        "callToActionText": "Shop Now",
    } | (info or {})
    told = {
        "name": f"Ad {uuid4().hex}",
        "finalUrls": ["https://northwind.example/trail"],
        "demandGenMultiAssetAd": {name: value for name, value in shown.items() if value is not None},
    } | (ad or {})
    return new_campaign(
        None,
        campaign or None,
        ad_group(),
        image(resourceName=PICTURE, shade=303),
        image(300, 300, resourceName=LOGO, shade=303),
        {"adGroupAdOperation": {"create": {"adGroup": GROUP, "status": "PAUSED", "ad": told}}},
    )


def names_of(answer: Json) -> list[str]:
    return [next(iter(one.values()))["resourceName"] for one in answer["mutateOperationResponses"]]


def test_an_ad_comes_to_stand_with_its_assets_and_is_looked_at_first(api: Api) -> None:
    answer = api.mutate("googleAds", *whole())
    assert answer.status_code == 200, answer.text
    *_, picture_name, logo, ad = names_of(answer.json())
    fields = (
        f"{AD}.marketing_images, {AD}.logo_images, {AD}.headlines, {AD}.business_name, {AD}.call_to_action_text, "
        "ad_group_ad.ad.type, ad_group_ad.status, ad_group_ad.policy_summary.review_status"
    )
    (row,) = api.rows(select(fields, "ad_group_ad", f"ad_group_ad.resource_name = '{ad}'"))
    found = row["adGroupAd"]
    assert (found["status"], found["ad"]["type"]) == ("PAUSED", "DEMAND_GEN_MULTI_ASSET_AD")
    assert found["policySummary"] == {"reviewStatus": "REVIEW_IN_PROGRESS"}
    assert found["ad"]["demandGenMultiAssetAd"] == {
        "marketingImages": [{"asset": picture_name}],
        "logoImages": [{"asset": logo}],
        "headlines": [{"text": "Down the ridge, dry"}],
        "businessName": "Northwind",
        "callToActionText": "Shop Now",
    }
    assert api.mutate("adGroupAds", {"remove": ad}).json() == {"results": [{"resourceName": ad}]}
    (row,) = api.rows(select("ad_group_ad.status", "ad_group_ad", f"ad_group_ad.resource_name = '{ad}'"))
    assert row["adGroupAd"]["status"] == "REMOVED"


TOO_WIDE, TOO_MANY = [{"text": "靴" * 16}], [{"text": "Dry"}] * 6
REFUSED: list[tuple[list[Json], str]] = [
    (whole({"marketingImages": None}), "adError.MISSING_IMAGE"),
    (whole({"marketingImages": [{"asset": LOGO}]}), "imageError.ASPECT_RATIO_NOT_ALLOWED"),
    (whole({"squareMarketingImages": [{"asset": PICTURE}]}), "imageError.ASPECT_RATIO_NOT_ALLOWED"),
    (whole({"marketingImages": [{"asset": f"customers/{US}/assets/7"}]}), "mutateError.RESOURCE_NOT_FOUND"),
    (whole({"marketingImages": [{"asset": "7"}]}), "requestError.RESOURCE_NAME_MALFORMED"),
    (whole({"marketingImages": [{"asset": PICTURE}] * 21}), "collectionSizeError.TOO_MANY"),
    (whole({"logoImages": None}), "collectionSizeError.TOO_FEW"),
    (whole({"headlines": None}), "collectionSizeError.TOO_FEW"),
    (whole({"headlines": TOO_MANY}), "collectionSizeError.TOO_MANY"),
    (whole({"headlines": TOO_WIDE}), "stringLengthError.TOO_LONG"),
    (whole({"headlines": [{"text": " "}]}), "stringLengthError.EMPTY"),
    (whole({"descriptions": [{"text": "d" * 91}]}), "stringLengthError.TOO_LONG"),
    (whole({"businessName": None}), "adError.MISSING_BUSINESS_NAME"),
    (whole({"businessName": "b" * 26}), "stringLengthError.TOO_LONG"),
    (whole({"callToActionText": "Come in"}), "adError.INVALID_CALL_TO_ACTION_TEXT"),
    (whole(ad={"finalUrls": []}), "fieldError.REQUIRED"),
    (whole(ad={"finalUrls": ["northwind.example"]}), "urlFieldError.INVALID_FINAL_URL"),
    (whole(ad={"name": "n" * 256}), "stringLengthError.TOO_LONG"),
    (whole(advertisingChannelType="SEARCH"), "adError.INVALID_AD_TYPE"),
]


@pytest.mark.parametrize(("operations", "expected"), REFUSED, ids=[code for _, code in REFUSED])
def test_an_ad_that_google_would_refuse_leaves_nothing(
    api: Api, operations: list[Json], expected: str
) -> None:
    count = len(api.rows("SELECT ad_group.id FROM ad_group"))
    status, group, code = code_of(api.mutate("googleAds", *operations))
    assert (status, f"{group}.{code}") == (400, expected)
    assert len(api.rows("SELECT ad_group.id FROM ad_group")) == count


def test_too_small_a_picture_is_refused(api: Api) -> None:
    operations = whole({"marketingImages": [{"asset": SQUARE}]})
    small = image(573, 300, resourceName=SQUARE, shade=304)
    answer = api.mutate("googleAds", *operations[:-1], small, operations[-1])
    assert code_of(answer)[1:] == ("imageError", "IMAGE_TOO_SMALL")


@pytest.mark.parametrize(
    "ad",
    [
        {"expandedTextAd": {}},
        {"demandGenMultiAssetAd": 5},
        {"demandGenMultiAssetAd": {"classicDisplayImages": []}},
        {"demandGenMultiAssetAd": {"headlines": ["Dry"]}},
        {"demandGenMultiAssetAd": {"logoImages": "x"}},
        {"demandGenMultiAssetAd": {"businessName": 5}},
        {"demandGenMultiAssetAd": {}, "finalUrls": "https://northwind.example"},
    ],
)
def test_garbage_in_an_ad_is_refused_and_breaks_nothing(api: Api, ad: Json) -> None:
    group = f"customers/{US}/adGroups/314000060001"
    answer = api.mutate("adGroupAds", {"create": {"adGroup": group, "ad": ad}})
    assert code_of(answer)[:2] == (400, "requestError"), answer.text


def test_an_ad_delivers_from_the_end_of_its_review_on_and_after_a_restart_too(tmp_path: Any) -> None:
    arguments = (
        "--seed",
        "7",
        "--start",
        "2026-03-02T15:00:00+00:00",
        "--history",
        "2",
        "--data",
        str(tmp_path),
    )
    with running_sandbox(*arguments) as first:
        mine = own_api(first)
        made = names_of(mine.mutate("googleAds", *whole(status="ENABLED")).json())
        campaign, ad = made[1], made[-1]
        for service, name in (("adGroupAds", ad), ("campaigns", campaign)):
            update = {"update": {"resourceName": name, "status": "ENABLED"}, "updateMask": "status"}
            assert mine.mutate(service, update).status_code == 200
        assert standing(mine, ad) == ("PENDING", "REVIEW_IN_PROGRESS")
        assert spent(first, mine, campaign, hours=0.9) == 0
    with running_sandbox(*arguments) as second:
        mine = own_api(second)
        assert spent(second, mine, campaign, hours=3) > 0
        assert standing(mine, ad) == ("ELIGIBLE", "REVIEWED")


def own_api(sandbox: Sandbox) -> Api:
    return Api(f"{sandbox.url}/google", sandbox.vendor("google")["access_token"], "", "", "")


def standing(api: Api, ad: str) -> tuple[str, str]:
    fields = "ad_group_ad.primary_status, ad_group_ad.policy_summary.review_status"
    (row,) = api.rows(select(fields, "ad_group_ad", f"ad_group_ad.resource_name = '{ad}'"))
    return row["adGroupAd"]["primaryStatus"], row["adGroupAd"]["policySummary"]["reviewStatus"]


def spent(sandbox: Sandbox, api: Api, campaign: str, *, hours: float) -> int:
    sandbox.advance(hours)
    number = campaign.rpartition("/")[2]
    days = "segments.date BETWEEN '2026-03-01' AND '2026-03-05'"
    rows = api.rows(select("campaign.id, metrics.cost_micros", "campaign", f"campaign.id = {number}", days))
    return sum(int(row["metrics"].get("costMicros", 0)) for row in rows)
