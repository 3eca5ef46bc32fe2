"""Which placements of which platform an image fits, by what the platforms publish. Pure.

Only what a platform refuses, or would crop, is held against an image; what merely looks better is `advised`. Where a
platform publishes a ratio and no tolerance, `tolerance` is ours, as wide as Meta's narrowest. `source` says where a
line is from; [ADR 42](docs/adr/0042-assets.md) says which of them could be read at the platform itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Format = Literal["jpeg", "png", "gif", "webp"]
Part = Literal["picture", "beside", "logo"]

_MEBIBYTE = 1_048_576
_STILL: frozenset[Format] = frozenset({"jpeg", "png"})
_NAMES = {"jpeg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WebP"}
_EXTENSIONS: Mapping[str, Format] = {
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "jpe": "jpeg",
    "jfif": "jpeg",
    "png": "png",
    "apng": "png",
    "gif": "gif",
    "webp": "webp",
}
_UNTOLD = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_WIDE, _TALL, _FEED_TALL, _SQUARE, _LOGO = (
    Fraction(191, 100),
    Fraction(9, 16),
    Fraction(4, 5),
    Fraction(1),
    Fraction(4),
)
_ONE_IN_A_HUNDRED = Fraction(1, 100)


@dataclass(frozen=True, slots=True)
class Picture:
    """What is judged of an image: sizes in pixels and bytes."""

    format: Format
    width: int
    height: int
    size_bytes: int
    frames: int = 1


@dataclass(frozen=True, slots=True)
class Stored:
    """What tells an image's file from any other: SHA-256, in hex."""

    sha256: str
    format: Format
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A place for a picture. `ratios` are width to height, from the narrowest to the widest that are taken."""

    key: str
    platform: str
    name: str
    ratios: tuple[Fraction, Fraction]
    ratio_words: str
    tolerance: Fraction
    least: tuple[int, int]
    advised: tuple[int, int]
    most_bytes: int
    formats: frozenset[Format]
    source: str
    in_drafts: bool = True
    """Whether a campaign that is created from here can show it."""
    as_part: Part = "picture"
    """As what an ad of ours can show it: its picture, only beside that one, or its logo."""


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    placement: Placement
    problems: tuple[Problem, ...]
    advice: str | None
    """What would look better, of a picture that fits."""

    @property
    def fits(self) -> bool:
        return not self.problems


_META = "https://www.facebook.com/business/ads-guide/update/image"
_META_API = "https://developers.facebook.com/docs/instagram/ads-api/reference/media-requirements"
_GOOGLE = "https://developers.google.com/google-ads/api/reference/rpc/latest/ResponsiveDisplayAdInfo"
_DEMAND_GEN = "https://developers.google.com/google-ads/api/reference/rpc/latest/DemandGenMultiAssetAdInfo"
_TIKTOK = "https://ads.tiktok.com/help/article/carousel-ads-specifications"
_SNAPCHAT = "https://developers.snap.com/api/marketing-api/Ads-API/media"


def _meta(key: str, name: str, **line: object) -> Placement:
    return _line("meta", key, name, most_bytes=30 * _MEBIBYTE, formats=_STILL, **line)


def _google(key: str, name: str, **line: object) -> Placement:
    """Other campaigns' than ours, which are Demand Gen."""
    common = {"source": _GOOGLE, "in_drafts": False}
    return _line(
        "google",
        key,
        name,
        tolerance=_ONE_IN_A_HUNDRED,
        most_bytes=5_120 * 1_024,
        formats=_STILL | {"gif"},
        **common | line,
    )


def _demand_gen(key: str, name: str, **line: object) -> Placement:
    return _google(f"demand_gen_{key}", f"Demand Gen, {name}", source=_DEMAND_GEN, in_drafts=True, **line)


def _tiktok(key: str, name: str, **line: object) -> Placement:
    return _line(
        "tiktok",
        key,
        name,
        tolerance=_ONE_IN_A_HUNDRED,
        most_bytes=100 * _MEBIBYTE,
        formats=_STILL,
        source=_TIKTOK,
        **line,
    )


def _line(platform: str, key: str, name: str, **line: object) -> Placement:
    ratio = line.pop("ratio", None)
    if isinstance(ratio, Fraction):
        line["ratios"] = (ratio, ratio)
    return Placement(key=f"{platform}.{key}", platform=platform, name=name, **line)  # type: ignore[arg-type]


