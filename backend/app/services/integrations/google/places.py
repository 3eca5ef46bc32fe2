"""Countries as Google targets them: geo target constants, whose number is 2000 and ISO 3166's own."""

import pycountry

_COUNTRIES = """
AD AE AF AG AL AM AO AR AS AT AU AZ BA BB BD BE BF BG BH BI BJ BL BN BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH
CI CK CL CM CN CO CR CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FR GA GB GD GE GG GH GM GN GQ
GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KZ LA LB LC LI LK LR
LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MR MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU
NZ OM PA PE PF PG PH PK PL PM PN PR PT PW PY QA RO RS RW SA SB SC SE SG SH SI SK SL SM SN SO SR SS ST SV SX SZ
TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VN VU WF WS YE ZA ZM ZW
"""
COUNTRIES = frozenset(_COUNTRIES.split())
"""ISO 3166-1 alpha-2. Russia is left out: Google shows no ads there."""


def constant(country: str) -> str:
    """The resource name; KeyError for what is not targeted.

    >>> constant("US"), constant("HU")
    ('geoTargetConstants/2840', 'geoTargetConstants/2348')
    """
    found = pycountry.countries.get(alpha_2=country) if country in COUNTRIES else None
    if found is None:
        raise KeyError(country)
    return f"geoTargetConstants/{2000 + int(found.numeric)}"
