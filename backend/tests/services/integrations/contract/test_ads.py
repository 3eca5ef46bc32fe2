"""Ads come in whole, with what they show; a verdict and the account's state are told, kept and made incidents."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.models.campaigns.ads import Ad, AdReviewed
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.kinds import AdReview, Platform
from app.models.trust_engine.incidents import TrustIncident
from app.services.campaigns.service import CampaignService
from app.services.integrations.ads.ports import AdState
from app.services.integrations.ads.service import AdSync
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.trust_engine.incidents.service import Incidents
from tests.services.integrations.contract.conftest import Bench

REASON = {"topic": "MISLEADING_CLAIMS", "text": "It promises what no coat keeps."}


@pytest.fixture(autouse=True)
def approved(bench: Bench) -> Iterator[None]:
    yield
    judge(bench, "approved")
    stand(bench, None)


def judge(bench: Bench, verdict: str, *reasons: dict[str, str]) -> None:
    told = {"ad": bench.subject.judged, "verdict": verdict, "reasons": list(reasons)}
    bench.sandbox.control("POST", f"{bench.name.value}/review", json=told)


def stand(bench: Bench, status: str | int | None) -> None:
    told = {"account": bench.subject.account, "status": status}
    bench.sandbox.control("POST", f"{bench.name.value}/account", json=told)


async def ad_of(bench: Bench) -> AdState:
    ads = await (await bench.platform()).list_ads()
    return next(one for one in ads if one.external_id == bench.subject.ad)


async def test_ads_come_whole_over_pages_of_two_with_what_they_show(bench: Bench) -> None:
    platform = await bench.platform()
    whole = {one.external_id: one for one in await platform.list_ads()}
    ad_sets = {one.external_id: one.campaign for one in await platform.list_ad_sets()}
    bench.order("short_pages", bench.subject.ads)
    paged = await platform.list_ads()
    assert {one.external_id: one for one in paged} == whole
    assert len(paged) == len(whole) > 4
    for one in whole.values():
        assert one.ad_set in ad_sets
        assert one.campaign in {ad_sets[one.ad_set], None}
    own = whole[bench.subject.ad]
    assert (own.status, own.effective_status, own.review, own.reasons) == (
        "active", "active", AdReview.APPROVED, (),
    )  # fmt: skip
    shown = own.creative
    assert (shown.landing_url or "").startswith("https://shop.northwind.example/")
    assert "utm_content" in (shown.landing_url or "")
    assert shown.kind in {"image", "video", "text", "web_view"}
    assert "weather" in (shown.headline or shown.body or "") or "rain" in (shown.body or "")


@pytest.mark.parametrize(
    ("verdict", "review"),
    [("disapproved", AdReview.DISAPPROVED), ("pending", AdReview.PENDING), ("limited", AdReview.LIMITED)],
)
async def test_a_verdict_is_told_with_its_reasons(bench: Bench, verdict: str, review: AdReview) -> None:
    if (bench.name, verdict) == (Platform.SNAPCHAT, "limited"):
        return
    judge(bench, verdict, *([] if verdict == "pending" else [REASON]))
    found = await ad_of(bench)
    assert (found.status, found.review) == ("active", review)
    said = " ".join(found.reasons)
    assert (REASON["text"] in said) == (verdict != "pending"), said
    judge(bench, "approved")
    assert ((await ad_of(bench)).review, (await ad_of(bench)).reasons) == (AdReview.APPROVED, ())


async def test_ads_without_their_fields_are_none(bench: Bench) -> None:
    platform = await bench.platform()
    bench.order("missing_fields", bench.subject.ads)
    with pytest.raises(PlatformError) as caught:
        await platform.list_ads()
    assert (caught.value.kind, caught.value.code) == (
        PlatformErrorKind.TRANSIENT, f"{bench.name.value}.malformed",
    )  # fmt: skip


async def look(bench: Bench, *, hours: int) -> None:
    """As a synchronisation does it, so many hours from now."""
    platform = await bench.platform()
    async with bench.scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, bench.place.account))
        now = scope.now()
    await AdSync(bench.scopes).look(platform, account, now + timedelta(hours=hours))


async def live(bench: Bench) -> dict[str, TrustIncident]:
    async with bench.scopes() as scope:
        return {one.kind: one for one in await Incidents(scope).live()}


async def test_a_disapproval_and_a_stopped_account_are_incidents_until_they_are_over(bench: Bench) -> None:
    platform, word = await bench.platform(), bench.subject.stopped
    campaigns, ad_sets = await platform.list_campaigns(), await platform.list_ad_sets()
    async with bench.scopes() as scope:
        await CampaignService(scope).absorb(bench.place.account, bench.name, campaigns, ad_sets)
    await look(bench, hours=0)
    assert await live(bench) == {}
    judge(bench, "disapproved", REASON)
    stand(bench, word[0])
    await look(bench, hours=1)
    found = await live(bench)
    assert found.keys() == {"ads_disapproved", "account_stopped"}
    name = next(one.name for one in campaigns if one.external_id == bench.subject.campaign)
    assert f"“{name}” disapproved" in found["ads_disapproved"].sentence
    assert REASON["text"].rstrip(".") in found["ads_disapproved"].sentence
    async with bench.scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, bench.place.account))
        kept = list(await scope.session.scalars(select(Ad)))
        own = next(one for one in kept if one.external_id == bench.subject.ad)
        reviews = select(AdReviewed.review).where(AdReviewed.ad_id == own.id).order_by(AdReviewed.seen_at)
        assert list(await scope.session.scalars(reviews)) == ["approved", "disapproved"]
    assert account.status == word[1]
    assert (own.review, own.gone, own.ad_set_id is None) == ("disapproved", False, False)
    assert len(kept) == len(await platform.list_ads())
    judge(bench, "approved")
    stand(bench, None)
    await look(bench, hours=2)
    assert await live(bench) == {}
    async with bench.scopes() as scope:
        over = await scope.session.get_one(
            TrustIncident, (scope.tenant_id, found["ads_disapproved"].id), populate_existing=True
        )
    assert over.sentence == f"The ads of “{name}” are approved again."


async def test_ads_that_cannot_be_read_hold_up_nothing_and_are_asked_for_again(bench: Bench) -> None:
    bench.order("missing_fields", bench.subject.ads)
    await look(bench, hours=0)
    async with bench.scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, bench.place.account))
    assert (account.ads_error_code, account.ads_read_at) == (f"{bench.name.value}.malformed", None)
    bench.sandbox.repair()
    await look(bench, hours=0)
    async with bench.scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, bench.place.account))
    assert account.ads_error_code is None
    assert account.ads_read_at is not None
