"""Who an event speaks of, kept so that nobody reads it in the store.

Values that name a person are taken out of an event and sealed together, one ciphertext an event; user ids,
e-mail addresses and phone numbers can be found again by keyed hashes. What is sealed leaves `[sealed]` in its
place, and its path.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec
import phonenumbers

from app.core.ids import id_of
from app.core.security import keyed_hash, seal, unseal
from app.services.cdp.identity.rules import IdentifierType, is_garbage

SEALED = "[sealed]"
_SHORT_NAME = 64
_LONGEST_DEVICE = 500
_PURPOSE = "cdp.events.identifiers"
# An event has 32 KB at most: what is remembered of a flood of odd ones stays under 16 MB.
REMEMBERED_NAMES = 512
_BARE = frozenset({int, float, bool, type(None)})
_PERSONAL = frozenset(
    {
        *(
            "email",
            "emailaddress",
            "mail",
            "phone",
            "phonenumber",
            "mobile",
            "mobilephone",
            "telephone",
            "tel",
        ),
        *("firstname", "lastname", "fullname", "middlename", "givenname", "familyname", "surname"),
        *("address", "street", "streetaddress", "address1", "address2", "addressline1", "addressline2"),
        *("postalcode", "postcode", "zip", "zipcode", "birthday", "birthdate", "dateofbirth", "dob"),
        *("ip", "ipaddress", "username", "password"),
    }
)
_NAMES_A_PERSON_IN_TRAITS = frozenset({"name"})
_EMAIL_INSIDE = re.compile(
    r"[A-Za-z0-9._+-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", re.ASCII
)
_EMAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,190}\.[^\s@<>\".]{2,63}")
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{5,24}")


def may_hold_an_address(raw: bytes) -> bool:
    """Whether a text in this JSON may hold an e-mail address: most events hold no `@`, escaped or not."""
    return b"@" in raw or b"%" in raw or (b"\\" in raw and b"\\u" in raw)


def holds_an_address(value: Any) -> bool:
    """Whether a text or a name at any depth of it does."""
    if isinstance(value, str):
        return names_a_person(value)
    if isinstance(value, dict):
        return any(
            names_a_person(key) or (item.__class__ not in _BARE and holds_an_address(item))
            for key, item in value.items()
        )
    if isinstance(value, list):
        return any(item.__class__ not in _BARE and holds_an_address(item) for item in value)
    return False


def names_a_person(text: str) -> bool:
    return ("@" in text or "%40" in text) and _EMAIL_INSIDE.search(text) is not None


def take_out(value: Any, path: str, taken: dict[str, Any], *, traits: bool = False) -> Any:
    """The same value without what names a person, which is put into `taken` by its path."""
    if isinstance(value, dict):
        personal, is_odd = _among(tuple(value), traits)
        kept = {}
        for key, item in value.items():
            if key in personal and item not in (None, ""):
                item = _take(item, f"{path}.{key}", taken)  # noqa: PLW2901  (what is kept of it)
            elif item.__class__ not in _BARE and (item.__class__ is not str or names_a_person(item)):
                item = take_out(item, f"{path}.{key}", taken, traits=traits or key == "traits")  # noqa: PLW2901
            kept[_safe_name(key) if is_odd else key] = item
        return kept
    if isinstance(value, list):
        return [take_out(item, f"{path}.{index}", taken, traits=traits) for index, item in enumerate(value)]
    if isinstance(value, str) and names_a_person(value):
        return _take(value, path, taken)
    return value


@lru_cache(maxsize=REMEMBERED_NAMES)
def _among(names: tuple[str, ...], traits: bool) -> tuple[frozenset[str], bool]:  # noqa: FBT001  (for the cache)
    """Which of an object's names say who the person is, and whether one holds an address itself."""
    personal = frozenset(name for name in names if is_personal(name, traits=traits))
    return personal, any(map(names_a_person, names))


def _safe_name(key: str) -> str:
    return _EMAIL_INSIDE.sub(SEALED, key) if names_a_person(key) else key


def _take(value: Any, path: str, taken: dict[str, Any]) -> str:
    taken[path] = value
    return SEALED


def is_personal(key: str, *, traits: bool) -> bool:
    """Whether a member of that name says who the person is; in traits a bare `name` does too."""
    return (_judged if len(key) <= _SHORT_NAME else _judged.__wrapped__)(key, traits)


@lru_cache(maxsize=8192)
def _judged(key: str, traits: bool) -> bool:  # noqa: FBT001  (positional for the cache)
    plain = key.lower().replace("_", "").replace("-", "").replace(" ", "").replace("$", "")
    return plain in _PERSONAL or (traits and plain in _NAMES_A_PERSON_IN_TRAITS)


class Clean(NamedTuple):
    """An object's JSON without what named a person, and what was taken out of it by its path."""

    text: str
    taken: Mapping[str, Any] = MappingProxyType({})
    email: str | None = None
    phone: str | None = None


def cleaned(value: dict[str, Any], path: str, *, traits: bool) -> Clean:
    """`value` with what names a person replaced; its e-mail address and phone number in their normal forms."""
    taken: dict[str, Any] = {}
    text = msgspec.json.encode(take_out(value, path, taken, traits=traits)).decode()
    email = phone = None
    for name, held in taken.items():
        last = name.rpartition(".")[2].lower()
        if email is None and last in ("email", "mail", "email_address", "emailaddress"):
            email = normal_email(held)
        elif phone is None and last in ("phone", "phone_number", "phonenumber", "mobile"):
            phone = normal_phone(held)
    return Clean(text, taken, email, phone)


