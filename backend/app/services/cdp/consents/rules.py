"""What a person allows, by what they said, and where they said nothing by the policy of their country. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from app.core.countries import alpha_2


class Purpose(StrEnum):
    ANALYTICS = "analytics"
    ADS = "ads"
    EMAIL = "email"
    SMS = "sms"
    PERSONALIZATION = "personalization"


class Decision(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"


class Source(StrEnum):
    """Who asserted it: an SDK's consent categories, a browser's Global Privacy Control, or a person by the API."""

    SDK = "sdk"
    GPC = "gpc"
    PERSON = "person"


class Because(StrEnum):
    """Why a purpose is granted or refused."""

    THEY_GRANTED = "they_granted"
    THEY_REFUSED = "they_refused"
    GPC = "global_privacy_control"
    UNKNOWN_COUNTRY = "silence_in_an_unknown_country"
    STRICT_COUNTRY = "silence_where_it_is_a_refusal"
    POLICY = "silence_by_the_tenants_policy"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One assertion of one purpose."""

    purpose: Purpose
    decision: Decision
    at: datetime
    source: Source


@dataclass(frozen=True, slots=True)
class Policy:
    """What silence means outside the strict countries: by country, and elsewhere."""

    elsewhere: Decision = Decision.GRANTED
    countries: Mapping[str, Decision] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    decision: Decision
    because: Because
    at: datetime | None = None
    """When they said so; None for silence."""

    @property
    def is_granted(self) -> bool:
        return self.decision is Decision.GRANTED


_EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
# The outermost regions and Åland belong to the Union, Gibraltar and the Crown's islands follow the United Kingdom.
STRICT_COUNTRIES = frozenset(
    [*_EEA.split(" "), "AX", "GF", "GP", "MF", "MQ", "RE", "YT", "GB", "GI", "GG", "IM", "JE", "CH"]
)
"""Where silence is a refusal, whatever a tenant's policy says: the EEA, the United Kingdom and Switzerland."""


def decide(
    purpose: Purpose, receipts: Iterable[Receipt], country: str | None, policy: Policy, *, gpc: bool
) -> Decided:
    """Whether the purpose is granted now, and why.

    The last word counts, in whatever order the receipts come; of two at the same time the refusal does. `gpc` says
    that what is to be used came with the signal: it opts out of ads whatever was said before. `country` is the
    person's own; None where it is not known.
    """
    if gpc and purpose is Purpose.ADS:
        return Decided(Decision.REFUSED, Because.GPC)
    said = [each for each in receipts if each.purpose is purpose]
    if said:
        last = max(said, key=lambda each: (each.at, each.decision is Decision.REFUSED, each.source))
        if last.decision is Decision.GRANTED:
            return Decided(Decision.GRANTED, Because.THEY_GRANTED, last.at)
        because = Because.GPC if last.source is Source.GPC else Because.THEY_REFUSED
        return Decided(Decision.REFUSED, because, last.at)
    known = country_code(country)
    if known is None:
        return Decided(Decision.REFUSED, Because.UNKNOWN_COUNTRY)
    if known in STRICT_COUNTRIES:
        return Decided(Decision.REFUSED, Because.STRICT_COUNTRY)
    return Decided(policy.countries.get(known, policy.elsewhere), Because.POLICY)


def country_code(text: str | None) -> str | None:
    """The two letters of ISO 3166, or None for what cannot be told: then silence refuses."""
    return None if text is None else alpha_2(text)


DEFAULT_CATEGORIES: Mapping[str, tuple[Purpose, ...]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                *("ads", "advertising", "advertisement", "advertisements", "marketing", "targeting", "c0004"),
                *("adstorage", "aduserdata", "adpersonalization"),
            ),
            (Purpose.ADS,),
        ),
        **dict.fromkeys(
            ("analytics", "performance", "statistics", "c0002", "analyticsstorage"), (Purpose.ANALYTICS,)
        ),
        **dict.fromkeys(
            ("personalization", "personalisation", "functional", "preferences", "c0003"),
            (Purpose.PERSONALIZATION,),
        ),
        **dict.fromkeys(("email", "emailmarketing", "newsletter"), (Purpose.EMAIL,)),
        **dict.fromkeys(("sms", "smsmarketing", "textmessages"), (Purpose.SMS,)),
    }
)
"""What consent managers call their categories, as `category` writes them."""


def category(name: str) -> str:
    """A category's name without case and signs: what mappings are found by."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


@dataclass(frozen=True, slots=True)
class Reading:
    """What an event says of consent."""

    decisions: Mapping[Purpose, Decision]
    gpc: bool
    strings: Mapping[str, str]
    """TCF and GPP strings as they were received, by kind."""


_MOST_STRING = 10_000
_STRINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tcf": ("tcf", "tcString", "tcfString", "tcfPolicyString", "tc_string"),
        "gpp": ("gpp", "gppString", "gpp_string"),
    }
)


def read(context: Mapping[str, Any], categories: Mapping[str, Iterable[Purpose]]) -> Reading:
    """`categories` are the tenant's own; what they do not name follows the defaults.

    A purpose that several categories stand for is granted when all of them are.
    """
    consent = context.get("consent")
    consent = consent if isinstance(consent, Mapping) else {}
    preferences = consent.get("categoryPreferences")
    own = {category(name): tuple(purposes) for name, purposes in categories.items()}
    decisions: dict[Purpose, Decision] = {}
    for name, value in preferences.items() if isinstance(preferences, Mapping) else ():
        plain = category(str(name))
        for purpose in own.get(plain, DEFAULT_CATEGORIES.get(plain, ())):
            refused = value is not True or decisions.get(purpose) is Decision.REFUSED
            decisions[purpose] = Decision.REFUSED if refused else Decision.GRANTED
    found = {kind: _string(consent, context, names) for kind, names in _STRINGS.items()}
    strings = {kind: value for kind, value in found.items() if value is not None}
    return Reading(decisions, context.get("gpc") is True, strings)


def _string(consent: Mapping[str, Any], context: Mapping[str, Any], names: Iterable[str]) -> str | None:
    for value in (holder.get(name) for name in names for holder in (consent, context)):
        if isinstance(value, str) and 0 < len(value) <= _MOST_STRING:
            return value
    return None


def receipts_of(reading: Reading, at: datetime) -> list[Receipt]:
    """The receipts that an event amounts to."""
    said = [Receipt(purpose, decision, at, Source.SDK) for purpose, decision in reading.decisions.items()]
    if reading.gpc:
        said.append(Receipt(Purpose.ADS, Decision.REFUSED, at, Source.GPC))
    return said
