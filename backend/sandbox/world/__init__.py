"""The truth beneath: shops, people, campaigns with hidden response curves. It knows no vendor's API."""
