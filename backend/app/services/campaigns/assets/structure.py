"""How the bytes of an image are put together: which format they begin as, and where the image ends.

Decoders stop where the picture is complete, and some fill in what is missing. A file that ends too early is refused
here, and one that goes on after its end: such a tail is how one file is an image to one program and an archive, a
page or a script to another.
"""

import re
from typing import Literal

from app.services.campaigns.assets.faults import ImageFault

Format = Literal["jpeg", "png", "gif", "webp"]

_TAIL = (
    "trailing_data",
    "Something follows the image in the file: open it in an image editor and export it once more.",
)
_BROKEN = ("truncated", "The file ends before the image does, or is damaged: export or copy it once more.")
_PNG = b"\x89PNG\r\n\x1a\n"
_VIDEO_BRANDS = (b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"qt  ", b"M4V ", b"3gp4", b"3gp5", b"dash")
_NOT_TAKEN = "Save it as JPEG, PNG, GIF or WebP: {what} is not taken."
_OTHERS = (
    (b"BM", "a BMP"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"%PDF", "a PDF"),
    (b"8BPS", "a Photoshop file"),
    (b"PK\x03\x04", "an archive"),
    (b"\x00\x00\x01\x00", "an icon"),
)
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
"""A marker inside entropy-coded data that is no stuffed byte and no restart."""
_MARK, _END_OF_IMAGE, _START_OF_SCAN, _MULTI_PICTURE = 0xFF, 0xD9, 0xDA, 0xE2
_LEAST_SEGMENT = 2
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_SIZED_CHUNK = 12
_GIF_HEADER = 13


def sniffed(head: bytes) -> Format:
    """The format that the file's first bytes say; an `ImageFault` names what else it is."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(_PNG):
        return "png"
    if head[:6] in {b"GIF87a", b"GIF89a"}:
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    raise _other(head)


def _other(head: bytes) -> ImageFault:
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    is_video = brand in _VIDEO_BRANDS or head.startswith(b"\x1a\x45\xdf\xa3")
    if is_video or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        return ImageFault("video", "Videos are not kept here: upload this one at the platform itself.")
    text = head[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml")):
        return ImageFault("not_taken", _NOT_TAKEN.format(what="SVG"))
    what = next((name for start, name in _OTHERS if head.startswith(start)), None)
    if brand in {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"}:
        what = "HEIC or AVIF"
    if what is not None:
        return ImageFault("not_taken", _NOT_TAKEN.format(what=what))
    return ImageFault("not_an_image", "This is no image: upload a JPEG, PNG, GIF or WebP file.")


def has_further_images(data: bytes, kind: Format) -> bool:
    """Refuse what is cut off or goes on after its end.

    True for a JPEG that says itself that more images follow it, as phones write for depth and brightness (CIPA
    DC-007, "MPF"): those are left away with the rest, and are no reason to refuse a photograph.
    """
    says_more = False
    match kind:
        case "jpeg":
            end, says_more = _jpeg_end(data)
        case "png":
            end = _png_end(data)
        case "gif":
            end = _gif_end(data)
        case "webp":
            end = _webp_end(data)
    if end is None or end > len(data):
        raise ImageFault(*_BROKEN)
    if end == len(data) or not data[end:].strip(b"\x00"):
        return False
    if not says_more:
        raise ImageFault(*_TAIL)
    return True


def _jpeg_end(data: bytes) -> tuple[int | None, bool]:
    place, says_more = 2, False
    while place + 2 <= len(data) and data[place] == _MARK:
        marker = data[place + 1]
        if marker == _MARK:  # a fill byte
            place += 1
            continue
        if marker == _END_OF_IMAGE:
            return place + 2, says_more
        if marker in _STANDALONE:
            place += 2
            continue
        length = int.from_bytes(data[place + 2 : place + 4])
        if length < _LEAST_SEGMENT:
            break
        says_more |= marker == _MULTI_PICTURE and data[place + 4 : place + 8] == b"MPF\x00"
        place += 2 + length
        if marker == _START_OF_SCAN:
            found = _MARKER.search(data, place)
            if found is None:
                break
            place = found.end() - 2
    return None, says_more


def _png_end(data: bytes) -> int | None:
    place = len(_PNG)
    if data[place + 4 : place + 8] != b"IHDR":
        return None
    while place + _SIZED_CHUNK <= len(data):
        name = data[place + 4 : place + 8]
        place += _SIZED_CHUNK + int.from_bytes(data[place : place + 4])
        if name == b"IEND":
            return place
    return None


def _gif_end(data: bytes) -> int | None:
    if len(data) < _GIF_HEADER:
        return None
    place = _GIF_HEADER + _colours(data[10])
    while place < len(data):
        match data[place]:
            case 0x3B:
                return place + 1
            case 0x21:
                place = _after_blocks(data, place + 2)
            case 0x2C if place + 10 <= len(data):
                place = _after_blocks(data, place + 10 + _colours(data[place + 9]) + 1)
            case _:
                return None
    return None


def _colours(flags: int) -> int:
    """Bytes of the table of colours that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, place: int) -> int:
    while place < len(data) and data[place]:
        place += 1 + data[place]
    return place + 1


def _webp_end(data: bytes) -> int:
    said = int.from_bytes(data[4:8], "little")
    return 8 + said + (said & 1)
