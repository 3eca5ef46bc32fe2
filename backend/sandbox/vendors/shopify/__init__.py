"""Shopify: the shop's own orders and refunds, over the Admin API, with its sign-in and its webhooks."""
