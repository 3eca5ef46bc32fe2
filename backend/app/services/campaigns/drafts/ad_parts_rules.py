"""The ads of a plan as what is made of them: an image is uploaded once, each ad has a creative, each creative an ad."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.schemas.campaigns.drafts import CampaignPlan, PlanAd
from app.services.campaigns.assets.rules import Stored
from app.services.campaigns.drafts.parts_rules import Part, marker
from app.services.integrations.campaigns.ports import CREATED_STATUS

_EXTENSIONS = {"jpeg": "jpg"}
_LONGEST_CREATIVE_NAME = 80
"""Characters before the marker: Meta keeps a hundred of a creative's name."""


@dataclass(frozen=True, slots=True)
class AdParts:
    """One ad; its image is another ad's too where both show the same. `ad_set` is the key of the part it belongs to."""

    ad_set: str
    asset_id: UUID
    image: Part
    creative: Part
    ad: Part


def ad_parts(plan: CampaignPlan, draft: tuple[UUID, int], images: Mapping[UUID, Stored]) -> Iterator[AdParts]:
    """Of a draft's id and version, in the order of the plan; `images` are those of its ads, and hold each of them."""
    for number, one in enumerate(plan.ad_sets):
        for place, ad in enumerate(one.ads):
            if ad.asset is None:
                raise LookupError(f"ad {place} of ad set {number} has no image")
            key = f"ad_sets.{number}.ads.{place}"
            yield AdParts(
                f"ad_sets.{number}",
                ad.asset,
                _image(ad.asset, draft, images[ad.asset]),
                _creative(f"{key}.creative", draft, plan, ad),
                _ad(key, draft, ad),
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


def _creative(key: str, draft: tuple[UUID, int], plan: CampaignPlan, ad: PlanAd) -> Part:
    mark = marker(*draft, key)
    after = {
        "status": CREATED_STATUS,
        "name": f"{ad.name[:_LONGEST_CREATIVE_NAME]} [{mark}]",
        "page": plan.identity.page,
        "brand": plan.identity.brand,
        "headline": ad.headline,
        "body": ad.body,
        "call_to_action": ad.call_to_action,
        "landing_url": ad.landing_url,
    }
    return Part(key, "creative", mark, after)


def _ad(key: str, draft: tuple[UUID, int], ad: PlanAd) -> Part:
    mark = marker(*draft, key)
    return Part(key, "ad", mark, {"status": CREATED_STATUS, "name": f"{ad.name} [{mark}]"})
