"""An incident stands for a running campaign's disapproved ads, from the first to the last of them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.db.session import Scopes
from app.models.campaigns import Campaign
from app.models.campaigns.ads import Ad, AdReviewed
from app.models.integrations.kinds import AdReview
from app.services.notifications.service import NotificationKind
from app.services.trust_engine.incidents.service import Incidents
from tests.factories.access import Company
from tests.factories.ads import absorb, an_ad, campaign_id_at_the_platform, kept
from tests.factories.trust import Account, make_account

REFUSED = AdReview.DISAPPROVED


@pytest.fixture
async def account(acme: Company) -> Account:
    return await make_account(acme.scopes)


@pytest.fixture
async def campaign(acme: Company, account: Account) -> str:
    return await campaign_id_at_the_platform(acme.scopes, account.campaign_id)


async def stories(scopes: Scopes) -> list[tuple[str, str]]:
    async with scopes() as scope:
        return [(one.severity, one.sentence) for one in await Incidents(scope).live()]


async def reviews(scopes: Scopes, ad: Ad) -> list[tuple[str | None, datetime]]:
    async with scopes() as scope:
        rows = await scope.session.scalars(
            select(AdReviewed).where(AdReviewed.ad_id == ad.id).order_by(AdReviewed.seen_at)
        )
        return [(one.review, one.seen_at) for one in rows]


async def set_campaign(scopes: Scopes, account: Account, **values: Any) -> None:
    async with scopes() as scope:
        await scope.session.execute(
            update(Campaign).where(Campaign.id == account.campaign_id).values(**values)
        )


async def test_it_grows_worse_better_and_is_over(acme: Company, account: Account, campaign: str) -> None:
    good = an_ad("B", campaign)
    await absorb(acme.scopes, account.id, an_ad("A", campaign, review=REFUSED, reasons=["Claims"]), good)
    ((severity, said),) = await stories(acme.scopes)
    assert (severity, "1 of 2 active ads" in said, "“A”: Claims" in said) == ("warning", True, True)
    bad = an_ad("B", campaign, review=REFUSED)
    await absorb(acme.scopes, account.id, bad, whole=False)
    ((severity, said),) = await stories(acme.scopes)
    assert (severity, "all 2 active ads" in said) == ("critical", True)
    await absorb(acme.scopes, account.id, an_ad("A", campaign), good)
    assert await stories(acme.scopes) == []
    async with acme.scopes() as scope:
        (over,), _ = await Incidents(scope).listed(statuses=(), ad_account_id=None, cursor=None, limit=10)
    assert over.sentence.endswith("are approved again.")
    assert len(over.timeline) == 3


async def test_a_campaign_that_does_not_run_has_none(acme: Company, account: Account, campaign: str) -> None:
    refused = an_ad("A", campaign, review=REFUSED)
    past = account.now - timedelta(days=1)
    for status, effective, ends_at in (
        ("paused", "with_issues", None),
        ("active", "ended", None),
        ("active", "active", past),
    ):
        await set_campaign(acme.scopes, account, status=status, effective_status=effective, ends_at=ends_at)
        await absorb(acme.scopes, account.id, refused)
        assert await stories(acme.scopes) == []
    await set_campaign(acme.scopes, account, status="active", effective_status="not_eligible", ends_at=None)
    await absorb(acme.scopes, account.id, refused)
    assert len(await stories(acme.scopes)) == 1
    await absorb(acme.scopes, account.id, an_ad("A", campaign, review=REFUSED, status="paused"))
    assert await stories(acme.scopes) == []


async def test_a_refused_ad_that_is_gone_is_no_trouble_any_more(
    acme: Company, account: Account, campaign: str
) -> None:
    await absorb(acme.scopes, account.id, an_ad("A", campaign, review=REFUSED), an_ad("B", campaign))
    await absorb(acme.scopes, account.id, an_ad("B", campaign))
    assert (await kept(acme.scopes, "A")).gone
    assert await stories(acme.scopes) == []
    await absorb(acme.scopes, account.id)
    assert not (await kept(acme.scopes, "B")).gone, "an empty list is the platform's failure"


async def test_the_last_ad_of_an_account_is_gone_once_it_was_missed_twice(
    acme: Company, account: Account, campaign: str
) -> None:
    await absorb(acme.scopes, account.id, an_ad("A", campaign, review=REFUSED))
    await absorb(acme.scopes, account.id)
    assert [severity for severity, _ in await stories(acme.scopes)] == ["critical"]
    await absorb(acme.scopes, account.id, an_ad("A", campaign, review=REFUSED), whole=False)
    await absorb(acme.scopes, account.id)
    assert not (await kept(acme.scopes, "A")).gone, "it was told of in between"
    await absorb(acme.scopes, account.id)
    assert (await kept(acme.scopes, "A")).gone
    assert await stories(acme.scopes) == []


async def test_a_stop_hides_a_verdict_and_is_none(acme: Company, account: Account, campaign: str) -> None:
    """Platforms do not tell what they think of an ad that is stopped."""
    hidden = an_ad("A", campaign, review=None, status="paused")
    for night in (hidden, an_ad("A", campaign), hidden, hidden):
        await absorb(acme.scopes, account.id, night)
    seen = await kept(acme.scopes, "A")
    assert seen.review is None
    await absorb(acme.scopes, account.id, an_ad("A", campaign))
    again = await kept(acme.scopes, "A")
    assert (again.review, again.reviewed_at) == ("approved", seen.reviewed_at)
    assert await reviews(acme.scopes, again) == [("approved", seen.reviewed_at)]
    await absorb(acme.scopes, account.id, hidden)
    await absorb(acme.scopes, account.id, an_ad("A", campaign, review=REFUSED, reasons=["Claims"]))
    changed = await kept(acme.scopes, "A")
    assert await reviews(acme.scopes, changed) == [
        ("approved", seen.reviewed_at),
        ("disapproved", changed.reviewed_at),
    ]


async def test_colleagues_are_told(acme: Company, account: Account, campaign: str) -> None:
    await absorb(acme.scopes, account.id, an_ad("A", campaign, review=REFUSED, reasons=["Claims"]))
    items = (await acme.client().get("/api/v1/notifications")).json()["items"]
    told = [one for one in items if one["kind"] == NotificationKind.INCIDENT_OPENED]
    assert any("disapproved" in one["title"] for one in told)
