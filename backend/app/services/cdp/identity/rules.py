"""What counts as an identifier, which one weighs more, and how many a person may have. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class IdentifierType(StrEnum):
    USER_ID = "user_id"
    EMAIL = "email"
    PHONE = "phone"
    DEVICE_ID = "device_id"
    ANONYMOUS_ID = "anonymous_id"
    MATCH_KEY = "match_key"


PRIORITY: Mapping[IdentifierType, int] = MappingProxyType(
    {
        IdentifierType.USER_ID: 100,
        IdentifierType.EMAIL: 80,
        IdentifierType.PHONE: 70,
        IdentifierType.DEVICE_ID: 40,
        IdentifierType.ANONYMOUS_ID: 10,
        IdentifierType.MATCH_KEY: 5,
    }
)
"""A match key is made of traits, and gives way to every identifier that was sent."""

DEFAULT_LIMITS: Mapping[IdentifierType, int] = MappingProxyType(
    {
        IdentifierType.USER_ID: 1,
        IdentifierType.EMAIL: 5,
        IdentifierType.PHONE: 5,
        IdentifierType.MATCH_KEY: 50,
        IdentifierType.DEVICE_ID: 5,
        IdentifierType.ANONYMOUS_ID: 5,
    }
)

_ZEROS = re.compile(r"[0-]*")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\\ \t\r\n"
_GARBAGE = frozenset(
    {
        *("-1", "null", "none", "nil", "undefined", "anonymous", "guest", "unknown", "nan", "true", "false"),
        *("[object object]", "test"),
    }
)


class Reason(StrEnum):
    """Why a link was refused."""

    DIFFERENT_USERS = "different_users"
    KEPT_APART = "kept_apart"
    TYPE_LIMIT = "type_limit"
    TOO_MANY_IDENTIFIERS = "too_many_identifiers"
    TOO_MANY_MERGES = "too_many_merges"
    DEMOTED = "demoted"
    GARBAGE = "garbage"


class Lifecycle(StrEnum):
    ANONYMOUS = "anonymous"
    KNOWN = "known"
    CUSTOMER = "customer"
    CHURNED = "churned"


@dataclass(frozen=True, slots=True)
class Rules:
    """A tenant's rules of identity. `garbage` holds values of its own, as `plain` writes them."""

    limits: Mapping[IdentifierType, int] = field(default_factory=lambda: DEFAULT_LIMITS)
    max_merges: int = 100
    max_identifiers: int = 1_000
    garbage: frozenset[str] = field(default_factory=frozenset)
    churn_days: int = 90


def plain(value: str) -> str:
    """A value without its case and the quotes around it: what the garbage list compares."""
    return value.strip(_QUOTES).lower()


def is_garbage(value: str, own: frozenset[str] = frozenset()) -> bool:
    """Whether the value names nobody: many programs send it for many people."""
    bare = plain(value)
    return _ZEROS.fullmatch(bare) is not None or bare in _GARBAGE or bare in own


def rules_of(
    limits: Mapping[str, int],
    *,
    max_merges: int,
    max_identifiers: int,
    garbage: Iterable[str],
    churn_days: int,
) -> Rules:
    """Rules as a person writes them: what is not limited follows the default, and one person has one user id."""
    own = {IdentifierType(kind): limit for kind, limit in limits.items()}
    return Rules(
        limits={**DEFAULT_LIMITS, **own, IdentifierType.USER_ID: 1},
        max_merges=max_merges,
        max_identifiers=max_identifiers,
        garbage=frozenset(filter(None, map(plain, garbage))),
        churn_days=churn_days,
    )
