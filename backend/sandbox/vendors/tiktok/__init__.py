"""TikTok's Business API v1.3, its Events API 2.0 and its portal's consent page."""
