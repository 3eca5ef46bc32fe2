from collections.abc import Sequence
from datetime import timedelta

from app.core.config import Settings
from app.models.integrations.kinds import ShopProvider
from app.services.integrations.shopify.client import ORDER_GID, ShopifyClient
from app.services.integrations.shopify.sign_in import ShopifySignIn, is_signed, shop_domain
from app.services.integrations.shopify.transport import ShopifyTransport
from app.services.integrations.shops.ports import ShopClient, ShopSignIn
from app.services.integrations.wire import Line


class ShopifyVendor:
    provider = ShopProvider.SHOPIFY
    name = "Shopify"
    example = "northwind.myshopify.com"
    refresh_ahead = timedelta(minutes=10)

    def has_app(self, settings: Settings) -> bool:
        return settings.shopify_client_id is not None and settings.shopify_client_secret is not None

    def domain(self, text: str) -> str | None:
        return shop_domain(text)

    def came_from(self, settings: Settings, query: Sequence[tuple[str, str]]) -> bool:
        secret = settings.shopify_client_secret
        return secret is not None and is_signed(query, secret.get_secret_value())

    def order_id(self, text: str) -> str:
        return text.removeprefix(ORDER_GID)

    def sign_in(self, settings: Settings, line: Line, domain: str) -> ShopSignIn:
        secret = settings.shopify_client_secret
        return ShopifySignIn(
            ShopifyTransport(line, _base_url(settings, domain)),
            client_id=settings.shopify_client_id,
            client_secret=secret.get_secret_value() if secret else None,
        )

    def client(self, settings: Settings, line: Line, domain: str, token: str) -> ShopClient:
        return ShopifyClient(ShopifyTransport(line, _base_url(settings, domain), token))


def _base_url(settings: Settings, domain: str) -> str:
    """Of a host that was checked, once more: nothing else is ever put into an address."""
    checked = shop_domain(domain)
    if checked is None:
        raise ValueError("no shop's own host")
    return settings.shopify_base_url.replace("{shop}", checked)
