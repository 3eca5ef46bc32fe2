"""Which images a plan names, and whether its platform would take each."""

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from app.schemas.campaigns.drafts import CampaignPlan
from app.services.campaigns.assets.rules import Part, Picture, judged_for_draft
from app.services.campaigns.drafts.rules import Fault


def named(plan: CampaignPlan) -> Iterator[tuple[str, UUID]]:
    """Each image with the path of its place below the draft."""
    return ((field, asset_id) for field, asset_id, _ in _named(plan))


def _named(plan: CampaignPlan) -> Iterator[tuple[str, UUID, Part | None]]:
    """Each with the part that it plays in an ad of ours; None where a person makes the ad."""
    for place, asset_id in enumerate(plan.assets):
        yield f"plan.assets.{place}", asset_id, None
    if plan.identity.logo is not None:
        yield "plan.identity.logo", plan.identity.logo, "logo"
    for number, one in enumerate(plan.ad_sets):
        for place, asset_id in enumerate(one.assets):
            yield f"plan.ad_sets.{number}.assets.{place}", asset_id, None
        for place, ad in enumerate(one.ads):
            if ad.asset is not None:
                yield f"plan.ad_sets.{number}.ads.{place}.asset", ad.asset, "picture"


def asset_faults(plan: CampaignPlan, platform: str, pictures: Mapping[UUID, Picture]) -> Iterator[Fault]:
    """An image has to fit one placement of the platform at the least, of those for its part in an ad."""
    for field, asset_id, part in _named(plan):
        picture = pictures.get(asset_id)
        if picture is None:
            yield Fault(field, "image_gone", "The image was deleted: choose another one.")
        else:
            yield from _fault(field, picture, platform, part)


def _fault(field: str, picture: Picture, platform: str, part: Part | None) -> Iterator[Fault]:
    verdicts = judged_for_draft(picture, platform, part)
    if not verdicts or any(each.fits for each in verdicts):
        return
    nearest = min(verdicts, key=lambda each: len(each.problems))
    mend = " ".join(each.message for each in nearest.problems)
    yield Fault(
        field,
        "image_fits_nowhere",
        f"It fits no placement of {platform}. For “{nearest.placement.name}”: {mend}",
    )


def paths_of(plan: CampaignPlan, missing: Collection[UUID]) -> list[str]:
    return [field for field, asset_id in named(plan) if asset_id in missing]
