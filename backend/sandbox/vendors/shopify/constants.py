"""Ids and names that are the same in every sandbox; only what the seed decides differs (tokens, the world)."""

SHOP = "northwind-outfitters.myshopify.com"
SHOP_ID = 71_234_567_890
OTHER_SHOP = "northwind-second.myshopify.com"
"""Nobody's: it signs webhooks as well as the other, and was never connected."""
CLIENT_ID = "5f0c000000000000000000000000a101"
APP_NAME = "Stratum (sandbox)"
VERSION = "2026-10"
VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
SCOPES = ("read_orders", "read_all_orders", "read_customers", "write_orders")
FIRST_ORDER, FIRST_NEW_ORDER = 6_100_000_000_001, 6_900_000_000_001
FIRST_REFUND, FIRST_NEW_REFUND = 910_000_000_001, 980_000_000_001
FIRST_CUSTOMER = 7_200_000_000_000
ORDER_TOPICS = ("orders/create", "orders/updated", "refunds/create")
PRIVACY_TOPICS = ("customers/data_request", "customers/redact", "shop/redact")
TOPICS = (*ORDER_TOPICS, "app/uninstalled")
