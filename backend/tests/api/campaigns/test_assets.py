"""The library of images as people meet it: taken or refused in words, the company's alone, kept for its drafts."""

import asyncio
import hashlib
import io
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response
from PIL import Image
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.campaigns.kinds import DraftStatus
from app.services.campaigns.assets import decoding
from app.services.campaigns.drafts.service import Drafts
from tests.factories.access import Company
from tests.factories.assets import ASSETS, an_asset, animated, hostile, jpeg, png, upload_asset
from tests.factories.drafts import plan_json
from tests.factories.integrations import connect
from tests.factories.trust import make_account
from tests.sandbox_process import Sandbox

DRAFTS = "/api/v1/campaigns/drafts"
HOSTILE = dict(hostile())


async def sent(company: Company, content: bytes, name: str = "a", **headers: str) -> Response:
    return await company.client(Role.ANALYST).post(
        ASSETS, params={"name": name}, content=content, headers=headers
    )


async def test_an_image_is_kept_judged_and_served_as_it_was_written(acme: Company) -> None:
    made = await upload_asset(acme, jpeg(1080, 1080), "autumn.jpg")
    assert (made["is_new"], made["name"], made["format"], made["width"]) == (True, "autumn.jpg", "jpeg", 1080)
    assert made["fits"] == [
        *("meta.feed", "google.square", "google.logo", "google.demand_gen_square", "google.demand_gen_logo"),
        "tiktok.square",
    ]
    assert made["draft_platforms"] == ["meta", "google", "tiktok"]
    verdicts = {each["key"]: each for each in made["placements"]}
    assert verdicts["meta.feed"]["fits"]
    assert verdicts["meta.story"]["problems"] == [
        {"code": "ratio", "message": "Crop it to 9:16: it is 1080 x 1080 (1.00:1)."}
    ]
    served = await acme.client(Role.VIEWER).get(f"{ASSETS}/{made['id']}/file")
    assert served.headers["content-type"] == "image/jpeg"
    assert hashlib.sha256(served.content).hexdigest() == made["sha256"]
    assert (len(served.content), Image.open(io.BytesIO(served.content)).size) == (
        made["size_bytes"],
        (1080, 1080),
    )


async def test_an_image_is_served_so_that_nothing_in_it_runs(acme: Company) -> None:
    asset = await an_asset(acme)
    for kind in ("file", "thumbnail"):
        served = await acme.client().get(f"{ASSETS}/{asset}/{kind}", headers={"Accept-Encoding": "gzip"})
        assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert served.headers["x-content-type-options"] == "nosniff"
        assert served.headers["cache-control"].startswith("private")
        assert "content-encoding" not in served.headers
        assert served.headers["content-length"] == str(len(served.content))


