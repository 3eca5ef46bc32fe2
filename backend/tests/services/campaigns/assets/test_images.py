"""What is stored of an image: its pixels as people see them, and nothing else that a file can carry."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from app.services.campaigns.assets.faults import ImageFault
from app.services.campaigns.assets.images import THUMBNAIL_SIDE, Taken, taken
from app.services.campaigns.assets.structure import has_further_images
from tests.factories.assets import animated, chunk, file_of, hostile, jpeg, picture, png, png_of

MOST = 4 * 1_048_576
SECRET = b"48.8584N"
HOSTILE = dict(hostile())


def opened(image: Taken) -> Image.Image:
    return Image.open(io.BytesIO(image.content))


def exif(**tags: int) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = tags.get("orientation", 1)
    made[0x010E] = SECRET.decode()
    made.get_ifd(0x8825)[1] = "N"
    return made


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif"])
def test_what_a_file_says_beside_its_picture_is_not_kept(kind: str) -> None:
    options: dict[str, Any] = {"exif": exif()} if kind != "gif" else {"comment": SECRET}
    uploaded = file_of(picture(60, 40), kind, **options)
    assert SECRET in uploaded
    found = taken(uploaded, MOST)
    assert SECRET not in found.content
    assert SECRET not in found.thumbnail
    assert found.changes == ["metadata_removed"]
    assert (found.format, found.width, found.height, found.frames) == (kind, 60, 40, 1)


def test_texts_of_a_png_are_not_kept() -> None:
    image = png_of(
        1, 1, chunk(b"tEXt", b"Comment\x00" + SECRET), chunk(b"IDAT", b"x\x9cc`\x80\x01\x00\x00\x04\x00\x01")
    )
    assert SECRET in image
    assert SECRET not in taken(image, MOST).content


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_an_image_is_stored_as_it_is_looked_at(kind: str, orientation: int) -> None:
    uploaded = file_of(picture(80, 40), kind, exif=exif(orientation=orientation))
    found = taken(uploaded, MOST)
    assert (found.width, found.height) == ((40, 80) if orientation >= 5 else (80, 40))
    assert "orientation_applied" in found.changes
    assert opened(found).getexif().get(0x0112) is None
    corner = {2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}[orientation]
    at = (corner[0] * (found.width - 3) + 1, corner[1] * (found.height - 3) + 1)
    pixel = opened(found).convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)
    assert abs(pixel[0] - 200) < 12


def test_a_prints_colours_become_a_screens() -> None:
    found = taken(file_of(picture(60, 40, mode="CMYK"), "jpeg"), MOST)
    assert (opened(found).mode, found.changes) == ("RGB", ["colours_converted"])


def test_colours_are_converted_by_the_profile_that_the_file_has() -> None:
    """A profile whose reds and blues are exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = (profile.index(name, 128) + 4 for name in (b"rXYZ", b"bXYZ"))
    profile[red : red + 8], profile[blue : blue + 8] = profile[blue : blue + 8], profile[red : red + 8]
    words = profile.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be")).replace(b"sRGB", b"swap")
    image = Image.new("RGB", (20, 20), (220, 20, 30))
    found = taken(file_of(image, "png", icc_profile=bytes(words)), MOST)
    assert found.changes == ["colours_converted", "metadata_removed"]
    pixel = opened(found).getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert pixel[2] > 200
    assert pixel[0] < 60
    assert "icc_profile" not in opened(found).info


def test_a_profile_that_cannot_be_read_is_left_away_and_told() -> None:
    found = taken(jpeg(60, 40, icc_profile=b"nothing" * 30), MOST)
    assert found.changes == ["metadata_removed", "profile_not_readable"]


def test_sixteen_bits_become_eight_without_changing_what_is_seen() -> None:
    found = taken(file_of(picture(30, 20, shade=90, mode="I;16"), "png"), MOST)
    assert (opened(found).mode, found.changes) == ("L", ["depth_reduced"])
    assert opened(found).getpixel((25, 15)) == 90


@pytest.mark.parametrize(
    ("mode", "kind", "is_seen_through"),
    [("RGBA", "png", True), ("RGBA", "webp", True), ("RGB", "png", False), ("L", "png", False)],
)
def test_transparency_is_what_is_seen_through(mode: str, kind: str, is_seen_through: bool) -> None:
    assert taken(file_of(picture(mode=mode, width=40, height=40), kind), MOST).has_alpha is is_seen_through