PLACEMENTS: tuple[Placement, ...] = (
    _meta(
        "feed",
        "Feed",
        ratios=(_FEED_TALL, _WIDE),
        ratio_words="from 4:5 to 1.91:1",
        tolerance=Fraction(3, 100),
        least=(600, 1),
        advised=(1080, 1080),
        source=_META_API,
    ),
    _meta(
        "story",
        "Stories",
        ratio=_TALL,
        ratio_words="9:16",
        tolerance=_ONE_IN_A_HUNDRED,
        least=(500, 1),
        advised=(1080, 1920),
        source=_META,
    ),
    _google(
        "landscape",
        "Responsive display, landscape",
        ratio=_WIDE,
        ratio_words="1.91:1",
        least=(600, 314),
        advised=(1200, 628),
    ),
    _google(
        "square",
        "Responsive display, square",
        ratio=_SQUARE,
        ratio_words="1:1",
        least=(300, 300),
        advised=(1200, 1200),
    ),
    _google(
        "logo",
        "Responsive display, logo",
        ratio=_SQUARE,
        ratio_words="1:1",
        least=(128, 128),
        advised=(1200, 1200),
    ),
    _google(
        "wide_logo",
        "Responsive display, wide logo",
        ratio=_LOGO,
        ratio_words="4:1",
        least=(512, 128),
        advised=(1200, 300),
    ),
    _demand_gen(
        "landscape",
        "landscape",
        ratio=_WIDE,
        ratio_words="1.91:1",
        least=(600, 314),
        advised=(1200, 628),
    ),
    _demand_gen(
        "square",
        "square",
        ratio=_SQUARE,
        ratio_words="1:1",
        least=(300, 300),
        advised=(1200, 1200),
    ),
    _demand_gen(
        "portrait",
        "portrait",
        ratio=_FEED_TALL,
        ratio_words="4:5",
        least=(480, 600),
        advised=(960, 1200),
        as_part="beside",
    ),
    _demand_gen(
        "tall",
        "full screen",
        ratio=_TALL,
        ratio_words="9:16",
        least=(600, 1067),
        advised=(1080, 1920),
        as_part="beside",
    ),
    _demand_gen(
        "logo",
        "logo",
        ratio=_SQUARE,
        ratio_words="1:1",
        least=(128, 128),
        advised=(1200, 1200),
        as_part="logo",
    ),
    _tiktok(
        "vertical",
        "In-feed, vertical",
        ratio=_TALL,
        ratio_words="9:16",
        least=(720, 1280),
        advised=(1080, 1920),
    ),
    _tiktok(
        "square",
        "In-feed, square",
        ratio=_SQUARE,
        ratio_words="1:1",
        least=(640, 640),
        advised=(1080, 1080),
    ),
    _tiktok(
        "horizontal",
        "In-feed, horizontal",
        ratio=_WIDE,
        ratio_words="1.91:1",
        least=(1200, 628),
        advised=(1200, 628),
    ),
    _line(
        "snapchat",
        "top_snap",
        "Snap, full screen",
        ratio=_TALL,
        ratio_words="9:16",
        tolerance=_ONE_IN_A_HUNDRED,
        least=(1080, 1920),
        advised=(1080, 1920),
        most_bytes=5 * _MEBIBYTE,
        formats=_STILL,
        source=_SNAPCHAT,
    ),
)


def judged(picture: Picture, platform: str | None = None) -> Sequence[Verdict]:
    """A verdict for each placement, or for those of one platform."""
    return [_verdict(picture, each) for each in PLACEMENTS if platform in {None, each.platform}]


def judged_for_draft(picture: Picture, platform: str, part: Part | None = None) -> Sequence[Verdict]:
    """A verdict for each placement that the platform's campaigns of ours have, or for those of one part of an ad."""
    found = [each for each in judged(picture, platform) if each.placement.in_drafts]
    return [each for each in found if part in {None, each.placement.as_part}]


def draft_platforms(picture: Picture) -> list[str]:
    """The platforms whose drafts take it, in the order of the table."""
    fit = [each.placement for each in judged(picture) if each.fits]
    return list(dict.fromkeys(each.platform for each in fit if each.in_drafts))


def draft_parts(picture: Picture) -> list[str]:
    """As what an ad of a draft can show it, by platform: `google.picture`, `google.logo`."""
    fit = [each.placement for each in judged(picture) if each.fits and each.placement.in_drafts]
    return list(dict.fromkeys(f"{each.platform}.{each.as_part}" for each in fit))


def fitting(picture: Picture) -> list[str]:
    """The keys of the placements that it fits."""
    return [each.placement.key for each in judged(picture) if each.fits]


def _verdict(picture: Picture, place: Placement) -> Verdict:
    problems = tuple(_problems(picture, place))
    wide, high = place.advised
    small = picture.width < wide and picture.height < high
    return Verdict(
        place, problems, f"Sharper at {wide} x {high} px or more." if small and not problems else None
    )


def _problems(picture: Picture, place: Placement) -> Iterator[Problem]:
    if picture.format not in place.formats:
        taken = " or ".join(_NAMES[each] for each in _NAMES if each in place.formats)
        yield Problem("format", f"Save it as {taken}: {_NAMES[picture.format]} is not taken there.")
    if picture.frames > 1:
        yield Problem("animated", "Use a still image: it is animated.")
    narrow, wide = place.ratios
    ratio = Fraction(picture.width, picture.height)
    slack = place.tolerance
    if not narrow * (1 - slack) <= ratio <= wide * (1 + slack):
        yield Problem(
            "ratio",
            f"Crop it to {'a ratio ' if narrow < wide else ''}{place.ratio_words}: it is {picture.width} x "
            f"{picture.height} ({float(ratio):.2f}:1).",
        )
    least_width, least_height = place.least
    if picture.width < least_width:
        yield Problem("too_narrow", f"It needs to be {least_width} px wide or more: it has {picture.width}.")
    if picture.height < least_height:
        yield Problem("too_low", f"It needs to be {least_height} px high or more: it has {picture.height}.")
    if picture.size_bytes > place.most_bytes:
        yield Problem(
            "too_heavy",
            f"Save it at {_mebibytes(place.most_bytes)} or less: it has {_mebibytes(picture.size_bytes)}.",
        )


def _mebibytes(size: int) -> str:
    return f"{size / _MEBIBYTE:.1f} MB"


def misnamed(name: str, content_type: str, found: Format) -> Problem | None:
    """Whether the file's name or what its sender called it says another kind than it is; an unknown ending is none."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    said = content_type.partition(";")[0].strip().lower()
    if ending in _EXTENSIONS and _EXTENSIONS[ending] != found:
        return Problem(
            "wrong_extension",
            f"It is a {_NAMES[found]} named .{ending}: name it as what it is, then upload it.",
        )
    if said not in _UNTOLD and _EXTENSIONS.get(said.removeprefix("image/")) != found:
        return Problem("wrong_content_type", f"It is sent as {said}, and is a {_NAMES[found]}.")
    return None
