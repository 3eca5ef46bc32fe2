"""TikTok: the Business API v1.3 and Events API 2.0, behind the ports of `app.services.integrations.ports`."""
