"""Placements by vectors: sizes as the platforms publish them, and the first that is not taken any more."""

import pytest

from app.services.campaigns.assets.rules import (
    PLACEMENTS,
    Format,
    Picture,
    draft_platforms,
    fitting,
    judged,
    judged_for_draft,
    misnamed,
)  # fmt: skip

MB = 1_048_576


def told(key: str, picture: Picture) -> list[str]:
    """The codes of what stands in the way at one placement."""
    return next(
        [problem.code for problem in each.problems] for each in judged(picture) if each.placement.key == key
    )


def of(width: int, height: int, *, kind: Format = "jpeg", size: int = MB, frames: int = 1) -> Picture:
    return Picture(kind, width, height, size, frames)


@pytest.mark.parametrize(
    ("key", "width", "height", "codes"),
    [
        ("meta.feed", 1080, 1080, []),
        ("meta.feed", 1080, 1350, []),
        ("meta.feed", 1200, 628, []),
        ("meta.feed", 600, 600, []),
        ("meta.feed", 599, 599, ["too_narrow"]),
        ("meta.feed", 1080, 1391, []),  # 4:5 within 3 %
        ("meta.feed", 1080, 1393, ["ratio"]),
        ("meta.feed", 1967, 1000, []),  # 1.91:1 within 3 %
        ("meta.feed", 1968, 1000, ["ratio"]),
        ("meta.feed", 1080, 1920, ["ratio"]),
        ("meta.story", 1080, 1920, []),
        ("meta.story", 500, 889, []),
        ("meta.story", 499, 887, ["too_narrow"]),
        ("meta.story", 1080, 1901, []),  # 9:16 within 1 %
        ("meta.story", 1080, 1900, ["ratio"]),
        ("meta.story", 1080, 1080, ["ratio"]),
        ("google.landscape", 600, 314, []),
        ("google.landscape", 1200, 628, []),
        ("google.landscape", 599, 314, ["too_narrow"]),
        ("google.landscape", 600, 313, ["too_low"]),
        ("google.landscape", 1200, 675, ["ratio"]),
        ("google.square", 300, 300, []),
        ("google.square", 299, 299, ["too_narrow", "too_low"]),
        ("google.square", 1000, 1010, []),
        ("google.square", 1000, 1011, ["ratio"]),
        ("google.logo", 128, 128, []),
        ("google.logo", 127, 127, ["too_narrow", "too_low"]),
        ("google.wide_logo", 512, 128, []),
        ("google.wide_logo", 511, 128, ["too_narrow"]),
        ("google.demand_gen_landscape", 600, 314, []),
        ("google.demand_gen_landscape", 600, 313, ["too_low"]),
        ("google.demand_gen_square", 300, 300, []),
        ("google.demand_gen_square", 299, 299, ["too_narrow", "too_low"]),
        ("google.demand_gen_portrait", 1080, 1350, []),
        ("google.demand_gen_portrait", 480, 600, []),
        ("google.demand_gen_portrait", 479, 599, ["too_narrow", "too_low"]),
        ("google.demand_gen_tall", 1080, 1920, []),
        ("google.demand_gen_tall", 600, 1067, []),
        ("google.demand_gen_tall", 600, 1066, ["too_low"]),
        ("google.demand_gen_logo", 128, 128, []),
        ("google.demand_gen_logo", 512, 128, ["ratio"]),
        ("tiktok.vertical", 720, 1280, []),
        ("tiktok.vertical", 719, 1280, ["too_narrow"]),
        ("tiktok.square", 640, 640, []),
        ("tiktok.square", 639, 639, ["too_narrow", "too_low"]),
        ("tiktok.horizontal", 1200, 628, []),
        ("tiktok.horizontal", 1000, 523, ["too_narrow", "too_low"]),
        ("snapchat.top_snap", 1080, 1920, []),
        ("snapchat.top_snap", 2160, 3840, []),
        ("snapchat.top_snap", 720, 1280, ["too_narrow", "too_low"]),
    ],
)
def test_a_size_is_taken_or_named(key: str, width: int, height: int, codes: list[str]) -> None:
    assert told(key, of(width, height)) == codes


