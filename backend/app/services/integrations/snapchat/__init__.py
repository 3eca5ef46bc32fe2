"""Snapchat: Marketing API v1 and Conversions API v3."""
