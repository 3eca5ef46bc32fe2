from app.core.errors import NotFound


class AccountNotFound(NotFound):
    """There is no such ad account."""

    code = "trust_engine.health.account_not_found"
