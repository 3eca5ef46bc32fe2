"""Countries as people write them, by their two letters in ISO 3166.

ISO's own names are pycountry's; `_ALSO` holds what people write and ISO does not.
"""

import unicodedata
from functools import lru_cache
from types import MappingProxyType

import phonenumbers
import pycountry

_ALSO = MappingProxyType(
    {
        "AE": ("UAE", "Emirates"),
        "BN": ("Brunei",),
        "CD": ("Democratic Republic of the Congo", "DR Congo"),
        "CI": ("Ivory Coast", "Cote d'Ivoire"),
        "CV": ("Cape Verde",),
        "FM": ("Micronesia",),
        "GB": ("UK", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland"),
        "KP": ("North Korea",),
        "KR": ("South Korea", "Korea"),
        "MK": ("Macedonia",),
        "MM": ("Burma",),
        "MO": ("Macau",),
        "NL": ("Holland", "The Netherlands"),
        "PS": ("Palestine",),
        "RU": ("Russia",),
        "SZ": ("Swaziland",),
        "TL": ("East Timor",),
        "TR": ("Turkey",),
        "US": ("America", "United States of America"),
        "VA": ("Vatican", "Vatican City"),
        "VN": ("Vietnam",),
        "XK": ("Kosovo",),
    }
)


def alpha_2(text: str) -> str | None:
    """The code in capitals, from a code of two or three letters or an English name; None for what is no country.

    >>> alpha_2(" us "), alpha_2("U.S.A."), alpha_2("Côte d'Ivoire"), alpha_2("HUN"), alpha_2("Elbonia")
    ('US', 'US', 'CI', 'HU', None)
    """
    return _by_name().get(_folded(text))


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    found = {code.lower(): code for code in phonenumbers.SUPPORTED_REGIONS}
    for country in pycountry.countries:
        for attribute in ("alpha_2", "alpha_3", "name", "official_name", "common_name"):
            if name := getattr(country, attribute, None):
                found[_folded(name)] = country.alpha_2
    for code, names in _ALSO.items():
        found |= {_folded(name): code for name in names}
    return found


def _folded(text: str) -> str:
    """Lower case letters alone, without their marks."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in plain if character.isalpha())
