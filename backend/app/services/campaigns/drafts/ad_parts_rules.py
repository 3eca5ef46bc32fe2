"""The ads of a plan as what is made of them: an image is uploaded once, each ad has a creative, each creative an ad.

Where a platform has no creatives, what one would hold is the ad's own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.schemas.campaigns.drafts import CampaignPlan, PlanAd
from app.services.campaigns.assets.rules import Stored
from app.services.campaigns.drafts.parts_rules import Part, marker
from app.services.integrations.campaigns.ports import CREATED_STATUS, AdOffer

_EXTENSIONS = {"jpeg": "jpg"}
_LONGEST_CREATIVE_NAME = 80
"""Characters before the marker: Meta keeps a hundred of a creative's name."""


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image of the library, and what is made of it."""

    asset_id: UUID
    part: Part


@dataclass(frozen=True, slots=True)
class AdParts:
    """One ad; its images are another ad's too where both show the same. `ad_set` is the key of what it belongs to."""

    ad_set: str
    image: ImagePart
    logo: ImagePart | None
    creative: Part | None
    ad: Part

    @property
    def images(self) -> Mapping[str, ImagePart]:
        """By what the platform's ids of them are called in a change."""
        return {"image": self.image} | ({} if self.logo is None else {"logo": self.logo})


def images_of(plan: CampaignPlan, offer: AdOffer) -> set[UUID]:
    """Those of its ads."""
    found = {ad.asset for one in plan.ad_sets for ad in one.ads if ad.asset is not None}
    return found | ({plan.identity.logo} if found and offer.has_logo and plan.identity.logo else set())


def ad_parts(
    plan: CampaignPlan, draft: tuple[UUID, int], offer: AdOffer, images: Mapping[UUID, Stored]
) -> Iterator[AdParts]:
    """Of a draft's id and version, in the order of the plan; `images` are those of its ads, and hold each of them."""
    logo = plan.identity.logo if offer.has_logo else None
    for number, one in enumerate(plan.ad_sets):
        for place, ad in enumerate(one.ads):
            if ad.asset is None:
                raise LookupError(f"ad {place} of ad set {number} has no image")
            key, stored = f"ad_sets.{number}.ads.{place}", images[ad.asset]
            shown = _shown(plan, ad)
            own = {} if offer.has_creatives else shown | {"width": stored.width, "height": stored.height}
            yield AdParts(
                f"ad_sets.{number}",
                ImagePart(ad.asset, _image(ad.asset, draft, stored)),
                None if logo is None else ImagePart(logo, _image(logo, draft, images[logo])),
                _creative(f"{key}.creative", draft, ad, shown) if offer.has_creatives else None,
                _ad(key, draft, ad, own),
            )


def _image(asset_id: UUID, draft: tuple[UUID, int], stored: Stored) -> Part:
    key = f"images.{asset_id}"
    mark = marker(*draft, key)
    after = {
        "status": CREATED_STATUS,
        "name": f"{mark}.{_EXTENSIONS.get(stored.format, stored.format)}",
        "sha256": stored.sha256,
        "format": stored.format,
        "width": stored.width,
        "height": stored.height,
    }
    return Part(key, "image", mark, after)


def _shown(plan: CampaignPlan, ad: PlanAd) -> dict[str, Any]:
    return {
        "page": plan.identity.page,
        "brand": plan.identity.brand,
        "headline": ad.headline,
        "body": ad.body,
        "call_to_action": ad.call_to_action,
        "landing_url": ad.landing_url,
    }


def _creative(key: str, draft: tuple[UUID, int], ad: PlanAd, shown: Mapping[str, Any]) -> Part:
    mark = marker(*draft, key)
    name = f"{ad.name[:_LONGEST_CREATIVE_NAME]} [{mark}]"
    return Part(key, "creative", mark, {"status": CREATED_STATUS, "name": name, **shown})


def _ad(key: str, draft: tuple[UUID, int], ad: PlanAd, own: Mapping[str, Any]) -> Part:
    mark = marker(*draft, key)
    return Part(key, "ad", mark, {"status": CREATED_STATUS, "name": f"{ad.name} [{mark}]", **own})
