from app.core.errors import Conflict, FieldError, Invalid, NotFound


class ShopNotFound(NotFound):
    """There is no such shop here."""

    code = "integrations.shops.not_found"


class ShopNotConnected(Conflict):
    """The shop is not connected: sign in there again."""

    code = "integrations.shops.not_connected"


class DomainInvalid(Invalid):
    """This is no shop's own address."""

    code = "integrations.shops.domain_invalid"

    def __init__(self, example: str) -> None:
        message = (
            f"Write the shop's own address, such as {example}: no other, and nothing before or behind it."
        )
        super().__init__(fields=[FieldError("body.domain", message, self.code)])