async def test_who_has_an_image_is_not_sent_it_again(acme: Company) -> None:
    url = f"{ASSETS}/{await an_asset(acme)}/thumbnail"
    tag = (await acme.client().get(url)).headers["etag"]
    for seen in (tag, f'"other", W/{tag}', "*"):
        again = await acme.client().get(url, headers={"If-None-Match": seen})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await acme.client().get(url, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_the_same_image_twice_is_one(acme: Company, globex: Company) -> None:
    first = await sent(acme, jpeg(300, 300))
    again = await sent(acme, jpeg(300, 300), "another name")
    stripped = await sent(acme, jpeg(300, 300, comment=b"another file, the same picture"))
    stored = (await acme.client().get(f"{ASSETS}/{first.json()['id']}/file")).content
    back = await sent(acme, stored)
    assert first.status_code == 201
    assert [(each.status_code, each.json()["id"]) for each in (again, stripped, back)] == [
        (200, first.json()["id"])
    ] * 3
    assert (await sent(globex, jpeg(300, 300))).status_code == 201


async def test_the_same_image_sent_at_once_is_one(acme: Company) -> None:
    answers = await asyncio.gather(*(sent(acme, jpeg(310, 310)) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [200, 200, 200, 201]
    assert len({each.json()["id"] for each in answers}) == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("half a WebP", "truncated"),
        ("a JPEG and an archive", "trailing_data"),
        ("a bomb of one bit", "too_many_pixels"),
        ("an MP4", "video"),
        ("a PNG with a text that unpacks to gigabytes", "damaged"),
    ],
)
async def test_a_hostile_file_is_refused_in_words(acme: Company, name: str, code: str) -> None:
    answer = await sent(acme, HOSTILE[name])
    assert (answer.status_code, answer.json()["code"]) == (422, "campaigns.assets.refused")
    assert [(each["field"], each["code"]) for each in answer.json()["fields"]] == [("file", code)]
    assert answer.json()["error"] == answer.json()["fields"][0]["message"]


@pytest.mark.long
@pytest.mark.parametrize("name", HOSTILE)
async def test_no_hostile_file_takes_anything_down(acme: Company, name: str) -> None:
    assert (await sent(acme, HOSTILE[name])).status_code == 422
    assert (await sent(acme, png())).is_success


async def test_a_file_that_is_named_as_another_kind_is_refused(acme: Company) -> None:
    named = await sent(acme, png(), "a.jpg")
    typed = await sent(acme, png(), "a", **{"Content-Type": "image/gif"})
    assert [each.json()["fields"][0]["code"] for each in (named, typed)] == [
        "wrong_extension",
        "wrong_content_type",
    ]


async def test_a_file_over_the_bound_is_refused_before_it_is_read(acme: Company) -> None:
    answer = await sent(acme, jpeg() + b"\x00" * 10 * 1_048_576)
    assert (answer.status_code, answer.json()["code"]) == (413, "campaigns.assets.too_large")
    assert "10 MB" in answer.json()["error"]


async def test_a_decoder_that_takes_too_long_is_ended_and_says_so(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "SECONDS", 0.0)
    answer = await sent(acme, jpeg(320, 320, shade=7))
    assert (answer.status_code, answer.json()["fields"][0]["code"]) == (422, "too_slow")


async def test_a_decoder_that_dies_takes_nobody_along(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a fault in a decoder's C would end it."""
    with monkeypatch.context() as broken:
        broken.setattr(decoding, "_CODE", "import os; os.abort()")
        answer = await sent(acme, jpeg(330, 330, shade=8))
    assert (answer.status_code, answer.json()["fields"][0]["code"]) == (422, "damaged")
    assert (await sent(acme, jpeg(330, 330, shade=8))).status_code == 201


async def test_more_images_than_can_wait_are_asked_to_come_back(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MOST_WAITING", 0)
    answer = await sent(acme, jpeg(340, 340, shade=9))
    assert (answer.status_code, answer.json()["code"]) == (429, "campaigns.assets.busy")
    assert answer.headers["retry-after"] == "5"


async def test_a_file_that_is_known_is_not_decoded_again(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await upload_asset(acme, jpeg(345, 345))
    monkeypatch.setattr(decoding, "MOST_WAITING", 0)
    again = await sent(acme, jpeg(345, 345))
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


async def test_a_full_library_takes_no_more(acme: Company) -> None:
    asset = await an_asset(acme, 350, 350)
    async with acme.scopes() as scope:
        await scope.session.execute(
            text("UPDATE campaign_assets SET size_bytes = :much WHERE id = :id"),
            {"much": 2_000 * 1_048_576, "id": asset},
        )
    answer = await sent(acme, jpeg(351, 351))
    assert (answer.status_code, answer.json()["code"]) == (409, "campaigns.assets.library_full")


async def test_images_are_found_by_name_and_tag_newest_first(acme: Company) -> None:
    client = acme.client(Role.ANALYST)
    first = (await upload_asset(acme, jpeg(201, 201), "Runner.jpg"))["id"]
    second = (await upload_asset(acme, jpeg(202, 202), "hiker.jpg"))["id"]
    tagged = await client.patch(f"{ASSETS}/{first}", json={"tags": ["spring", " spring ", "50%"]})
    assert tagged.json()["tags"] == ["spring", "50%"]

    async def ids(**asked: str) -> list[str]:
        return [each["id"] for each in (await client.get(ASSETS, params=asked)).json()["items"]]

    assert await ids() == [second, first]
    assert await ids(q="RUN") == [first]
    assert await ids(tag="spring") == [first]
    assert await ids(tag="spr") == []
    page = (await client.get(ASSETS, params={"limit": 1})).json()
    assert await ids(limit="1", cursor=page["next_cursor"]) == [first]


async def test_what_is_done_with_an_image_is_in_the_audit_log(acme: Company) -> None:
    asset = await an_asset(acme, 360, 360)
    client = acme.client(Role.ANALYST)
    await client.patch(f"{ASSETS}/{asset}", json={"name": "Autumn"})
    assert (await client.delete(f"{ASSETS}/{asset}")).status_code == 204
    assert (await client.get(f"{ASSETS}/{asset}/file")).status_code == 404
    log = await acme.client().get("/api/v1/audit-logs", params={"entity_id": str(asset)})
    assert [(each["action"], each["actor_label"]) for each in log.json()["items"]] == [
        (f"campaigns.assets.{verb}", acme.person(Role.ANALYST).email)
        for verb in ("deleted", "changed", "uploaded")
    ]


async def test_a_viewer_looks_and_does_no_more(acme: Company) -> None:
    asset = await an_asset(acme, 370, 370)
    viewer = acme.client(Role.VIEWER)
    refused = [
        await viewer.post(ASSETS, params={"name": "a"}, content=png()),
        await viewer.patch(f"{ASSETS}/{asset}", json={"name": "Mine"}),
        await viewer.delete(f"{ASSETS}/{asset}"),
    ]
    assert [each.status_code for each in refused] == [403] * 3
    assert (await viewer.get(f"{ASSETS}/{asset}")).status_code == 200


async def test_every_placement_tells_what_it_takes_and_where_that_is_published(acme: Company) -> None:
    told = {each["key"]: each for each in (await acme.client().get(f"{ASSETS}/placements")).json()}
    assert (told["meta.story"]["ratio"], told["meta.story"]["least_width"]) == ("9:16", 500)
    assert {each["platform"] for each in told.values()} == {"meta", "google", "tiktok", "snapchat"}


async def draft_of(company: Company, account: UUID, **plan: Any) -> Response:
    body = {"ad_account_id": str(account), "plan": plan_json(**plan)}
    return await company.client(Role.ANALYST).post(DRAFTS, json=body)


async def test_an_image_that_a_draft_names_is_kept_until_it_names_it_no_more(acme: Company) -> None:
    account = (await make_account(acme.scopes)).id
    asset = await an_asset(acme, 1080, 1080)
    draft = (await draft_of(acme, account, assets=[str(asset)])).json()
    client = acme.client(Role.ANALYST)
    refused = await client.delete(f"{ASSETS}/{asset}")
    assert (refused.status_code, refused.json()["code"]) == (409, "campaigns.assets.in_use")
    assert "Spring trail sale" in refused.json()["error"]
    assert (await client.get(f"{ASSETS}/{asset}")).json()["drafts"] == 1
    edited = await client.put(f"{DRAFTS}/{draft['id']}", json={"version": 1, "plan": plan_json()})
    assert edited.json()["version"] == 2
    assert (await client.delete(f"{ASSETS}/{asset}")).status_code == 204


async def test_an_image_of_a_published_draft_may_go(acme: Company) -> None:
    account = (await make_account(acme.scopes)).id
    asset = await an_asset(acme, 1080, 1080)
    draft = (await draft_of(acme, account, assets=[str(asset)])).json()
    async with acme.scopes() as scope:
        (await Drafts(scope).locked(UUID(draft["id"]))).status = DraftStatus.PUBLISHED
    assert (await acme.client().delete(f"{ASSETS}/{asset}")).status_code == 204
    assert (await acme.client().get(f"{DRAFTS}/{draft['id']}")).json()["plan"]["assets"] == [str(asset)]


async def test_a_plan_from_before_there_were_images_is_not_changed_by_saving_it_as_it_is(
    acme: Company,
) -> None:
    account = (await make_account(acme.scopes)).id
    draft = (await draft_of(acme, account)).json()
    async with acme.scopes() as scope:
        stored = await Drafts(scope).locked(UUID(draft["id"]))
        stored.plan = {name: value for name, value in stored.plan.items() if name != "assets"}
    saved = await acme.client().put(f"{DRAFTS}/{draft['id']}", json={"version": 1, "plan": plan_json()})
    assert saved.json()["version"] == 1


async def test_a_plan_names_images_of_its_own_company_alone(acme: Company, globex: Company) -> None:
    """A neighbour's is answered as one that never was."""
    account = (await make_account(acme.scopes)).id
    mine, theirs = await an_asset(acme), await an_asset(globex)
    parts = [{"name": "Runners", "countries": ["US"], "assets": [str(mine), None]}]
    said = []
    for other in (theirs, uuid7()):
        parts[0]["assets"] = [str(mine), str(other)]
        answer = await draft_of(acme, account, ad_sets=parts)
        said.append((answer.status_code, answer.json()["code"], answer.json()["fields"]))
    assert said[0] == said[1]
    assert said[0][:2] == (404, "campaigns.drafts.images_not_found")
    assert [each["field"] for each in said[0][2]] == ["body.plan.ad_sets.0.assets.1"]


@pytest.fixture
async def account(scopes: Scopes, sandbox: Sandbox) -> UUID:
    return (await connect(scopes, sandbox)).dollars


async def test_an_image_that_fits_no_placement_stands_in_the_way_with_its_field(
    acme: Company, account: UUID
) -> None:
    fit, tiny = await an_asset(acme, 1080, 1080), await an_asset(acme, 400, 400)
    moving = UUID((await upload_asset(acme, animated(), "moving.gif"))["id"])
    draft = await draft_of(
        acme,
        account,
        assets=[str(fit), str(tiny)],
        ad_sets=[{"name": "Runners", "countries": ["US"], "assets": [str(moving), str(fit)]}],
    )
    checked = await acme.client().get(f"{DRAFTS}/{draft.json()['id']}/validation")
    faults = [each for each in checked.json()["faults"] if "assets" in each["field"]]
    assert [(each["field"], each["code"]) for each in faults] == [
        ("plan.assets.1", "image_fits_nowhere"),
        ("plan.ad_sets.0.assets.0", "image_fits_nowhere"),
    ]
    assert faults[0]["message"] == (
        "It fits no placement of meta. For “Feed”: It needs to be 600 px wide or more: it has 400."
    )
    refused = await acme.client(Role.ANALYST).post(
        f"{DRAFTS}/{draft.json()['id']}/submit", json={"version": 1}
    )
    assert refused.status_code == 422
    assert "plan.assets.1" in [each["field"] for each in refused.json()["fields"]]
