"""An uploaded image read for good, and written anew: upright, in sRGB, of 8 bits, and without any metadata.

Runs in a process of its own (`decoding`), whatever a hostile file does to it. What is stored was written by us, never
by whoever uploaded it.
"""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageCms, ImageOps
from PIL.JpegImagePlugin import get_sampling

from app.services.campaigns.assets.faults import ImageFault
from app.services.campaigns.assets.structure import Format, has_further_images, sniffed

MOST_PIXELS = 25_000_000
LONGEST_SIDE = 12_000
MOST_PIXELS_OF: dict[Format, int] = {
    "jpeg": MOST_PIXELS,
    "png": MOST_PIXELS,
    "gif": MOST_PIXELS,
    "webp": 12_000_000,
}
"""Measured: what the process that decodes can read and write within its memory and time. WebP takes most of both."""
MOST_FRAMES = 200
MOST_FRAME_PIXELS = 25_000_000
THUMBNAIL_SIDE = 320

_QUALITY = 92
_METADATA = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "comment", "photoshop", "icc_profile", "gps"})
_SIXTEEN_BIT = 16
_PNG_DEPTH_AT = 24
_DAMAGED = ImageFault(
    "damaged", "The image cannot be decoded: open it in an image editor and export it once more."
)

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


@dataclass(frozen=True, slots=True)
class Taken:
    """An image as it is stored. `thumbnail` is a WebP of its first frame."""

    content: bytes
    thumbnail: bytes
    format: Format
    width: int
    height: int
    has_alpha: bool
    """Some of it is transparent in fact, not only in its format."""
    frames: int
    changes: list[str]
    """What else than its encoding is not as it was uploaded."""


@dataclass(slots=True)
class _Source:
    data: bytes
    kind: Format
    changes: set[str] = field(default_factory=set)
    quantization: Any = None
    """A JPEG's own tables, so that writing it anew costs next to nothing; None where its colours were converted."""
    sampling: int = -1


