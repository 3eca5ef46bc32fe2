"""Salesforce's ids: fifteen characters whose case counts, eighteen where it does not. Pure."""

import re

from app.services.integrations.ports import PlatformError, PlatformErrorKind

_CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT = 15
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


def whole_id(text: object) -> str:
    """All eighteen characters, the form in which two of them are compared; `PlatformError` for what is no id.

    >>> whole_id("001xx000003DGb1"), whole_id("001xx000003DGb1AAG")
    ('001xx000003DGb1AAG', '001xx000003DGb1AAG')
    """
    if not isinstance(text, str) or _ID.fullmatch(text) is None:
        raise malformed("A record came without its id.")
    short = text[:_SHORT]
    checks = (
        sum(1 << place for place, each in enumerate(short[start : start + 5]) if "A" <= each <= "Z")
        for start in (0, 5, 10)
    )
    return short + "".join(_CHECKS[each] for each in checks)


def malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "salesforce.malformed", message)