@pytest.mark.parametrize(("width", "height"), [(1080, 1350), (1080, 1920), (1200, 1200), (1200, 628)])
def test_a_draft_for_google_takes_what_demand_gen_shows(width: int, height: int) -> None:
    assert any(each.fits for each in judged_for_draft(of(width, height), "google"))
    assert "google" in draft_platforms(of(width, height))


def test_a_draft_for_google_takes_no_logo_of_other_campaigns() -> None:
    wide = of(1200, 300)
    assert fitting(wide) == ["google.wide_logo"]
    assert not any(each.fits for each in judged_for_draft(wide, "google"))
    assert draft_platforms(wide) == []


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ("meta.feed", 30 * MB),
        ("google.square", 5 * MB),
        ("tiktok.square", 100 * MB),
    ],
)
def test_a_file_is_too_heavy_from_the_first_byte_over(key: str, most: int) -> None:
    assert told(key, of(1200, 1200, size=most)) == []
    assert told(key, of(1200, 1200, size=most + 1)) == ["too_heavy"]


@pytest.mark.parametrize(
    ("kind", "taking"),
    [
        ("jpeg", {"meta", "google", "tiktok", "snapchat"}),
        ("png", {"meta", "google", "tiktok", "snapchat"}),
        ("gif", {"google"}),
        ("webp", set()),
    ],
)
def test_formats_are_taken_where_the_platform_names_them(kind: Format, taking: set[str]) -> None:
    shapes = [(1200, 1200), (1080, 1920), (1200, 628), (1200, 300)]
    found = {key for width, height in shapes for key in fitting(of(width, height, kind=kind))}
    assert {key.partition(".")[0] for key in found} == taking


def test_no_placement_takes_what_moves() -> None:
    assert fitting(of(1200, 1200, kind="gif", frames=2)) == []


def test_a_problem_says_what_is_needed_and_what_there_is() -> None:
    verdicts = {each.placement.key: each for each in judged(of(640, 900), "snapchat")}
    assert [each.message for each in verdicts["snapchat.top_snap"].problems] == [
        "Crop it to 9:16: it is 640 x 900 (0.71:1).",
        "It needs to be 1080 px wide or more: it has 640.",
        "It needs to be 1920 px high or more: it has 900.",
    ]


def test_what_fits_and_could_be_sharper_is_advised() -> None:
    feed = judged(of(700, 700), "meta")[0]
    assert (feed.fits, feed.advice) == (True, "Sharper at 1080 x 1080 px or more.")
    assert judged(of(1080, 1080), "meta")[0].advice is None


def test_every_placement_names_where_it_is_published() -> None:
    assert all(each.source.startswith("https://") for each in PLACEMENTS)
    assert len({each.key for each in PLACEMENTS}) == len(PLACEMENTS)


@pytest.mark.parametrize(
    ("name", "content_type", "found", "code"),
    [
        ("a.jpg", "image/jpeg", "jpeg", None),
        ("a.JPEG", "", "jpeg", None),
        ("autumn", "application/octet-stream", "png", None),
        ("version 2.final", "", "png", None),
        ("a.png", "image/png; charset=binary", "png", None),
        ("a.jpg", "image/jpg", "jpeg", None),
        ("a.jpg", "", "png", "wrong_extension"),
        ("a.gif", "image/webp", "webp", "wrong_extension"),
        ("a.png", "image/jpeg", "png", "wrong_content_type"),
        ("a.png", "text/html", "png", "wrong_content_type"),
    ],
)
def test_a_file_is_named_as_what_it_is(name: str, content_type: str, found: Format, code: str | None) -> None:
    wrong = misnamed(name, content_type, found)
    assert (wrong.code if wrong else None) == code
