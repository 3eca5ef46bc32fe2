from collections.abc import Iterable

from app.core.errors import FieldError, Forbidden, Invalid, NotFound


class ApiKeyNotFound(NotFound):
    """There is no such API key here."""

    code = "api_keys.not_found"


class KeyMakesNoKey(Forbidden):
    """A person makes API keys: one key cannot make another."""

    code = "api_keys.key_makes_no_key"


class ScopeNotAllowed(Invalid):
    """A key cannot do what its maker may not."""

    code = "api_keys.scope_not_allowed"

    def __init__(self, scopes: Iterable[str]) -> None:
        names = ", ".join(sorted(scopes))
        super().__init__(fields=[FieldError("body.scopes", f"Leave out: {names}.", "scope_not_allowed")])


class ExpiryPassed(Invalid):
    """A key's expiry lies in the future."""

    code = "api_keys.expiry_passed"

    def __init__(self) -> None:
        super().__init__(fields=[FieldError("body.expires_at", "Choose a later time.", "expiry_passed")])
