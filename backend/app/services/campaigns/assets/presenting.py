"""Images and placements, as people are shown them."""

from typing import Any, cast

from app.schemas.campaigns.assets import (
    AssetDetail,
    AssetRead,
    ImageFormat,
    PlacementProblem,
    PlacementRead,
    PlacementVerdict,
)
from app.services.campaigns.assets.rules import (
    PLACEMENTS,
    Placement,
    Verdict,
    draft_parts,
    draft_platforms,
    fitting,
    judged,
)
from app.services.campaigns.assets.service import AssetLine, picture_of


def asset_read(line: AssetLine) -> AssetRead:
    return AssetRead(**_facts(line))


def asset_detail(line: AssetLine) -> AssetDetail:
    verdicts = [_verdict(each) for each in judged(picture_of(line.asset))]
    return AssetDetail(**_facts(line), placements=verdicts)


def placements_read() -> list[PlacementRead]:
    return [_placement(each) for each in PLACEMENTS]


def _facts(line: AssetLine) -> dict[str, Any]:
    asset = line.asset
    reckoned = {"animated", "drafts", "fits", "draft_platforms", "draft_parts"}
    stored = {name: getattr(asset, name) for name in AssetRead.model_fields.keys() - reckoned}
    return {
        **stored,
        "animated": asset.frames > 1,
        "drafts": line.drafts,
        "fits": fitting(picture_of(asset)),
        "draft_platforms": draft_platforms(picture_of(asset)),
        "draft_parts": draft_parts(picture_of(asset)),
    }


def _verdict(verdict: Verdict) -> PlacementVerdict:
    place = verdict.placement
    return PlacementVerdict(
        key=place.key,
        platform=place.platform,
        name=place.name,
        fits=verdict.fits,
        problems=[PlacementProblem(code=each.code, message=each.message) for each in verdict.problems],
        advice=verdict.advice,
    )


def _placement(place: Placement) -> PlacementRead:
    return PlacementRead(
        key=place.key,
        platform=place.platform,
        name=place.name,
        ratio=place.ratio_words,
        tolerance_percent=float(place.tolerance * 100),
        least_width=place.least[0],
        least_height=place.least[1],
        advised_width=place.advised[0],
        advised_height=place.advised[1],
        most_bytes=place.most_bytes,
        formats=cast("list[ImageFormat]", sorted(place.formats)),
        source=place.source,
    )
