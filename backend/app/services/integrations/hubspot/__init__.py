"""HubSpot, over its dated paths."""
