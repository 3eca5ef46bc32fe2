"""Where an org may be: a token's answer names its host, and nothing is sent to one that is not Salesforce's. Pure."""

import re

from app.core.config import Settings
from app.services.integrations.ports import PlatformError, PlatformErrorKind

_ORG = re.compile(r"https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}salesforce\.com", re.ASCII)
_LONGEST = 255


def instance_of(url: object, settings: Settings) -> str:
    """The org's own address, as it was told; `PlatformError` for any that is not Salesforce's, nor the one set up."""
    plain = url.rstrip("/") if isinstance(url, str) else ""
    own = settings.salesforce_instance_url
    if own is not None and plain == own.rstrip("/"):
        return plain
    if len(plain) <= _LONGEST and _ORG.fullmatch(plain.lower()):
        return plain.lower()
    raise PlatformError(
        PlatformErrorKind.INVALID,
        "salesforce.host_refused",
        "The org's address is none of Salesforce's: nothing was sent there.",
    )