def normal_email(value: object) -> str | None:
    """The address in lower case, or None where it cannot be one."""
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    return text if _EMAIL.fullmatch(text) else None


@lru_cache(maxsize=8192)
def _e164(text: str) -> str | None:
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def normal_phone(value: object) -> str | None:
    """E.164 where the number says its country, else its digits; None where it cannot be a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _PHONE.fullmatch(text := value.strip()):
        return None
    if text.startswith("00"):
        text = "+" + text[2:]
    digits = re.sub(r"[^0-9]", "", text)
    if not digits.strip("0"):
        return None
    return (_e164(text) if text.startswith("+") else None) or digits


class NamesPeople(Protocol):
    """What of a stored event says whose it is."""

    @property
    def person_key(self) -> UUID | None: ...
    @property
    def user_id_hash(self) -> bytes | None: ...
    @property
    def email_hash(self) -> bytes | None: ...
    @property
    def phone_hash(self) -> bytes | None: ...
    @property
    def anonymous_id(self) -> str | None: ...
    @property
    def context(self) -> Mapping[str, Any]: ...


class User(NamedTuple):
    """A user id by its keyed hash, and as the identity graph knows it."""

    keyed: bytes
    key: UUID


@lru_cache(maxsize=16_384)
def user_of(user_id: str, tenant_id: int) -> User | None:
    """None for a value that names nobody."""
    if is_garbage(user_id):
        return None
    keyed = keyed_hash(user_id, purpose="cdp.user_id", tenant_id=tenant_id)
    return User(keyed, key_of(keyed))


def email_hash(normal: str, tenant_id: int) -> bytes:
    return keyed_hash(normal, purpose="cdp.email", tenant_id=tenant_id)


def phone_hash(normal: str, tenant_id: int) -> bytes:
    return keyed_hash(normal, purpose="cdp.phone", tenant_id=tenant_id)


def identifier_key(kind: IdentifierType, normal: str, tenant_id: int) -> UUID:
    """The key by which the identity graph knows an identifier: half of its keyed hash."""
    return key_of(keyed_hash(normal, purpose=f"cdp.{kind}", tenant_id=tenant_id))


def key_of(keyed: bytes) -> UUID:
    return id_of(keyed[:16])


@lru_cache(maxsize=16_384)
def _device_key(kind: IdentifierType, value: str, tenant_id: int) -> UUID | None:
    return None if is_garbage(value) else identifier_key(kind, value, tenant_id)


def device_key(device_id: str | None, tenant_id: int) -> UUID | None:
    """None for a value that names nobody, and so below; one that is longer than any id is none."""
    if device_id is None or len(device_id) > _LONGEST_DEVICE:
        return None
    return _device_key(IdentifierType.DEVICE_ID, device_id, tenant_id)


def anonymous_key(anonymous_id: str | None, tenant_id: int) -> UUID | None:
    return None if anonymous_id is None else _device_key(IdentifierType.ANONYMOUS_ID, anonymous_id, tenant_id)


def device_of(context: Mapping[str, Any]) -> str | None:
    """`context.device.id`, as the mobile SDKs send it."""
    device = context.get("device")
    value = device.get("id") if isinstance(device, dict) else None
    return value if isinstance(value, str) and value else None


def keys_named(event: "NamesPeople", tenant_id: int) -> list[UUID]:
    """Every identifier that a stored event names, as the identity graph knows them."""
    hashes = (event.user_id_hash, event.email_hash, event.phone_hash)
    keys = [event.person_key, *(key_of(each) for each in hashes if each is not None)]
    keys += [device_key(device_of(event.context), tenant_id), anonymous_key(event.anonymous_id, tenant_id)]
    return list(dict.fromkeys(key for key in keys if key is not None))


def keys_of(text: str, tenant_id: int) -> dict[IdentifierType, UUID]:
    """The keys that this text has as each type of identifier that it can be."""
    normal = {
        IdentifierType.USER_ID: text,
        IdentifierType.EMAIL: normal_email(text),
        IdentifierType.PHONE: normal_phone(text),
        IdentifierType.DEVICE_ID: text,
        IdentifierType.ANONYMOUS_ID: text,
    }
    return {kind: identifier_key(kind, value, tenant_id) for kind, value in normal.items() if value}


def pseudonym(text: str, tenant_id: int) -> str:
    """A stable stand-in for an id that turned out to hold an e-mail address."""
    return "sealed:" + keyed_hash(text, purpose="cdp.pseudonym", tenant_id=tenant_id).hex()


def without_addresses(text: str) -> str:
    return _EMAIL_INSIDE.sub(SEALED, text) if names_a_person(text) else text


def seal_identifiers(identifiers: Mapping[str, Any], tenant_id: int) -> bytes:
    return seal(msgspec.json.encode(identifiers).decode(), purpose=_PURPOSE, tenant_id=tenant_id)


@lru_cache(maxsize=16_384)
def seal_user_id(user_id: str, tenant_id: int) -> bytes:
    """The identifiers of an event that names its user alone: sealed once for many events of one person."""
    return seal_identifiers({"user_id": user_id}, tenant_id)


def open_identifiers(sealed: bytes | None, tenant_id: int) -> dict[str, Any]:
    """What `seal_identifiers` closed; `Unsealable` where it was altered or its key is gone."""
    if sealed is None:
        return {}
    opened: dict[str, Any] = msgspec.json.decode(unseal(sealed, purpose=_PURPOSE, tenant_id=tenant_id))
    return opened
