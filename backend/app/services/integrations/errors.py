from app.core.errors import Conflict, NotFound, StratumError, Unavailable
from app.services.integrations.ports import PlatformError, PlatformErrorKind


class ConnectionNotFound(NotFound):
    """There is no such connection here."""

    code = "integrations.connections.not_found"


class AdAccountNotFound(NotFound):
    """There is no such ad account here."""

    code = "integrations.ad_accounts.not_found"


class PlatformRefused(Conflict):
    """The platform refused this."""

    code = "integrations.platform_refused"


class PlatformUnavailable(Unavailable):
    """The platform cannot be reached at the moment: try again shortly."""

    code = "integrations.platform_unavailable"


def as_answer(error: PlatformError) -> StratumError:
    """What a person who asked for it is told."""
    if error.kind in {
        PlatformErrorKind.TRANSIENT,
        PlatformErrorKind.RATE_LIMITED,
        PlatformErrorKind.AMBIGUOUS,
    }:
        return PlatformUnavailable(error.message, platform_code=error.code)
    return PlatformRefused(error.message, platform_code=error.code)