def test_an_alpha_channel_that_hides_nothing_is_none() -> None:
    found = taken(file_of(picture(40, 40).convert("RGBA"), "png"), MOST)
    assert (found.has_alpha, opened(found).mode) == (False, "RGB")


def test_a_palettes_transparent_colour_stays_transparent() -> None:
    image = picture(40, 40).quantize(8)
    corner = image.getpixel((1, 1))
    found = taken(file_of(image, "png", transparency=corner), MOST)
    assert (found.has_alpha, opened(found).convert("RGBA").getpixel((1, 1))) == (True, (*found_rgb(image), 0))


def found_rgb(image: Image.Image) -> tuple[int, ...]:
    pixel = image.convert("RGB").getpixel((1, 1))
    assert isinstance(pixel, tuple)
    return tuple(int(each) for each in pixel)


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_an_animation_keeps_its_frames_and_its_pace(kind: str) -> None:
    found = taken(animated(kind, frames=4), MOST)
    again = opened(found)
    again.seek(1)
    again.load()
    assert (found.frames, found.format, round(again.info["duration"])) == (4, kind, 80)


def test_a_thumbnail_is_small_and_of_the_same_shape() -> None:
    thumbnail = Image.open(io.BytesIO(taken(jpeg(1200, 600), MOST).thumbnail))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2))


def test_the_same_picture_with_other_metadata_is_stored_the_same() -> None:
    assert taken(jpeg(exif=exif()), MOST).content == taken(jpeg(), MOST).content


def test_a_photograph_that_says_that_more_images_follow_is_taken_without_them() -> None:
    told = b"\xff\xe2\x00\x08MPF\x00\x00\x00"
    photo = jpeg(60, 40)
    found = taken(photo[:2] + told + photo[2:] + photo, MOST)
    assert (found.width, "further_images_removed" in found.changes) == (60, True)
    assert len(found.content) < len(photo) + 200


def test_what_would_be_stored_too_large_is_refused() -> None:
    noise = file_of(Image.effect_noise((300, 300), 90), "png")
    with pytest.raises(ImageFault) as refused:
        taken(noise, 20_000)
    assert refused.value.code == "grew"


def test_there_are_fifty_hostile_files_or_more() -> None:
    assert len(HOSTILE) >= 50


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_words(name: str) -> None:
    with pytest.raises(ImageFault) as refused:
        taken(HOSTILE[name], MOST)
    assert refused.value.code
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("an MP4", "video"),
        ("a WebM", "video"),
        ("an SVG with a script", "not_taken"),
        ("text", "not_an_image"),
        ("half a JPEG", "truncated"),
        ("a PNG without its last bytes", "truncated"),
        ("a GIF and an archive", "trailing_data"),
        ("a WebP and a page", "trailing_data"),
        ("a bomb of one bit", "too_many_pixels"),
        ("a JPEG of 65,535 pixels a side", "too_many_pixels"),
        ("a GIF of ten thousand frames", "too_many_frames"),
        ("a PNG whose checksum is wrong", "damaged"),
    ],
)
def test_a_refusal_says_what_is_wrong(name: str, code: str) -> None:
    with pytest.raises(ImageFault) as refused:
        taken(HOSTILE[name], MOST)
    assert refused.value.code == code


SEEDS = (
    jpeg(48, 32, exif=exif(orientation=6)),
    png(32, 32),
    file_of(picture(32, 32).quantize(8), "png", transparency=1),
    animated("gif", frames=2, side=20),
    file_of(picture(32, 32, mode="RGBA"), "webp", lossless=True),
    animated("webp", frames=2, side=20),
    animated("png", frames=2, side=20),
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6), st.integers(0, 6)), max_size=6
)


@settings(max_examples=150, deadline=None)
@given(seed=st.sampled_from(SEEDS), edits=EDITS)
def test_mutated_images_are_taken_or_refused_and_nothing_else(
    seed: bytes, edits: list[tuple[float, bytes, int]]
) -> None:
    data = bytearray(seed)
    for where, new, gone in edits:
        place = int(where * len(data))
        data[place : place + gone] = new
    try:
        found = taken(bytes(data), MOST)
    except ImageFault:
        return
    assert opened(found).size == (found.width, found.height)
    assert has_further_images(found.content, found.format) is False
