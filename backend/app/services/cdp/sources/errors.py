from app.core.errors import NotFound, SenderMustWait, Unauthorized, Unavailable


class UnknownWriteKey(Unauthorized):
    """The write key is unknown: take a current one from the source's settings."""

    code = "cdp.sources.unknown_write_key"


class TooManyUnknownKeys(SenderMustWait):
    """Too many unknown write keys came from this address: wait, then send again."""

    code = "cdp.sources.too_many_unknown_keys"


class SourceDisabled(NotFound):
    """This source is switched off."""

    code = "cdp.sources.disabled"


class SourceNotFound(NotFound):
    """There is no such source here."""

    code = "cdp.sources.not_found"


class SourcesUnavailable(Unavailable):
    """The write key cannot be checked just now: send this again."""

    code = "cdp.sources.unavailable"
