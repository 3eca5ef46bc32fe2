"""Who buys: a person has one account, mailbox and phone, and up to three devices with cookies."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sandbox.chance import Chance
from sandbox.world.parameters import Shop

_FIRST = (
    "Ava",
    "Noah",
    "Mia",
    "Liam",
    "Zoë",
    "Ethan",
    "Ines",
    "Omar",
    "Lena",
    "Mateo",
    "Priya",
    "Jonas",
    "Chloé",
    "Diego",
    "Hanna",
    "Kofi",
    "Elif",
    "Victor",
    "Nadia",
    "Samuel",
    "Aiko",
    "Björn",
    "Ruth",
    "Tomás",
)
_LAST = (
    "Nguyen",
    "Garcia",
    "Smith",
    "Kowalski",
    "O'Neill",
    "Müller",
    "Rossi",
    "Haddad",
    "Larsen",
    "Okafor",
    "Brown",
    "Silva",
    "Novák",
    "Johnson",
    "Kim",
    "Dubois",
    "Patel",
    "Andersson",
    "Moreau",
    "Lopez",
    "Clark",
    "Weber",
)
_PLACES = (
    ("New York", "NY", "100"),
    ("Brooklyn", "NY", "112"),
    ("Los Angeles", "CA", "900"),
    ("Chicago", "IL", "606"),
    ("Houston", "TX", "770"),
    ("Phoenix", "AZ", "850"),
    ("San Diego", "CA", "921"),
    ("Seattle", "WA", "981"),
    ("Denver", "CO", "802"),
    ("Boston", "MA", "021"),
    ("Portland", "OR", "972"),
    ("Atlanta", "GA", "303"),
)
_AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_2 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 Chrome/149.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/149.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19.2 Safari/605.1.15",
)


@dataclass(frozen=True, slots=True)
class Device:
    """`cookies`: what each platform's script calls this browser."""

    anonymous_id: str
    fbp: str
    user_agent: str
    ip: str
    cookies: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Person:
    index: int
    user_id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    city: str
    state: str
    postal_code: str
    country: str
    devices: tuple[Device, ...]
    allows_ads: bool


def _device(chance: Chance) -> Device:
    raw = chance.hex(32)
    anonymous = f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:32]}"
    fbp = f"fb.1.{1_700_000_000_000 + chance.below(80_000_000_000)}.{chance.below(10**10)}"
    ip = f"{23 + chance.below(170)}.{chance.below(256)}.{chance.below(256)}.{1 + chance.below(254)}"
    agent = chance.pick(_AGENTS)
    scid = chance.hex(32)
    cookies = {
        "fbp": fbp,
        "ttp": "01" + chance.hex(24),
        "scid": f"{scid[:8]}-{scid[8:12]}-4{scid[13:16]}-a{scid[17:20]}-{scid[20:32]}",
    }
    return Device(anonymous, fbp, agent, ip, cookies)


@lru_cache(maxsize=50_000)
def person(seed: int, shop: Shop, index: int) -> Person:
    chance = Chance(seed, "person", shop.id, index)
    first, last = chance.pick(_FIRST), chance.pick(_LAST)
    city, state, area = chance.pick(_PLACES)
    plain = "".join(c for c in f"{first}.{last}".lower() if c.isascii() and (c.isalpha() or c == "."))
    host = chance.pick(("example.com", "example.org", "example.net"))
    count = 1 + chance.happens(0.45) + chance.happens(0.15)
    return Person(
        index=index,
        user_id=f"cust_{index:06d}",
        first_name=first,
        last_name=last,
        email=f"{plain}{index}@{host}",
        phone=f"+{shop.calling_code}{201 + index % 700:03d}555{index % 10000:04d}",
        city=city,
        state=state,
        postal_code=f"{area}{chance.below(100):02d}",
        country=shop.country,
        devices=tuple(_device(Chance(seed, "device", shop.id, index, n)) for n in range(count)),
        allows_ads=not chance.happens(0.06),
    )
