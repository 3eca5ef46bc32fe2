"""The table of shops' providers. One is added here, and nowhere else is one told from another."""

from app.models.integrations.kinds import ShopProvider
from app.services.integrations.shopify.vendor import ShopifyVendor
from app.services.integrations.shops.ports import ShopVendor

SHOPS: dict[ShopProvider, ShopVendor] = {each.provider: each for each in (ShopifyVendor(),)}


def shop_vendor(provider: str) -> ShopVendor:
    return SHOPS[ShopProvider(provider)]