def taken(data: bytes, most_bytes: int) -> Taken:
    """Read, check and rewrite it; an `ImageFault` says why not. `most_bytes` bounds what is written too."""
    source = _Source(data, sniffed(data[:512]))
    if has_further_images(data, source.kind):
        source.changes.add("further_images_removed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sizes are held to our own bounds, below
            return _rewritten(source, most_bytes)
    except ImageFault:
        raise
    except (MemoryError, Image.DecompressionBombError) as error:
        raise _too_large(source) from error
    except Exception as error:  # a decoder meets bytes that nobody foresaw, and raises whatever comes
        raise _DAMAGED from error


def _rewritten(source: _Source, most_bytes: int) -> Taken:
    with Image.open(io.BytesIO(source.data), formats=(source.kind.upper(),)) as image:
        _check_size(image, source)
        if source.kind == "png" and source.data[_PNG_DEPTH_AT] == _SIXTEEN_BIT:
            source.changes.add("depth_reduced")
        if source.kind == "jpeg":
            source.quantization = getattr(image, "quantization", None)
            source.sampling = get_sampling(image)
        animated = source.kind != "jpeg" and getattr(image, "is_animated", False)
        timing = _timing(image) if animated else {}
        frames = _frames(image, source, timing) if animated else [_upright(image, source)]
    content = _encoded(frames, source, timing)
    if len(content) > most_bytes:
        raise ImageFault(
            "grew", "Written anew it is larger than may be kept: make it smaller, or save it as JPEG."
        )
    with Image.open(io.BytesIO(content), formats=(source.kind.upper(),)) as kept:
        width, height = kept.size
        count = getattr(kept, "n_frames", 1)
    return Taken(
        content=content,
        thumbnail=_thumbnail(frames[0]),
        format=source.kind,
        width=width,
        height=height,
        has_alpha=any(_has_alpha(each) for each in frames),
        frames=count,
        changes=sorted(source.changes),
    )


def _check_size(image: Image.Image, source: _Source) -> None:
    if max(image.size) > LONGEST_SIDE or image.width * image.height > MOST_PIXELS_OF[source.kind]:
        raise _too_large(source)
    if min(image.size) < 1:
        raise _DAMAGED


def _too_large(source: _Source) -> ImageFault:
    most = MOST_PIXELS_OF[source.kind] // 1_000_000
    return ImageFault(
        "too_many_pixels",
        f"The image has too many pixels: at most {most} million here, and {LONGEST_SIDE:,} on a side.",
    )


def _timing(image: Image.Image) -> dict[str, Any]:
    """A GIF that says nothing of repetitions is played once."""
    return {"duration": [], **({"loop": image.info["loop"]} if "loop" in image.info else {})}


def _frames(image: Image.Image, source: _Source, timing: dict[str, Any]) -> list[Image.Image]:
    frames: list[Image.Image] = []
    pixels = 0
    while True:
        try:
            image.seek(len(frames))
        except EOFError:
            break
        _check_size(image, source)
        pixels += image.width * image.height
        if len(frames) == MOST_FRAMES or pixels > MOST_FRAME_PIXELS:
            raise ImageFault(
                "too_many_frames",
                f"The animation is too long: at most {MOST_FRAMES} frames, and {MOST_FRAME_PIXELS // 1_000_000} "
                "million pixels in all of them.",
            )
        image.load()
        timing["duration"].append(int(image.info.get("duration", 100) or 100))
        frames.append(_plain(image, source, keep_palette=False))
    return frames


def _upright(image: Image.Image, source: _Source) -> Image.Image:
    image.load()
    turned = _oriented(image)
    if turned is not None:
        source.changes.add("orientation_applied")
    found = image if turned is None else turned
    if turned is not None:
        found.info = dict(image.info)
    return _plain(found, source, keep_palette=True)


def _oriented(image: Image.Image) -> Image.Image | None:
    """The image as it is to be looked at, where that is not how it lies; EXIF that cannot be read turns nothing."""
    try:
        if image.getexif().get(0x0112, 1) in range(2, 9):
            return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001  (a broken description of a picture that itself is whole)
        return None
    return None


def _plain(image: Image.Image, source: _Source, *, keep_palette: bool) -> Image.Image:
    """Of 8 bits, in sRGB, with transparency only where there is some, and nothing else known of it."""
    if _METADATA & image.info.keys() or getattr(image, "text", None):
        source.changes.add("metadata_removed")
    profile = image.info.get("icc_profile")
    found = image
    if found.mode.startswith("I"):
        source.changes.add("depth_reduced")
        found = found.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    alpha = _alpha(found)
    if profile or found.mode not in {"L", "P", "RGB", "RGBA", "LA", "PA", "1"}:
        found = _in_srgb(found, profile, source)
    if keep_palette and found.mode == "P":
        found = found.copy()
        found.info = {} if alpha is None else {"transparency": image.info["transparency"]}
        return found
    grey = found.mode in {"L", "LA", "1"}
    found = found.convert("L" if grey and (alpha is None) and keep_palette else "RGB")
    if alpha is not None:
        found.putalpha(alpha)
    found.info = {}
    return found


def _alpha(image: Image.Image) -> Image.Image | None:
    """How opaque each pixel is; None where all of them are, whatever the format could say."""
    if image.mode not in {"RGBA", "LA", "PA", "RGBa", "La"} and "transparency" not in image.info:
        return None
    alpha = image.convert("RGBA").getchannel("A")
    return None if alpha.getextrema() == (255, 255) else alpha


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in {"RGBA", "LA"} or "transparency" in image.info


_SRGB = ImageCms.createProfile("sRGB")


def _in_srgb(image: Image.Image, profile: bytes | None, source: _Source) -> Image.Image:
    """By its profile where that can be read and differs; a print's colours without one by the plain formula."""
    base = image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(own).lower():
                found = ImageCms.profileToProfile(base, own, _SRGB, outputMode="RGB")
                if found is not None:
                    source.changes.add("colours_converted")
                    source.quantization = None
                    return found
        except (ImageCms.PyCMSError, OSError, ValueError):
            source.changes.add("profile_not_readable")
    if base.mode == "CMYK":
        source.changes.add("colours_converted")
        source.quantization = None
        return base.convert("RGB")
    return image if image.mode in {"L", "P", "RGB", "RGBA", "LA", "PA", "1"} else base


def _encoded(frames: Sequence[Image.Image], source: _Source, timing: dict[str, Any]) -> bytes:
    first, rest = frames[0], frames[1:]
    options: dict[str, Any] = {}
    if timing:
        options = {"save_all": True, "append_images": rest, **timing}
    match source.kind:
        case "jpeg":
            return _jpeg(first, source)
        case "png":
            options |= {"compress_level": 6}
        case "gif":
            clears = any(_has_alpha(each) for each in frames)
            options |= {"disposal": 2 if clears else 1} if timing else {}
        case "webp":
            lossless = b"VP8L" in source.data[:64]
            options |= {"lossless": lossless, "quality": 20 if lossless else _QUALITY, "method": 0}
    return _saved(first, source.kind, **options)


def _jpeg(image: Image.Image, source: _Source) -> bytes:
    if source.quantization:
        options = {"qtables": source.quantization}
        if source.sampling >= 0 and image.mode == "RGB":
            options["subsampling"] = source.sampling
        try:
            return _saved(image, "jpeg", optimize=True, **options)
        except (ValueError, TypeError, OSError):
            source.quantization = None  # tables that a decoder takes and an encoder does not
    return _saved(image, "jpeg", optimize=True, quality=_QUALITY)


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format=kind.upper(), **options)
    return out.getvalue()


def _thumbnail(image: Image.Image) -> bytes:
    small = image.convert("RGBA" if _has_alpha(image) else "RGB")
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    small.info = {}
    return _saved(small, "webp", quality=80, method=4)
