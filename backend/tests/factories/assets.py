"""Images to test with: honest ones, odd ones, and those that somebody made to do harm."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from PIL import Image

from app.auth.permissions import Role
from tests.factories.access import Company

ASSETS = "/api/v1/campaigns/assets"


def picture(width: int = 1200, height: int = 628, shade: int = 90, mode: str = "RGB") -> Image.Image:
    """A corner of another colour, to tell an orientation by; with another shade (up to 1,023) it is another image.

    A colour alone would not tell them apart: JPEG makes neighbouring shades one. A row of tiles spells the shade.
    """
    image = Image.new(mode, (width, height), _colour(mode, shade))
    image.paste(_colour(mode, 200), (0, 0, max(1, width // 4), max(1, height // 4)))
    if mode == "RGB":
        for bit in range(10):
            left, right = (width * each // 10 for each in (bit, bit + 1))
            image.paste(_TILES[shade >> bit & 1], (left, height - height // 4, right, height))
    return image


_TILES = ((20, 20, 20), (230, 230, 230))


def _colour(mode: str, shade: int) -> Any:
    return (
        {"L": shade, "1": shade > 128, "I;16": shade * 256}[mode]
        if mode in {"L", "1", "I;16"}
        else ((shade % 256, 40 + shade // 256 * 16, 160, 90)[: len(mode)])
    )


def file_of(image: Image.Image, kind: str = "jpeg", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind.upper(), **options)
    return out.getvalue()


def jpeg(width: int = 1200, height: int = 628, shade: int = 90, **options: Any) -> bytes:
    return file_of(picture(width, height, shade), "jpeg", **options)


def png(width: int = 64, height: int = 64, shade: int = 90, **options: Any) -> bytes:
    return file_of(picture(width, height, shade), "png", **options)


def animated(kind: str = "gif", frames: int = 3, side: int = 40) -> bytes:
    made = [picture(side, side, 40 + 30 * number) for number in range(frames)]
    return file_of(made[0], kind, save_all=True, append_images=made[1:], duration=80, loop=0)


async def upload_asset(company: Company, content: bytes, name: str = "autumn.jpg") -> dict[str, Any]:
    answer = await company.client(Role.ANALYST).post(ASSETS, params={"name": name}, content=content)
    assert answer.is_success, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def an_asset(company: Company, width: int = 1200, height: int = 628, shade: int = 90) -> UUID:
    return UUID((await upload_asset(company, jpeg(width, height, shade)))["id"])


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, *chunks: bytes, depth: int = 8, colours: int = 2) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


def _screens(count: int) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\x00" * 6
    return head + frame * count + b"\x3b"


def hostile() -> Iterator[tuple[str, bytes]]:
    """Each a file that is refused, by its name."""
    photo, small, moving, web = jpeg(320, 200), png(), animated(), file_of(picture(60, 60), "webp")
    yield "empty", b""
    yield "one byte", b"\xff"
    yield "text", b"just words, and no image"
    yield "only a JPEG's start", b"\xff\xd8\xff"
    yield "only a PNG's signature", b"\x89PNG\r\n\x1a\n"
    yield "only a GIF's signature", b"GIF89a"
    yield "only a WebP's signature", b"RIFF\x04\x00\x00\x00WEBP"
    for name, whole in (("JPEG", photo), ("PNG", small), ("GIF", moving), ("WebP", web)):
        yield f"half a {name}", whole[: len(whole) // 2]
        yield f"a {name} without its last bytes", whole[:-3]
        yield f"a {name} and an archive", whole + b"PK\x03\x04" + b"evil" * 20
        yield f"a {name} and a page", whole + b"<script>alert(1)</script>"
        yield f"a {name} and another", whole + whole
    yield "an MP4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 40
    yield "a QuickTime film", b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00" + b"\x00" * 40
    yield "a WebM", b"\x1a\x45\xdf\xa3" + b"\x00" * 40
    yield "an AVI", b"RIFF\x24\x00\x00\x00AVI LIST" + b"\x00" * 40
    yield "an SVG with a script", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    yield "an SVG behind a declaration", b"\xef\xbb\xbf<?xml version='1.0'?><svg onload='alert(1)'/>"
    yield "a page", b"<!doctype html><script>alert(1)</script>"
    yield "a PDF", b"%PDF-1.7\n" + b"\x00" * 40
    yield "a TIFF", file_of(picture(8, 8), "tiff")
    yield "a BMP", file_of(picture(8, 8), "bmp")
    yield "PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n"
    yield "an ImageMagick script", b"push graphic-context\nfill 'url(https://example.invalid/x)'\n"
    yield "an archive", b"PK\x03\x04" + b"\x00" * 60
    yield (
        "a bomb of one bit",
        png_of(11_000, 11_000, chunk(b"IDAT", zlib.compress(b"\x00" * 1_376_000)), depth=1, colours=0),
    )
    yield (
        "a PNG that claims billions of pixels",
        png_of(60_000, 60_000, chunk(b"IDAT", zlib.compress(b"\x00"))),
    )
    yield "a PNG wider than any", png_of(2**31 - 1, 1, chunk(b"IDAT", zlib.compress(b"\x00")))
    yield "a PNG of no width", png_of(0, 5, chunk(b"IDAT", zlib.compress(b"\x00")))
    yield "a long, low PNG", png_of(40_000, 1, chunk(b"IDAT", zlib.compress(b"\x00" * 120_001)))
    yield "a PNG with too little in it", png_of(64, 64, chunk(b"IDAT", zlib.compress(b"\x00" * 10)))
    yield "a PNG with no picture", png_of(64, 64)
    yield "a PNG whose picture is noise", png_of(64, 64, chunk(b"IDAT", b"\x99" * 200))
    yield "a PNG whose checksum is wrong", small[:29] + b"\x00\x00\x00\x00" + small[33:]
    yield (
        "a PNG with a text that unpacks to gigabytes",
        png_of(
            1,
            1,
            chunk(b"zTXt", b"k\x00\x00" + zlib.compress(b"A" * 80_000_000, 9)),
            chunk(b"IDAT", zlib.compress(b"\x00\x00\x00\x00")),
        ),
    )
    yield "a PNG of a kind of colour that is none", png_of(8, 8, chunk(b"IDAT", b""), colours=5)
    yield "a GIF of ten thousand frames", _screens(10_000)
    yield (
        "a GIF of frames beyond its screen",
        moving.replace(b"\x2c" + b"\x00" * 4, b"\x2c" + b"\xf0\xff\xf0\xff", 1)[:13]
        + b"\x2c\xff\xff\xff\xff\xff\xff\xff\xff\x00\x02\x01\x00\x00\x3b",
    )
    yield "a GIF of no size", b"GIF89a" + b"\x00" * 7 + b"\x3b"
    yield (
        "a JPEG of no size",
        photo.replace(b"\xff\xc0\x00\x11\x08\x00\xc8\x01\x40", b"\xff\xc0\x00\x11\x08\x00\x00\x00\x00"),
    )
    yield (
        "a JPEG of 65,535 pixels a side",
        photo.replace(b"\xff\xc0\x00\x11\x08\x00\xc8\x01\x40", b"\xff\xc0\x00\x11\x08\xff\xff\xff\xff"),
    )
    yield (
        "a JPEG without tables",
        b"\xff\xd8\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x11" * 50 + b"\xff\xd9",
    )
    yield "a JPEG of markers alone", b"\xff\xd8" + b"\xff\xe0\x00\x04\x00\x00" * 300 + b"\xff\xd9"
    yield "a WebP that claims more than it has", web[:4] + b"\xff\xff\xff\x7f" + web[8:]
    yield "a WebP whose picture is noise", web[:30] + b"\x77" * (len(web) - 30)
