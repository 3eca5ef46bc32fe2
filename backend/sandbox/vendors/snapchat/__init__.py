"""Snapchat: the Marketing API v1, its sign-in, and the Conversions API v3."""
