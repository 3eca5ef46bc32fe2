"""Ads to test with, without a platform."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from app.db.session import Scopes
from app.models.campaigns import Campaign
from app.models.campaigns.ads import Ad
from app.models.integrations.kinds import AdReview
from app.services.campaigns.ads.service import AdService
from app.services.integrations.ads.ports import AdCreative, AdState


def an_ad(
    name: str,
    campaign: str,
    *,
    review: AdReview | None = AdReview.APPROVED,
    reasons: Sequence[str] = (),
    status: str = "active",
) -> AdState:
    """Of the campaign with this id at the platform; its own is its name."""
    creative = AdCreative(
        external_id=f"creative of {name}",
        kind="image",
        headline="Ready for the weather",
        body="Coats that keep the rain out.",
        call_to_action="Shop now",
        landing_url="https://shop.northwind.example/new",
    )
    return AdState(
        external_id=name, ad_set=None, campaign=campaign, name=name, status=status, effective_status=status,
        review=review, reasons=tuple(reasons), creative=creative,
    )  # fmt: skip


async def campaign_id_at_the_platform(scopes: Scopes, campaign_id: UUID) -> str:
    async with scopes() as scope:
        return (await scope.session.get_one(Campaign, (scope.tenant_id, campaign_id))).external_id


async def absorb(scopes: Scopes, account: UUID, *ads: AdState, whole: bool = True) -> None:
    """As a synchronisation takes them over, with what follows from it."""
    async with scopes() as scope:
        service = AdService(scope)
        await service.absorb(account, ads, whole=whole)
        await service.watch(account, "Northwind")


async def kept(scopes: Scopes, external_id: str) -> Ad:
    async with scopes() as scope:
        return (await scope.session.scalars(select(Ad).where(Ad.external_id == external_id))).one()
